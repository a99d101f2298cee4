// Latencies of single operations in HDR histograms.

package stats

import (
	"github.com/HdrHistogram/hdrhistogram-go"
)

// longestTrackable is the largest latency that is told apart, in nanoseconds:
// one minute. Longer ones count as one minute in every percentile but Longest.
const longestTrackable = 60_000_000_000

// Latency collects the latencies of one kind of operation, in nanoseconds, with
// three significant digits. It is for one goroutine.
type Latency struct {
	histogram *hdrhistogram.Histogram
	longest   int64
}

// NewLatency returns an empty collection. It allocates all the memory that
// recording will need.
func NewLatency() *Latency {
	return &Latency{histogram: hdrhistogram.New(1, longestTrackable, 3)}
}

// Record adds one latency in nanoseconds; a negative one counts as 0.
func (l *Latency) Record(latency int64) {
	latency = max(latency, 0)
	l.longest = max(l.longest, latency)
	// The only error is a value out of range, which min and max exclude.
	_ = l.histogram.RecordValue(min(latency, longestTrackable))
}

// RecordCorrected adds one latency of a closed loop that meant to begin an operation every interval nanoseconds, and with it those of the
// operations that would have begun while this one lasted: latency less one interval, less two, and so on. An interval of 0 or less
// corrects nothing.
func (l *Latency) RecordCorrected(latency, interval int64) {
	latency = max(latency, 0)
	l.longest = max(l.longest, latency)
	_ = l.histogram.RecordCorrectedValue(min(latency, longestTrackable), interval) // in range, as above
}

// Add adds all that other has recorded.
func (l *Latency) Add(other *Latency) {
	l.histogram.Merge(other.histogram)
	l.longest = max(l.longest, other.longest)
}

// Reset forgets everything recorded and keeps the memory.
func (l *Latency) Reset() {
	l.histogram.Reset()
	l.longest = 0
}

// Count returns the number of latencies recorded.
func (l *Latency) Count() int64 { return l.histogram.TotalCount() }

// At returns the given percentile (0..100) in nanoseconds, 0 when nothing was recorded.
// The 100th is exact, and no other is above it.
func (l *Latency) At(percentile float64) float64 {
	if percentile >= 100 {
		return float64(l.longest)
	}
	return float64(min(l.histogram.ValueAtPercentile(percentile), l.longest))
}

// Encoded returns the histogram in the compressed V2 encoding, as text that hdrhistogram.Decode reads.
func (l *Latency) Encoded() []byte {
	encoded, err := l.histogram.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		panic(err) // writing to memory, at the only version that there is
	}
	return encoded
}

// Longest returns the longest latency in nanoseconds, exactly.
func (l *Latency) Longest() float64 { return float64(l.longest) }
