// Causes, effects and conversations against a look at every event, in stores in every state.

package engine_test

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func TestTheCausalGraphIsThatOfALinearScanWhateverIsLostOfWhatIsDerived(t *testing.T) {
	t.Parallel()
	for i, policy := range policies {
		w := newWeaver(uint64(i))
		path := quickDir(t)
		s := mustOpen(t, path, small(policy))
		ids := w.weave(t, s, nil, 500)
		w.mustBeWoven(t, s, all(t, s, 0, 0, engine.ReadOptions{}), 10)
		ids = w.weave(t, s, ids, 1000)
		known := all(t, s, 0, 0, engine.ReadOptions{})
		mustBeSound(t, known, true)
		if len(known) != len(ids) {
			t.Fatalf("%d events, appended %d", len(known), len(ids))
		}
		settle(s)
		engine.WaitForMerges(s)
		w.mustBeWoven(t, s, known, 40)
		mustClose(t, s)
		files := imageOf(t, path)
		if len(files.sealed()) < 4 || len(files.runs()) == 0 {
			t.Fatalf("%s: %d sealed segments, runs %v", policy, len(files.sealed()), files.runs())
		}
		for n, loss := range losses {
			if raceBuild && n%4 != i {
				continue
			}
			t.Run(fmt.Sprintf("%s, lost %s", policy, loss.what), func(t *testing.T) {
				t.Parallel()
				w, path := newWeaver(uint64(n)), quickDir(t)
				loss.from(files.clone()).write(t, path)
				for _, readOnly := range []bool{true, false} {
					s := mustOpen(t, path, engine.Options{ReadOnly: readOnly, Rebuild: loss.rebuild, SegmentSize: engine.MinSegmentSize})
					w.mustBeWoven(t, s, known, 30)
					if !readOnly {
						w.weave(t, s, slices.Clip(ids), 300) // others go on from them too
						settle(s)
						w.mustBeWoven(t, s, all(t, s, 0, 0, engine.ReadOptions{}), 20)
					}
					mustClose(t, s)
				}
			})
		}
	}
}

func TestTheCausalGraphOfWhatAKillLeavesIsThatOfALinearScan(t *testing.T) {
	t.Parallel()
	w := newWeaver(20)
	path := quickDir(t)
	s := mustOpen(t, path, small(engine.SyncEveryAppend()))
	ids := w.weave(t, s, nil, 600)
	killed := imageOf(t, path)
	mustClose(t, s)
	again := quickDir(t)
	killed.write(t, again)
	s = mustOpen(t, again, small(engine.SyncEveryAppend()))
	w.mustBeWoven(t, s, all(t, s, 0, 0, engine.ReadOptions{}), 30)
	w.weave(t, s, ids, 300)
	w.mustBeWoven(t, s, all(t, s, 0, 0, engine.ReadOptions{}), 30)
	mustClose(t, s)
}

// TestABatchIsACausalGraphOfItsOwn: an order, its lines, and what each of them reserved.
func TestABatchIsACausalGraphOfItsOwn(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	var batch engine.Batch
	order := batch.AddBytes(event.MustAt("order-1", "shop"), event.Data, event.CodecRaw, nil)
	for i := range 3 {
		line := batch.AddBytes(event.MustAt("order-1", "shop"), event.Data, event.CodecRaw, nil).CausedBy(order)
		batch.AddBytes(event.MustAt(fmt.Sprint("stock-", i), "shop"), event.Data, event.CodecRaw, nil).CausedByIndex(line.Index())
	}
	receipts, err := s.AppendBatch(&batch)
	if err != nil {
		t.Fatal(err)
	}
	known := all(t, s, 0, 0, engine.ReadOptions{})
	pick := func(items ...int) (picked history) {
		for _, i := range items {
			picked = append(picked, known[i])
		}
		return picked
	}
	mustYield(t, "effects of the order", s.Effects(receipts[0].ID, engine.GraphOptions{}), pick(1, 3, 5, 2, 4, 6))
	mustYield(t, "effects of a line", s.Effects(receipts[3].ID, engine.GraphOptions{}), pick(4))
	mustYield(t, "causes of a reservation", s.Causes(receipts[6].ID, engine.GraphOptions{}), pick(5, 0))
	mustYield(t, "causes of the order", s.Causes(receipts[0].ID, engine.GraphOptions{}), nil)
}

func TestAReactionIsPartOfTheConversationOfItsCause(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncEveryAppend()))
	root, err := s.Append(here, event.Data, "asked")
	if err != nil {
		t.Fatal(err)
	}
	answer, err := s.AppendReaction(root.ID, here, event.Data, "answered", engine.AppendOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var batch engine.Batch
	batch.ReactTo(answer.ID)
	batch.Add(here, event.Data, "thanked")
	batch.Add(here, event.Data, "left")
	if _, err := s.AppendBatch(&batch); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Append(here, event.Data, "something else"); err != nil {
		t.Fatal(err)
	}
	known := all(t, s, 0, 0, engine.ReadOptions{})
	for i := range known[:4] {
		mustYield(t, "conversation", s.Correlated(known[i].ID, engine.ReadOptions{}), known[:4])
	}
	mustYield(t, "effects", s.Effects(root.ID, engine.GraphOptions{}), known[1:4])
}

// TestTheCausalGraphEndsAtTheWatermarkOfItsBeginning: what is appended while a loop runs is not part of it.
func TestTheCausalGraphEndsAtTheWatermarkOfItsBeginning(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		s := quickStore(t, small(policy))
		root, err := s.Append(here, event.Data, "root")
		if err != nil {
			t.Fatal(err)
		}
		react := func() {
			if _, err := s.AppendReaction(root.ID, here, event.Data, "effect", engine.AppendOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		for range 5 {
			react()
		}
		got := 0
		for _, err := range s.Effects(root.ID, engine.GraphOptions{Depth: 1}) {
			if err != nil {
				t.Fatal(err)
			}
			react()
			got++
		}
		if got != 5 {
			t.Errorf("%s: %d effects, want 5", policy, got)
		}
		got = 0
		for _, err := range s.Correlated(root.ID, engine.ReadOptions{}) {
			if err != nil {
				t.Fatal(err)
			}
			react()
			got++
		}
		if got != 11 {
			t.Errorf("%s: a conversation of %d, want 11", policy, got)
		}
	}
}

func TestGraphOptionsOutOfRangeAreRefused(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	r, err := s.Append(here, event.Data, "root")
	if err != nil {
		t.Fatal(err)
	}
	for field, o := range map[string]engine.GraphOptions{"Depth": {Depth: -1}, "Limit": {Limit: -7}} {
		refused := func(what string, err error) {
			var option *engine.OptionError
			if !errors.Is(err, engine.ErrInvalid) || !errors.As(err, &option) || option.Field != field {
				t.Errorf("%s with %+v: %v", what, o, err)
			}
		}
		for what, loop := range map[string]iter.Seq2[event.Event, error]{"causes": s.Causes(r.ID, o), "effects": s.Effects(r.ID, o)} {
			steps := 0
			for _, err := range loop {
				refused(what, err)
				steps++
			}
			if steps != 1 {
				t.Errorf("%s: %d steps", what, steps)
			}
		}
		_, err := s.Graph(r.ID, o)
		refused("graph", err)
	}
	for _, err := range s.Correlated(r.ID, engine.ReadOptions{Limit: -1}) {
		if !errors.Is(err, engine.ErrInvalid) {
			t.Errorf("conversation: %v", err)
		}
	}
}

func TestTheCausalGraphOfAClosedStoreIsErrClosed(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, quickDir(t), small(engine.SyncManual()))
	r, err := s.Append(here, event.Data, "root")
	if err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)
	for what, loop := range map[string]iter.Seq2[event.Event, error]{
		"causes": s.Causes(r.ID, engine.GraphOptions{}), "effects": s.Effects(r.ID, engine.GraphOptions{}), "conversation": s.Correlated(r.ID, engine.ReadOptions{}),
	} {
		steps := 0
		for _, err := range loop {
			if steps++; !errors.Is(err, engine.ErrClosed) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if steps != 1 {
			t.Errorf("%s: %d steps", what, steps)
		}
	}
	if _, err := s.Graph(r.ID, engine.GraphOptions{}); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("graph: %v", err)
	}
}
