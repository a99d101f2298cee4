// This file holds what lacks of permission and read-only file systems lead to on Linux, where a single thread can be made
// somebody else, or be given mounts of its own.

package vfs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

const nobody = 65534 // the user id

// asNobody runs fn, which must stay on its goroutine, without root's rights to files.
func asNobody(t *testing.T, fn func()) {
	t.Helper()
	if os.Geteuid() == 0 {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		must(t, unix.Setfsuid(nobody)) // of this thread alone
		defer func() { must(t, unix.Setfsuid(0)) }()
	}
	fn()
}

// privateMounts gives the test's thread mounts that nobody else sees and that vanish with it. What is tested must run on
// the goroutine of the test.
func privateMounts(t *testing.T) {
	t.Helper()
	runtime.LockOSThread() // and never unlocked
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		t.Skipf("SKIPPED: this needs mounts of its own, as root has them: %v", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		t.Skipf("SKIPPED: mounts can't be made private here: %v", err)
	}
}

// mount mounts at a new directory and returns its path.
func mount(t *testing.T, source, kind string, flags uintptr, data string) string {
	t.Helper()
	target := t.TempDir()
	if err := unix.Mount(source, target, kind, flags, data); err != nil {
		t.Skipf("SKIPPED: can't mount %s: %v", kind, err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(target, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return target
}

// wantUnwritable tries everything that writes to a directory that holds file and LOCK and can't be written.
func wantUnwritable(t *testing.T, d Dir, number error) {
	t.Helper()
	_, create := d.Create("new")
	_, lock := d.Lock("NEW LOCK", true)
	for what, err := range map[string]error{
		"create": create, "lock": lock, "remove": d.Remove("file"), "rename": d.Rename("file", "new"),
	} {
		wantError(t, what, err, ErrUnwritable, number)
	}
	if got := get(t, d, "file"); got != "content" {
		t.Errorf("it reads %q", got)
	}
	must(t, mustLock(t, d, "LOCK", false).Unlock())
	if names, err := d.List(); err != nil || len(names) != 2 {
		t.Errorf("%v, error %v", names, err)
	}
}

// newStore makes a directory that holds file and LOCK.
func newStore(t *testing.T) string {
	t.Helper()
	path := t.TempDir()
	d := open(t, path, false)
	put(t, d, "file", "content")
	put(t, d, "LOCK", "")
	return path
}

func TestAReadOnlyFileSystemCanBeRead(t *testing.T) {
	path := newStore(t)
	privateMounts(t)
	target := mount(t, path, "", unix.MS_BIND, "")
	if err := unix.Mount("", target, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Skipf("SKIPPED: can't remount: %v", err)
	}
	for _, create := range []bool{false, true} {
		d := open(t, target, create)
		wantUnwritable(t, d, unix.EROFS)
		_, err := d.Open("file", true)
		wantError(t, "open for writing", err, ErrUnwritable, unix.EROFS)
	}
	_, err := OpenDir(filepath.Join(target, "new"), true)
	wantError(t, "make a directory", err, ErrUnwritable, unix.EROFS)
}

func TestAnImmutableDirectoryCanBeRead(t *testing.T) {
	path := newStore(t)
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	must(t, err)
	defer unix.Close(fd)
	const immutable = 0x10 // FS_IMMUTABLE_FL of linux/fs.h
	if err := unix.IoctlSetPointerInt(fd, unix.FS_IOC_SETFLAGS, immutable); err != nil {
		t.Skipf("SKIPPED: a directory can't be made immutable here: %v", err)
	}
	defer unix.IoctlSetPointerInt(fd, unix.FS_IOC_SETFLAGS, 0)
	wantUnwritable(t, open(t, path, true), fs.ErrPermission)
	_, err = OpenDir(filepath.Join(path, "new"), true)
	wantError(t, "make a directory", err, ErrUnwritable, fs.ErrPermission)
}

func TestADirectoryWithoutWritePermissionCanBeRead(t *testing.T) {
	path := newStore(t)
	must(t, os.Chmod(path, 0o555), os.Chmod(filepath.Join(path, "file"), 0o444), os.Chmod(filepath.Join(path, "LOCK"), 0o444))
	must(t, os.Chmod(filepath.Dir(path), 0o755))
	t.Cleanup(func() { os.Chmod(path, 0o700) })
	asNobody(t, func() {
		d := open(t, path, true)
		wantUnwritable(t, d, fs.ErrPermission)
		_, err := d.Open("file", true)
		wantError(t, "open for writing", err, ErrUnwritable, fs.ErrPermission)
		_, err = d.Lock("LOCK", true)
		wantError(t, "exclusive lock", err, ErrUnwritable, fs.ErrPermission)
		_, err = OpenDir(filepath.Join(path, "new"), true)
		wantError(t, "make a directory", err, ErrUnwritable, fs.ErrPermission)
	})
}

func TestWhatMayNotBeReadIsAnError(t *testing.T) {
	path := newStore(t)
	closed := filepath.Join(path, "closed")
	must(t, os.Mkdir(closed, 0), os.Chmod(path, 0o755), os.Chmod(filepath.Dir(path), 0o755))
	must(t, os.Chmod(filepath.Join(path, "file"), 0))
	asNobody(t, func() {
		for _, path := range []string{closed, filepath.Join(closed, "below")} {
			for _, create := range []bool{false, true} {
				_, err := OpenDir(path, create)
				wantError(t, path, err, fs.ErrPermission)
			}
		}
		_, err := open(t, path, false).Open("file", false)
		wantError(t, "open", err, fs.ErrPermission)
		if errors.Is(err, ErrUnwritable) {
			t.Errorf("reading is not permitted, and the error speaks of writing: %v", err)
		}
	})
}

func TestAnUnreadableParentDoesNotKeepADirectoryFromBeingOpened(t *testing.T) {
	parent := t.TempDir()
	path := filepath.Join(parent, "store")
	must(t, os.Mkdir(path, 0o700), os.Chmod(parent, 0o111), os.Chmod(filepath.Dir(parent), 0o755))
	t.Cleanup(func() { os.Chmod(parent, 0o700) })
	if os.Geteuid() == 0 {
		must(t, os.Chown(path, nobody, -1))
	}
	asNobody(t, func() {
		put(t, open(t, path, true), "a", "content")
	})
}
