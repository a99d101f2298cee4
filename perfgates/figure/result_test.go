// The shape of JSON results, and judging.

package figure

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestAnObjectBeginsWithTheTenKeysInTheirOrder(t *testing.T) {
	r := Result{
		Row: "P1", Name: "append", Value: 130, Unit: "ns", Reference: "floor(256)", ReferenceValue: 100,
		Better: Smaller, Target: 1.3,
	}.Add("rounds", 7).Add("spread", 0.25)
	var b bytes.Buffer
	if err := WriteJSON(&b, []Result{r, r}); err != nil {
		t.Fatal(err)
	}
	object := `{"row": "P1", "name": "append", "value": 130, "unit": "ns", "reference": "floor(256)", ` +
		`"reference_value": 100, "ratio": 1.3, "better": "smaller", "target": 1.3, "met": true, "rounds": 7, "spread": 0.25}`
	if want := "[\n  " + object + ",\n  " + object + "\n]\n"; b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestAnObjectTellsRoundsOnceAndTheirIntervalWhereThereIsOne(t *testing.T) {
	r := Result{Row: "P1", Name: "x", Value: 10, Unit: "ns", ReferenceValue: 10, Better: Smaller, Target: None()}.Add("rounds", 99).Add("n", 5)
	for range 5 {
		r.Rounds = append(r.Rounds, Round{Value: 10, Reference: 10})
	}
	leading := `{"row": "P1", "name": "x", "value": 10, "unit": "ns", "reference": "", "reference_value": 10, "ratio": 1, "better": "smaller", ` +
		`"target": null, "met": null, `
	for want, round := range map[string]int{`"rounds": 5, "n": 5}`: 0, `"interval": [1,1.5], "rounds": 6, "n": 5}`: 1} {
		with := r
		for range round {
			with.Rounds = append(r.Rounds[:5:5], Round{Value: 15, Reference: 10})
		}
		if got, err := with.MarshalJSON(); err != nil || string(got) != leading+want {
			t.Errorf("%v\n%s, want\n%s", err, got, leading+want)
		}
	}
}

func TestMissingNumbersAreNullAndNotJudged(t *testing.T) {
	r := Result{Value: None(), ReferenceValue: 1, Target: 2, Better: Smaller}
	var decoded map[string]any
	encoded, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(encoded, &decoded); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"value", "ratio", "met"} {
		if v, there := decoded[key]; !there || v != nil {
			t.Errorf("%s = %v, want null", key, v)
		}
	}
}

func TestNoResultsAreAnEmptyArray(t *testing.T) {
	var b bytes.Buffer
	if err := WriteJSON(&b, nil); err != nil || b.String() != "[]\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
}

func TestATargetIsJudgedInTheDirectionOfTheValue(t *testing.T) {
	for _, c := range []struct {
		result      Result
		met, judged bool
	}{
		{Result{Value: 2, ReferenceValue: 1, Target: 2, Better: Smaller}, true, true},
		{Result{Value: 3, ReferenceValue: 1, Target: 2, Better: Smaller}, false, true},
		{Result{Value: 3, ReferenceValue: 1, Target: 2, Better: Larger}, true, true},
		{Result{Value: 1, ReferenceValue: 1, Target: 2, Better: Larger}, false, true},
		{Result{Value: 0, ReferenceValue: 1, Target: 0, Better: Smaller}, true, true},
		{Result{Value: 1, ReferenceValue: 0, Target: 2, Better: Smaller}, false, false},
		{Result{Value: 1, ReferenceValue: 1, Target: None(), Better: Smaller}, false, false},
		{Result{Value: 0.5, ReferenceValue: 1, Target: 1, Better: Smaller, Violation: "it does not sync"}, false, true},
		{Result{Value: 1, ReferenceValue: 1, Target: 2, Better: Smaller, Unjudged: "too few rounds"}, false, false},
	} {
		if met, judged := c.result.Met(); met != c.met || judged != c.judged {
			t.Errorf("%+v: met %v, judged %v", c.result, met, judged)
		}
	}
}

func TestAnIntervalNeedsSixRounds(t *testing.T) {
	var r Result
	for n := range 8 {
		r.Rounds = append(r.Rounds, Round{Value: float64(10 + n), Reference: 10})
		low, high, ok := r.Interval()
		if ok != (len(r.Rounds) >= 6) {
			t.Errorf("%d rounds: [%v, %v], %v", len(r.Rounds), low, high, ok)
		}
	}
	if low, high, _ := r.Interval(); low != 1 || high != 1.6 {
		t.Errorf("8 rounds: [%v, %v]", low, high)
	}
	if low, high, _ := r.ValueInterval(); low != 10 || high != 16 {
		t.Errorf("8 rounds: values of [%v, %v]", low, high)
	}
}

func TestACountIsItsOwnInterval(t *testing.T) {
	r := Result{Value: 6, ReferenceValue: 3, Counted: true}
	if low, high, ok := r.Interval(); low != 2 || high != 2 || !ok {
		t.Errorf("[%v, %v], %v", low, high, ok)
	}
	if low, high, ok := r.ValueInterval(); low != 6 || high != 6 || !ok {
		t.Errorf("value: [%v, %v], %v", low, high, ok)
	}
	r.Value = None()
	if _, _, ok := r.ValueInterval(); ok {
		t.Error("a count that is missing has an interval")
	}
}

func TestAnIntervalLeavesTheOrderOfSamplesAlone(t *testing.T) {
	samples := []float64{6, 5, 4, 3, 2, 1}
	if low, high, ok := MedianInterval(samples); low != 1 || high != 6 || !ok || samples[0] != 6 {
		t.Errorf("[%v, %v], %v of %v", low, high, ok, samples)
	}
	if _, _, ok := MedianInterval([]float64{1, 2, 3, None(), 5, 6, 7}); ok {
		t.Error("a missing sample is passed over")
	}
}
