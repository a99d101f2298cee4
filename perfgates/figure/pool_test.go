// One estimator: the ratio of one pass and of several is the median of the rounds' ratios.

package figure

import (
	"math/rand/v2"
	"testing"
)

func TestTheRatioIsTheMedianOfTheRoundsRatiosAndLiesInItsInterval(t *testing.T) {
	source := rand.New(rand.NewPCG(1, 2))
	for n := 6; n < 40; n++ {
		r := Result{Value: 100, ReferenceValue: 1, Better: Smaller, Target: 2}
		for range n {
			r.Rounds = append(r.Rounds, Round{Value: 1 + source.Float64(), Reference: 1 + source.Float64()})
		}
		low, high, ok := r.Interval()
		met, judged := r.Met()
		if ratio := r.Ratio(); !ok || ratio < low || ratio > high || !judged || met != (ratio <= 2) {
			t.Fatalf("%d rounds: ratio %v, interval [%v, %v], met %v", n, ratio, low, high, met)
		}
	}
	r := Result{Counted: true, Value: 6, ReferenceValue: 2, Rounds: []Round{{1, 1, 0}}}
	if r.Ratio() != 3 {
		t.Errorf("a count's ratio is %v", r.Ratio())
	}
	if r.Counted = false; r.Ratio() != 1 {
		t.Errorf("the ratio is %v, that of its only round is 1", r.Ratio())
	}
	if r.Value = None(); !Missing(r.Ratio()) {
		t.Errorf("a missing value has the ratio %v", r.Ratio())
	}
}

func TestPassesArePooledIntoMediansAndAllRounds(t *testing.T) {
	of := func(value, reference float64, ratios ...float64) Result {
		r := Result{Row: "P1", Name: "x", Value: value, ReferenceValue: reference, Calibration: value, Better: Smaller, Target: None()}.Add("n", 3)
		for _, ratio := range ratios {
			r.Rounds = append(r.Rounds, Round{Value: ratio, Reference: 1})
		}
		return r
	}
	other := Result{Row: "P2", Name: "x", Value: 7}
	unjudged := of(50, 20, 4, 5, 9)
	unjudged.Unjudged = "no disk"
	pooled, err := Pool([]Result{of(10, 10, 1, 2)}, []Result{of(20, 40, 3), other}, []Result{unjudged})
	if err != nil || len(pooled) != 2 || pooled[1].Value != 7 {
		t.Fatalf("%+v, %v", pooled, err)
	}
	p := pooled[0]
	if p.Value != 20 || p.ReferenceValue != 20 || p.Ratio() != 3.5 || len(p.Rounds) != 6 || p.Unjudged != "no disk" || p.detail("n") != 3 {
		t.Errorf("%+v with the ratio %v", p, p.Ratio())
	}
}

func TestACurveThatIsNoneIsAnErrorThatNamesItsResult(t *testing.T) {
	r := Result{Row: "P3", Name: "p99", Curve: &Curve{Count: 1, Encoded: []byte("junk")}}
	if _, err := Pool([]Result{r}, []Result{r}); err == nil || err.Error()[:7] != "P3 p99:" {
		t.Error(err)
	}
}
