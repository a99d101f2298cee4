// A report with all that a page can show, from figures that are made up.

package htmlreport

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/batpak/batpak/cmd/batpak-bench/internal/baseline"
	"github.com/batpak/batpak/perfgates"
	"github.com/batpak/batpak/perfgates/figure"
)

// sampleBaseline has a result that passes, one that is denied, one without a figure, two with latencies and one over time.
func sampleBaseline(t *testing.T, name string, passes int) baseline.Baseline {
	t.Helper()
	b := baseline.Baseline{
		Format: baseline.Format, Name: name, Commit: "0123456789abcdef0123456789abcdef01234567", Modified: true,
		Taken: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Options: baseline.Options{Surface: perfgates.Neutral, Quick: true, Rows: []string{"P1", "P3", "P22", "P23"}},
		Machine: perfgates.Machine{
			Processor: "A processor & a half", CPUs: 2, OS: "linux", Kernel: "6.1", Arch: "amd64", Go: "go1.26", Memory: 8 << 30, FileSystem: "ext4",
			Device: "/dev/vda", Floors: []perfgates.Floor{{Name: "clock read", Value: 43.21, Unit: "ns"}, {Name: "F0 flushes", Value: figure.None(), Unit: "flushes"}},
		},
	}
	for n := range passes {
		b.Passes = append(b.Passes, baseline.Pass{Started: b.Taken, Results: sampleResults(t, float64(n))})
	}
	return b
}

func sampleResults(t *testing.T, pass float64) []figure.Stored {
	t.Helper()
	rounds := func(ratio float64) (of []figure.Round) {
		for n := range 8 {
			of = append(of, figure.Round{Value: ratio * (100 + float64(n) + pass), Reference: 100})
		}
		return of
	}
	over := make([]figure.Point, 0, 1200)
	for n := range 1200 {
		rate := 250_000 + 40_000*math.Sin(float64(n)/40)
		if n%200 == 199 {
			rate = 20_000
		}
		over = append(over, figure.Point{Seconds: float64(n+1) / 10, PerSecond: rate - 1000*pass})
	}
	return []figure.Stored{
		{
			Row: "P1", Name: "append, 256 B", Value: 104 + pass, Unit: "ns", Reference: "floor(256)", ReferenceValue: 100, Better: figure.Smaller, Target: 1.3,
			Rounds: rounds(1), Details: []figure.Detail{{Key: "spread", Value: 0.0123}, {Key: "policy", Value: "every-append"}}, Look: "docs/PERFORMANCE.md, append",
		},
		{
			Row: "P1", Name: "append <1 KiB> & more", Value: 1234567 + pass, Unit: "ns", Reference: "floor(1024)", ReferenceValue: 617000, Better: figure.Smaller, Target: 1.5,
			Rounds: rounds(2), Look: "docs/PERFORMANCE.md, append",
		},
		{
			Row: "P3", Name: "latency p99", Value: 15_000, Unit: "ns", Reference: "goal", ReferenceValue: 20_000, Goal: true, Better: figure.Smaller, Target: 1,
			Curve: sampleCurve(t, 1, 20_000), Rounds: rounds(0.75),
		},
		{
			Row: "P3", Name: "latency behind a reader", Value: 40_000, Unit: "ns", Better: figure.Smaller, ReferenceValue: figure.None(), Target: figure.None(),
			Curve: sampleCurve(t, 3+pass, 2_000),
		},
		{
			Row: "P22", Name: "sustained", Value: 250_000, Unit: "events/s", Reference: "goal", ReferenceValue: 200_000, Goal: true, Better: figure.Larger, Target: 1,
			Series: over, Rounds: rounds(1),
		},
		{
			Row: "P23", Name: "flushes", Value: figure.None(), Unit: "flushes", Reference: "goal", ReferenceValue: 2, Better: figure.Smaller, Target: 1, Counted: true,
			Unjudged: "no counters here",
		},
	}
}

// sampleCurve has count latencies around some microseconds with a long tail.
func sampleCurve(t *testing.T, factor float64, count int) *figure.Curve {
	t.Helper()
	histogram, longest := hdrhistogram.New(1, 1_000_000_000, 3), int64(0)
	for n := range count {
		rank := (float64(n) + 0.5) / float64(count)
		latency := int64(factor * 2_000 * math.Pow(1-rank, -0.6))
		longest = max(longest, latency)
		if err := histogram.RecordValue(latency); err != nil {
			t.Fatal(err)
		}
	}
	encoded, err := histogram.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		t.Fatal(err)
	}
	return &figure.Curve{Count: int64(count), Longest: longest, Encoded: encoded}
}

func sampleReport(t *testing.T, passes int) Report {
	t.Helper()
	this, other := sampleBaseline(t, "this-one", passes), sampleBaseline(t, "earlier", 2)
	results, err := baseline.Pooled(this.Passes)
	if err != nil {
		t.Fatal(err)
	}
	r := Report{
		Baseline: this, Against: &other, Results: results, Made: this.Taken.Add(time.Hour), Warnings: []string{"the kernel was 6.0, is 6.1"},
		Commands: []string{"git checkout 0123456", "go run ./cmd/batpak-bench run --quick --save this-one"},
		Changes: []Change{
			{
				Row: "P1", Name: "append, 256 B", Basis: "floor(256)", Old: Side{1.04, 1.03, 1.05}, New: Side{1.25, 1.21, 1.3}, Delta: 1.25/1.04 - 1,
				P: 0.0042, SmallerIsBetter: true, Word: "regression", Class: "regression",
			},
			{
				Row: "P22", Name: "sustained", Basis: "calibration", Old: Side{1000, 990, 1010}, New: Side{1004, 980, 1020}, Delta: 0.004,
				P: 0.62, Word: "~",
			},
		},
	}
	for n, result := range results {
		decision := []perfgates.Decision{perfgates.Passed, perfgates.Denied, perfgates.Undecided, perfgates.Reported, perfgates.Passed, perfgates.Skipped}[n]
		r.Verdicts = append(r.Verdicts, perfgates.Verdict{
			Row: result.Row, Name: result.Name, Decision: decision, Reason: fmt.Sprintf("the reason of %s <%s>", result.Row, result.Name), Result: result,
		})
	}
	r.Verdicts = append(r.Verdicts, perfgates.Verdict{Row: "P24", Decision: perfgates.Skipped, Reason: "gave no result"})
	return r
}
