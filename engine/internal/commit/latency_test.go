// Tests of the histogram: buckets meet without a gap, and quantiles are at most a quarter too high.

package commit

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestBucketsMeetAndHoldWhatEndsWithThem(t *testing.T) {
	before := time.Duration(0)
	for i := range LatencyBuckets {
		end := BucketEnd(i)
		if end <= before {
			t.Fatalf("bucket %d ends at %v, the one before at %v", i, end, before)
		}
		if got := bucketOf(end); got != i {
			t.Errorf("%v is in bucket %d, want %d", end, got, i)
		}
		if got := bucketOf(before + 1); got != i {
			t.Errorf("%v is in bucket %d, want %d", before+1, got, i)
		}
		if i >= 4 && (end-before)*4 > before {
			t.Errorf("bucket %d from %v to %v is wider than a quarter", i, before, end)
		}
		before = end
	}
	for _, d := range []time.Duration{before + 1, 1<<63 - 1} {
		if got := bucketOf(d); got != LatencyBuckets-1 {
			t.Errorf("%v is in bucket %d, want the last", d, got)
		}
	}
	for _, d := range []time.Duration{0, -1} {
		if got := bucketOf(d); got != 0 {
			t.Errorf("%v is in bucket %d, want the first", d, got)
		}
	}
}

func TestQuantilesAreAtMostAQuarterTooHighAndNeverTooLow(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 3, 10, 99, 100, 101, 5000} {
		var l Latency
		took := make([]time.Duration, n)
		for i := range took {
			took[i] = 4*time.Microsecond + time.Duration(random.ExpFloat64()*float64(time.Millisecond))
			l[bucketOf(took[i])]++
		}
		slices.Sort(took)
		if l.Count() != uint64(n) {
			t.Fatalf("%d counted, want %d", l.Count(), n)
		}
		for _, percent := range []int{1, 50, 99, 100} {
			exact := took[max((percent*n+99)/100, 1)-1]
			got := l.Quantile(float64(percent) / 100)
			if got < exact || got > exact+exact/4+time.Microsecond {
				t.Errorf("%d of 100 of %d: %v, want %v to a quarter more", percent, n, got, exact)
			}
		}
		for _, bound := range []time.Duration{64 * time.Microsecond, 1024 * time.Microsecond, time.Hour} {
			exact := uint64(0)
			for _, d := range took {
				if d <= bound {
					exact++
				}
			}
			if got := l.AtMost(bound); got != exact {
				t.Errorf("%d of %d at most %v, want %d", got, n, bound, exact)
			}
		}
	}
	if got := new(Latency).Quantile(0.5); got != 0 {
		t.Errorf("%v of nothing", got)
	}
}

func TestSyncsAreCountedWithTheirTimes(t *testing.T) {
	var c syncCounters
	for _, took := range []time.Duration{3 * time.Millisecond, 10 * time.Millisecond, time.Millisecond, -time.Second} {
		c.add(took)
	}
	l := c.latency()
	if c.count.Load() != 4 || c.nanos.Load() != uint64(14*time.Millisecond) || c.longest.Load() != uint64(10*time.Millisecond) || l.Count() != 4 {
		t.Errorf("%d syncs, %d ns, longest %d, %d in the histogram", c.count.Load(), c.nanos.Load(), c.longest.Load(), l.Count())
	}
}
