// Files of cursors as a user meets them: damaged, of another store, in the wrong place, on a disk that fails; and what can
// be done about it.

package engine_test

import (
	"bytes"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
)

// slots are where the two slots of a cursor's file begin.
var slots = [2]int64{0, 4096}

// cursorFile returns the name of the only cursor's file.
func cursorFile(t *testing.T, dir vfs.Dir) string {
	t.Helper()
	names, err := dir.List()
	if err != nil {
		t.Fatal(err)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !strings.HasSuffix(name, ".cursor") })
	if len(names) != 1 {
		t.Fatalf("%d cursor files", len(names))
	}
	return names[0]
}

// overwrite writes bytes into a file.
func overwrite(t *testing.T, dir vfs.Dir, name string, b []byte, offset int64) {
	t.Helper()
	f, err := dir.Open(name, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(b, offset); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// acknowledgedUpTo returns a directory in which a cursor acknowledged all events, one by one.
func acknowledgedUpTo(t *testing.T, events int, name string) *vfs.Memory {
	t.Helper()
	dir := vfs.NewMemory()
	s := openFor(t, dir, small(engine.SyncEveryAppend()))
	mustAppend(t, s, events)
	c := mustCursor(t, s, name)
	for _, sequence := range pollAll(t, c) {
		mustAck(t, c, sequence)
	}
	mustClose(t, s)
	return dir
}

// mustNotOpen fails the test unless the cursor is refused with this error, before and after the store was opened again, and by the
// listing; and returns the store.
func mustNotOpen(t *testing.T, dir vfs.Dir, name string, want error) *engine.Store {
	t.Helper()
	for range 2 {
		s := openFor(t, dir, small(engine.SyncEveryAppend()))
		_, err := s.CursorGuaranteed(event.Everything(), engine.CursorOptions{Name: name, Start: engine.FromNow()})
		var refused *engine.CursorError
		if !errors.As(err, &refused) || !errors.Is(err, want) || refused.Name != name {
			t.Fatalf("got %v, want a CursorError about %q that is %v", err, name, want)
		}
		list, err := s.Cursors()
		if err != nil || len(list) != 1 || !errors.Is(list[0].Err, want) || list[0].InUse {
			t.Fatalf("listed are %+v, %v, want one that is %v", list, err, want)
		}
		mustClose(t, s)
	}
	return openFor(t, dir, small(engine.SyncEveryAppend()))
}

func TestACursorFallsBackToTheOtherSlotAndSaysSo(t *testing.T) {
	t.Parallel()
	for _, slot := range slots {
		var logged bytes.Buffer
		dir := acknowledgedUpTo(t, 4, "orders")
		overwrite(t, dir, cursorFile(t, dir), []byte{0xff}, slot+100)
		o := small(engine.SyncEveryAppend())
		o.Logger = slog.New(slog.NewTextHandler(&logged, nil))
		s := openFor(t, dir, o)
		logged.Reset()
		c := mustCursor(t, s, "orders")
		if want := map[int64]uint64{slots[0]: 4, slots[1]: 3}[slot]; c.Acked() != want {
			t.Errorf("slot at %d damaged: acknowledged %d, want %d", slot, c.Acked(), want)
		}
		mustPoll(t, c, upTo(c.Acked()+1, 4)...)
		if got := s.Stats().Cursors.Fallbacks; got != 1 {
			t.Errorf("%d fallbacks counted", got)
		}
		if line := logged.String(); !strings.Contains(line, "level=WARN") || !strings.Contains(line, "cursor=orders") || !strings.Contains(line, "checksum") {
			t.Errorf("logged is %q", line)
		}
		mustClose(t, s)
		s = openFor(t, dir, small(engine.SyncEveryAppend()))
		acked := mustCursor(t, s, "orders").Acked()
		if want := c.Acked(); acked != want {
			t.Errorf("the next opening is at %d, want %d", acked, want)
		}
		if got := s.Stats().Cursors.Fallbacks; got != 0 {
			t.Errorf("%d fallbacks counted after it was mended", got)
		}
	}
}

func TestADamagedCursorIsRefusedUntilItIsResetOrRemoved(t *testing.T) {
	t.Parallel()
	damaged := func() *vfs.Memory {
		dir := acknowledgedUpTo(t, 4, "orders")
		for _, slot := range slots {
			overwrite(t, dir, cursorFile(t, dir), make([]byte, 8), slot)
		}
		return dir
	}
	dir := damaged()
	s := mustNotOpen(t, dir, "orders", engine.ErrCorrupt)
	if err := s.ResetCursor("orders", engine.FromAfter(2)); err != nil {
		t.Fatal(err)
	}
	mustPoll(t, mustCursor(t, s, "orders"), 3, 4)

	s = mustNotOpen(t, damaged(), "orders", engine.ErrCorrupt)
	if err := s.RemoveCursor("orders"); err != nil {
		t.Fatal(err)
	}
	mustPoll(t, mustCursor(t, s, "orders"), 1, 2, 3, 4)
}

func TestACursorOfAnotherVersionIsRefused(t *testing.T) {
	t.Parallel()
	dir := acknowledgedUpTo(t, 4, "orders")
	for _, slot := range slots {
		overwrite(t, dir, cursorFile(t, dir), []byte{9}, slot+8)
	}
	mustNotOpen(t, dir, "orders", engine.ErrVersion)
}

func TestACursorOfAnotherStoreIsRefused(t *testing.T) {
	t.Parallel()
	from, to := acknowledgedUpTo(t, 4, "orders"), acknowledgedUpTo(t, 4, "orders")
	file := cursorFile(t, from)
	overwrite(t, to, file, imageOfDir(t, from)[file], 0)
	s := mustNotOpen(t, to, "orders", engine.ErrDiverged)
	if err := s.ResetCursor("orders", engine.FromBeginning()); err != nil {
		t.Fatal(err)
	}
	mustPoll(t, mustCursor(t, s, "orders"), 1, 2, 3, 4)
}

func TestACursorFromAfterAnOlderCopyOfTheStoreIsRefused(t *testing.T) {
	t.Parallel()
	dir := acknowledgedUpTo(t, 4, "orders")
	old := imageOfDir(t, dir)
	s := openFor(t, dir, small(engine.SyncEveryAppend()))
	mustAppend(t, s, 3)
	c := mustCursor(t, s, "orders")
	pollAll(t, c)
	mustAck(t, c, 7)
	mustClose(t, s)
	file := cursorFile(t, dir)
	old[file] = imageOfDir(t, dir)[file]
	mustNotOpen(t, old.memory(t), "orders", engine.ErrDiverged)
}

func TestAFileUnderAnotherCursorsNameIsListedAsDamaged(t *testing.T) {
	t.Parallel()
	dir := acknowledgedUpTo(t, 4, "others")
	const file = "3cf8ef7e57a0cbe1a4f3ac6ef2ce1c4c.cursor"
	if err := dir.Rename(cursorFile(t, dir), file); err != nil {
		t.Fatal(err)
	}
	s := openFor(t, dir, small(engine.SyncEveryAppend()))
	list, err := s.Cursors()
	if err != nil || len(list) != 1 || !errors.Is(list[0].Err, engine.ErrCorrupt) || list[0].File != file || list[0].Name != "" {
		t.Errorf("listed are %+v, %v, want one that is ErrCorrupt", list, err)
	}
}

func TestCursorsListsWhatThereIsAndInUse(t *testing.T) {
	t.Parallel()
	dir := vfs.NewMemory()
	s := openFor(t, dir, small(engine.SyncEveryAppend()))
	if list, err := s.Cursors(); len(list) != 0 || err != nil {
		t.Fatalf("got %+v, %v of a new store", list, err)
	}
	mustAppend(t, s, 5)
	names := []string{"b", "a", "c"}
	for n, name := range names {
		c := mustCursor(t, s, name)
		pollAll(t, c)
		mustAck(t, c, uint64(n)+1)
	}
	if err := mustCursor(t, s, "closed").Close(); err != nil {
		t.Fatal(err)
	}
	mustCursor(t, s, "") // is not listed
	list := func(s *engine.Store, inUse bool) {
		t.Helper()
		got, err := s.Cursors()
		want := []engine.CursorInfo{
			{Name: "a", Acked: 2, Lag: 3, InUse: inUse}, {Name: "b", Acked: 1, Lag: 4, InUse: inUse}, {Name: "c", Acked: 3, Lag: 2, InUse: inUse},
			{Name: "closed", Lag: 5},
		}
		for i := range got {
			got[i].File = ""
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
	list(s, true)
	if err := s.RemoveCursor("closed"); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveCursor("closed"); !errors.Is(err, engine.ErrNoCursor) {
		t.Errorf("removing it again: got %v, want ErrNoCursor", err)
	}
	if err := s.ResetCursor("closed", engine.Start{}); err != nil { // makes it
		t.Fatal(err)
	}
	mustClose(t, s)
	s = openFor(t, dir, engine.Options{ReadOnly: true})
	list(s, false)
}

func TestAnAckThatTheDiskRefusesIsReportedAndNotFatal(t *testing.T) {
	t.Parallel()
	for _, kind := range []vfs.OpKind{vfs.OpWriteAt, vfs.OpSyncData} {
		d := newUnreliable(vfs.NewMemory())
		s := openFor(t, d, small(engine.SyncEveryAppend()))
		mustAppend(t, s, 5)
		c := mustCursor(t, s, "orders")
		pollAll(t, c)
		mustAck(t, c, 1)
		d.when(func(op vfs.Op) error {
			if op.Kind == kind && strings.HasSuffix(op.Name, ".cursor") {
				return errInjected
			}
			return nil
		})
		for _, err := range []error{c.Ack(3), c.Ack(4), c.Reset(engine.FromBeginning())} {
			if !errors.Is(err, errInjected) {
				t.Errorf("%v fails: got %v", kind, err)
			}
		}
		mustStand(t, c, 1, 5, 4)
		mustAppend(t, s, 1)
		mustPoll(t, c, 6)
		if got := s.Stats(); got.Poisoned != nil || got.Cursors.AckFails != 3 || got.Cursors.Acks != 1 {
			t.Errorf("%v fails: poisoned %v, %+v", kind, got.Poisoned, got.Cursors)
		}
		d.when(nil)
		mustAck(t, c, 2)
		mustClose(t, s)
		s = openFor(t, d, small(engine.SyncEveryAppend()))
		mustStand(t, mustCursor(t, s, "orders"), 2, 2, 4)
	}
}

func TestACursorThatCanNotBeMadeLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	for _, kind := range []vfs.OpKind{vfs.OpCreate, vfs.OpWriteAt, vfs.OpSyncAll, vfs.OpRename, vfs.OpSyncDir} {
		d := newUnreliable(vfs.NewMemory())
		s := openFor(t, d, small(engine.SyncEveryAppend()))
		mustAppend(t, s, 2)
		d.when(func(op vfs.Op) error {
			if op.Kind == kind && (strings.HasSuffix(op.Name, ".cursor") || kind == vfs.OpSyncDir) {
				return errInjected
			}
			return nil
		})
		if _, err := s.CursorGuaranteed(event.Everything(), engine.CursorOptions{Name: "orders"}); !errors.Is(err, errInjected) {
			t.Errorf("%v fails: got %v", kind, err)
		}
		d.when(nil)
		if list, err := s.Cursors(); len(list) != 0 || err != nil {
			t.Errorf("%v fails: left are %+v, %v", kind, list, err)
		}
		c := mustCursor(t, s, "orders")
		mustPoll(t, c, 1, 2)
		mustAck(t, c, 2)
	}
}

func TestWhatAnUnfinishedMakingLeftIsRemovedByTheNext(t *testing.T) {
	t.Parallel()
	dir := acknowledgedUpTo(t, 1, "orders")
	file := cursorFile(t, dir)
	if err := dir.Rename(file, file+".tmp"); err != nil {
		t.Fatal(err)
	}
	s := openFor(t, dir, small(engine.SyncEveryAppend()))
	mustPoll(t, mustCursor(t, s, "others"), 1)
	names, err := dir.List()
	if err != nil || slices.Contains(names, file+".tmp") {
		t.Errorf("left are %q, %v", names, err)
	}
	mustClose(t, s)

	orphan := vfs.NewMemory() // without segments it is no new store
	f, err := orphan.Create(file + ".tmp")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := engine.OpenDir(orphan, engine.Options{}); !errors.Is(err, engine.ErrCorrupt) {
		t.Errorf("got %v, want ErrCorrupt", err)
	}
}
