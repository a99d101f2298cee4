// Tests that need a process of their own: for mounts that go with it whatever happens,
// or for limits that nobody else shall feel.

package engine_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/batpak/batpak/internal/rig"
)

// childTest is the environment variable that tells a child which test it is to run.
const childTest = "BATPAK_ENGINE_TEST_ALONE"

// alone reports whether this process is the test's own. In any other it starts that,
// with what is set apart for it, waits for its end and takes over its verdict.
func alone(t *testing.T, apart rig.Apart) bool {
	t.Helper()
	if os.Getenv(childTest) == t.Name() {
		return true
	}
	said, err := runAlone(t, apart)
	// Go's runtime does not survive every limit on memory, whatever the store does: then it is tried again.
	for tries := 1; err != nil && tries < 3 && endedByRuntime(said); tries++ {
		t.Logf("the runtime ended the process of the test for want of memory (try %d)", tries)
		said, err = runAlone(t, apart)
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		t.Skipf("SKIPPED: this needs mounts of its own, as root has them: %v", err)
	case err != nil:
		t.Errorf("%v; the process of the test said:\n%s", err, said)
	case strings.Contains(said, "--- SKIP: "+t.Name()):
		t.Skipf("SKIPPED in the process of the test, which said:\n%s", said)
	case !strings.Contains(said, "--- PASS: "+t.Name()):
		t.Errorf("the process of the test ran no test:\n%s", said)
	default:
		t.Logf("the process of the test said:\n%s", said)
	}
	return false
}

// runAlone runs the test in a process of its own, and returns what that said.
func runAlone(t *testing.T, apart rig.Apart) (string, error) {
	t.Helper()
	command := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.count=1")
	// What a child that is killed leaves behind is removed with the parent's directory.
	// One arena, since the C library, where there is one, takes 128 MiB of addresses for each thread's own.
	command.Env = append(os.Environ(), childTest+"="+t.Name(), "TMPDIR="+quickDir(t), "GORACE=atexit_sleep_ms=0", "MALLOC_ARENA_MAX=1")
	rig.Bind(command, apart)
	said, err := command.CombinedOutput()
	return string(said), err
}

// endedByRuntime reports whether Go's runtime says that it could not get memory for itself.
func endedByRuntime(said string) bool {
	for _, words := range []string{
		"fatal error: runtime: cannot allocate memory", "fatal error: runtime: out of memory", "fatal error: out of memory",
		"fatal error: runtime: cannot map pages", "fatal error: failed to reserve", "runtime/cgo: pthread_create failed",
	} {
		if strings.Contains(said, words) {
			return true
		}
	}
	return false
}
