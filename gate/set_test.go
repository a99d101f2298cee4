// Tests of sets: what makes one and what does not.

package gate_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/gate"
)

// facts is the context of the tests' gates: the names of those that deny.
type facts []string

// deny returns a gate that denies when the facts have its name.
func deny(name string) gate.Gate[facts] {
	return gate.New(name, func(f facts) error {
		if slices.Contains(f, name) {
			return gate.Deny("NO", "because")
		}
		return nil
	})
}

func mustSet[C any](t testing.TB, gates ...gate.Gate[C]) *gate.Set[C] {
	t.Helper()
	set, err := gate.NewSet(gates...)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// renamed is a gate that has another name each time it is asked.
type renamed struct{ asked int }

func (r *renamed) Name() string {
	r.asked++
	return strings.Repeat("x", r.asked)
}
func (*renamed) Judge(facts) error { return errors.New("no") }

func TestSetsThatAreNoneAreRefused(t *testing.T) {
	var pointer *renamed
	many := make([]gate.Gate[facts], event.MaxGates+1)
	var large []gate.Gate[facts] // 33 names with 256 bytes each
	for i := range 33 {
		large = append(large, deny(strings.Repeat("x", event.MaxGateName-2)+string(rune('a'+i/26))+string(rune('a'+i%26))))
	}
	for want, gates := range map[string][]gate.Gate[facts]{
		"batpak: invalid gates: none, want at least 1":                         {},
		"batpak: invalid gates: 256 gates, at most 255":                        many,
		"batpak: invalid gates[1]: nil":                                        {deny("a"), nil},
		"batpak: invalid gates[0]: its function is nil":                        {gate.New[facts]("a", nil)},
		"batpak: invalid gates[0]: Name panics: runtime error: invalid memory": {pointer},
		`batpak: invalid gates[2]: "a" is the name of gates[0] too`:            {deny("a"), deny("b"), deny("a")},
		"batpak: invalid gate.gates[1]: empty":                                 {deny("a"), deny("")},
		"batpak: invalid gate.gates[0]: 256 bytes, at most 255":                {deny(strings.Repeat("x", 256))},
		"batpak: invalid gate.gates[0]: not valid UTF-8":                       {deny("\xff")},
		"batpak: invalid gate: 8455 bytes, at most 8192":                       large,
	} {
		set, err := gate.NewSet(gates...)
		if set != nil || err == nil || !strings.HasPrefix(err.Error(), want) || !errors.Is(err, event.ErrInvalid) {
			t.Errorf("got %v, %v, want %s", set, err, want)
		}
	}
}

func TestASetHasTheMostGatesAndTheLongestName(t *testing.T) {
	gates := []gate.Gate[facts]{deny(strings.Repeat("x", event.MaxGateName))}
	for i := range event.MaxGates - 1 {
		gates = append(gates, deny(string(rune('一'+i))))
	}
	set := mustSet(t, gates...)
	receipt, err := gate.Evaluate(set, nil, gate.Propose(1))
	if err != nil || len(receipt.Record().Gates) != event.MaxGates {
		t.Errorf("got %v, %v", receipt, err)
	}
}

func TestASetThatWasNotMadeLetsNothingPass(t *testing.T) {
	var none *gate.Set[facts]
	for _, set := range []*gate.Set[facts]{none, new(gate.Set[facts])} {
		if names := set.Names(); len(names) != 0 {
			t.Errorf("got the names %v", names)
		}
		_, first := gate.Evaluate(set, nil, gate.Propose(1))
		_, all := gate.EvaluateAll(set, nil, gate.Propose(1))
		_, past := gate.Bypass(set, gate.Propose(1), "outage", "")
		for _, err := range []error{first, all, past} {
			if !errors.Is(err, event.ErrInvalid) || err.Error() != "batpak: invalid gate.set: nil, or not made by NewSet" {
				t.Errorf("got %v", err)
			}
		}
	}
}

func TestASetKeepsWhatItWasMadeOf(t *testing.T) {
	gates := []gate.Gate[facts]{deny("a"), deny("b")}
	set := mustSet(t, gates...)
	gates[0] = deny("changed")
	set.Names()[1] = "changed"
	if got := set.Names(); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("got %v", got)
	}
	if _, err := gate.Evaluate(set, facts{"changed"}, gate.Propose(1)); err != nil {
		t.Errorf("another gate was asked: %v", err)
	}
}

func TestAGateIsAskedForItsNameOnce(t *testing.T) {
	set := mustSet[facts](t, new(renamed))
	for range 3 {
		var denial *gate.Denial
		if _, err := gate.Evaluate(set, nil, gate.Propose(1)); !errors.As(err, &denial) || denial.Gate != "x" {
			t.Errorf("got %v", err)
		}
	}
}
