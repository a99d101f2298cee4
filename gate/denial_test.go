// Tests of denials as errors and as data.

package gate_test

import (
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"testing"

	"github.com/batpak/batpak/gate"
)

func TestDenialsHaveTheirGoldenTexts(t *testing.T) {
	full := gate.Denial{Gate: "stock", Code: "OUT_OF_STOCK", Message: "not enough is left", Context: []gate.Detail{{"left", "3"}, {"wanted", "5"}}}
	odd := gate.Denial{Gate: "market hours", Code: "A B", Message: "closed", Context: []gate.Detail{{"", ""}, {"a=b", "line\nbreak"}, {"(", `"`}, {"bad", "\xff"}, {"fine", "größe"}}}
	var none *gate.Denial
	for want, err := range map[string]error{
		"batpak: gate stock denied: OUT_OF_STOCK: not enough is left (left=3 wanted=5)":                                &full,
		`batpak: gate "market hours" denied: "A B": closed (""="" "a=b"="line\nbreak" "("="\"" bad="\xff" fine=größe)`: &odd,
		"batpak: denied: NO: because":                             gate.Deny("NO", "because"),
		"batpak: denied: NO":                                      gate.Deny("NO", ""),
		"batpak: denied: because":                                 gate.Deny("", "because"),
		"batpak: denied (left=3)":                                 gate.Deny("", "").With("left", 3),
		"batpak: denied":                                          none,
		"batpak: gate a denied":                                   &gate.Denial{Gate: "a"},
		"batpak: gate a denied: NO":                               gate.Denials{{Gate: "a", Code: "NO"}},
		"batpak: 2 gates denied: \"a b\": NO; c: DENIED: m (k=v)": gate.Denials{{Gate: "a b", Code: "NO"}, {Gate: "c", Code: "DENIED", Message: "m", Context: []gate.Detail{{"k", "v"}}}},
	} {
		if got := err.Error(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestDenialsAreErrDeniedAndWhatTheyWrap(t *testing.T) {
	var none *gate.Denial
	for _, err := range []error{gate.Deny("NO", ""), gate.Denials{{Gate: "a"}}, none} {
		if !errors.Is(err, gate.ErrDenied) || errors.Is(err, io.EOF) {
			t.Errorf("%v is not what it is", err)
		}
	}
	all := gate.Denials{{Gate: "a"}, {Gate: "b", Err: io.EOF}}
	if !errors.Is(all, io.EOF) {
		t.Error("what the second denial wraps is not found")
	}
}

func TestADenialIsNotChangedByAddingToIt(t *testing.T) {
	base := gate.Deny("NO", "because").With("a", 1)
	left, right := base.With("b", 2), base.With("c", 3)
	for _, c := range []struct {
		denial *gate.Denial
		want   []gate.Detail
	}{
		{base, []gate.Detail{{"a", "1"}}}, {left, []gate.Detail{{"a", "1"}, {"b", "2"}}}, {right, []gate.Detail{{"a", "1"}, {"c", "3"}}},
	} {
		if !reflect.DeepEqual(c.denial.Context, c.want) {
			t.Errorf("got %v, want %v", c.denial.Context, c.want)
		}
	}
}

func TestDetailsAreFoundByTheirFirstKey(t *testing.T) {
	denial := gate.Deny("NO", "").With("a", 1.5).With("b", nil).With("a", 2)
	if value, ok := denial.Detail("a"); value != "1.5" || !ok {
		t.Errorf("got %q, %v", value, ok)
	}
	if value, ok := denial.Detail("c"); value != "" || ok {
		t.Errorf("got %q, %v", value, ok)
	}
}

func TestADenialIsData(t *testing.T) {
	denial := gate.Denial{Gate: "stock", Code: "NO", Message: "because", Context: []gate.Detail{{"left", "3"}}, Err: io.EOF}
	b, err := json.Marshal(denial)
	if want := `{"gate":"stock","code":"NO","message":"because","context":[{"key":"left","value":"3"}]}`; err != nil || string(b) != want {
		t.Errorf("got %s, %v, want %s", b, err, want)
	}
}
