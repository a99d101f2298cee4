// Tests of receipts: who can make one, and that it is good once.

package gate_test

import (
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/gate"
)

func mustPass(t testing.TB) *gate.Receipt[string] {
	t.Helper()
	receipt, err := gate.Evaluate(mustSet(t, deny("a"), deny("b")), nil, gate.Propose("value"))
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

func TestAReceiptIsGoodOnce(t *testing.T) {
	receipt := mustPass(t)
	record, err := receipt.Spend()
	if err != nil || !reflect.DeepEqual(record, event.GateRecord{Outcome: event.GatePassed, Gates: []string{"a", "b"}}) {
		t.Fatalf("got %+v, %v", record, err)
	}
	for range 2 {
		record, err = receipt.Spend()
		if !errors.Is(err, gate.ErrReceiptUsed) || err.Error() != "batpak: gate receipt was used before" || record.Outcome != 0 {
			t.Errorf("used again: %+v, %v", record, err)
		}
	}
	if !receipt.Used() || receipt.Value() != "value" || receipt.Record().Outcome != event.GatePassed {
		t.Error("a used receipt does not say any more what it stood for")
	}
}

func TestACopyOfAReceiptIsTheSameReceipt(t *testing.T) {
	receipt := mustPass(t)
	before := *receipt
	if _, err := receipt.Spend(); err != nil {
		t.Fatal(err)
	}
	after := *receipt
	for _, copied := range []*gate.Receipt[string]{&before, &after} {
		if _, err := copied.Spend(); !errors.Is(err, gate.ErrReceiptUsed) || !copied.Used() {
			t.Errorf("a copy: %v", err)
		}
	}
}

func TestAReceiptThatNoSetMadeIsRefused(t *testing.T) {
	var none *gate.Receipt[string]
	for _, receipt := range []*gate.Receipt[string]{none, new(gate.Receipt[string])} {
		record, err := receipt.Spend()
		if !errors.Is(err, gate.ErrNoReceipt) || !errors.Is(err, event.ErrInvalid) || record.Outcome != 0 {
			t.Errorf("got %+v, %v", record, err)
		}
		if err.Error() != "batpak: invalid gate.receipt: nil, or not made by a gate set" {
			t.Errorf("got %v", err)
		}
		if receipt.Value() != "" || receipt.Record().Outcome != 0 || !receipt.Used() {
			t.Error("it stands for something")
		}
	}
}

func TestOfManyUsesAtOnceOneSucceeds(t *testing.T) {
	for range 200 {
		receipt := mustPass(t)
		var succeeded atomic.Int32
		var done sync.WaitGroup
		for range 4 {
			done.Go(func() {
				copied := *receipt
				if _, err := copied.Spend(); err == nil {
					succeeded.Add(1)
				}
			})
		}
		done.Wait()
		if succeeded.Load() != 1 {
			t.Fatalf("%d uses succeeded", succeeded.Load())
		}
	}
}

func TestWhatIsRecordedCannotBeChangedFromOutside(t *testing.T) {
	set := mustSet(t, deny("a"))
	first, err := gate.Evaluate(set, nil, gate.Propose(1))
	if err != nil {
		t.Fatal(err)
	}
	first.Record().Gates[0] = "changed"
	spent, err := first.Spend()
	if err != nil || spent.Gates[0] != "a" {
		t.Fatalf("got %+v, %v", spent, err)
	}
	spent.Gates[0] = "changed"
	second, err := gate.Bypass(set, gate.Propose(1), "outage", "")
	if err != nil || second.Record().Gates[0] != "a" || set.Names()[0] != "a" {
		t.Errorf("got %+v, %v", second.Record(), err)
	}
}
