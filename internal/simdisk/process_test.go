// This file holds the rules of processes: kills, locks, syncs that hang, capacity, mappings.

package simdisk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"testing"

	"github.com/batpak/batpak/internal/mmap"
	"github.com/batpak/batpak/internal/vfs"
)

func TestAKilledProcessCanDoNothing(t *testing.T) {
	d := New()
	dir := d.Mount()
	f := create(t, dir, "a", PageSize)
	m := mapped(t, f)
	l, err := dir.Lock("lock", true)
	must(t, err)
	m.Store(0, filled(8, 1))
	dir.Kill()
	dir.Kill()
	m.Store(8, filled(8, 2))
	_, create := dir.Create("b")
	_, open := dir.Open("a", false)
	_, list := dir.List()
	_, lock := dir.Lock("lock", false)
	_, read := f.ReadAt(make([]byte, 1), 0)
	_, write := f.WriteAt(make([]byte, 1), 0)
	_, size := f.Size()
	_, mapping := f.Map(8, mmap.ReadOnly)
	for n, err := range []error{create, open, list, lock, read, write, size, mapping, dir.Rename("a", "b"), dir.Remove("a"), dir.Sync(),
		f.Truncate(0), f.Reserve(9999), f.SyncAll(), f.SyncData()} {
		if !errors.Is(err, ErrKilled) {
			t.Errorf("call %d: error %v", n, err)
		}
	}
	must(t, f.Close(), m.Unmap(), l.Unlock(), dir.Close())
	if !dir.Killed() {
		t.Error("it is not killed")
	}

	next := d.Mount() // sees what was stored, and takes the lock
	wantFill(t, d, "a", 0, 8, 1)
	wantFill(t, d, "a", 8, 8, 0)
	_, err = next.Lock("lock", true)
	must(t, err)
	again, err := next.Open("a", true)
	must(t, err)
	memory := mapped(t, again)
	if memory.Bytes()[8] != 0 || memory.Bytes()[0] != 1 {
		t.Errorf("mapped: %d", memory.Bytes()[:16])
	}
	memory.Store(16, filled(8, 3))
	wantFill(t, d, "a", 16, 8, 3)
}

func TestAProcessCanBeKilledAtEveryChange(t *testing.T) {
	work := func(d *Disk, after int64) error {
		dir := d.Mount()
		defer dir.Kill()
		dir.KillAfter(after)
		l, err := dir.Lock("lock", true)
		if err != nil {
			return err
		}
		f, err := dir.Create("a")
		if err == nil {
			err = f.Reserve(PageSize)
		}
		if err == nil {
			_, err = f.WriteAt(filled(100, 1), 0)
		}
		if err == nil {
			err = f.SyncAll()
		}
		if err == nil {
			err = errors.Join(dir.Rename("a", "b"), dir.Sync(), l.Unlock())
		}
		return err
	}
	const changes = 2 + 1 + 1 + 1 + 2 + 1 + 2
	var before uint64
	for n := range int64(changes) {
		d := New()
		if err := work(d, n); !errors.Is(err, ErrKilled) {
			t.Errorf("after %d changes: %v", n, err)
		}
		if made := d.Stat().Changes; made < before {
			t.Errorf("after %d changes: %d were made", n, made)
		} else {
			before = made
		}
	}
	must(t, work(New(), changes), work(New(), -1))
}

func TestAKillMayLeaveAPartOfAStore(t *testing.T) {
	found := make(map[string]bool)
	for before := range 60 {
		d := New()
		dir := d.Mount()
		f := create(t, dir, "a", 32)
		for n := range before {
			write(t, f, 0, []byte{byte(n % 2)})
		}
		write(t, f, 0, []byte{0})
		m := mapped(t, f)
		dir.KillAfter(0)
		m.Store(0, filled(32, 1))
		b, _ := d.Content("a")
		if found[string(b)] = true; b[0] != 0 {
			t.Errorf("%q has the first word, which is stored last", b)
		}
	}
	if len(found) < 3 {
		t.Errorf("parts: %v", found)
	}
}

func TestASyncThatAKillEndsDidNotHappen(t *testing.T) {
	d := New()
	dir := d.Mount()
	f := durable(t, dir, "a", PageSize)
	write(t, f, 0, filled(100, 1))
	dir.OnSync(func(string) error {
		dir.Kill()
		return nil
	})
	if err := f.SyncAll(); !errors.Is(err, ErrKilled) {
		t.Errorf("error %v", err)
	}
	wantFill(t, d.PowerCut(Oldest), "a", 0, 100, 0)
	again, err := d.Mount().Open("a", false)
	must(t, err)
	must(t, again.SyncData())
	wantFill(t, d.PowerCut(Oldest), "a", 0, 100, 1)
}

func TestAProcessOnACopyFindsNoSyncRunning(t *testing.T) {
	d := New()
	dir := d.Mount()
	f := durable(t, dir, "a", PageSize)
	write(t, f, 0, filled(100, 1))
	var copied *Disk
	dir.OnSync(func(string) error {
		copied = d.Clone()
		return nil
	})
	must(t, f.SyncAll())
	again, err := copied.Mount().Open("a", false)
	must(t, err)
	must(t, again.SyncData())
	wantFill(t, copied.PowerCut(Oldest), "a", 0, 100, 1)
}

func TestASyncWaitsForOneThatHasItsPages(t *testing.T) {
	d := New()
	dir := d.Mount()
	f := durable(t, dir, "a", PageSize)
	write(t, f, 0, filled(100, 1))
	begun, end, first := make(chan struct{}), make(chan struct{}), make(chan error)
	var once sync.Once
	dir.OnSync(func(string) (err error) {
		once.Do(func() {
			close(begun)
			<-end
			err = errors.New("broken")
		})
		return err
	})
	go func() { first <- f.SyncData() }()
	<-begun
	second := make(chan error)
	go func() { second <- f.SyncData() }()
	select {
	case err := <-second:
		t.Errorf("the second sync ended first: %v", err)
	default:
	}
	close(end)
	if err := <-first; err == nil {
		t.Error("the first sync succeeded")
	}
	must(t, <-second) // it found nothing dirty
	wantFill(t, d.PowerCut(Oldest), "a", 0, 100, 0)
}

func TestAKillEndsTheWaitForAnotherSync(t *testing.T) {
	d := New()
	hanging, dir := d.Mount(), d.Mount()
	f := durable(t, hanging, "a", PageSize)
	other, err := dir.Open("a", false)
	must(t, err)
	begun, end := make(chan struct{}), make(chan struct{})
	hanging.OnSync(func(string) error {
		close(begun)
		<-end
		return nil
	})
	ended := make(chan error)
	go func() { ended <- f.SyncData() }()
	<-begun
	go func() { ended <- other.SyncData() }()
	dir.Kill()
	if err := <-ended; !errors.Is(err, ErrKilled) {
		t.Errorf("error %v", err)
	}
	close(end)
	must(t, <-ended)
}

func TestLocksExclude(t *testing.T) {
	d := New()
	one, two := d.Mount(), d.Mount()
	_, err := one.Lock("lock", false)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	l, err := one.Lock("lock", true)
	must(t, err)
	var locked *vfs.LockedError
	for _, dir := range []*Directory{one, two} {
		for _, exclusive := range []bool{true, false} {
			if _, err := dir.Lock("lock", exclusive); !errors.Is(err, vfs.ErrLocked) || !errors.As(err, &locked) || locked.PID != os.Getpid() {
				t.Errorf("error %v", err)
			}
		}
	}
	must(t, l.Unlock(), l.Unlock())
	shared, err := two.Lock("lock", false)
	must(t, err)
	another, err := one.Lock("lock", false)
	must(t, err)
	if _, err := one.Lock("lock", true); !errors.Is(err, vfs.ErrLocked) {
		t.Errorf("error %v", err)
	}
	must(t, shared.Unlock(), another.Unlock())
	_, err = two.Lock("lock", true)
	must(t, err)
}

func TestACapacityBoundsWhatExtends(t *testing.T) {
	d := New()
	dir := d.Mount()
	d.SetCapacity(10000)
	f, g := create(t, dir, "a", 6000), create(t, dir, "b", 4000)
	_, write := g.WriteAt([]byte{1}, 4000)
	for n, err := range []error{f.Reserve(6001), g.Truncate(4001), write} {
		if !errors.Is(err, vfs.ErrNoSpace) {
			t.Errorf("call %d: error %v", n, err)
		}
	}
	if _, err := dir.Lock("lock", true); !errors.Is(err, vfs.ErrNoSpace) {
		t.Errorf("error %v", err)
	}
	must(t, dir.Remove("a"))
	if err := g.Reserve(4001); !errors.Is(err, vfs.ErrNoSpace) {
		t.Errorf("while it is open: %v", err)
	}
	must(t, f.Close(), g.Reserve(10000), g.Truncate(0), create(t, dir, "a", 10000).Close())
	d.SetCapacity(0)
	must(t, g.Reserve(1<<20))
}

func TestMappingsOfAFileShareItsMemory(t *testing.T) {
	d := New()
	dir := d.Mount()
	f := create(t, dir, "a", 2*PageSize)
	write(t, f, 10, filled(10, 1))
	writable := mapped(t, f)
	g, err := dir.Open("a", false)
	must(t, err)
	readable, err := g.Map(PageSize, mmap.ReadOnly)
	must(t, err)
	writable.Store(PageSize-8, filled(16, 2))
	write(t, f, 100, filled(10, 3))
	for at, v := range map[int]byte{10: 1, PageSize - 8: 2, 100: 3} {
		if got := readable.Bytes()[at]; got != v {
			t.Errorf("it holds %d at %d", got, at)
		}
		wantFill(t, d, "a", at, 8, v)
	}
	must(t, f.Truncate(100))
	if readable.Bytes()[105] != 0 || readable.Bytes()[10] != 1 {
		t.Error("the cut is not seen")
	}
	writable.Store(PageSize, filled(8, 4)) // behind the end
	must(t, f.Reserve(3*PageSize), g.Close())
	wantFill(t, d, "a", PageSize, 8, 0)
	if _, err := f.Map(3*PageSize, mmap.ReadOnly); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("error %v", err)
	}
	must(t, writable.Unmap(), readable.Unmap())
	_, err = f.Map(3*PageSize, mmap.ReadWrite)
	must(t, err)
}

func TestMappingsThatCannotBeAreRefused(t *testing.T) {
	dir := New().Mount()
	f := create(t, dir, "a", 100)
	g, err := dir.Open("a", false)
	must(t, err)
	for what, c := range map[string]struct {
		f      vfs.File
		length int64
		mode   mmap.Mode
		want   error
	}{
		"no bytes": {f, 0, mmap.ReadOnly, mmap.ErrRange}, "too many": {f, 101, mmap.ReadOnly, mmap.ErrRange},
		"mode": {f, 1, 7, fs.ErrInvalid}, "not writable": {g, 1, mmap.ReadWrite, fs.ErrPermission},
	} {
		if _, err := c.f.Map(c.length, c.mode); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v", what, err)
		}
	}
}

func TestStoresSyncsAndPowerCutsMayRunAtTheSameTime(t *testing.T) {
	d := New()
	journal := d.Record()
	dir := d.Mount()
	var running sync.WaitGroup
	for n := range 4 {
		f := durable(t, dir, fmt.Sprint(n), 4*PageSize)
		m := mapped(t, f)
		running.Go(func() {
			for i := range 500 {
				m.Store(i*8, filled(24, byte(i)))
				if i%50 == 0 {
					if err := f.SyncData(); err != nil {
						t.Error(err)
					}
				}
			}
		})
		running.Go(func() {
			for range 100 {
				d.PowerCut(Newest).Stat()
				d.Clone().Stat()
				journal.Note(n)
			}
		})
	}
	running.Wait()
	wantEqual(t, journal.At(len(journal.Ops())), d)
}
