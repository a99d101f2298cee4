// Reactions: events that another one caused, alone and in batches; whose conversation they belong to.

package engine_test

import (
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// mustReact appends a reaction and returns the event as it is read back.
func mustReact(t failer, s *engine.Store, cause event.ID, o engine.AppendOptions) event.Event {
	t.Helper()
	r, err := s.AppendReaction(cause, event.MustAt("reaction", "scope"), 0x2001, "value", o)
	if err != nil {
		t.Fatalf("react: %v", err)
	}
	return read(t, s, r)
}

func TestAReactionHasACauseADepthAndTheConversationOfItsCause(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		s := quickStore(t, small(policy))
		_, root := mustStoreNote(t, s, note("root", "x"))
		of := note("root", "y")
		of.Correlation = event.MakeID(7, 7, 7)
		_, other := mustStoreNote(t, s, of)
		for _, start := range []event.Event{root, other} {
			cause := start
			for depth := range uint32(150) { // over some segments
				mustAppend(t, s, 3)
				ev := mustReact(t, s, cause.ID, engine.AppendOptions{})
				if ev.Cause != cause.ID || ev.CauseSequence != cause.Sequence || ev.Position.Depth != depth+1 || ev.Correlation != start.Correlation {
					t.Fatalf("%s: reaction to %s: %+v, the conversation is %s", policy, cause, ev.Header, start.Correlation)
				}
				if ev.CauseInBatch != 0 || ev.Entity() != "reaction" || ev.Kind != 0x2001 {
					t.Fatalf("%s: %+v", policy, ev)
				}
				cause = ev
			}
			own := event.MakeID(8, 8, 8)
			ev := mustReact(t, s, cause.ID, engine.AppendOptions{Correlation: own, Tags: []string{"tag"}, Lane: 3, Flags: 1, Version: 2, Metadata: []byte("m")})
			if ev.Correlation != own || ev.Cause != cause.ID || ev.Position.Lane != 3 || ev.Flags != 1 || ev.Version != 2 || !ev.HasTags("tag") || string(ev.Metadata) != "m" {
				t.Errorf("%s: %+v", policy, ev)
			}
		}
		mustBeSound(t, all(t, s, 0, 0, engine.ReadOptions{}), true)
	}
}

func TestAReactionToNothingIsRefused(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	root, _ := mustStoreNote(t, s, note("root", "x"))
	react := func(cause event.ID, o engine.AppendOptions) error {
		r, err := s.AppendReaction(cause, here, event.Data, "x", o)
		if err != nil && r != (engine.Receipt{}) {
			t.Errorf("a receipt %+v", r)
		}
		return err
	}
	near := root.ID
	near[15] ^= 1
	mustBe(t, "an id that there is not", react(near, engine.AppendOptions{}), engine.ErrNotFound)
	mustBe(t, "an id that there is not, own conversation", react(near, engine.AppendOptions{Correlation: root.ID}), engine.ErrNotFound)
	mustBe(t, "the zero id", react(event.ID{}, engine.AppendOptions{}), engine.ErrInvalid)
	mustBe(t, "two causes", react(root.ID, engine.AppendOptions{Cause: near}), engine.ErrInvalid)
	mustBe(t, "a channel", func() error {
		_, err := s.AppendReaction(root.ID, here, event.Data, make(chan int), engine.AppendOptions{})
		return err
	}(), engine.ErrInvalid, event.ErrUnencodable)
	mustBe(t, "a reserved kind", func() error {
		_, err := s.AppendReaction(root.ID, here, event.EffectAck, "x", engine.AppendOptions{})
		return err
	}(), engine.ErrReservedKind)
	if err := react(root.ID, engine.AppendOptions{Cause: root.ID}); err != nil {
		t.Errorf("the same cause twice: %v", err)
	}
	if got := s.Stats().Staged; got != 2 {
		t.Errorf("staged %d, want 2", got)
	}
}

func TestAReactionMayHaveAKeyAnExpectationAndConditions(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	root, _ := mustStoreNote(t, s, note("root", "x"))
	another, _ := mustStoreNote(t, s, note("root", "y"))
	at := event.MustAt("reaction", "scope")
	o := engine.AppendOptions{Key: "key", Expect: engine.ExpectClock(0), Conditions: []engine.Condition{engine.EntityIs("root", engine.ExpectClock(2))}}
	first, err := s.AppendReaction(root.ID, at, event.Data, "x", o)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.AppendReaction(root.ID, at, event.Data, "x", o)
	if err != nil {
		t.Fatal(err)
	}
	mustRepeat(t, "made again", []engine.Receipt{again}, []engine.Receipt{first})
	_, err = s.AppendReaction(another.ID, at, event.Data, "x", o)
	mustRefuseKey(t, "to another event", err)
	o.Key = ""
	_, err = s.AppendReaction(root.ID, at, event.Data, "x", o)
	mustConflict(t, "without the key", err)
}

func TestABatchReactsAsAWhole(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range policies {
			s, d := deviceStore(t, small(policy))
			_, root := mustStoreNote(t, s, note("root", "x"))
			of := note("root", "y")
			of.Correlation = event.MakeID(7, 7, 7)
			_, other := mustStoreNote(t, s, of)
			for _, cause := range []event.Event{root, other} {
				own := event.MakeID(9, 9, 9)
				var batch engine.Batch
				batch.ReactTo(cause.ID)
				plain := batch.AddBytes(here, event.Data, event.CodecRaw, []byte("0"))
				batch.AddBytes(here, event.Data, event.CodecRaw, []byte("1")).With(engine.AppendOptions{Correlation: own})
				batch.AddBytes(here, event.Data, event.CodecRaw, []byte("2")).CausedBy(plain)
				batch.AddBytes(here, event.Data, event.CodecRaw, []byte("3")).CausedByIndex(2)
				receipts := mustAppendBatch(t, s, &batch)
				for i, want := range []struct {
					cause       event.ID
					depth       uint32
					correlation event.ID
				}{
					{cause.ID, 1, cause.Correlation}, {cause.ID, 1, own}, {receipts[0].ID, 2, cause.Correlation}, {receipts[2].ID, 3, cause.Correlation},
				} {
					if ev := read(t, s, receipts[i]); ev.Cause != want.cause || ev.Position.Depth != want.depth || ev.Correlation != want.correlation {
						t.Errorf("%s: item %d: %+v, want %+v", policy, i, ev.Header, want)
					}
				}
			}
			events := all(t, s, 0, 0, engine.ReadOptions{})
			mustBeSound(t, events, true)
			mustSync(t, s)
			mustBeLeft(t, d, events, true)
		}
	})
}

func TestAReactingBatchWithAKeyIsStoredOnce(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	root, _ := mustStoreNote(t, s, note("root", "x"))
	another, _ := mustStoreNote(t, s, note("root", "y"))
	reacting := func(cause event.ID) *engine.Batch {
		batch := batchWith("batch", notes(3)...)
		batch.ReactTo(cause)
		return batch
	}
	first := mustAppendBatch(t, s, reacting(root.ID))
	mustBeKnown(t, "the same", s, reacting(root.ID), first)
	mustRefuseBatch(t, "to another event", s, reacting(another.ID), -1, "batch", first[0].Sequence)
	mustRefuseBatch(t, "to none", s, batchWith("batch", notes(3)...), -1, "batch", first[0].Sequence)
}

func TestAnItemInheritsTheConversationThatWasGivenForItsCause(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	own := event.MakeID(9, 9, 9)
	intents := notes(5)
	intents[0].Correlation = own
	intents[1].CauseInBatch, intents[2].CauseInBatch = 1, 2
	intents[4].CauseInBatch = 4 // whose conversation is itself
	for i, r := range mustAppendBatch(t, s, batchOf(intents...)) {
		want := own
		if i >= 3 {
			want = r.ID
		}
		if ev := read(t, s, r); ev.Correlation != want {
			t.Errorf("item %d belongs to %s, want %s", i, ev.Correlation, want)
		}
	}
}

func TestAReactionToAnEventThatIsNotVisibleYetIsNotFound(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, d := slowStore(t, small(engine.SyncEveryAppend()))
		d.hold()
		r, err := note("root", "x").waiting(engine.WaitStaged).append(s)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.AppendReaction(r.ID, here, event.Data, "x", engine.AppendOptions{})
		mustBe(t, "an event that is staged", err, engine.ErrNotFound)
		d.release(nil)
		if err := s.WaitDurable(t.Context(), r.Sequence); err != nil {
			t.Fatal(err)
		}
		mustReact(t, s, r.ID, engine.AppendOptions{})
	})
}
