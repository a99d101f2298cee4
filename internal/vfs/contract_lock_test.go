// This file holds the contract of locks within one process.

package vfs

import (
	"errors"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

func mustLock(t testing.TB, d Dir, name string, exclusive bool) Lock {
	t.Helper()
	l, err := d.Lock(name, exclusive)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Unlock(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// wantLocked checks that the error reports a lock and a holder.
func wantLocked(t testing.TB, err error, pid int) {
	t.Helper()
	var locked *LockedError
	if !errors.Is(err, ErrLocked) || !errors.As(err, &locked) {
		t.Fatalf("got %v, want that it is locked", err)
	}
	if locked.PID != pid {
		t.Errorf("%v: the holder is %d, want %d", err, locked.PID, pid)
	}
}

func TestASecondExclusiveLockOfTheProcessIsRefused(t *testing.T) {
	onEveryDir(t, func(t *testing.T, d Dir) {
		l := mustLock(t, d, "LOCK", true)
		_, err := d.Lock("LOCK", true)
		wantLocked(t, err, os.Getpid())
		_, err = d.Lock("LOCK", false)
		wantLocked(t, err, os.Getpid())
		mustLock(t, d, "OTHER", true)
		must(t, l.Unlock(), l.Unlock())
		again := mustLock(t, d, "LOCK", true)
		must(t, l.Unlock()) // of what is not its own any more
		_, err = d.Lock("LOCK", true)
		wantLocked(t, err, os.Getpid())
		must(t, again.Unlock())
	})
}

func TestASharedLockKeepsExclusiveOnesOut(t *testing.T) {
	onEveryDir(t, func(t *testing.T, d Dir) {
		must(t, mustLock(t, d, "LOCK", true).Unlock())
		a, b := mustLock(t, d, "LOCK", false), mustLock(t, d, "LOCK", false)
		_, err := d.Lock("LOCK", true)
		wantLocked(t, err, 0)
		must(t, a.Unlock())
		_, err = d.Lock("LOCK", true)
		wantLocked(t, err, 0)
		must(t, b.Unlock())
		mustLock(t, d, "LOCK", true)
	})
}

func TestTheLockFileStays(t *testing.T) {
	onEveryDir(t, func(t *testing.T, d Dir) {
		l := mustLock(t, d, "LOCK", true)
		if names, err := d.List(); err != nil || !slices.Equal(names, []string{"LOCK"}) {
			t.Errorf("%v, error %v", names, err)
		}
		if got := get(t, d, "LOCK"); got != string(holderRecord(strconv.Itoa(os.Getpid()))) {
			t.Errorf("it holds %q", got)
		}
		must(t, l.Unlock())
		if got := get(t, d, "LOCK"); got != "               \n" {
			t.Errorf("afterwards it holds %q", got)
		}
	})
}

func TestALockOutlivesTheClosingOfItsDirectory(t *testing.T) {
	path := t.TempDir()
	first, second := open(t, path, false), open(t, path, false)
	l := mustLock(t, first, "LOCK", true)
	must(t, first.Close())
	_, err := second.Lock("LOCK", true)
	wantLocked(t, err, os.Getpid())
	must(t, l.Unlock())
	mustLock(t, second, "LOCK", true)
}

func TestOnlyOneOfManyGetsTheLock(t *testing.T) {
	onEveryDir(t, func(t *testing.T, d Dir) {
		var holders, gained atomic.Int64
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 100 {
					l, err := d.Lock("LOCK", true)
					if errors.Is(err, ErrLocked) {
						continue
					}
					if err != nil {
						t.Error(err)
						return
					}
					gained.Add(1)
					if holders.Add(1) != 1 {
						t.Error("two hold it")
					}
					holders.Add(-1)
					if err := l.Unlock(); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if gained.Load() == 0 {
			t.Error("nobody got it")
		}
	})
}
