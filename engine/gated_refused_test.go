// Gated appends that are refused for what they are, before anything is judged: their receipts stay good. And one receipt that
// many use at once with one key.

package engine_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/gate"
)

// refusedOptions are options that an append is refused for, with the error.
func refusedOptions(s *engine.Store) map[string]struct {
	options engine.AppendOptions
	want    error
} {
	type refused = struct {
		options engine.AppendOptions
		want    error
	}
	of := func(c engine.Condition) engine.AppendOptions {
		return engine.AppendOptions{Conditions: []engine.Condition{c}}
	}
	return map[string]refused{
		"long key":                 {engine.AppendOptions{Key: strings.Repeat("k", event.MaxKey+1)}, engine.ErrInvalid},
		"empty tag":                {engine.AppendOptions{Tags: []string{""}}, engine.ErrInvalid},
		"long metadata":            {engine.AppendOptions{Metadata: make([]byte, event.MaxMetadata+1)}, engine.ErrInvalid},
		"missing cause":            {engine.AppendOptions{Cause: event.MakeID(1, 1, 1)}, engine.ErrNotFound},
		"wait that there is not":   {engine.AppendOptions{Wait: engine.WaitStaged + 1}, engine.ErrInvalid},
		"condition on a future":    {of(engine.NoneAfter(event.Everything(), s.Stats().Staged+1)), engine.ErrInvalid},
		"condition on no entity":   {of(engine.EntityIs("", engine.ExpectClock(1))), engine.ErrInvalid},
		"condition on a long name": {of(engine.EntityIs(strings.Repeat("n", event.MaxName+1), engine.ExpectClock(1))), engine.ErrInvalid},
		"condition on no UTF-8":    {of(engine.EntityIs("a\xff", engine.ExpectClock(1))), engine.ErrInvalid},
	}
}

func TestARefusedAppendDoesNotUseItsReceiptUp(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		s := quickStore(t, small(policy))
		mustAppend(t, s, 3)
		receipt := mustPass(t, 7)
		refuse := func(what string, err, want error) {
			t.Helper()
			if !errors.Is(err, want) || receipt.Used() || s.Stats().Staged != 3 {
				t.Errorf("%s: got %v, want %v; used up: %v; %d events", what, err, want, receipt.Used(), s.Stats().Staged)
			}
		}
		for what, r := range refusedOptions(s) {
			_, err := engine.AppendProposal(s, here, event.Data, receipt, r.options)
			refuse(what, err, r.want)
			o := r.options
			o.Gate = receipt
			_, err = s.AppendBytesWith(here, event.Data, event.CodecRaw, nil, o)
			refuse(what, err, r.want)
			var batch engine.Batch
			batch.Add(here, event.Data, 1)
			batch.Add(here, event.Data, receipt.Value()).With(o)
			_, err = s.AppendBatch(&batch)
			refuse(what+", of the item itself", err, r.want)
			batch.Reset()
			batch.Add(here, event.Data, receipt.Value()).With(engine.AppendOptions{Gate: receipt})
			batch.Add(here, event.Data, 1).With(r.options)
			_, err = s.AppendBatch(&batch)
			refuse(what+", of a later item", err, r.want)
			batch.Reset()
			batch.Key, batch.Conditions = r.options.Key, r.options.Conditions
			if len(batch.Key)+len(batch.Conditions) == 0 {
				continue // nothing would be wrong with it
			}
			batch.Add(here, event.Data, receipt.Value()).With(engine.AppendOptions{Gate: receipt})
			_, err = s.AppendBatch(&batch)
			refuse(what+", of the batch", err, r.want)
		}
	}
}

func TestABatchThatIsRefusedUsesNoReceiptUp(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{Sync: engine.SyncManual(), MaxBatchEvents: 4, MaxBatchBytes: engine.MinBatchBytes})
	receipt := mustPass(t, 7)
	for what, spoil := range map[string]func(batch *engine.Batch){
		"no coordinate": func(b *engine.Batch) { b.Add(event.Coordinate{}, event.Data, 1) },
		"reserved kind": func(b *engine.Batch) { b.Add(here, event.SystemInit, 1) },
		"value":         func(b *engine.Batch) { b.Add(here, event.Data, make(chan int)) },
		"too many bytes": func(b *engine.Batch) {
			b.AddBytes(here, event.Data, event.CodecRaw, make([]byte, engine.MinBatchBytes))
		},
		"too many events": func(b *engine.Batch) {
			b.Add(here, event.Data, 1)
			b.Add(here, event.Data, 1)
			b.Add(here, event.Data, 1)
		},
		"a key twice":        func(b *engine.Batch) { b.Add(here, event.Data, 1).Key("twice") },
		"a later cause":      func(b *engine.Batch) { b.Add(here, event.Data, 1).CausedByIndex(3) },
		"a cause of nothing": func(b *engine.Batch) { b.ReactTo(event.MakeID(1, 1, 1)) },
		"evidence of none":   func(b *engine.Batch) { b.Add(here, event.Data, 1).With(engine.AppendOptions{Gate: pretended{}}) },
		"a last id behind an item": func(b *engine.Batch) {
			b.Add(here, event.Data, 1).Expect(engine.ExpectLastID(event.MakeID(1, 1, 1)))
		},
	} {
		var batch engine.Batch
		batch.Add(here, event.Data, receipt.Value()).With(engine.AppendOptions{Gate: receipt})
		batch.Add(here, event.Data, 1).Key("twice")
		spoil(&batch)
		if _, err := s.AppendBatch(&batch); err == nil || receipt.Used() || s.Stats().Staged != 0 {
			t.Errorf("%s: got %v, used up: %v, %d events", what, err, receipt.Used(), s.Stats().Staged)
		}
	}
	if _, err := engine.AppendProposal(s, here, event.Data, receipt, engine.AppendOptions{}); err != nil || !receipt.Used() {
		t.Errorf("it is good afterwards: %v, used up: %v", err, receipt.Used())
	}
}

func TestOfManyAppendsWithOneReceiptAndOneKeyOneIsStored(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		for way, call := range gatedWays {
			s := quickStore(t, small(policy))
			for n := range 20 {
				key, receipt := string(rune('a'+n)), mustPass(t, n)
				before := s.Stats().Staged
				var stored, events atomic.Int64
				together(4, func(int) {
					got, err := call(s, receipt, key, engine.AppendOptions{})
					switch {
					case err == nil && !got[0].Duplicate:
						stored.Add(1)
						events.Add(int64(len(got)))
					case err != nil && !errors.Is(err, gate.ErrReceiptUsed):
						t.Errorf("%s: %v", way, err)
					}
				})
				if after := s.Stats().Staged; stored.Load() != 1 || after != before+uint64(events.Load()) {
					t.Fatalf("%s: %d were told that theirs is stored, %d events are", way, stored.Load(), after-before)
				}
				if got, err := call(s, receipt, key, engine.AppendOptions{}); err != nil || !got[0].Duplicate {
					t.Errorf("%s: again: got %v, %v", way, got, err)
				}
			}
		}
	}
}
