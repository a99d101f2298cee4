// An older copy of a store that is put in its place, with the files of cursors and states of the newer one beside it: positions and
// states of what is gone are known for what they are, however far the store has come since.

package engine_test

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
)

// putBack returns a store of 5 events as it was once, with what a cursor kept when there were 15 and it acknowledged one of them.
func putBack(t *testing.T, acked uint64) (old image, file string) {
	t.Helper()
	dir := vfs.NewMemory()
	s := openFor(t, dir, small(engine.SyncEveryAppend()))
	mustAppend(t, s, 5)
	mustClose(t, s)
	old = imageOfDir(t, dir)
	s = openFor(t, dir, small(engine.SyncEveryAppend()))
	mustAppend(t, s, 10)
	c := mustCursorOf(t, s, event.Entity("entity-1"), engine.CursorOptions{Name: "orders"})
	pollAll(t, c)
	mustAck(t, c, acked)
	mustClose(t, s)
	file = cursorFile(t, dir)
	old[file] = imageOfDir(t, dir)[file]
	return old, file
}

func TestACursorOfWhatIsGoneIsRefusedHoweverFarTheStoreHasComeSince(t *testing.T) {
	t.Parallel()
	for _, acked := range []uint64{6, 12, 14, 15} { // of other entities, of its own, the newest
		old, _ := putBack(t, acked)
		for _, more := range []int{0, 1, int(acked) - 6, int(acked) - 5, int(acked) - 4, 40} {
			dir := old.clone().memory(t)
			s := openFor(t, dir, small(engine.SyncEveryAppend()))
			mustAppend(t, s, more)
			if _, err := s.CursorGuaranteed(event.Everything(), engine.CursorOptions{Name: "orders"}); !errors.Is(err, engine.ErrDiverged) {
				t.Errorf("at %d, behind %d: got %v, want ErrDiverged", acked, 5+more, err)
			}
			mustClose(t, s)
			s = mustNotOpen(t, dir, "orders", engine.ErrDiverged)
			if err := s.ResetCursor("orders", engine.FromAfter(5)); err != nil {
				t.Fatal(err)
			}
			mustPoll(t, mustCursor(t, s, "orders"), upTo(6, 5+uint64(more))...)
		}
	}
	old, _ := putBack(t, 5) // that is not gone
	s := openFor(t, old.memory(t), small(engine.SyncEveryAppend()))
	mustAppend(t, s, 3)
	mustPoll(t, mustCursor(t, s, "orders"), 6, 7, 8)
}

func TestAPositionThatWasResetToOrBeganAtWhatIsGoneIsRefused(t *testing.T) {
	t.Parallel()
	for what, begin := range map[string]func(s *engine.Store) error{
		"reset by the store": func(s *engine.Store) error { return s.ResetCursor("orders", engine.FromAfter(7)) },
		"reset": func(s *engine.Store) error {
			return mustCursor(t, s, "orders").Reset(engine.FromNow())
		},
		"begun": func(s *engine.Store) error {
			_, err := s.CursorGuaranteed(event.Everything(), engine.CursorOptions{Name: "orders", Start: engine.FromAfter(9)})
			return err
		},
	} {
		dir := vfs.NewMemory()
		s := openFor(t, dir, small(engine.SyncEveryAppend()))
		mustAppend(t, s, 5)
		mustClose(t, s)
		old := imageOfDir(t, dir)
		s = openFor(t, dir, small(engine.SyncEveryAppend()))
		mustAppend(t, s, 5)
		if err := begin(s); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		mustClose(t, s)
		file := cursorFile(t, dir)
		old[file] = imageOfDir(t, dir)[file]
		s = openFor(t, old.memory(t), small(engine.SyncEveryAppend()))
		mustAppend(t, s, 20)
		if _, err := s.CursorGuaranteed(event.Everything(), engine.CursorOptions{Name: "orders"}); !errors.Is(err, engine.ErrDiverged) {
			t.Errorf("%s: got %v, want ErrDiverged", what, err)
		}
	}
}

func TestAPositionInALostRangeThatIsGoneIsRefused(t *testing.T) {
	t.Parallel()
	d := newDevice(nothing())
	s := openFor(t, d, small(engine.SyncEveryAppend()))
	mustAppend(t, s, 5)
	mustClose(t, s)
	d = newDevice(d.kill())
	old := imageOfDir(t, d)
	s = openFor(t, d, small(engine.SyncEveryAppend()))
	mustAppend(t, s, 1)
	s, d = crash(t, d, engine.SyncEveryAppend())
	loss := lastLost(t, s)
	if err := s.ResetCursor("orders", engine.FromAfter(loss.Last)); err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)
	d = newDevice(d.kill())
	s = openFor(t, d, small(engine.SyncEveryAppend())) // where the range is
	mustAppend(t, s, 1)
	mustLose(t, mustCursor(t, s, "orders"), engine.LossError{Position: loss.Last, First: loss.First, Last: loss.Last})
	mustClose(t, s)
	d = newDevice(d.kill())
	file := cursorFile(t, d)
	old[file] = imageOfDir(t, d)[file]
	s = openFor(t, old.memory(t), engine.Options{Sync: engine.SyncManual()})
	mustAppendTo(t, s, "x", int(loss.Last))
	if _, err := s.CursorGuaranteed(event.Everything(), engine.CursorOptions{Name: "orders"}); !errors.Is(err, engine.ErrDiverged) {
		t.Errorf("got %v, want ErrDiverged", err)
	}
}

func TestAPositionOfWhatIsGoneIsRefusedWhileItsSequenceIsStaged(t *testing.T) {
	bubble(t, func(t *testing.T) {
		old, file := putBack(t, 12)
		position := old[file]
		delete(old, file)
		slow := newSlowDisk(t)
		for name, content := range old {
			mustPut(t, slow, name, content)
		}
		mustPut(t, slow, file, position)
		s := openSlow(t, slow, small(engine.SyncEveryAppend()))
		slow.hold()
		mustStage(t, s, 10)
		mustShow(t, "staged", s, 15, 5, 5)
		for range 2 {
			if _, err := s.CursorGuaranteed(event.Everything(), engine.CursorOptions{Name: "orders"}); !errors.Is(err, engine.ErrDiverged) {
				t.Errorf("got %v, want ErrDiverged", err)
			}
			slow.release(nil)
			if err := s.Sync(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestAPositionBehindAStagedEventHoldsWhenThatIsVisible(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, d := slowStore(t, small(engine.SyncEveryAppend()))
		mustAppend(t, s, 1)
		d.hold()
		mustStage(t, s, 3)
		o := engine.CursorOptions{Name: "orders", Start: engine.FromAfter(3)}
		for _, visible := range []bool{false, false, true, true} { // made, opened again
			if visible {
				d.release(nil)
				if err := s.Sync(); err != nil {
					t.Fatal(err)
				}
			}
			c := mustCursorOf(t, s, event.Everything(), o)
			if visible {
				mustPoll(t, c, 4)
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestAPositionAtADamagedEventIsBelieved(t *testing.T) {
	t.Parallel()
	const events, damaged = 200, 20
	for _, reset := range []bool{false, true} { // made before, or after
		dir := damagedAfter(t, events, damaged, func(s *engine.Store) {
			c := mustCursor(t, s, "orders")
			pollAll(t, c)
			mustAck(t, c, damaged)
		})
		s := openFor(t, dir, small(engine.SyncEveryAppend()))
		if _, err := s.At(damaged); !errors.Is(err, engine.ErrCorrupt) {
			t.Fatalf("the event: %v", err)
		}
		if reset {
			if err := s.ResetCursor("orders", engine.FromAfter(damaged)); err != nil {
				t.Fatal(err)
			}
		}
		if list, err := s.Cursors(); err != nil || len(list) != 1 || list[0].Err != nil {
			t.Errorf("listed are %+v, %v", list, err)
		}
		mustPoll(t, mustCursor(t, s, "orders"), upTo(damaged+1, events)...)
	}
}

// TestAStateThatGoesUpToAnEventThatIsGoneIsNotBelieved has states whose newest event is still there: they go further, since
// nothing of their region came.
func TestAStateThatGoesUpToAnEventThatIsGoneIsNotBelieved(t *testing.T) {
	t.Parallel()
	dir := vfs.NewMemory()
	s, f := mustOpenDir(t, dir, filed(1)), newFolds()
	mustAppendTo(t, s, "x", 4)
	mustClose(t, s)
	old := imageOfDir(t, dir)
	s = mustOpenDir(t, dir, filed(1))
	mustAppendTo(t, s, "y", 9)
	if got := f.mustFold(t, s, event.Entity("x"), engine.Consistent()); got.sequence != 15 || got.last != 5 {
		t.Fatalf("got %+v", got)
	}
	mustClose(t, s)
	newer := imageOfDir(t, dir)
	maps.DeleteFunc(newer, func(name string, _ []byte) bool { return !slices.Contains(newer.states(), name) })
	if len(newer) != 2 {
		t.Fatalf("%d files of states", len(newer))
	}
	maps.Copy(old, newer)

	s = mustOpenDir(t, old.memory(t), filed(1))
	mustAppendTo(t, s, "x", 19)
	if got := f.mustFold(t, s, event.Entity("x"), engine.Consistent()); got.Events != 25 {
		t.Errorf("got %+v", got)
	}
	if got := s.Stats().Cache; got.FilesDiscarded != 2 || got.FileHits != 2 { // read, and then not believed
		t.Errorf("%+v", got)
	}
	mustClose(t, s)

	s = mustOpenDir(t, imageOfDir(t, dir).memory(t), filed(1)) // what is not gone is believed
	defer mustClose(t, s)
	f.applied.Store(0)
	mustAppendTo(t, s, "x", 0)
	f.mustFold(t, s, event.Entity("x"), engine.Consistent())
	f.mustApply(t, "after the restart", 1+1+6)
}
