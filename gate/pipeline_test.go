// Tests of pipelines: what reaches the commit function, and how often.

package gate_test

import (
	"errors"
	"io"
	"reflect"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/gate"
)

func mustPipeline[T, R any](t *testing.T, set *gate.Set[facts], commit func(*gate.Receipt[T]) (R, error)) *gate.Pipeline[facts, T, R] {
	t.Helper()
	pipeline, err := gate.NewPipeline(set, commit)
	if err != nil {
		t.Fatal(err)
	}
	return pipeline
}

func TestWhatPassesTheGatesIsCommitted(t *testing.T) {
	pipeline := mustPipeline(t, mustSet(t, deny("a")), func(receipt *gate.Receipt[string]) (int, error) {
		if _, err := receipt.Spend(); err != nil {
			return 0, err
		}
		return len(receipt.Value()), nil
	})
	committed, err := pipeline.Run(nil, gate.Propose("value"))
	want := event.GateRecord{Outcome: event.GatePassed, Gates: []string{"a"}}
	if err != nil || committed.Result() != 5 || !reflect.DeepEqual(committed.Record(), want) {
		t.Errorf("got %+v, %v", committed, err)
	}
}

func TestWhatIsDeniedDoesNotReachTheCommitFunction(t *testing.T) {
	pipeline := mustPipeline(t, mustSet(t, deny("a")), func(*gate.Receipt[string]) (int, error) {
		t.Error("called")
		return 1, nil
	})
	committed, err := pipeline.Run(facts{"a"}, gate.Propose("value"))
	if !errors.Is(err, gate.ErrDenied) || committed.Result() != 0 || committed.Record().Outcome != 0 {
		t.Errorf("got %+v, %v", committed, err)
	}
}

func TestAReceiptAuthorisesOneAttempt(t *testing.T) {
	set := mustSet(t, deny("a"))
	attempts, fail := 0, io.ErrUnexpectedEOF
	var kept *gate.Receipt[string]
	pipeline := mustPipeline(t, set, func(receipt *gate.Receipt[string]) (int, error) {
		attempts++
		kept = receipt // without using it
		return 7, fail
	})
	receipt, err := gate.Bypass(set, gate.Propose("value"), "outage", "")
	if err != nil {
		t.Fatal(err)
	}
	if committed, err := pipeline.Commit(receipt); err != fail || committed.Result() != 0 {
		t.Errorf("got %+v, %v", committed, err)
	}
	if _, err := pipeline.Commit(receipt); !errors.Is(err, gate.ErrReceiptUsed) {
		t.Errorf("a second attempt: %v", err)
	}
	if _, err := pipeline.Commit(kept); !errors.Is(err, gate.ErrReceiptUsed) {
		t.Errorf("with the receipt of the attempt: %v", err)
	}
	if attempts != 1 {
		t.Errorf("%d attempts", attempts)
	}
}

func TestAReceiptIsUsedUpByACommitThatPanics(t *testing.T) {
	set := mustSet(t, deny("a"))
	var kept *gate.Receipt[string]
	pipeline := mustPipeline(t, set, func(receipt *gate.Receipt[string]) (int, error) {
		kept = receipt
		panic("boom")
	})
	receipt, err := gate.Evaluate(set, nil, gate.Propose("value"))
	if err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if recover() != "boom" {
				t.Error("the panic was swallowed")
			}
		}()
		_, err := pipeline.Commit(receipt)
		t.Error("returned", err)
	}()
	if !receipt.Used() || !kept.Used() {
		t.Error("it can be used again")
	}
}

func TestAReceiptOfAnotherSetIsRefused(t *testing.T) {
	commit := func(*gate.Receipt[string]) (int, error) {
		t.Error("called")
		return 0, nil
	}
	pipeline := mustPipeline(t, mustSet(t, deny("strict")), commit)
	receipt, err := gate.Evaluate(mustSet(t, deny("strict")), nil, gate.Propose("value"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pipeline.Commit(receipt); !errors.Is(err, event.ErrInvalid) || err.Error() != "batpak: invalid gate.receipt: made by another gate set than the pipeline's" {
		t.Errorf("got %v", err)
	}
	if receipt.Used() {
		t.Error("it was used up")
	}
	for _, none := range []*gate.Receipt[string]{nil, new(gate.Receipt[string])} {
		if _, err := pipeline.Commit(none); !errors.Is(err, gate.ErrNoReceipt) {
			t.Errorf("got %v", err)
		}
	}
}

func TestPipelinesThatAreNoneAreRefused(t *testing.T) {
	set := mustSet(t, deny("a"))
	commit := func(*gate.Receipt[string]) (int, error) { return 0, nil }
	if _, err := gate.NewPipeline[facts, string, int](set, nil); err == nil || err.Error() != "batpak: invalid gate.commit: nil, want a function" {
		t.Errorf("got %v", err)
	}
	if _, err := gate.NewPipeline[facts](nil, commit); !errors.Is(err, event.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	receipt, err := gate.Evaluate(set, nil, gate.Propose("value"))
	if err != nil {
		t.Fatal(err)
	}
	for _, pipeline := range []*gate.Pipeline[facts, string, int]{nil, {}} {
		_, run := pipeline.Run(nil, gate.Propose("value"))
		_, late := pipeline.Commit(receipt)
		for _, err := range []error{run, late} {
			if !errors.Is(err, event.ErrInvalid) || err.Error() != "batpak: invalid gate.pipeline: nil, or not made by NewPipeline" {
				t.Errorf("got %v", err)
			}
		}
	}
}
