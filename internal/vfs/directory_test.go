// This file holds the real directory's own rules: what kinds of files it opens, with which permissions and flags, and
// that a failure leaves no descriptor behind.

package vfs

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestOnlyRegularFilesAreOpened(t *testing.T) {
	t.Chdir(t.TempDir()) // the path of a socket must be short
	must(t,
		os.WriteFile("file", []byte("content"), 0o600),
		os.Mkdir("directory", 0o700),
		os.Symlink("file", "link"),
		os.Symlink("nowhere", "dangling"),
		os.Symlink("directory", "link to directory"),
		unix.Mkfifo("fifo", 0o600),
	)
	socket, err := net.Listen("unix", "socket")
	must(t, err)
	defer socket.Close()
	if err := unix.Mknod("device", unix.S_IFCHR|0o600, int(unix.Mkdev(1, 3))); err != nil {
		t.Logf("without a device: %v", err)
	} else {
		defer os.Remove("device")
	}
	d := open(t, ".", false)
	names, err := d.List()
	must(t, err)
	want := map[string]string{
		"directory": "a directory", "link": "a symbolic link", "dangling": "a symbolic link",
		"link to directory": "a symbolic link", "fifo": "a FIFO", "socket": "a socket", "device": "a device",
	}
	for _, name := range names {
		_, read := d.Open(name, false)
		_, write := d.Open(name, true)
		_, shared := d.Lock(name, false)
		_, exclusive := d.Lock(name, true)
		for what, err := range map[string]error{"read": read, "write": write, "shared lock": shared, "lock": exclusive} {
			var wrong *NotRegularError
			if name == "file" {
				continue
			}
			if !errors.Is(err, ErrNotRegular) || !errors.As(err, &wrong) || wrong.Found != want[name] {
				t.Errorf("%s of %s: %v", what, name, err)
			}
		}
		_, err := d.Create(name)
		wantError(t, "create "+name, err, fs.ErrExist)
	}
	if _, err := os.Lstat("nowhere"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the target of the dangling link is there: %v", err)
	}
}

func TestFilesBelongToTheirOwnerOnly(t *testing.T) {
	d := open(t, t.TempDir(), false)
	mustCreate(t, d, "a")
	mustLock(t, d, "LOCK", true)
	for _, name := range []string{"a", "LOCK"} {
		info, err := os.Lstat(filepath.Join(d.Path(), name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != 0o600 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
	}
}

func TestAFileOfAThirdUserIsRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file to somebody else")
	}
	const stranger = 54321
	d := open(t, t.TempDir(), false)
	put(t, d, "a", "content")
	must(t, os.Chown(filepath.Join(d.Path(), "a"), stranger, -1))
	_, read := d.Open("a", false)
	_, lock := d.Lock("a", true)
	for what, err := range map[string]error{"open": read, "lock": lock} {
		var foreign *OwnerError
		wantError(t, what, err, ErrForeignOwner)
		if !errors.As(err, &foreign) || foreign.Owner != stranger || foreign.Want != 0 {
			t.Errorf("%s: %v", what, err)
		}
	}
	// The owner of the directory is none, and what this process makes there is its own.
	must(t, os.Chown(d.Path(), stranger, -1))
	d = open(t, d.Path(), false)
	mustOpen(t, d, "a", true)
	put(t, d, "b", "")
	mustOpen(t, d, "b", true)
}

func TestTheOwnersOfDirectoryAndProcessAndRootAreTrusted(t *testing.T) {
	const directory, process, stranger = 7, 8, 9
	for file, want := range map[uint32]bool{directory: true, process: true, 0: true, stranger: false} {
		if got := trusted(file, directory, process); got != want {
			t.Errorf("owner %d: %v", file, got)
		}
	}
	if trusted(stranger, 0, 0) {
		t.Error("in a directory of root, a stranger's file is trusted")
	}
}

func TestDescriptorsBlockAndAreNotInherited(t *testing.T) {
	d := openReal(t)
	f := mustCreate(t, d, "a").(*file)
	l := mustLock(t, d, "LOCK", true).(*lock)
	check := func(fd int) error {
		status, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
		if err != nil || status&unix.O_NONBLOCK != 0 {
			t.Errorf("it does not block, flags %#x, error %v", status, err)
		}
		inherited, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		if err != nil || inherited&unix.FD_CLOEXEC == 0 {
			t.Errorf("it is inherited, flags %#x, error %v", inherited, err)
		}
		return nil
	}
	must(t, d.hold(check), hold(f.conn, check), hold(l.file.conn, check))
}

// descriptors returns how many the process has open.
func descriptors(t *testing.T) int {
	t.Helper()
	names, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}

func TestARefusalLeavesNoDescriptorOpen(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	must(t, os.WriteFile(in("file"), nil, 0o600), os.Mkdir(in("directory"), 0o700), os.Symlink("file", in("link")),
		unix.Mkfifo(in("fifo"), 0o600))
	d := open(t, dir, false)
	held := mustLock(t, d, "LOCK", true)
	attempt := func() {
		for _, name := range []string{"directory", "link", "fifo", "missing"} {
			d.Open(name, false)
			d.Open(name, true)
		}
		d.Create("file")
		d.Lock("LOCK", true)
		OpenDir(in("link"), true)
		OpenDir(in("file"), true)
		OpenDir(in("missing"), false)
	}
	attempt()
	before := descriptors(t)
	for range 100 {
		attempt()
	}
	if after := descriptors(t); after > before+10 { // the runtime and the test framework may have opened some
		t.Errorf("%d descriptors before, %d after", before, after)
	}
	must(t, held.Unlock())
}
