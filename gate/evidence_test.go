// Tests of RecordOf and Spend: what evidence stands for, whoever made it.

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

// forged embeds evidence, which makes it evidence, too, and says of itself what it likes.
type forged struct{ gate.Evidence }

func (forged) Spend() (event.GateRecord, error) {
	return event.GateRecord{Outcome: event.GatePassed, Gates: []string{"all"}}, nil
}
func (forged) Record() event.GateRecord { return event.GateRecord{Outcome: event.GatePassed} }

// forgedReceipt does the same with a receipt.
type forgedReceipt struct{ *gate.Receipt[string] }

func (forgedReceipt) Spend() (event.GateRecord, error) { return event.GateRecord{}, nil }

// everyEvidence returns what one receipt can be wrapped in.
func everyEvidence(receipt *gate.Receipt[string]) map[string]gate.Evidence {
	copied := *receipt
	return map[string]gate.Evidence{
		"the receipt": receipt, "a copy": &copied, "forged": forged{receipt}, "forged twice": &forged{&forged{&copied}}, "forged receipt": forgedReceipt{receipt},
	}
}

func TestRecordOfIsWhatTheGatesSaidAndUsesNothingUp(t *testing.T) {
	want := event.GateRecord{Outcome: event.GatePassed, Gates: []string{"a", "b"}}
	receipt := mustPass(t)
	for what, evidence := range everyEvidence(receipt) {
		record, err := gate.RecordOf(evidence)
		if err != nil || !reflect.DeepEqual(record, want) || receipt.Used() {
			t.Errorf("%s: got %+v, %v, used up: %v", what, record, err, receipt.Used())
		}
		record.Gates[0] = "changed" // it is the caller's own
	}
	if err := gate.Spend(receipt); err != nil {
		t.Fatal(err)
	}
	for what, evidence := range everyEvidence(receipt) {
		if record, err := gate.RecordOf(evidence); err != nil || !reflect.DeepEqual(record, want) {
			t.Errorf("%s, used: got %+v, %v", what, record, err)
		}
	}
	bypass, err := gate.Bypass(mustSet(t, deny("a")), gate.Propose(7), "reason", "justification")
	if err != nil {
		t.Fatal(err)
	}
	want = event.GateRecord{Outcome: event.GateBypassed, Gates: []string{"a"}, Reason: "reason", Justification: "justification"}
	if record, err := gate.RecordOf(forged{bypass}); err != nil || !reflect.DeepEqual(record, want) {
		t.Errorf("got %+v, %v", record, err)
	}
}

func TestSpendUsesUpTheReceiptThatIsEmbedded(t *testing.T) {
	for what := range everyEvidence(mustPass(t)) {
		receipt := mustPass(t)
		if err := gate.Spend(everyEvidence(receipt)[what]); err != nil || !receipt.Used() {
			t.Errorf("%s: %v, used up: %v", what, err, receipt.Used())
		}
		for again, evidence := range everyEvidence(receipt) {
			if err := gate.Spend(evidence); !errors.Is(err, gate.ErrReceiptUsed) {
				t.Errorf("%s, then %s: got %v, want ErrReceiptUsed", what, again, err)
			}
		}
	}
}

func TestEvidenceOfNoReceiptIsRefused(t *testing.T) {
	var none *gate.Receipt[string]
	for what, evidence := range map[string]gate.Evidence{
		"nil":                               nil,
		"a nil receipt":                     none,
		"the zero receipt":                  new(gate.Receipt[string]),
		"forged of nothing":                 forged{},
		"a nil pointer to one forged":       (*forged)(nil),
		"forged of a nil receipt":           forged{none},
		"forged of the zero receipt":        forged{new(gate.Receipt[string])},
		"forged of one forged":              forged{&forged{}},
		"forged receipt of nothing":         forgedReceipt{},
		"a nil pointer to a forged receipt": (*forgedReceipt)(nil),
	} {
		record, recordOf := gate.RecordOf(evidence)
		if !reflect.DeepEqual(record, event.GateRecord{}) {
			t.Errorf("%s: it says %+v", what, record)
		}
		for call, err := range map[string]error{"RecordOf": recordOf, "Spend": gate.Spend(evidence)} {
			if !errors.Is(err, gate.ErrNoReceipt) || !errors.Is(err, event.ErrInvalid) {
				t.Errorf("%s: %s: got %v, want ErrNoReceipt", what, call, err)
			}
		}
	}
}

func TestOfManyWhoSpendAReceiptAtOnceOneSucceeds(t *testing.T) {
	for range 200 {
		receipt := mustPass(t)
		var succeeded atomic.Int32
		var done sync.WaitGroup
		for _, evidence := range everyEvidence(receipt) {
			done.Go(func() {
				if err := gate.Spend(evidence); err == nil {
					succeeded.Add(1)
				} else if !errors.Is(err, gate.ErrReceiptUsed) {
					t.Error(err)
				}
				if record, err := gate.RecordOf(evidence); err != nil || record.Outcome != event.GatePassed {
					t.Errorf("got %+v, %v", record, err)
				}
			})
		}
		done.Wait()
		if n := succeeded.Load(); n != 1 {
			t.Fatalf("%d succeeded", n)
		}
	}
}
