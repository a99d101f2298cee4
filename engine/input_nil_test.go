// Arguments that are nil, empty or no UTF-8: errors, never panics, and nothing is stored.

package engine_test

import (
	"errors"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func TestNoBatchIsRefused(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		s := quickStore(t, small(policy))
		receipts, err := s.AppendBatch(nil)
		mustFail(t, policy.String(), err, -1, engine.StageValidate, engine.ErrInvalid)
		if receipts != nil || s.Stats().Staged != 0 {
			t.Errorf("%s: %v, %d events", policy, receipts, s.Stats().Staged)
		}
		if receipts, err := s.AppendBatch(new(engine.Batch)); receipts != nil || err != nil {
			t.Errorf("%s: an empty batch: %v, %v", policy, receipts, err)
		}
	}
}

func TestNoItemAsACauseIsRefused(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	var batch engine.Batch
	batch.Add(here, event.Data, 1)
	item := batch.Add(here, event.Data, 2).CausedBy(nil)
	if item == nil || item.Index() != 1 {
		t.Fatalf("CausedBy returns %+v", item)
	}
	for range 2 {
		receipts, err := s.AppendBatch(&batch)
		mustFail(t, "no item", err, 1, engine.StageCause, engine.ErrInvalid)
		if receipts != nil || s.Stats().Staged != 0 {
			t.Errorf("%v, %d events", receipts, s.Stats().Staged)
		}
	}
	first := new(engine.Batch)
	first.Add(here, event.Data, 1).CausedBy(nil)
	_, err := s.AppendBatch(first)
	mustFail(t, "no item, of the first", err, 0, engine.StageCause, engine.ErrInvalid)
	batch.Reset()
	cause := batch.Add(here, event.Data, 1)
	batch.Add(here, event.Data, 2).CausedBy(nil).CausedBy(cause)
	mustAppendBatch(t, s, &batch)
}

func TestAConditionAboutAnEntityThatIsNoUTF8IsRefused(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		s := quickStore(t, small(policy))
		for _, name := range []string{"\xff", "a\xff", "\xc3", "\xed\xa0\x80", "entity\x80"} {
			for _, expect := range []engine.Expectation{engine.ExpectClock(0), engine.ExpectClock(1), engine.ExpectLastID(event.MakeID(1, 1, 1))} {
				c := engine.EntityIs(name, expect)
				_, err := note("entity", "x").given(c).append(s)
				mustBe(t, name, err, engine.ErrInvalid)
				_, err = s.AppendBatch(batchOf(note("entity", "x"), note("entity", "y").given(c)))
				mustFail(t, name, err, 1, engine.StageValidate, engine.ErrInvalid)
				_, err = s.AppendBatch(batchIf(notes(2), c))
				mustFail(t, name, err, -1, engine.StageValidate, engine.ErrInvalid)
				mustSay(t, name, err)
			}
		}
		if got := s.Stats().Staged; got != 0 {
			t.Errorf("%s: %d events are stored", policy, got)
		}
		mustStoreNote(t, s, note("entity", "x").given(engine.EntityIs("é\x00\u2028", engine.ExpectClock(0))))
	}
}

func TestAnEmptyBatchOnAStoreThatIsNotWrittenIsRefused(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		path := quickDir(t)
		s := mustOpen(t, path, small(policy))
		mustAppend(t, s, 3)
		mustClose(t, s)
		keyed := &engine.Batch{Key: "key"}
		for what, batch := range map[string]*engine.Batch{"empty": {}, "empty, with a key": keyed, "empty, with conditions": batchIf(nil, engine.NoneAfter(event.Everything(), 0))} {
			if receipts, err := s.AppendBatch(batch); !errors.Is(err, engine.ErrClosed) || receipts != nil {
				t.Errorf("%s: %s: got %v, %v, want ErrClosed", policy, what, receipts, err)
			}
		}
		o := small(policy)
		o.ReadOnly = true
		s = mustOpen(t, path, o)
		if receipts, err := s.AppendBatch(new(engine.Batch)); !errors.Is(err, engine.ErrReadOnly) || receipts != nil {
			t.Errorf("%s: open for reading: got %v, %v, want ErrReadOnly", policy, receipts, err)
		}
		mustClose(t, s)
	}
}
