// Latency percentiles, from histograms.

package htmlreport

import (
	"bytes"
	"fmt"
	"math"
	"strings"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/batpak/batpak/perfgates/figure"
)

// percentile is one that tables and charts name.
type percentile struct {
	Key   string // in the JSON
	Label string
	At    float64
}

// percentiles are the named ones; the longest latency follows them as "max".
var percentiles = [...]percentile{
	{"p50", "p50", 50}, {"p90", "p90", 90}, {"p99", "p99", 99}, {"p99_9", "p99.9", 99.9}, {"p99_99", "p99.99", 99.99},
}

// latencies are a curve, decoded.
type latencies struct {
	histogram *hdrhistogram.Histogram
	count     int64
	longest   int64
}

func decode(c *figure.Curve) (*hdrhistogram.Histogram, error) {
	histogram, err := hdrhistogram.Decode(bytes.Clone(c.Encoded))
	if err != nil {
		return nil, fmt.Errorf("its latencies can't be decoded: %w", err)
	}
	return histogram, nil
}

func newLatencies(c *figure.Curve) (latencies, error) {
	histogram, err := decode(c)
	if err != nil {
		return latencies{}, err
	}
	if have := histogram.TotalCount(); have != c.Count || have == 0 {
		return latencies{}, fmt.Errorf("its histogram holds %d latencies, of %d that were counted", have, c.Count)
	}
	return latencies{histogram, c.Count, c.Longest}, nil
}

// at returns a percentile in nanoseconds; no other is above the longest, which is exact.
func (l latencies) at(percentile float64) float64 {
	return float64(min(l.histogram.ValueAtPercentile(percentile), l.longest))
}

// resolves says whether there are enough latencies for a percentile to be another thing than the longest.
func (l latencies) resolves(percentile float64) bool {
	return float64(l.count)*(1-percentile/100) >= 1-1e-6
}

// depth is a percentile's place on an axis where each further nine takes the same room: 0 for p0, 1 for p90, 2 for p99.
func depth(percentile float64) float64 { return -math.Log10(1 - percentile/100) }

// points returns the curve: depth and nanoseconds, to the longest latency. Latencies of 0 ns count as 1 ns, which a log scale can show.
func (l latencies) points() []point {
	end := math.Log10(float64(l.count))
	const step = 0.05
	var curve []point
	for i := 0; float64(i)*step < end; i++ {
		x := float64(i) * step
		curve = append(curve, point{x, max(1, l.at(100*(1-math.Pow(10, -x))))})
	}
	return append(curve, point{end, max(1, float64(l.longest))})
}

// marks returns the named percentiles as points with their words.
func (l latencies) marks(label string) []mark {
	var marks []mark
	for _, p := range percentiles {
		if l.resolves(p.At) {
			v := l.at(p.At)
			marks = append(marks, mark{point{depth(p.At), max(1, v)}, strings.TrimSpace(label + " " + p.Label + ": " + duration(v))})
		}
	}
	longest := float64(l.longest)
	return append(marks, mark{point{math.Log10(float64(l.count)), max(1, longest)}, strings.TrimSpace(label + " max: " + duration(longest))})
}
