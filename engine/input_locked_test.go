// Two openings of one directory: one writer, or any number of readers.

package engine_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
)

// mustBeLocked fails the test unless opening is refused with the holder's pid.
func mustBeLocked(t *testing.T, path string, o engine.Options, pid int) {
	t.Helper()
	s, err := engine.Open(path, o)
	var locked *engine.LockedError
	if s != nil || !errors.Is(err, engine.ErrLocked) || !errors.As(err, &locked) || locked.PID != pid {
		t.Fatalf("got %v, want ErrLocked with pid %d", err, pid)
	}
	if pid != 0 && !strings.Contains(err.Error(), fmt.Sprint(pid)) {
		t.Errorf("%q does not name process %d", err, pid)
	}
}

func TestASecondWriterInTheProcessIsRefusedWithItsPid(t *testing.T) {
	t.Parallel()
	path := quickDir(t)
	s := mustOpen(t, path, engine.Options{})
	mustAppend(t, s, 3)
	before := imageOf(t, path)
	mustBeLocked(t, path, engine.Options{}, os.Getpid())
	mustBeLocked(t, path, engine.Options{ReadOnly: true}, os.Getpid())
	mustBeUnchanged(t, path, before)
	mustAppend(t, s, 3)
	mustClose(t, s)
	mustClose(t, mustOpen(t, path, engine.Options{}))
}

func TestAWriterInAnotherProcessIsNamed(t *testing.T) {
	t.Parallel()
	path := quickDir(t)
	c := startChild(t, "hold", path)
	c.mustSay(t, "open\n")
	mustBeLocked(t, path, engine.Options{}, c.cmd.Process.Pid)
	mustBeLocked(t, path, engine.Options{ReadOnly: true}, c.cmd.Process.Pid)
	c.mustEnd(t)
	mustClose(t, mustOpen(t, path, engine.Options{}))
}

func TestReadersShareADirectoryAndKeepWritersOut(t *testing.T) {
	t.Parallel()
	path := quickDir(t)
	s := mustOpen(t, path, engine.Options{})
	events := mustAppend(t, s, 3)
	mustClose(t, s)
	c := startChild(t, "hold", path, childPolicy+"=read only")
	c.mustSay(t, "open\n")
	one := mustOpen(t, path, engine.Options{ReadOnly: true})
	two := mustOpen(t, path, engine.Options{ReadOnly: true})
	mustBeLocked(t, path, engine.Options{}, 0)
	for _, s := range []*engine.Store{one, two} {
		mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), events)
		if _, err := s.Append(here, 0x1000, "x"); !errors.Is(err, engine.ErrReadOnly) {
			t.Errorf("append: got %v, want ErrReadOnly", err)
		}
		if err := s.Sync(); !errors.Is(err, engine.ErrReadOnly) {
			t.Errorf("sync: got %v, want ErrReadOnly", err)
		}
		mustClose(t, s)
	}
	c.mustEnd(t)
}

// mustSay fails the test unless the child's next line is this one.
func (c *child) mustSay(t failer, line string) {
	t.Helper()
	if got, err := c.output.ReadString('\n'); err != nil || got != line {
		t.Fatalf("the child said %q, %v, want %q", got, err, line)
	}
}

// mustEnd ends the child's input and fails the test unless it ends well.
func (c *child) mustEnd(t failer) {
	t.Helper()
	if err := c.stdin.Close(); err != nil {
		t.Fatalf("%v", err)
	}
	if err := c.cmd.Wait(); err != nil {
		t.Fatalf("the child: %v", err)
	}
}
