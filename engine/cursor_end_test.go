// Cursors beside everything else: writers, rotation, acknowledgements from other goroutines, ends of cursors and stores.

package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
)

func TestClosingEndsAWaitingNext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, closeStore := range []bool{false, true} {
			s, _ := slowStore(t, small(engine.SyncEveryAppend()))
			for _, ctx := range []context.Context{t.Context(), context.Background()} {
				c := mustCursor(t, s, "named")
				next := call(func() error { _, err := c.Next(ctx); return err })
				pull := call(func() error { _, err := c.PullInto(ctx, make([]event.Event, 1)); return err })
				mustStillWait(t, "Next", next)
				mustStillWait(t, "PullInto", pull)
				end := c.Close
				if closeStore {
					end = s.Close
				}
				if err := end(); err != nil {
					t.Fatal(err)
				}
				for _, call := range []<-chan error{next, pull} {
					if err := <-call; !errors.Is(err, engine.ErrClosed) {
						t.Errorf("store closed %v: got %v, want ErrClosed", closeStore, err)
					}
				}
				if closeStore {
					break
				}
			}
		}
	})
}

func TestAnAckIsMadeBesideAWaitingNext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, _ := slowStore(t, small(engine.SyncEveryAppend()))
		mustAppend(t, s, 2)
		c := mustCursor(t, s, "orders")
		mustPoll(t, c, 1, 2)
		next := call(func() error { _, err := c.Next(t.Context()); return err })
		mustStillWait(t, "Next", next)
		mustAck(t, c, 1)
		mustAck(t, c, 2)
		mustStillWait(t, "Next", next)
		mustAppend(t, s, 1)
		if err := <-next; err != nil {
			t.Error(err)
		}
		mustAck(t, c, 3)
	})
}

func TestAnAckWhoseSyncHangsHoldsUpNobodyWhoReads(t *testing.T) {
	bubble(t, func(t *testing.T) {
		gate := make(chan struct{})
		hold := false
		d := vfs.Faulty(vfs.NewMemory(), func(op vfs.Op) error {
			if op.Kind == vfs.OpSyncData && strings.HasSuffix(op.Name, ".cursor.tmp") && hold { // the name that it was made with
				<-gate
			}
			return nil
		})
		s := openFor(t, d, small(engine.SyncManual()))
		mustAppend(t, s, 5)
		c := mustCursor(t, s, "slow")
		if _, err := c.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
		hold = true
		ack := call(func() error { return c.Ack(1) })
		mustStillWait(t, "Ack", ack)
		mustPoll(t, c, 2, 3, 4, 5)
		mustStand(t, c, 0, 5, 5)
		if list, err := s.Cursors(); err != nil || len(list) != 1 || list[0].Acked != 0 {
			t.Errorf("listed are %+v, %v", list, err)
		}
		closed := call(s.Close)
		until(func() bool { _, err := s.Cursors(); return errors.Is(err, engine.ErrClosed) })
		mustNotBeDone(t, "closing the store", closed) // it waits for what is under way
		close(gate)
		if err := errors.Join(<-ack, <-closed); err != nil {
			t.Error(err)
		}
		if got := c.Acked(); got != 1 {
			t.Errorf("acknowledged %d, want 1", got)
		}
	})
}

// many is how many events the concurrent tests append.
func many() uint64 {
	if raceBuild {
		return 400
	}
	return 3000
}

func TestCursorsMissNothingBesideBusyWritersAndRotation(t *testing.T) {
	t.Parallel()
	dir := vfs.NewMemory()
	s := openFor(t, dir, small(engine.SyncManual()))
	const writers = 3
	regions := map[string]event.Region{
		"all": event.Everything(), "one": event.Entity("entity-1"), "none": event.Entity("nobody"), "": event.Everything(), "kind": event.OfKind(event.Data),
	}
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			at := event.MustAt(fmt.Sprint("entity-", w), "scope")
			for range many() {
				if _, err := s.AppendBytes(at, event.Data, event.CodecRaw, make([]byte, 100)); err != nil {
					t.Errorf("append: %v", err)
				}
			}
		})
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	for name, region := range regions {
		c := mustCursorOf(t, s, region, engine.CursorOptions{Name: name})
		want := many()
		if name != "one" {
			want *= writers
		}
		if name == "none" {
			want = 0
		}
		group.Go(func() {
			last, clocks := uint64(0), make(map[string]uint64)
			for n := range want {
				ev, err := c.Next(ctx)
				if err != nil {
					t.Errorf("cursor %q: %v", name, err)
					return
				}
				if ev.Sequence <= last || ev.Position.Clock != clocks[ev.Entity()]+1 || !region.Matches(&ev) {
					t.Errorf("cursor %q: event %d of %s with clock %d behind %d", name, ev.Sequence, ev.Entity(), ev.Position.Clock, last)
					return
				}
				last, clocks[ev.Entity()] = ev.Sequence, ev.Position.Clock
				if n%64 == 0 {
					if err := c.Ack(last); err != nil {
						t.Errorf("cursor %q: %v", name, err)
					}
				}
			}
		})
	}
	group.Wait()
	for range 3 {
		mustPoll(t, mustCursorOf(t, s, event.Entity("nobody"), engine.CursorOptions{}))
	}
	if segments := s.Stats().Segments; segments < 3 {
		t.Errorf("%d segments only", segments)
	}
}

// untilClosed calls f until it returns ErrClosed. Of other errors, those of a name in use and a refused argument may come.
func untilClosed(t *testing.T, f func() error) {
	for {
		err := f()
		if errors.Is(err, engine.ErrClosed) {
			return
		}
		if err != nil && !errors.Is(err, engine.ErrCursorInUse) && !errors.Is(err, engine.ErrInvalid) {
			t.Errorf("got %v", err)
			return
		}
	}
}

func TestCursorsAndTheStoreCanBeClosedInTheMiddleOfEverything(t *testing.T) {
	t.Parallel()
	dir := vfs.NewMemory()
	highest := make(map[string]uint64) // what an Ack that succeeded said
	var mu sync.Mutex
	rounds := 8
	if raceBuild {
		rounds = 3
	}
	for round := range rounds {
		s := openFor(t, dir, small(engine.SyncManual()))
		var group sync.WaitGroup
		work := func(f func() error) { group.Go(func() { untilClosed(t, f) }) }
		begun := make(chan struct{}, 100)
		for _, name := range []string{"a", "b"} {
			c := mustCursor(t, s, name)
			mu.Lock()
			want := highest[name]
			mu.Unlock()
			if c.Acked() != want {
				t.Errorf("round %d: cursor %s is at %d, want %d", round, name, c.Acked(), want)
			}
			work(func() error { _, err := c.Next(context.Background()); return err })
			work(func() error {
				position := c.Position()
				err := c.Ack(position)
				if err == nil {
					mu.Lock()
					highest[name] = position
					mu.Unlock()
				}
				return err
			})
			work(func() error { c.Lag(); _, err := s.Cursors(); return err })
		}
		work(func() error { return s.ResetCursor("c", engine.FromNow()) })
		work(func() error {
			c, err := s.CursorGuaranteed(event.Everything(), engine.CursorOptions{Name: "c"})
			if err == nil {
				_, _, err = c.Poll()
				err = errors.Join(err, c.Close())
			}
			return err
		})
		work(func() error {
			_, err := s.Append(here, event.Data, "x")
			select {
			case begun <- struct{}{}:
			default:
			}
			return err
		})
		for range 50 {
			<-begun
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		group.Wait()
	}
}

func TestACursorOfAnAncestorHoldsUpToTheParting(t *testing.T) {
	t.Parallel()
	parent := acknowledgedUpTo(t, 4, "orders")
	file := cursorFile(t, parent)
	s := openFor(t, parent, engine.Options{ReadOnly: true})
	identity := s.Stats().Identity
	mustClose(t, s)
	for parted, want := range map[uint64]error{3: engine.ErrDiverged, 4: nil, 9: nil} {
		dir := imageOfDir(t, parent).memory(t) // stands for the copy
		s := openFor(t, dir, small(engine.SyncEveryAppend()))
		mustAppend(t, s, 2)
		engine.SetIdentity(s, event.ID{2})
		engine.CopiedFrom(s, event.ID{1}, 100)
		engine.CopiedFrom(s, identity, parted)
		if list, err := s.Cursors(); err != nil || !errors.Is(list[0].Err, want) {
			t.Errorf("parted at %d: listed are %+v, %v", parted, list, err)
		}
		c, err := s.CursorGuaranteed(event.Everything(), engine.CursorOptions{Name: "orders"})
		if !errors.Is(err, want) {
			t.Errorf("parted at %d: got %v, want %v", parted, err, want)
		}
		if err != nil {
			continue
		}
		mustPoll(t, c, 5, 6)
		mustAck(t, c, 5)
		mustClose(t, s)
		s = openFor(t, dir, small(engine.SyncEveryAppend())) // now the position is its own
		engine.SetIdentity(s, event.ID{2})
		mustPoll(t, mustCursor(t, s, "orders"), 6)
	}
	dir := acknowledgedUpTo(t, 6, "orders") // says that it is a copy, and has other events
	overwrite(t, dir, file, imageOfDir(t, parent)[file], 0)
	s = openFor(t, dir, small(engine.SyncEveryAppend()))
	engine.CopiedFrom(s, identity, 9)
	if _, err := s.CursorGuaranteed(event.Everything(), engine.CursorOptions{Name: "orders"}); !errors.Is(err, engine.ErrDiverged) {
		t.Errorf("with other events: got %v, want ErrDiverged", err)
	}
}
