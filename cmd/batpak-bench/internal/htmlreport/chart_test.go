// Where lines, ticks and marks stand.

package htmlreport

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/batpak/batpak/perfgates/figure"
)

func TestAnAxisHoldsWhatItWasMadeForBetweenItsEnds(t *testing.T) {
	for _, low := range []float64{1, 1.5, 7, 99, 100, 12_345} {
		for _, factor := range []float64{1, 1.01, 3, 10, 1000, 1e6} {
			a := latencyAxis(low, low*factor)
			if a.place(low) < 0 || a.place(low*factor) > 1+1e-9 || a.low >= a.high || len(a.ticks) < 2 {
				t.Errorf("latencies %v to %v: %+v", low, low*factor, a)
			}
		}
	}
	for _, high := range []float64{0, 0.3, 1, 7, 10, 250_000, 999_999} {
		a := linearAxis(high, short)
		if a.place(high) > 1+1e-9 || len(a.ticks) < 3 || len(a.ticks) > 9 || a.ticks[0].at != 0 || a.ticks[len(a.ticks)-1].at != a.high {
			t.Errorf("to %v: %+v", high, a)
		}
	}
}

func TestALineIsDrawnWhereItsValuesAre(t *testing.T) {
	c := chart{Lines: []line{{points: []point{{0, 1}, {5, 10}, {10, 100}}, marks: []mark{{point{5, 10}, "here"}}}}}
	c.draw(axis{low: 0, high: 10}, axis{low: 1, high: 100, log: true})
	for _, d := range c.Drawings {
		middle := pixel((d.Left+d.Right)/2) + " " + pixel((d.Top+d.Bottom)/2)
		want := "M" + pixel(d.Left) + " " + pixel(d.Bottom) + "L" + middle + "L" + pixel(d.Right) + " " + pixel(d.Top)
		if d.Paths[0].D != want {
			t.Errorf("%s: %q, want %q", d.Class, d.Paths[0].D, want)
		}
		if d.Marks[0].X+" "+d.Marks[0].Y != middle {
			t.Errorf("%s: the mark is at %s %s", d.Class, d.Marks[0].X, d.Marks[0].Y)
		}
	}
}

func TestACurveRisesToItsLongestLatency(t *testing.T) {
	curve := sampleCurve(t, 1, 10_000)
	l, err := newLatencies(curve)
	if err != nil {
		t.Fatal(err)
	}
	points := l.points()
	for i := 1; i < len(points); i++ {
		if points[i].y < points[i-1].y || points[i].x <= points[i-1].x {
			t.Fatalf("%v follows %v", points[i], points[i-1])
		}
	}
	if end := points[len(points)-1]; end.y != float64(curve.Longest) || math.Abs(end.x-4) > 1e-9 {
		t.Errorf("it ends at %v, the longest is %d", end, curve.Longest)
	}
	if !l.resolves(99.99) || l.resolves(99.999) {
		t.Error("10,000 latencies resolve p99.99 and no more")
	}
}

func TestAThinnedSeriesKeepsWhatItHidesInItsBand(t *testing.T) {
	var series []figure.Point
	for n := range 1000 {
		series = append(series, figure.Point{Seconds: float64(n), PerSecond: float64(n % 10)})
	}
	points, low, high := thin(series, 100)
	if len(points) != 100 || low[3] != 0 || high[3] != 9 || points[3].y != 4.5 || points[99].x != 999 {
		t.Errorf("%d points, %v [%v, %v]", len(points), points[3], low[3], high[3])
	}
	if points, low, _ := thin(series[:50], 100); len(points) != 50 || low != nil {
		t.Errorf("%d points of 50, band %v", len(points), low)
	}
}

func TestRightOfTheBudgetIsWorseInBothDirections(t *testing.T) {
	for _, c := range []struct {
		result figure.Result
		worse  bool
	}{
		{figure.Result{Value: 3, ReferenceValue: 2, Target: 1, Better: figure.Smaller}, true},
		{figure.Result{Value: 1, ReferenceValue: 2, Target: 1, Better: figure.Smaller}, false},
		{figure.Result{Value: 3, ReferenceValue: 2, Target: 1, Better: figure.Larger}, false},
		{figure.Result{Value: 1, ReferenceValue: 2, Target: 1, Better: figure.Larger}, true},
	} {
		s := budgetSpan(c.result, figure.None(), figure.None(), false, "")
		at, err := strconv.ParseFloat(s.At, 64)
		if err != nil || (at > 50) != c.worse {
			t.Errorf("%v of %v, %s is better: at %s", c.result.Ratio(), c.result.Target, c.result.Better, s.At)
		}
	}
}

func TestManyCurvesOfARowArePartedByColours(t *testing.T) {
	r := sampleReport(t, 1)
	template := r.Results[2]
	r.Results, r.Verdicts, r.Against, r.Changes = nil, nil, nil, nil
	for n := range palette + 2 {
		result := template
		result.Name, result.Curve = strings.Repeat("x", n+1), sampleCurve(t, float64(n+1), 1000)
		r.Results = append(r.Results, result)
	}
	p, err := newPage(r)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Latencies) != 2 || len(p.Latencies[0].Lines) != palette || len(p.Latencies[1].Lines) != 2 {
		t.Errorf("%d charts", len(p.Latencies))
	}
}
