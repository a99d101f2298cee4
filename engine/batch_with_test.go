// With, beside the other methods of an item: what it leaves out stays as it was, and what it sets is set.

package engine_test

import (
	"slices"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// appendItem appends a batch of one item that the function makes of the entity's next event.
func appendItem(s *engine.Store, shape func(item *engine.Item)) ([]engine.Receipt, error) {
	var batch engine.Batch
	shape(batch.AddBytes(here, event.Data, event.CodecRaw, []byte("x")))
	return s.AppendBatch(&batch)
}

func TestWithKeepsWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	everything := engine.AppendOptions{Metadata: []byte("meta"), Flags: event.RequiresAck, Version: 3, Lane: 7, Wait: engine.WaitDurable}
	for what, with := range map[string]engine.AppendOptions{"nothing": {}, "other fields": everything, "an empty list": {Conditions: []engine.Condition{}}} {
		s := quickStore(t, small(engine.SyncManual()))
		mustStoreNote(t, s, note("entity", "first"))
		_, err := appendItem(s, func(item *engine.Item) { item.Expect(engine.ExpectClock(0)).With(with) })
		mustFail(t, what+": Expect", err, 0, engine.StageCondition, engine.ErrConflict)
		_, err = appendItem(s, func(item *engine.Item) { item.With(with).Expect(engine.ExpectClock(0)) })
		mustFail(t, what+": Expect behind it", err, 0, engine.StageCondition, engine.ErrConflict)
		set := func(item *engine.Item) { item.Expect(engine.ExpectClock(1)).Key("key").Tags("a", "b").With(with) }
		receipts, err := appendItem(s, set)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		ev := read(t, s, receipts[0])
		if ev.Key != "key" || !slices.Equal(ev.Tags, []string{"a", "b"}) {
			t.Errorf("%s: key %q, tags %q", what, ev.Key, ev.Tags)
		}
		if string(ev.Metadata) != string(with.Metadata) || ev.Flags != with.Flags || ev.Version != with.Version || ev.Position.Lane != with.Lane {
			t.Errorf("%s: stored as %+v", what, ev)
		}
		again, err := appendItem(s, set)
		if err != nil {
			t.Fatalf("%s: again: %v", what, err)
		}
		mustRepeat(t, what, again, receipts)
	}
}

func TestWithSetsWhatItHas(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct {
		with engine.AppendOptions
		key  string
		tags []string
	}{
		"key":         {engine.AppendOptions{Key: "other"}, "other", []string{"a"}},
		"tags":        {engine.AppendOptions{Tags: []string{"b", "c"}}, "key", []string{"b", "c"}},
		"expectation": {engine.AppendOptions{Expect: engine.ExpectClock(1)}, "key", []string{"a"}},
		"all":         {engine.AppendOptions{Key: "other", Tags: []string{"b"}, Expect: engine.ExpectClock(1)}, "other", []string{"b"}},
	} {
		s := quickStore(t, small(engine.SyncManual()))
		mustStoreNote(t, s, note("entity", "first"))
		expect := engine.ExpectClock(1)
		if test.with.Expect != (engine.Expectation{}) {
			expect = engine.ExpectClock(99) // which it replaces
		}
		receipts, err := appendItem(s, func(item *engine.Item) { item.Key("key").Tags("a").Expect(expect).With(test.with) })
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if ev := read(t, s, receipts[0]); ev.Key != test.key || !slices.Equal(ev.Tags, test.tags) {
			t.Errorf("%s: key %q, tags %q", what, ev.Key, ev.Tags)
		}
		_, err = appendItem(s, func(item *engine.Item) {
			item.Key("new").Tags("a").Expect(engine.ExpectClock(2)).With(engine.AppendOptions{Expect: engine.ExpectClock(1)})
		})
		mustFail(t, what+": an expectation that it replaces", err, 0, engine.StageCondition, engine.ErrConflict)
		receipts, err = appendItem(s, func(item *engine.Item) { item.With(test.with).Expect(engine.ExpectClock(2)).Key("last").Tags("z") })
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if ev := read(t, s, receipts[0]); ev.Key != "last" || !slices.Equal(ev.Tags, []string{"z"}) {
			t.Errorf("%s: what comes behind it: key %q, tags %q", what, ev.Key, ev.Tags)
		}
	}
}

func TestWithKeepsTheCauseOfAnItem(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	var batch engine.Batch
	conversation := event.MakeID(1, 2, 3)
	cause := batch.AddBytes(here, event.Data, event.CodecRaw, nil).With(engine.AppendOptions{Correlation: conversation})
	batch.AddBytes(here, event.Data, event.CodecRaw, nil).CausedBy(cause).With(engine.AppendOptions{Tags: []string{"a"}})
	batch.AddBytes(here, event.Data, event.CodecRaw, nil).CausedByIndex(0).With(engine.AppendOptions{})
	receipts := mustAppendBatch(t, s, &batch)
	for _, r := range receipts[1:] {
		if ev := read(t, s, r); ev.Cause != receipts[0].ID || ev.Correlation != conversation {
			t.Errorf("event %d: cause %s, correlation %s, want %s, %s", ev.Sequence, ev.Cause, ev.Correlation, receipts[0].ID, conversation)
		}
	}
}
