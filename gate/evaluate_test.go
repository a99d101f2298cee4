// Tests of evaluation: which gates are asked, and what their answers become.

package gate_test

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/gate"
)

// recorder returns gates with these names that note that they were asked.
func recorder(asked *[]string, names ...string) []gate.Gate[facts] {
	var gates []gate.Gate[facts]
	for _, name := range names {
		inner := deny(name)
		gates = append(gates, gate.New(name, func(f facts) error {
			*asked = append(*asked, name)
			return inner.Judge(f)
		}))
	}
	return gates
}

func TestEvaluateStopsAtTheFirstDenialAndEvaluateAllDoesNot(t *testing.T) {
	var asked []string
	set := mustSet(t, recorder(&asked, "a", "b", "c", "d")...)
	receipt, err := gate.Evaluate(set, facts{"b", "d"}, gate.Propose("value"))
	var denial *gate.Denial
	if receipt != nil || !errors.As(err, &denial) || denial.Gate != "b" || !errors.Is(err, gate.ErrDenied) {
		t.Errorf("got %v, %v", receipt, err)
	}
	if !slices.Equal(asked, []string{"a", "b"}) {
		t.Errorf("asked %v", asked)
	}

	asked = nil
	receipt, err = gate.EvaluateAll(set, facts{"b", "d"}, gate.Propose("value"))
	var denials gate.Denials
	if receipt != nil || !errors.As(err, &denials) || len(denials) != 2 || denials[0].Gate != "b" || denials[1].Gate != "d" || !errors.Is(err, gate.ErrDenied) {
		t.Errorf("got %v, %v", receipt, err)
	}
	if !slices.Equal(asked, []string{"a", "b", "c", "d"}) {
		t.Errorf("asked %v", asked)
	}
}

func TestWhatPassesAllGatesGetsAReceipt(t *testing.T) {
	want := event.GateRecord{Outcome: event.GatePassed, Gates: []string{"a", "b"}}
	for name, evaluate := range map[string]func(*gate.Set[facts], facts, gate.Proposal[string]) (*gate.Receipt[string], error){
		"first": gate.Evaluate[facts, string], "all": gate.EvaluateAll[facts, string],
	} {
		receipt, err := evaluate(mustSet(t, deny("a"), deny("b")), facts{"c"}, gate.Propose("value"))
		if err != nil || receipt.Value() != "value" || receipt.Used() || !reflect.DeepEqual(receipt.Record(), want) {
			t.Errorf("%s: got %v, %v", name, receipt, err)
		}
	}
}

func TestABypassAsksNoGateAndSaysWhy(t *testing.T) {
	var asked []string
	set := mustSet(t, recorder(&asked, "a", "b")...)
	receipt, err := gate.Bypass(set, gate.Propose(7), "outage", "approved by ops")
	want := event.GateRecord{Outcome: event.GateBypassed, Gates: []string{"a", "b"}, Reason: "outage", Justification: "approved by ops"}
	if err != nil || receipt.Value() != 7 || !reflect.DeepEqual(receipt.Record(), want) {
		t.Fatalf("got %v, %v", receipt, err)
	}
	if len(asked) != 0 {
		t.Errorf("asked %v", asked)
	}
	for _, refused := range []struct{ reason, justification, want string }{
		{"", "because", "batpak: invalid gate.reason: empty, a bypass has to say why"},
		{"\xff", "", "batpak: invalid gate.reason: not valid UTF-8"},
		{"a", "\xff", "batpak: invalid gate.justification: not valid UTF-8"},
		{"a", strings.Repeat("x", event.MaxGateRecord), "batpak: invalid gate: 8204 bytes, at most 8192"},
	} {
		receipt, err := gate.Bypass(set, gate.Propose(7), refused.reason, refused.justification)
		if receipt != nil || err == nil || err.Error() != refused.want || !errors.Is(err, event.ErrInvalid) {
			t.Errorf("got %v, %v, want %s", receipt, err, refused.want)
		}
	}
}

// brittle is an error that can't be looked at.
type brittle struct{}

func (brittle) Error() string { panic("brittle") }

func TestAGateThatBreaksDenies(t *testing.T) {
	sentinel := fmt.Errorf("wrapped: %w", io.ErrUnexpectedEOF)
	for name, broken := range map[string]struct {
		judge   func(facts) error
		message string
	}{
		"panic":               {func(facts) error { panic("boom") }, "panic: boom"},
		"panic with an error": {func(facts) error { panic(sentinel) }, "panic: wrapped: unexpected EOF"},
		"panic with nil":      {func(facts) error { panic(nil) }, "panic: " + new(runtime.PanicNilError).Error()},
		"index":               {func(f facts) error { return errors.New(f[9]) }, "panic: runtime error: index out of range [9] with length 0"},
		"error that panics":   {func(facts) error { return brittle{} }, "panic: brittle"},
		"nil denial":          {func(facts) error { return (*gate.Denial)(nil) }, "returned a nil *gate.Denial, which is an error that is not nil"},
	} {
		t.Run(name, func(t *testing.T) {
			set := mustSet(t, deny("before"), gate.New("broken", broken.judge), deny("behind"))
			receipt, err := gate.Evaluate(set, nil, gate.Propose(1))
			var denial *gate.Denial
			if receipt != nil || !errors.As(err, &denial) || denial.Gate != "broken" || denial.Code != gate.CodeDefect || denial.Message != broken.message {
				t.Errorf("got %v, %v", receipt, err)
			}
			_, err = gate.EvaluateAll(set, facts{"before", "behind"}, gate.Propose(1))
			var denials gate.Denials
			if !errors.As(err, &denials) || len(denials) != 3 || denials[1].Code != gate.CodeDefect || denials[2].Gate != "behind" {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAPanicCanBeLookedInto(t *testing.T) {
	set := mustSet(t, gate.New("broken", func(facts) error { panic(io.ErrUnexpectedEOF) }))
	_, err := gate.EvaluateAll(set, nil, gate.Propose(1))
	var panicked *gate.PanicError
	if !errors.As(err, &panicked) || panicked.Value != any(io.ErrUnexpectedEOF) || !strings.Contains(string(panicked.Stack), "evaluate_test.go") {
		t.Errorf("got %v with the panic %+v", err, panicked)
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
}

func TestAGateThatEndsItsGoroutineMakesNoReceipt(t *testing.T) {
	set := mustSet(t, gate.New("ends", func(facts) error {
		runtime.Goexit()
		return nil
	}))
	var receipt *gate.Receipt[int]
	returned := false
	var done sync.WaitGroup
	done.Go(func() {
		receipt, _ = gate.Evaluate(set, nil, gate.Propose(1))
		returned = true
	})
	done.Wait()
	if receipt != nil || returned {
		t.Errorf("got %v, returned %v", receipt, returned)
	}
}

func TestWhatAGateReturnsBecomesItsDenial(t *testing.T) {
	plain := errors.New("not today")
	shared := gate.Deny("NO", "because").With("key", 1)
	foreign := &gate.Denial{Gate: "inner", Code: "NO", Message: "because"}
	wrapped := fmt.Errorf("asking: %w", shared)
	for name, c := range map[string]struct {
		returned error
		want     gate.Denial
	}{
		"plain error":     {plain, gate.Denial{Gate: "outer", Code: gate.CodeDenied, Message: "not today", Err: plain}},
		"denial":          {shared, gate.Denial{Gate: "outer", Code: "NO", Message: "because", Context: shared.Context}},
		"wrapped denial":  {wrapped, gate.Denial{Gate: "outer", Code: "NO", Message: "because", Context: shared.Context, Err: wrapped}},
		"inner gate":      {foreign, gate.Denial{Gate: "outer", Code: "NO", Message: "because", Err: foreign}},
		"without a code":  {gate.Deny("", "because"), gate.Denial{Gate: "outer", Code: gate.CodeDenied, Message: "because"}},
		"without a cause": {&gate.Denial{}, gate.Denial{Gate: "outer", Code: gate.CodeDenied}},
	} {
		set := mustSet(t, gate.New("outer", func(facts) error { return c.returned }))
		_, err := gate.Evaluate(set, nil, gate.Propose(1))
		var denial *gate.Denial
		if !errors.As(err, &denial) || !reflect.DeepEqual(*denial, c.want) {
			t.Errorf("%s: got %+v, want %+v", name, err, c.want)
		}
	}
	if shared.Gate != "" {
		t.Error("the denial that the gate returned was changed")
	}
}

func TestAGateMayAskGatesOfItsOwn(t *testing.T) {
	inner := mustSet(t, deny("a"), deny("b"))
	outer := mustSet(t, gate.New("inner set", func(f facts) error {
		_, err := gate.EvaluateAll(inner, f, gate.Propose(struct{}{}))
		return err
	}))
	_, err := gate.Evaluate(outer, facts{"a", "b"}, gate.Propose(1))
	var denials gate.Denials
	if !errors.As(err, &denials) || len(denials) != 2 || err.Error() != `batpak: gate "inner set" denied: NO: because` {
		t.Errorf("got %v", err)
	}
}

func TestASetMayBeAskedByManyAtOnce(t *testing.T) {
	shared := gate.Deny("NO", "because")
	set := mustSet(t, gate.New("a", func(facts) error { return shared }), deny("b"))
	var done sync.WaitGroup
	for range 8 {
		done.Go(func() {
			for range 100 {
				if _, err := gate.EvaluateAll(set, facts{"b"}, gate.Propose(1)); err.Error() != "batpak: 2 gates denied: a: NO: because; b: NO: because" {
					t.Error(err)
				}
			}
		})
	}
	done.Wait()
}
