// This file holds the tests of a directory in which things fail.

package cache

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/batpak/batpak/internal/vfs"
)

var errIO = errors.New("input/output error")

// failing is a directory in which calls of a kind fail with an error while it is on.
type failing struct {
	vfs.Dir
	on atomic.Bool
}

func newFailing(dir vfs.Dir, err error, kinds ...vfs.OpKind) *failing {
	d := &failing{}
	d.Dir = vfs.Faulty(dir, func(op vfs.Op) error {
		for _, kind := range kinds {
			if d.on.Load() && op.Kind == kind {
				return err
			}
		}
		return nil
	})
	return d
}

func TestWhatFailsIsCountedAndToldOnceAndTriedAgain(t *testing.T) {
	for _, c := range []struct {
		kind    vfs.OpKind
		err     error
		reading bool // fails Get, too
	}{
		{vfs.OpCreate, vfs.ErrNoSpace, false}, {vfs.OpCreate, vfs.ErrUnwritable, false}, {vfs.OpCreate, vfs.ErrLimit, false},
		{vfs.OpWriteAt, vfs.ErrNoSpace, false}, {vfs.OpWriteAt, errIO, false}, {vfs.OpRename, errIO, false},
		{vfs.OpList, errIO, false}, {vfs.OpOpen, vfs.ErrLimit, true}, {vfs.OpReadAt, errIO, true}, {vfs.OpSize, errIO, true},
	} {
		t.Run(c.kind.String()+", "+c.err.Error(), func(t *testing.T) {
			disk, lines := vfs.NewMemory(), &logged{}
			openFiles(t, disk, nil).Put(keyOf(1), stateOf(1, 10, 0))
			dir := newFailing(disk, c.err, c.kind)
			f := openFiles(t, dir, func(c *FilesConfig) { c.Logger = lines.logger() })
			dir.on.Store(true)
			for n := range 5 {
				f.Put(keyOf(2), stateOf(2, uint64(n)+1, 0))
				if c.reading {
					wantState(t, f, 1, 0, 0)
				}
			}
			got := f.Stats()
			if c.reading && got.Failed < 5 || !c.reading && (got.Failed != 5 || got.Written != 0) {
				t.Errorf("%+v", got)
			}
			if n := lines.count(); n == 0 || n > 2 || !strings.Contains(lines.String(), c.err.Error()) {
				t.Errorf("logged %q", lines)
			}
			if got.Discarded != 0 {
				t.Errorf("%+v: what can't be read was removed", got)
			}
			dir.on.Store(false)
			wantState(t, f, 1, 10, 0)
			f.Put(keyOf(2), stateOf(2, 20, 0))
			wantState(t, f, 2, 20, 0)
			wantNames(t, disk, fileName(keyOf(1)), fileName(keyOf(2)))
			if got := f.Stats(); got.Files != 2 || got.Bytes != 2*4096 {
				t.Errorf("%+v", got)
			}
			if c.kind == vfs.OpList || c.reading {
				return // a write does not do it again
			}
			dir.on.Store(true)
			before := lines.count()
			f.Put(keyOf(3), stateOf(3, 20, 0))
			wantState(t, f, 3, 0, 0)
			if lines.count() != before+1 {
				t.Errorf("what fails after it succeeded is not told again: %q", lines)
			}
		})
	}
}

func TestAFullDiskKeepsWhatIsThere(t *testing.T) {
	disk := vfs.NewMemory()
	f := openFiles(t, disk, nil)
	f.Put(keyOf(1), stateOf(1, 10, 1000))
	disk.SetCapacity(3000)
	for n := range uint64(3) {
		f.Put(keyOf(1), stateOf(1, 20+n, 5000))
		f.Put(keyOf(2), stateOf(2, 20+n, 5000))
	}
	wantState(t, f, 1, 10, 1000)
	wantState(t, f, 2, 0, 0)
	wantNames(t, disk, fileName(keyOf(1)))
	if got := f.Stats(); got.Failed != 6 || got.Written != 1 || got.Files != 1 {
		t.Errorf("%+v", got)
	}
	f.Put(keyOf(2), stateOf(2, 30, 500))
	wantState(t, f, 2, 30, 500)
}

func TestFilesThatCanNotBeRemovedStopNothing(t *testing.T) {
	disk := vfs.NewMemory()
	dir := newFailing(disk, vfs.ErrUnwritable, vfs.OpRemove)
	f := openFiles(t, dir, func(c *FilesConfig) { c.Limit = MinLimit })
	for n := range 16 {
		f.Put(keyOf(n), stateOf(n, 10, 0))
	}
	dir.on.Store(true)
	f.Put(keyOf(100), stateOf(100, 10, 0))
	wantState(t, f, 100, 0, 0)
	f.Put(keyOf(5), stateOf(5, 11, 0)) // in place of its own
	wantState(t, f, 5, 11, 0)
	if got := f.Stats(); got.Failed == 0 || got.Evicted != 0 || got.Written != 17 || got.Bytes != MinLimit {
		t.Errorf("%+v", got)
	}
	writeFile(t, disk, fileName(keyOf(7)), []byte("damaged"))
	for range 3 {
		wantState(t, f, 7, 0, 0)
	}
	f.Put(keyOf(7), stateOf(7, 3, 0)) // what is there is not newer, though it was
	wantState(t, f, 7, 3, 0)
	dir.on.Store(false)
	for n := range 8 {
		f.Put(keyOf(200+n), stateOf(200+n, 10, 0))
	}
	if got := f.Stats(); got.Bytes > MinLimit || got.Evicted == 0 {
		t.Errorf("%+v", got)
	}
}

func TestAFileOfAnotherUserIsLeftAlone(t *testing.T) {
	disk := vfs.NewMemory()
	openFiles(t, disk, nil).Put(keyOf(1), stateOf(1, 10, 0))
	name := fileName(keyOf(1))
	dir := vfs.Faulty(disk, func(op vfs.Op) error {
		if op.Name == name && op.Kind == vfs.OpOpen {
			return &vfs.OwnerError{Path: name, Owner: 1, Want: 2}
		}
		if op.Name == name || op.To == name {
			t.Errorf("%v of %s", op.Kind, op.Name)
		}
		return nil
	})
	f := openFiles(t, dir, func(c *FilesConfig) { c.Limit = MinLimit })
	for range 2 {
		wantState(t, f, 1, 0, 0)
		f.Put(keyOf(1), stateOf(1, 11, 0))
	}
	f.Put(keyOf(2), stateOf(2, 10, MinLimit-4096))
	wantState(t, f, 2, 10, MinLimit-4096)
	if got := f.Stats(); got.Failed != 4 || got.Written != 1 || got.Discarded != 0 || got.Files != 1 {
		t.Errorf("%+v", got)
	}
}

func TestAfterCloseNoFileIsTouched(t *testing.T) {
	var closed atomic.Bool
	disk := vfs.NewMemory()
	f := openFiles(t, vfs.Faulty(disk, func(op vfs.Op) error {
		if closed.Load() {
			t.Errorf("%v of %s", op.Kind, op.Name)
		}
		return nil
	}), nil)
	f.Put(keyOf(1), stateOf(1, 10, 0))
	for range 3 {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		closed.Store(true)
		wantState(t, f, 1, 0, 0)
		f.Put(keyOf(1), stateOf(1, 11, 0))
		f.Discard(keyOf(1), "it does not decode")
	}
	wantNames(t, disk, fileName(keyOf(1)))
}

// TestAPowerCutLeavesTornFiles has what is written be cut or zeroed by chance, as a file that is not synced may be, and renamed.
func TestAPowerCutLeavesTornFiles(t *testing.T) {
	disk := vfs.NewMemory()
	f := openFiles(t, disk, nil)
	for n := range 50 {
		f.Put(keyOf(n), stateOf(n, 10, 3000))
	}
	f.Close()
	for n := range 50 {
		name := fileName(keyOf(n))
		b := readAll(t, disk, name)
		switch n % 4 {
		case 0:
			b = b[:len(b)*n/50]
		case 1:
			clear(b[len(b)*n/50:])
		case 2:
			clear(b[:len(b)*n/50+1])
		}
		writeFile(t, disk, name, b)
	}
	f = openFiles(t, disk, nil)
	for n := range 50 {
		sequence := uint64(0)
		if n%4 == 3 {
			sequence = 10
		}
		wantState(t, f, n, sequence, 3000)
	}
	if got := f.Stats(); got.Discarded != 38 || got.Files != 12 {
		t.Errorf("%+v", got)
	}
}
