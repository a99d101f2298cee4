// Several passes as one.

package htmlreport

import (
	"testing"

	"github.com/batpak/batpak/cmd/batpak-bench/internal/baseline"
	"github.com/batpak/batpak/perfgates/figure"
)

func TestPassesArePooledIntoMediansAllRoundsAndAllLatencies(t *testing.T) {
	results, err := baseline.Pooled(sampleBaseline(t, "x", 3).Passes)
	if err != nil {
		t.Fatal(err)
	}
	if first := results[0]; first.Value != 105 || len(first.Rounds) != 24 || detailOf(first, "spread") != 0.0123 {
		t.Errorf("value %v, %d rounds, spread %v", first.Value, len(first.Rounds), detailOf(first, "spread"))
	}
	curve := results[2].Curve
	histogram, err := decode(curve)
	if err != nil || curve.Count != 60_000 || histogram.TotalCount() != 60_000 {
		t.Errorf("%d latencies, %v", curve.Count, err)
	}
	if curve.Longest != sampleCurve(t, 1, 20_000).Longest {
		t.Errorf("the longest latency is %d", curve.Longest)
	}
}

func TestAPooledResultIsDeniedByOnePassThatViolates(t *testing.T) {
	result := figure.Result{Row: "P1", Name: "x", Value: 1, ReferenceValue: 1}
	violating := result
	violating.Violation, violating.Value = "it does not sync", figure.None()
	pass := func(r figure.Result) baseline.Pass { return baseline.Pass{Results: []figure.Stored{figure.Stored(r)}} }
	results, err := baseline.Pooled([]baseline.Pass{pass(result), pass(violating)})
	if err != nil || len(results) != 1 || results[0].Violation != violating.Violation || results[0].Value != 1 {
		t.Errorf("%+v, %v", results, err)
	}
}

// detailOf returns a result's numeric detail of that key, None when it has none.
func detailOf(r figure.Result, key string) float64 {
	for _, detail := range r.Details {
		if v, is := figure.Numeric(detail.Value); is && detail.Key == key {
			return v
		}
	}
	return figure.None()
}
