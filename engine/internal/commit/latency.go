// Latency: how long syncs took, as a histogram of fixed size, so that counting one is an atomic addition beside a system call.
//
//	bucket   0 ... 3     4 ... 7     8 ... 11          104 ... 107
//	width    1 us        1 us        2 us        ...   2^25 us
//	ends at  1 ... 4 us  5 ... 8 us  10 ... 16 us      ... 2^28 us, about 4.5 min
//
// A bucket's width is a quarter of the power of two that it begins behind, so that its end is at most a quarter more than
// anything in it, but for the first four.

package commit

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// LatencyBuckets is how many buckets there are. The last holds everything beyond, too.
const LatencyBuckets = 108

// Latency is how many of something took how long, by bucket.
type Latency [LatencyBuckets]uint64

// bucketOf returns the bucket of a duration.
func bucketOf(d time.Duration) int {
	if d <= 0 {
		return 0
	}
	us := uint64(d-1) / uint64(time.Microsecond) // what ends at a bucket's end is in it
	if us < 4 {
		return int(us)
	}
	exponent := bits.Len64(us) - 1
	return min(4*(exponent-1)+int(us>>(exponent-2))&3, LatencyBuckets-1)
}

// BucketEnd returns the longest duration that a bucket is for.
func BucketEnd(bucket int) time.Duration {
	if bucket < 4 {
		return time.Duration(bucket+1) * time.Microsecond
	}
	return time.Duration(4+bucket%4+1) << (bucket/4 - 1) * time.Microsecond
}

// Count returns how many there are.
func (l *Latency) Count() uint64 {
	n := uint64(0)
	for _, in := range l {
		n += in
	}
	return n
}

// AtMost returns how many took no longer than a duration, as far as buckets tell: those of the bucket that the duration is in
// are counted if it is that bucket's end.
func (l *Latency) AtMost(d time.Duration) uint64 {
	n := uint64(0)
	for i := range l {
		if BucketEnd(i) > d {
			break
		}
		n += l[i]
	}
	return n
}

// Quantile returns the end of the bucket in which a share of all ends, above 0 and up to 1; 0: there are none.
func (l *Latency) Quantile(share float64) time.Duration {
	count := l.Count()
	if count == 0 {
		return 0
	}
	rank := min(max(uint64(math.Ceil(share*float64(count))), 1), count)
	for i, in := range l {
		if rank <= in {
			return BucketEnd(i)
		}
		rank -= in
	}
	return BucketEnd(LatencyBuckets - 1) // not reached: the ranks are those of all
}

// syncCounters count syncs of files that hold frames. Syncs are serial: nothing is lost between a look and a store.
type syncCounters struct {
	count, nanos, longest atomic.Uint64
	took                  [LatencyBuckets]atomic.Uint64
}

// add counts a sync.
func (c *syncCounters) add(took time.Duration) {
	took = max(took, 0)
	c.nanos.Add(uint64(took))
	raise(&c.longest, uint64(took))
	c.took[bucketOf(took)].Add(1)
	c.count.Add(1)
}

// latency returns the histogram.
func (c *syncCounters) latency() (l Latency) {
	for i := range l {
		l[i] = c.took[i].Load()
	}
	return l
}
