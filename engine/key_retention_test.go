// The retention of keys, by a clock that the test moves: a key is known for that long and then new.

package engine_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// watchmaker is a clock that stands still until it is moved.
type watchmaker struct{ micros atomic.Int64 }

func newWatchmaker() *watchmaker {
	w := new(watchmaker)
	w.micros.Store(time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC).UnixMicro())
	return w
}

func (w *watchmaker) now() time.Time       { return time.UnixMicro(w.micros.Load()) }
func (w *watchmaker) move(d time.Duration) { w.micros.Add(d.Microseconds()) }

func (w *watchmaker) options(policy engine.SyncPolicy, retention time.Duration) engine.Options {
	o := small(policy)
	o.Clock, o.KeyRetention = w.now, retention
	return o
}

func TestAKeyIsKnownForItsRetentionAndNewAfterwards(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		for _, retention := range []time.Duration{engine.MinKeyRetention, time.Hour, 1000 * time.Hour} {
			what := fmt.Sprintf("%s, %v", policy, retention)
			w := newWatchmaker()
			s := quickStore(t, w.options(policy, retention))
			o, batch := note("entity", "x").keyed("key"), batchWith("batch", notes(3)...)
			receipt, _ := mustStoreNote(t, s, o)
			receipts := mustAppendBatch(t, s, batch)
			for range 3 {
				w.move(retention - time.Millisecond)
				r, err := o.append(s)
				if err != nil {
					t.Fatal(err)
				}
				mustRepeat(t, what, []engine.Receipt{r}, []engine.Receipt{receipt})
				mustBeKnown(t, what, s, batch, receipts)
				w.move(10 * time.Millisecond)
				other := o
				other.Payload = []byte("another request")
				next, _ := mustStoreNote(t, s, other)
				if next.Sequence <= receipt.Sequence {
					t.Fatalf("%s: %+v", what, next)
				}
				w.move(2 * retention)
				receipt, _ = mustStoreNote(t, s, o)
				receipts = mustAppendBatch(t, s, batch)
			}
		}
	}
}

func TestTheNewestHolderOfAKeyIsTheOneThatCounts(t *testing.T) {
	t.Parallel()
	w := newWatchmaker()
	path := quickDir(t)
	s := mustOpen(t, path, w.options(engine.SyncManual(), time.Hour))
	var newest engine.Receipt
	of := func(n int) intent { return note("entity", fmt.Sprint(n)).keyed("key") }
	for n := range 40 {
		newest, _ = mustStoreNote(t, s, of(n))
		mustAppend(t, s, 20)
		w.move(time.Hour + time.Second)
	}
	w.move(-time.Hour)
	for range 2 {
		r, err := of(39).append(s)
		if err != nil {
			t.Fatal(err)
		}
		mustRepeat(t, "the newest", []engine.Receipt{r}, []engine.Receipt{newest})
		_, err = of(38).append(s)
		if got := mustRefuseKey(t, "the one before", err); got.Sequence != newest.Sequence {
			t.Errorf("%+v", got)
		}
		mustClose(t, s)
		s = mustOpen(t, path, w.options(engine.SyncManual(), 0)) // forever
	}
	mustClose(t, s)
}

func TestWithoutRetentionAKeyIsKnownForever(t *testing.T) {
	t.Parallel()
	w := newWatchmaker()
	s := quickStore(t, w.options(engine.SyncManual(), 0))
	first, _ := mustStoreNote(t, s, note("entity", "x").keyed("key"))
	for range 10 {
		w.move(100 * 365 * 24 * time.Hour)
		r, err := note("entity", "x").keyed("key").append(s)
		if err != nil {
			t.Fatal(err)
		}
		mustRepeat(t, "years later", []engine.Receipt{r}, []engine.Receipt{first})
	}
}

func TestAnExpiredKeyCountsAsNewInABatch(t *testing.T) {
	t.Parallel()
	w := newWatchmaker()
	s := quickStore(t, w.options(engine.SyncManual(), time.Minute))
	mustAppendBatch(t, s, batchOf(keyedNotes(2)...))
	w.move(2 * time.Minute)
	second := mustAppendBatch(t, s, batchOf(keyedNotes(3)...)) // two expired ones and a new one
	mustBeKnown(t, "the second", s, batchOf(keyedNotes(3)...), second)
	w.move(59 * time.Second)
	late, _ := mustStoreNote(t, s, note("entity", "late").keyed("late"))
	w.move(2 * time.Second) // the three are expired, and that one is not
	_, err := s.AppendBatch(batchOf(append(keyedNotes(1), note("entity", "late").keyed("late"))...))
	mustFail(t, "mixed", err, 1, engine.StageKey, engine.ErrIdempotencyConflict)
	if got := mustRefuseKey(t, "mixed", err); got.Sequence != late.Sequence {
		t.Errorf("%+v", got)
	}
}

func TestAnEventKeepsItsKeyWhenThatIsForgotten(t *testing.T) {
	t.Parallel()
	w := newWatchmaker()
	s := quickStore(t, w.options(engine.SyncManual(), time.Minute))
	r, _ := mustStoreNote(t, s, note("entity", "x").keyed("key"))
	w.move(time.Hour)
	mustStoreNote(t, s, note("entity", "x").keyed("key"))
	if ev := read(t, s, r); ev.Key != "key" {
		t.Errorf("its key is %q", ev.Key)
	}
	if got := len(query(t, s, event.Entity("entity"), engine.ReadOptions{})); got != 2 {
		t.Errorf("%d events, want 2", got)
	}
}
