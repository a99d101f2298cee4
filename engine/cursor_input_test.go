// What users get wrong with cursors: names, starts, contexts, stores that can't be written, cursors that are closed.

package engine_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
)

func TestOddCursorNamesAreNamesLikeOthers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	names := []string{
		" ", ".", "..", "/", "../../etc/passwd", "a/b\\c", "\x00", "a\x00b", "lock", "orders", "Orders", "orders ", "日本語", "é", "e\u0301",
		"\r\n\t", "*?[", "CON", "x.cursor", "x.cursor.tmp", strings.Repeat("n", engine.MaxCursorName),
	}
	s := mustOpen(t, dir, small(engine.SyncManual()))
	mustAppend(t, s, len(names))
	for n, name := range names {
		c := mustCursor(t, s, name)
		pollAll(t, c)
		mustAck(t, c, uint64(n)+1)
	}
	mustClose(t, s)
	s = mustOpen(t, dir, small(engine.SyncManual()))
	for n, name := range names {
		if c := mustCursor(t, s, name); c.Acked() != uint64(n)+1 || c.Name() != name {
			t.Errorf("%q is at %d, want %d", name, c.Acked(), n+1)
		}
	}
	list, err := s.Cursors()
	if err != nil || len(list) != len(names) {
		t.Errorf("%d are listed, %v, want %d", len(list), err, len(names))
	}
	mustClose(t, s)
	if entries, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(entries) != 1 {
		t.Errorf("beside the store's directory there is something: %v, %v", entries, err)
	}
}

func TestNoStoreAndACursorThatNobodyMadeAreErrors(t *testing.T) {
	t.Parallel()
	var none *engine.Store
	_, err := none.CursorGuaranteed(event.Everything(), engine.CursorOptions{})
	mustRefuseOption(t, err, "store")
	for _, c := range []*engine.Cursor{nil, new(engine.Cursor)} {
		_, next := c.Next(t.Context())
		_, _, poll := c.Poll()
		_, pull := c.PullInto(t.Context(), make([]event.Event, 1))
		for n, err := range []error{next, poll, pull, c.Ack(0), c.Reset(engine.FromNow())} {
			if !errors.Is(err, engine.ErrInvalid) {
				t.Errorf("call %d: got %v, want ErrInvalid", n, err)
			}
		}
		if c.Lag() != 0 || c.Close() != nil {
			t.Error("it lags, or can't be closed")
		}
	}
}

func TestNamesThatCanNotBeKeptAreRefused(t *testing.T) {
	t.Parallel()
	s := openFor(t, vfs.NewMemory(), small(engine.SyncManual()))
	for _, name := range []string{strings.Repeat("n", engine.MaxCursorName+1), "\xff", "a\xc3"} {
		_, err := s.CursorGuaranteed(event.Everything(), engine.CursorOptions{Name: name})
		mustRefuseOption(t, err, "Name")
		mustRefuseOption(t, s.ResetCursor(name, engine.FromNow()), "Name")
		mustRefuseOption(t, s.RemoveCursor(name), "Name")
	}
	mustRefuseOption(t, s.ResetCursor("", engine.FromNow()), "Name")
	mustRefuseOption(t, s.RemoveCursor(""), "Name")
}

func TestAStartThatWasNotGivenYetIsRefused(t *testing.T) {
	t.Parallel()
	s := openFor(t, vfs.NewMemory(), small(engine.SyncManual()))
	mustAppend(t, s, 3)
	for _, name := range []string{"", "named"} {
		for _, sequence := range []uint64{4, 1<<64 - 1} {
			_, err := s.CursorGuaranteed(event.Everything(), engine.CursorOptions{Name: name, Start: engine.FromAfter(sequence)})
			mustRefuseOption(t, err, "Start")
		}
	}
	mustRefuseOption(t, s.ResetCursor("named", engine.FromAfter(4)), "Start")
	if list, err := s.Cursors(); len(list) != 0 || err != nil {
		t.Errorf("what was refused left %+v, %v", list, err)
	}
	c := mustCursor(t, s, "named") // the name is free
	pollAll(t, c)
	mustAck(t, c, 2)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = mustCursorOf(t, s, event.Everything(), engine.CursorOptions{Name: "named", Start: engine.FromAfter(4)}) // it has a position
	mustPoll(t, c, 3)
}

func TestANameIsInUseUntilItsCursorIsClosed(t *testing.T) {
	t.Parallel()
	s := openFor(t, vfs.NewMemory(), small(engine.SyncManual()))
	for range 3 {
		c := mustCursor(t, s, "orders")
		_, err := s.CursorGuaranteed(event.Everything(), engine.CursorOptions{Name: "orders"})
		for _, err := range []error{err, s.ResetCursor("orders", engine.FromNow()), s.RemoveCursor("orders")} {
			if !errors.Is(err, engine.ErrCursorInUse) || !strings.Contains(err.Error(), `"orders"`) {
				t.Errorf("got %v, want ErrCursorInUse with the name", err)
			}
		}
		if err := mustCursor(t, s, "others").Close(); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(c.Close(), c.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAClosedCursorSaysSo(t *testing.T) {
	t.Parallel()
	for _, closeStore := range []bool{false, true} {
		s := openFor(t, vfs.NewMemory(), small(engine.SyncManual()))
		mustAppend(t, s, 5)
		for _, name := range []string{"", "named"} {
			c := mustCursor(t, s, name)
			if _, err := c.Next(t.Context()); err != nil {
				t.Fatal(err)
			}
			end := c.Close
			if closeStore {
				end = s.Close
			}
			if err := end(); err != nil {
				t.Fatal(err)
			}
			_, next := c.Next(t.Context())
			_, _, poll := c.Poll()
			_, pull := c.PullInto(t.Context(), make([]event.Event, 2))
			for n, err := range []error{next, poll, pull, c.Ack(1), c.Ack(0), c.Reset(engine.FromNow())} {
				if !errors.Is(err, engine.ErrClosed) {
					t.Errorf("cursor %q, call %d: got %v, want ErrClosed", name, n, err)
				}
			}
			if err := c.Close(); err != nil {
				t.Errorf("closing again: %v", err)
			}
			if c.Acked() != 0 || c.Position() != 1 || c.Lag() != 5 {
				t.Errorf("acknowledged %d, position %d, lag %d, want what they were", c.Acked(), c.Position(), c.Lag())
			}
			if closeStore {
				break
			}
		}
		if closeStore {
			_, opened := s.CursorGuaranteed(event.Everything(), engine.CursorOptions{})
			_, listed := s.Cursors()
			for n, err := range []error{opened, listed, s.ResetCursor("x", engine.FromNow()), s.RemoveCursor("x")} {
				if !errors.Is(err, engine.ErrClosed) {
					t.Errorf("store, call %d: got %v, want ErrClosed", n, err)
				}
			}
		} else if got := s.Stats().Cursors.Open; got != 0 {
			t.Errorf("%d cursors are open", got)
		}
	}
}

func TestContextsThatEndedOrAreNilAreSaidAtOnce(t *testing.T) {
	t.Parallel()
	s := openFor(t, vfs.NewMemory(), small(engine.SyncManual()))
	mustAppend(t, s, 2)
	c := mustCursor(t, s, "")
	var none context.Context
	_, err := c.Next(none)
	mustRefuseOption(t, err, "ctx")
	_, err = c.PullInto(none, make([]event.Event, 1))
	mustRefuseOption(t, err, "ctx")
	_, err = c.PullInto(t.Context(), nil)
	mustRefuseOption(t, err, "into")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Next(ended); err != context.Canceled {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if _, err := c.PullInto(ended, make([]event.Event, 1)); err != context.Canceled {
		t.Errorf("got %v, want context.Canceled", err)
	}
	mustPoll(t, c, 1, 2) // nothing is gone
}

func TestAWaitEndsWithItsContextAndTheCursorGoesOn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, _ := slowStore(t, small(engine.SyncEveryAppend()))
		c := mustCursor(t, s, "")
		ctx, cancel := context.WithCancel(t.Context())
		next := call(func() error { _, err := c.Next(ctx); return err })
		mustStillWait(t, "Next", next)
		cancel()
		if err := <-next; err != context.Canceled {
			t.Errorf("got %v, want context.Canceled", err)
		}
		mustAppend(t, s, 1)
		mustPoll(t, c, 1)
	})
}

func TestAStoreThatIsOpenForReadingOnlyHasCursorsWithoutNames(t *testing.T) {
	t.Parallel()
	dir := acknowledgedUpTo(t, 3, "orders")
	s := openFor(t, dir, engine.Options{ReadOnly: true})
	_, err := s.CursorGuaranteed(event.Everything(), engine.CursorOptions{Name: "orders"})
	for n, err := range []error{err, s.ResetCursor("orders", engine.FromNow()), s.RemoveCursor("orders")} {
		if !errors.Is(err, engine.ErrReadOnly) {
			t.Errorf("call %d: got %v, want ErrReadOnly", n, err)
		}
	}
	c := mustCursor(t, s, "")
	for want := range uint64(3) {
		if ev, err := c.Next(t.Context()); err != nil || ev.Sequence != want+1 {
			t.Fatalf("got %d, %v, want %d", ev.Sequence, err, want+1)
		}
	}
	if _, err := c.Next(t.Context()); !errors.Is(err, engine.ErrReadOnly) {
		t.Errorf("at the end: got %v, want ErrReadOnly", err)
	}
	if _, err := c.PullInto(t.Context(), make([]event.Event, 1)); !errors.Is(err, engine.ErrReadOnly) {
		t.Errorf("at the end: got %v, want ErrReadOnly", err)
	}
	mustAck(t, c, 3)
}

func TestWhatIsNoRegularFileIsNotFollowed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := mustOpen(t, dir, small(engine.SyncManual()))
	mustAppend(t, s, 3)
	c := mustCursor(t, s, "orders")
	pollAll(t, c)
	mustAck(t, c, 2)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	list, err := s.Cursors()
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	path, elsewhere := filepath.Join(dir, list[0].File), filepath.Join(t.TempDir(), "elsewhere")
	if err := errors.Join(os.Rename(path, elsewhere), os.Symlink(elsewhere, path)); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.CursorGuaranteed(event.Everything(), engine.CursorOptions{Name: "orders"})
	var refused *engine.CursorError
	if !errors.As(err, &refused) || !errors.Is(err, engine.ErrNotRegular) {
		t.Errorf("got %v, want a CursorError that is ErrNotRegular", err)
	}
	if list, err := s.Cursors(); err != nil || len(list) != 1 || !errors.Is(list[0].Err, engine.ErrNotRegular) {
		t.Errorf("listed are %+v, %v, want one that is ErrNotRegular", list, err)
	}
	if err := s.ResetCursor("orders", engine.FromAfter(1)); err != nil { // replaces the link
		t.Fatal(err)
	}
	mustPoll(t, mustCursor(t, s, "orders"), 2, 3)
	after, err := os.ReadFile(elsewhere)
	if err != nil || string(after) != string(before) {
		t.Errorf("what the link led to was changed: %v", err)
	}
	mustClose(t, s)
}
