// This file holds locks between processes, and the lock file that is replaced under us.

package vfs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestALockOfAnotherProcessNamesIt(t *testing.T) {
	d := open(t, t.TempDir(), false)
	c := startChild(t, "lock", d.Path(), nil)
	pid := c.command.Process.Pid
	if got, want := c.line(), fmt.Sprintf("got it as %d", pid); got != want {
		t.Fatalf("the child said %q, want %q", got, want)
	}
	for _, exclusive := range []bool{true, false} {
		_, err := d.Lock("LOCK", exclusive)
		wantLocked(t, err, pid)
		if want := fmt.Sprintf("%s: locked by process %d", filepath.Join(d.Path(), "LOCK"), pid); err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	c.finish()
	mustLock(t, d, "LOCK", true)
}

func TestTheEndOfAProcessReleasesItsLock(t *testing.T) {
	d := open(t, t.TempDir(), false)
	c := startChild(t, "lock", d.Path(), nil)
	c.line()
	c.kill()
	// What the dead one wrote is still there, and is no lock.
	if got, want := get(t, d, "LOCK"), string(holderRecord(fmt.Sprint(c.command.Process.Pid))); got != want {
		t.Errorf("the file holds %q, want %q", got, want)
	}
	shared := mustLock(t, d, "LOCK", false)
	_, err := d.Lock("LOCK", true)
	var locked *LockedError
	if !errors.As(err, &locked) {
		t.Fatalf("got %v", err)
	}
	must(t, shared.Unlock())
	mustLock(t, d, "LOCK", true)
	if got, want := get(t, d, "LOCK"), string(holderRecord(fmt.Sprint(os.Getpid()))); got != want {
		t.Errorf("the file holds %q, want %q", got, want)
	}
}

func TestAnotherProcessIsRefusedTheLockOfThisOne(t *testing.T) {
	d := open(t, t.TempDir(), false)
	l := mustLock(t, d, "LOCK", true)
	for _, job := range []string{"lock", "shared lock"} {
		c := startChild(t, job, d.Path(), nil)
		if got, want := c.line(), fmt.Sprintf("locked by %d", os.Getpid()); got != want {
			t.Errorf("%s: the child said %q, want %q", job, got, want)
		}
		c.finish()
	}
	must(t, l.Unlock())
	a, b := startChild(t, "shared lock", d.Path(), nil), startChild(t, "shared lock", d.Path(), nil)
	for _, c := range []*child{a, b} {
		if got, want := c.line(), fmt.Sprintf("got it as %d", c.command.Process.Pid); got != want {
			t.Errorf("the child said %q, want %q", got, want)
		}
	}
	_, err := d.Lock("LOCK", true)
	wantError(t, "beside readers", err, ErrLocked)
}

func TestALockFileThatWasReplacedMeanwhileIsNotTheLock(t *testing.T) {
	d := openReal(t)
	for what, replace := range map[string]func(path string) error{
		"removed": os.Remove,
		"renamed over": func(path string) error {
			return errors.Join(os.WriteFile(path+".new", nil, 0o600), os.Rename(path+".new", path))
		},
	} {
		f, err := d.openLock("LOCK", true)
		must(t, err, replace(filepath.Join(d.Path(), "LOCK")))
		if current, err := d.acquire(f, true); current || err != nil {
			t.Errorf("%s: current %v, error %v", what, current, err)
		}
		must(t, f.Close())
		// The next attempt has the file that stands there now.
		l := mustLock(t, d, "LOCK", true)
		_, err = d.Lock("LOCK", true)
		wantLocked(t, err, os.Getpid())
		must(t, l.Unlock())
	}
}

func TestUnlockingReleasesWhatAChildThatIsBeingStartedShares(t *testing.T) {
	d := openReal(t)
	l := mustLock(t, d, "LOCK", true).(*lock)
	// As in the moment between fork and exec.
	var shared int
	must(t, hold(l.file.conn, func(fd int) (err error) {
		shared, err = unix.Dup(fd)
		return err
	}))
	defer unix.Close(shared)
	must(t, l.Unlock())
	mustLock(t, d, "LOCK", true)
}

func TestARecordThatIsNoProcessIdIsNotBelieved(t *testing.T) {
	path := t.TempDir()
	for _, record := range []string{"", "\n", "someone\n", "-5\n", "0\n", "99999999999999999999\n", "12", "12   \n"} {
		must(t, os.WriteFile(filepath.Join(path, "LOCK"), []byte(record), 0o600))
		d, err := openDirectory(path, false)
		must(t, err)
		f, err := d.openLock("LOCK", true)
		must(t, err)
		want := 0
		if record == "12" || record == "12   \n" {
			want = 12
		}
		if got := f.holder(true); got != want {
			t.Errorf("%q: %d, want %d", record, got, want)
		}
		must(t, f.Close(), d.Close())
	}
}
