// This file holds what only Linux can tell of a holder, and a lock between pid namespaces, as containers that share a
// volume have them.

package vfs

import (
	"os/exec"
	"syscall"
	"testing"
)

func TestAHolderInAnotherPidNamespaceIsNamedAsItSeesItself(t *testing.T) {
	d := open(t, t.TempDir(), false)
	c := startChild(t, "lock", d.Path(), func(command *exec.Cmd) {
		command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}
	})
	if got := c.line(); got != "got it as 1" {
		t.Fatalf("the child said %q", got)
	}
	_, err := d.Lock("LOCK", true)
	wantLocked(t, err, 1)
	c.kill()
	mustLock(t, d, "LOCK", true)
}

func TestTheRecordOfADeadHolderIsNotTakenForReaders(t *testing.T) {
	d := open(t, t.TempDir(), false)
	c := startChild(t, "lock", d.Path(), nil)
	c.line()
	c.kill()
	mustLock(t, d, "LOCK", false)
	_, err := d.Lock("LOCK", true)
	wantLocked(t, err, 0)
}
