// Writers in pid namespaces of their own, as containers that share a volume have them:
// where every process is number 1, the lock holds all the same.

package engine_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/internal/rig"
)

// startApart starts a child that is number 1 of a pid namespace of its own.
func startApart(t *testing.T, role, dir string, environment ...string) *child {
	t.Helper()
	probe := exec.Command(os.Args[0], "-test.list=^$")
	rig.Bind(probe, rig.Processes)
	if err := probe.Run(); errors.Is(err, fs.ErrPermission) {
		t.Skipf("SKIPPED: this needs pid namespaces, as root has them: %v", err)
	}
	command := exec.Command(os.Args[0], dir)
	rig.Bind(command, rig.Processes)
	return startCommand(t, role, command, environment...)
}

func init() { children["try"] = tryingChild }

// tryingChild tries to open the store for writing and tells how that ended.
func tryingChild(dir string) int {
	s, err := engine.Open(dir, engine.Options{})
	var locked *engine.LockedError
	if errors.As(err, &locked) && errors.Is(err, engine.ErrLocked) {
		fmt.Println("locked by", locked.PID)
		return 0
	}
	if err == nil {
		fmt.Println("open")
		err = s.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		return 1
	}
	return 0
}

func TestWritersInTwoPidNamespacesKeepEachOtherOut(t *testing.T) {
	t.Parallel()
	path := quickDir(t)
	holder := startApart(t, "hold", path)
	holder.mustSay(t, "open\n")
	mustBeLocked(t, path, engine.Options{}, 1)
	mustBeLocked(t, path, engine.Options{ReadOnly: true}, 1)
	second := startApart(t, "try", path) // it is number 1, too
	second.mustSay(t, "locked by 1\n")
	second.mustEnd(t)
	holder.mustEnd(t)
	third := startApart(t, "try", path)
	third.mustSay(t, "open\n")
	third.mustEnd(t)
	mustClose(t, mustOpen(t, path, engine.Options{}))
}

func TestAWriterThatIsKilledInItsPidNamespaceLocksNobodyOut(t *testing.T) {
	t.Parallel()
	path := quickDir(t)
	holder := startApart(t, "hold", path)
	holder.mustSay(t, "open\n")
	holder.kill(t)
	s := mustOpen(t, path, engine.Options{})
	second := startApart(t, "try", path)
	second.mustSay(t, fmt.Sprintf("locked by %d\n", os.Getpid()))
	second.mustEnd(t)
	mustClose(t, s)
}
