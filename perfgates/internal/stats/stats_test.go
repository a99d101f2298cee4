// Medians, spreads and percentiles of samples whose answers are known.

package stats

import (
	"math"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
)

func TestTheMedianIsTheMiddleSampleAndLeavesTheSamplesAlone(t *testing.T) {
	for _, c := range []struct {
		samples []float64
		want    float64
	}{
		{[]float64{3}, 3},
		{[]float64{9, 1, 5}, 5},
		{[]float64{4, 1, 3, 2}, 2.5},
	} {
		before := append([]float64(nil), c.samples...)
		if got := Median(c.samples); got != c.want {
			t.Errorf("Median(%v) = %v, want %v", c.samples, got, c.want)
		}
		for i := range before {
			if before[i] != c.samples[i] {
				t.Fatalf("Median changed its argument to %v", c.samples)
			}
		}
	}
}

func TestNoSamplesGiveNaN(t *testing.T) {
	for name, got := range map[string]float64{
		"median": Median(nil), "spread": Spread(nil), "mean": Mean(nil), "smallest": Smallest(nil),
	} {
		if !math.IsNaN(got) {
			t.Errorf("the %s of nothing is %v", name, got)
		}
	}
}

func TestTheSpreadIsTheQuartilesDistanceOverTheMedian(t *testing.T) {
	if got := Spread([]float64{1, 2, 3, 4, 5}); math.Abs(got-2.0/3) > 1e-12 {
		t.Errorf("Spread = %v, want 2/3", got)
	}
	if got := Spread([]float64{7, 7, 7}); got != 0 {
		t.Errorf("equal samples spread by %v", got)
	}
	if got := Spread([]float64{0, 0}); !math.IsNaN(got) {
		t.Errorf("samples of median 0 spread by %v", got)
	}
}

func TestPercentilesAndTheLongestLatency(t *testing.T) {
	l := NewLatency()
	for i := int64(1); i <= 1000; i++ {
		l.Record(i)
	}
	if got := l.At(50); got != 500 {
		t.Errorf("p50 = %v, want 500", got)
	}
	if got := l.At(99.9); got != 999 {
		t.Errorf("p99.9 = %v, want 999", got)
	}
	if l.At(100) != 1000 || l.Longest() != 1000 || l.Count() != 1000 {
		t.Errorf("longest %v, p100 %v, count %d", l.Longest(), l.At(100), l.Count())
	}
}

func TestNoPercentileIsAboveTheLongestLatency(t *testing.T) {
	l := NewLatency()
	l.Record(7_553_630) // between two buckets
	if got := l.At(99.9); got != 7_553_630 {
		t.Errorf("p99.9 = %v", got)
	}
}

func TestALatencyOfHoursIsKeptAsTheLongest(t *testing.T) {
	l, sum := NewLatency(), NewLatency()
	l.Record(-5)
	l.Record(3 * longestTrackable)
	sum.Add(l)
	if sum.Longest() != 3*longestTrackable {
		t.Errorf("longest = %v", sum.Longest())
	}
	if sum.Count() != 2 {
		t.Errorf("count = %d, want 2", sum.Count())
	}
	sum.Reset()
	if sum.Count() != 0 || sum.Longest() != 0 {
		t.Error("Reset kept something")
	}
}

func TestAStallInAClosedLoopIsChargedToTheOperationsThatItDelayed(t *testing.T) {
	plain, corrected := NewLatency(), NewLatency()
	for range 99 {
		plain.Record(10)
		corrected.RecordCorrected(10, 100)
	}
	plain.Record(1000)
	corrected.RecordCorrected(1000, 100) // and 900, 800, ... 100
	if plain.Count() != 100 || corrected.Count() != 109 || corrected.Longest() != 1000 {
		t.Errorf("%d and %d latencies, longest %v", plain.Count(), corrected.Count(), corrected.Longest())
	}
	if plain.At(95) != 10 || corrected.At(95) != 500 {
		t.Errorf("p95 = %v, corrected %v", plain.At(95), corrected.At(95))
	}
	corrected.RecordCorrected(1000, 0)
	if corrected.Count() != 110 {
		t.Errorf("without an interval there are %d latencies", corrected.Count())
	}
}

func TestAnEncodedHistogramIsReadAgain(t *testing.T) {
	l := NewLatency()
	for i := int64(1); i <= 1000; i++ {
		l.Record(1000 * i)
	}
	decoded, err := hdrhistogram.Decode(l.Encoded())
	if err != nil {
		t.Fatal(err)
	}
	if decoded.TotalCount() != 1000 || float64(decoded.ValueAtPercentile(99)) != l.At(99) {
		t.Errorf("%d latencies, p99 %d, want %v", decoded.TotalCount(), decoded.ValueAtPercentile(99), l.At(99))
	}
}
