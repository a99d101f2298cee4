// This file holds what the rigs promise: a limit that is lowered is felt until it is restored, a full disk is full, a
// child that is set apart sees itself so, and blocks are found and given back.

package rig

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestALimitIsFeltUntilItIsRestored(t *testing.T) {
	restore, err := Lower(OpenFiles, 3) // what is open stays open
	if err != nil {
		t.Fatal(err)
	}
	_, limited := os.Open(os.Args[0])
	if err := restore(); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(limited, unix.EMFILE) {
		t.Errorf("opening with the limit: %v", limited)
	}
	f, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if mapped, err := Mapped(); err != nil || mapped < 1<<20 {
		t.Errorf("%d bytes are mapped, %v", mapped, err)
	}
}

func TestAChildIsSetApart(t *testing.T) {
	namespaces := []string{"/proc/self/ns/pid", "/proc/self/ns/mnt"}
	for _, apart := range []Apart{0, Mounts, Processes, Mounts | Processes} {
		command := exec.Command("sh", "-c", "echo $$; readlink "+strings.Join(namespaces, " "))
		Bind(command, apart)
		said, err := command.Output()
		if errors.Is(err, fs.ErrPermission) {
			t.Skipf("SKIPPED: namespaces need root: %v", err)
		}
		lines := strings.Fields(string(said))
		if err != nil || len(lines) != 3 {
			t.Fatalf("the child said %q: %v", said, err)
		}
		if first := lines[0] == "1"; first != (apart&Processes != 0) {
			t.Errorf("apart %b: the child is process %s", apart, lines[0])
		}
		// The pid namespace in /proc is told by the mount, which is the parent's.
		mounts, err := os.Readlink(namespaces[1])
		if err != nil {
			t.Fatal(err)
		}
		if own := lines[2] != mounts; apart&Processes == 0 && own != (apart&Mounts != 0) {
			t.Errorf("apart %b: own mounts: %v", apart, own)
		}
	}
}

func TestAFileFillsAFileSystemInMemory(t *testing.T) {
	// Mounts of this thread's own are gone with it, whatever happens.
	runtime.LockOSThread() // and never unlocked
	err := unix.Unshare(unix.CLONE_NEWNS)
	if err == nil {
		err = unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
	}
	if err != nil {
		t.Skipf("SKIPPED: mounting needs root: %v", err)
	}
	target := t.TempDir()
	if err := MountMemory(target, 1<<20); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := Unmount(target); err != nil {
			t.Error(err)
		}
	})
	filler, other := filepath.Join(target, "filler"), filepath.Join(target, "other")
	if err := Fill(filler); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(other, []byte("x"), 0o600); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("writing to a full file system: %v", err)
	}
	f, err := os.OpenFile(filler, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(Punch(f, 7), f.Close()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(other, []byte("x"), 0o600); err != nil {
		t.Errorf("writing to where a block was given back: %v", err)
	}
	if err := Fill(filler); !errors.Is(err, fs.ErrExist) {
		t.Errorf("filling twice: %v", err)
	}
}
