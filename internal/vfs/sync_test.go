// This file holds syncs that fail: that the error arrives, and that the call is made once. The kernel's answer is forged
// by strace, in a child.

package vfs

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// syncInChild makes one sync of each kind and says how they ended.
func syncInChild(d Dir) string {
	f, err := d.Create("a")
	if err != nil {
		return err.Error()
	}
	if _, err := f.WriteAt([]byte("content"), 0); err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%v; %v; %v", f.SyncData(), f.SyncAll(), d.Sync())
}

func TestAFailedSyncIsReportedAndNotRepeated(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skipf("SKIPPED: only strace can make a sync fail: %v", err)
	}
	for name, number := range map[string]syscall.Errno{
		"EIO": syscall.EIO, "EINTR": syscall.EINTR, "EAGAIN": syscall.EAGAIN, "ENOSPC": syscall.ENOSPC, "EDQUOT": syscall.EDQUOT,
	} {
		dir := t.TempDir()
		trace := filepath.Join(t.TempDir(), "trace")
		c := startChild(t, "sync", dir, nil, strace, "-f", "-qq", "-o", trace, "-e", "trace=fsync,fdatasync",
			"-e", "inject=fsync,fdatasync:error="+name)
		class := ""
		if number == syscall.EDQUOT {
			class = ErrNoSpace.Error() + ": "
		}
		said := c.line()
		want := fmt.Sprintf("sync data %[1]s/a: %[2]s%[3]v; sync %[1]s/a: %[2]s%[3]v; sync directory %[1]s: %[2]s%[3]v",
			dir, class, number)
		if said != want {
			t.Errorf("%s: the child said\n%s\nwant\n%s", name, said, want)
		}
		c.finish()
		calls, err := os.ReadFile(trace)
		must(t, err)
		if data, all := strings.Count(string(calls), "fdatasync("), strings.Count(string(calls), "fsync("); data != 1 || all != 2 {
			t.Errorf("%s: %d times fdatasync, %d times fsync:\n%s", name, data, all, calls)
		}
	}
}

func TestMakingADirectorySyncsEveryParentThatGotAnEntry(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skipf("SKIPPED: only strace can show syncs of directories: %v", err)
	}
	dir := t.TempDir()
	trace := filepath.Join(t.TempDir(), "trace")
	c := startChild(t, "make directory", dir, nil, strace, "-f", "-qq", "-y", "-o", trace, "-e", "trace=fsync,mkdir,mkdirat")
	if got := c.line(); got != "done" {
		t.Errorf("the child said %q", got)
	}
	c.finish()
	calls, err := os.ReadFile(trace)
	must(t, err)
	var steps []string
	for call := range strings.Lines(string(calls)) {
		_, call, _ = strings.Cut(strings.TrimSpace(call), " ")
		call = strings.TrimSpace(call)
		if _, path, ok := strings.Cut(call, "<"); ok && strings.HasPrefix(call, "fsync(") {
			path, _, _ = strings.Cut(path, ">")
			steps = append(steps, "sync "+strings.TrimPrefix(path, dir))
		} else if _, path, ok := strings.Cut(call, `"`); ok {
			path, _, _ = strings.Cut(path, `"`)
			steps = append(steps, "make "+strings.TrimPrefix(path, dir))
		}
	}
	want := []string{
		"sync " + filepath.Dir(dir), "make /a", "sync ", "make /a/b", "sync /a", // missing, with its parent
		"sync /a",                             // there already
		"sync /a", "make /a/b/c", "sync /a/b", // missing, below one that may have been made just before a crash
	}
	if strings.Join(steps, "\n") != strings.Join(want, "\n") {
		t.Errorf("steps %q, want %q", steps, want)
	}
}

// makeDirectories opens directories that are missing, there, and missing below one that is there.
func makeDirectories(d Dir) string {
	for _, path := range []string{"a/b", "a/b", "a/b/c"} {
		if _, err := OpenDir(filepath.Join(d.Path(), path), true); err != nil {
			return err.Error()
		}
	}
	return "done"
}
