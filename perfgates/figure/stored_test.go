// What is stored is read again as it was, and nothing else is read.

package figure

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
)

// full has something in every field.
func full() Result {
	r := Result{
		Row: "P4", Name: "p50 <&>", Value: 123456.789012345, Unit: "ns", Reference: "F0", ReferenceValue: 1.0 / 3, Better: Larger, Target: 1.05,
		Unjudged: "why not", Violation: "because", Goal: true, Counted: true, Calibration: 711.5, Look: "docs/PERFORMANCE.md",
		Rounds: []Round{{1, 2, 0}, {1e300, 1e-300, 3.25}},
		Curve:  &Curve{Count: 7, Longest: 1 << 40, Encoded: []byte{0, 255, 3}},
		Series: []Point{{0.1, 1e6}, {0.2, 0}},
	}
	return r.Add("whole", 5.0).Add("count", int64(5)).Add("huge", uint64(math.MaxUint64)).Add("note", "a \"word\"").Add("ok", true).
		Add("tiny", 1e-9).Add("count", int64(-6))
}

func TestAStoredResultIsReadAgainAsItWas(t *testing.T) {
	want := Stored(full())
	for i := range reflect.TypeOf(want).NumField() {
		if reflect.ValueOf(want).Field(i).IsZero() {
			t.Errorf("%s is not set, so that its loss would not be seen", reflect.TypeOf(want).Field(i).Name)
		}
	}
	text, err := json.Marshal([]Stored{want})
	if err != nil {
		t.Fatal(err)
	}
	var got []Stored
	if err := json.Unmarshal(text, &got); err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], want) {
		t.Errorf("%v\ngot  %+v\nwant %+v\nfrom %s", err, got, want, text)
	}
	again, err := json.Marshal(got)
	if err != nil || !bytes.Equal(again, text) {
		t.Errorf("%v: written again it is\n%s\nwas\n%s", err, again, text)
	}
}

func TestMissingNumbersStayMissingWhenStored(t *testing.T) {
	r := Result{Row: "P1", Name: "x", Value: None(), ReferenceValue: math.Inf(1), Better: Smaller, Target: None(), Calibration: None()}
	r.Rounds = []Round{{Value: None(), Reference: 1}}
	r = r.Add("spread", None())
	text, err := json.Marshal(Stored(r))
	if err != nil {
		t.Fatal(err)
	}
	var got Stored
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]float64{
		"value": got.Value, "reference": got.ReferenceValue, "target": got.Target, "calibration": got.Calibration,
		"round": got.Rounds[0].Value, "detail": got.Details[0].Value.(float64),
	} {
		if !Missing(v) {
			t.Errorf("%s was missing and is %v in %s", name, v, text)
		}
	}
	if got.Curve != nil || got.Series != nil || got.Rounds[0].Reference != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestWhatIsNoStoredResultIsRefused(t *testing.T) {
	text, err := json.Marshal(Stored(full()))
	if err != nil {
		t.Fatal(err)
	}
	for old, replacement := range map[string]string{
		`"row":"P4"`:           `"row":""`,
		`"better":"larger"`:    `"better":"faster"`,
		`"goal":true`:          `"gaol":true`,
		`"unit":"ns"`:          `"unit":3`,
		`"details":{`:          `"details":[{`,
		`"value":123456.`:      `"value":"123456.`,
		`"rounds":[[1.0,2.0,0`: `"rounds":[["1.0",2.0,0`,
	} {
		if !strings.Contains(string(text), old) {
			t.Fatalf("%s is not in %s", old, text)
		}
		var got Stored
		if err := json.Unmarshal([]byte(strings.Replace(string(text), old, replacement, 1)), &got); err == nil {
			t.Errorf("%s in place of %s is read as %+v", replacement, old, got)
		}
	}
}

func TestPairsOfNothingAreAnEmptyObject(t *testing.T) {
	text, err := json.Marshal(Pairs(nil))
	if err != nil || string(text) != "{}" {
		t.Errorf("%s, %v", text, err)
	}
	var pairs Pairs
	for _, wrong := range []string{"[]", "1", `"x"`} {
		if err := json.Unmarshal([]byte(wrong), &pairs); err == nil {
			t.Errorf("%s is read as %v", wrong, pairs)
		}
	}
}
