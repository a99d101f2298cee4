// The program as a process of its own that is ended in the middle: what it leaves, and what the next run makes of that.

package main

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// asProgram in the environment makes the test's binary the program.
const asProgram = "BATPAK_BENCH_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main() // exits
	}
	os.Exit(m.Run())
}

// saving is the program with run --save of one small row, its stores and baselines in these directories.
func saving(t *testing.T, work, baselines, passes string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), program,
		"run", "--rows", "P4", "--quick", "--duration", "50ms", "--passes", passes, "--save", "a", "--dir", work, "--baselines", baselines)
	command.Env = append(os.Environ(), asProgram+"=1")
	var messages bytes.Buffer
	command.Stderr = &messages
	return command, &messages
}

// filesOf returns the names in a directory.
func filesOf(t *testing.T, directory string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// awaitStore returns when the program has a store's segment in its workplace.
func awaitStore(t *testing.T, work string) {
	t.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	patience := time.After(time.Minute)
	for {
		found := false
		err := filepath.WalkDir(work, func(path string, _ fs.DirEntry, err error) error {
			if err != nil && !os.IsNotExist(err) { // it comes and goes
				return err
			}
			found = found || strings.HasSuffix(path, ".seg")
			return nil
		})
		switch {
		case err != nil:
			t.Fatal(err)
		case found:
			return
		}
		select {
		case <-look.C:
		case <-patience:
			t.Fatal("no store after a minute")
		}
	}
}

// endedInTheMiddle saves a baseline, begins a run that would replace it, and ends that by a signal. It returns how that ended, and
// checks that the baseline is the old one.
func endedInTheMiddle(t *testing.T, work, baselines string, by os.Signal) (state *os.ProcessState, messages string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("processes can't be sent signals here")
	}
	first, said := saving(t, work, baselines, "1")
	if err := first.Run(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	old, err := os.ReadFile(filepath.Join(baselines, "a.json"))
	if err != nil {
		t.Fatal(err)
	}
	second, said := saving(t, work, baselines, "50")
	if err := second.Start(); err != nil {
		t.Fatal(err)
	}
	awaitStore(t, work)
	if err := second.Process.Signal(by); err != nil {
		t.Fatal(err)
	}
	if err := second.Wait(); err == nil {
		t.Fatalf("it ended well: %s", said)
	}
	if names := filesOf(t, baselines); len(names) != 1 {
		t.Errorf("baselines: %q", names)
	}
	if now, err := os.ReadFile(filepath.Join(baselines, "a.json")); err != nil || !bytes.Equal(now, old) {
		t.Errorf("the old baseline is another one: %v", err)
	}
	return second.ProcessState, said.String()
}

func TestAnInterruptInTheMiddleExitsWithTwoAndKeepsTheOldBaseline(t *testing.T) {
	work, baselines := t.TempDir(), t.TempDir()
	state, messages := endedInTheMiddle(t, work, baselines, os.Interrupt)
	if state.ExitCode() != exitNotToRun || !strings.Contains(messages, "interrupted") {
		t.Errorf("%v: %s", state, messages)
	}
	if left := filesOf(t, work); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestAKilledRunKeepsTheOldBaselineAndTheNextOneRemovesWhatItLeft(t *testing.T) {
	work, baselines := t.TempDir(), t.TempDir()
	state, messages := endedInTheMiddle(t, work, baselines, os.Kill)
	if state.Exited() {
		t.Errorf("it was not killed: %v: %s", state, messages)
	}
	left := filesOf(t, work)
	if len(left) != 1 {
		t.Fatalf("left behind: %q", left)
	}
	next, said := saving(t, work, baselines, "1")
	if err := next.Run(); err != nil || !strings.Contains(said.String(), "removed "+filepath.Join(work, left[0])) {
		t.Errorf("%v: %s", err, said)
	}
	if left := filesOf(t, work); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
	if names := filesOf(t, baselines); len(names) != 1 {
		t.Errorf("baselines: %q", names)
	}
}
