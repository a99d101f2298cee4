// The shape of JSON results, judging, and the table.

package report

import (
	"bytes"
	"encoding/json"
	"strings"
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

func TestTheTableNamesTheVerdictAndTheReasonForNone(t *testing.T) {
	var b bytes.Buffer
	err := WriteTable(&b, []Result{
		{Row: "P1", Name: "append", Value: 1234.5, Unit: "ns", Reference: "floor", ReferenceValue: 1000, Better: Smaller, Target: 1.3},
		{Row: "P2", Name: "append", Value: 9, Unit: "ns", Reference: "floor", ReferenceValue: 1, Better: Smaller, Target: 2},
		{Row: "P4", Name: "flushes", Value: None(), Unit: "flushes", ReferenceValue: None(), Target: 1, Unjudged: "no counters"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1,23", "1.23", "<= 1.3", "yes", "NO", "P4 flushes is not judged: no counters"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
}

func TestFiguresAreShort(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 3: "3", 0.25: "0.25", 1.2345: "1.234", 12.34: "12.3", 123.4: "123", 1234.5: "1,234",
		1234567: "1,234,567", 12345678: "12.3 M", -1234: "-1,234", 0.0000123: "1.2e-05",
	} {
		if got := Figure(v); got != want {
			t.Errorf("Figure(%v) = %q, want %q", v, got, want)
		}
	}
	for v, want := range map[float64]string{9_999: "9,999 ns", 123_456: "123 us", 12_345_678: "12.3 ms"} {
		if got := Quantity(v, "ns"); got != want {
			t.Errorf("Quantity(%v) = %q, want %q", v, got, want)
		}
	}
	if Figure(None()) != "-" || Quantity(None(), "ns") != "-" {
		t.Error("a missing number is not a dash")
	}
}
