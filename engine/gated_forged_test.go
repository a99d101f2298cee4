// Evidence that is made outside package gate: whatever it says of itself, it is the receipt that it embeds, or none.

package engine_test

import (
	"errors"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/gate"
)

// pretendedRecord is what forged evidence says that gates said.
var pretendedRecord = event.GateRecord{Outcome: event.GatePassed, Gates: []string{"stock", "credit", "market hours"}}

// pretended embeds evidence, which makes it evidence, too, and has methods of its own.
type pretended struct{ gate.Evidence }

func (pretended) Spend() (event.GateRecord, error) { return pretendedRecord, nil }
func (pretended) Record() event.GateRecord         { return pretendedRecord }
func (pretended) Used() bool                       { return false }

// pretendedReceipt does the same with a receipt.
type pretendedReceipt struct{ *gate.Receipt[amount] }

func (pretendedReceipt) Spend() (event.GateRecord, error) { return pretendedRecord, nil }
func (pretendedReceipt) Record() event.GateRecord         { return pretendedRecord }
func (pretendedReceipt) Used() bool                       { return false }

// noEvidence returns what no set of gates stands behind.
func noEvidence() map[string]gate.Evidence {
	var none *gate.Receipt[amount]
	return map[string]gate.Evidence{
		"a nil receipt":                     none,
		"the zero receipt":                  new(gate.Receipt[amount]),
		"forged of nothing":                 pretended{},
		"a pointer to one forged":           &pretended{},
		"a nil pointer to one forged":       (*pretended)(nil),
		"forged of a nil receipt":           pretended{none},
		"forged of the zero receipt":        pretended{new(gate.Receipt[amount])},
		"forged of one forged":              pretended{pretended{}},
		"forged receipt of nothing":         pretendedReceipt{},
		"forged of forged receipt":          pretended{pretendedReceipt{}},
		"a nil pointer to a forged receipt": (*pretendedReceipt)(nil),
	}
}

// ofEvidence returns what real receipts can be wrapped in.
func ofEvidence(receipt *gate.Receipt[amount]) map[string]gate.Evidence {
	copied := *receipt
	return map[string]gate.Evidence{
		"the receipt": receipt, "a copy": &copied, "forged": pretended{receipt}, "forged twice": &pretended{pretended{&copied}}, "forged receipt": pretendedReceipt{receipt},
	}
}

// evident are the ways to append with evidence. They return the error of a batch as it was wrapped.
var evident = map[string]func(s *engine.Store, evidence gate.Evidence) error{
	"AppendWith": func(s *engine.Store, evidence gate.Evidence) error {
		_, err := s.AppendWith(here, event.Data, amount{7}, engine.AppendOptions{Gate: evidence})
		return err
	},
	"AppendBytesWith": func(s *engine.Store, evidence gate.Evidence) error {
		_, err := s.AppendBytesWith(here, event.Data, event.CodecRaw, []byte("x"), engine.AppendOptions{Gate: evidence, Tags: []string{"tag"}})
		return err
	},
	"with a key": func(s *engine.Store, evidence gate.Evidence) error {
		_, err := s.AppendWith(here, event.Data, amount{7}, engine.AppendOptions{Gate: evidence, Key: "a key that is new"})
		return err
	},
	"with a condition": func(s *engine.Store, evidence gate.Evidence) error {
		_, err := s.AppendWith(here, event.Data, amount{7}, engine.AppendOptions{Gate: evidence, Conditions: []engine.Condition{engine.NoneAfter(event.Tagged("none"), 0)}})
		return err
	},
	"AppendBatch": func(s *engine.Store, evidence gate.Evidence) error {
		var batch engine.Batch
		batch.Add(event.MustAt("other", "scope"), event.Data, amount{1})
		batch.Add(here, event.Data, amount{7}).With(engine.AppendOptions{Gate: evidence})
		_, err := s.AppendBatch(&batch)
		return err
	},
	"AppendBatch with a key": func(s *engine.Store, evidence gate.Evidence) error {
		batch := engine.Batch{Key: "another key that is new"}
		batch.Add(event.MustAt("other", "scope"), event.Data, amount{1})
		batch.Add(here, event.Data, amount{7}).With(engine.AppendOptions{Gate: evidence})
		_, err := s.AppendBatch(&batch)
		return err
	},
}

func TestEvidenceThatNoGatesStandBehindStoresNothing(t *testing.T) {
	s := quickStore(t, engine.Options{Sync: engine.SyncManual()})
	for what, evidence := range noEvidence() {
		for way, call := range evident {
			err := call(s, evidence)
			if !errors.Is(err, gate.ErrNoReceipt) || !errors.Is(err, engine.ErrInvalid) {
				t.Errorf("%s: %s: got %v, want ErrNoReceipt", what, way, err)
			}
			var failed *engine.BatchError
			if errors.As(err, &failed) && (failed.Item != 1 || failed.Stage != engine.StageGate) {
				t.Errorf("%s: %s: got %v, want item 1 at the gate", what, way, err)
			}
		}
	}
	if got := s.Stats().Staged; got != 0 {
		t.Errorf("%d events are stored", got)
	}
	for _, outcome := range []event.GateOutcome{event.GatePassed, event.GateBypassed} {
		if got := query(t, s, event.Everything().FromGate(outcome), engine.ReadOptions{}); len(got) != 0 {
			t.Errorf("an audit sees %v", got)
		}
	}
}

func TestEvidenceThatEmbedsAReceiptIsThatReceipt(t *testing.T) {
	for way, call := range evident {
		s := quickStore(t, engine.Options{Sync: engine.SyncManual()})
		for what := range ofEvidence(mustPass(t, 7)) {
			receipt := mustBypass(t, 7, "correction", what)
			evidence := ofEvidence(receipt)[what]
			before := s.Stats().Staged
			if err := call(s, evidence); err != nil {
				if errors.Is(err, engine.ErrIdempotencyConflict) {
					t.Errorf("%s: %s: %v", what, way, err)
				}
				t.Fatalf("%s: %s: %v", what, way, err)
			}
			stored := s.Stats().Staged
			if stored == before { // its key is known since the first one
				if receipt.Used() {
					t.Errorf("%s: %s: used up, and nothing is stored", what, way)
				}
				continue
			}
			ev, err := s.At(stored)
			if err != nil {
				t.Fatal(err)
			}
			if ev.Gate == nil || ev.Gate.Outcome != event.GateBypassed || ev.Gate.Justification != what || !receipt.Used() {
				t.Errorf("%s: %s: stored with %+v, used up: %v", what, way, ev.Gate, receipt.Used())
			}
			for again, evidence := range ofEvidence(receipt) {
				_, err := s.AppendWith(here, event.Data, amount{7}, engine.AppendOptions{Gate: evidence})
				if !errors.Is(err, gate.ErrReceiptUsed) {
					t.Errorf("%s: %s: then as %s: got %v, want ErrReceiptUsed", what, way, again, err)
				}
			}
			if after := s.Stats().Staged; after != stored {
				t.Errorf("%s: %s: stored %d times more", what, way, after-stored)
			}
		}
	}
}
