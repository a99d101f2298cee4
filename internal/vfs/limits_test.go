// This file holds limits of the process, which are set in a child.

package vfs

import (
	"bytes"
	"errors"
	"fmt"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// lower sets a limit of this process.
func lower(resource int, to uint64) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(resource, &limit); err != nil {
		panic(err)
	}
	limit.Cur = to
	if err := unix.Setrlimit(resource, &limit); err != nil {
		panic(err)
	}
}

// exceedFileSize makes a file longer than the process may, in every way.
func exceedFileSize(d Dir) string {
	const limit = 1 << 16
	lower(unix.RLIMIT_FSIZE, limit)
	f, err := d.Create("a")
	if err != nil {
		return err.Error()
	}
	content := bytes.Repeat([]byte{1}, limit)
	if _, err := f.WriteAt(content, 0); err != nil {
		return err.Error()
	}
	_, write := f.WriteAt(content, 1)
	for what, err := range map[string]error{
		"reserve": f.Reserve(limit + 1), "truncate": f.Truncate(limit + 1), "write": write,
	} {
		if !errors.Is(err, syscall.EFBIG) || !errors.Is(err, ErrLimit) || errors.Is(err, ErrNoSpace) {
			return fmt.Sprintf("%s: %v", what, err)
		}
	}
	if size, err := f.Size(); size != limit || err != nil {
		return fmt.Sprintf("size %d, error %v", size, err)
	}
	got := make([]byte, limit)
	if _, err := f.ReadAt(got, 0); err != nil || !bytes.Equal(got, content[:limit]) {
		return fmt.Sprintf("the content changed, error %v", err)
	}
	return fmt.Sprintf("done: %v", write)
}

func TestTheLimitOfFileSizesIsAnErrorAndNotTheEnd(t *testing.T) {
	d := open(t, t.TempDir(), false)
	c := startChild(t, "file size", d.Path(), nil)
	if got, want := c.line(), fmt.Sprintf("done: write %s/a: %v: %s: %v", d.Path(), ErrLimit, limitOf(syscall.EFBIG), syscall.EFBIG); got != want {
		t.Errorf("the child said %q, want %q", got, want)
	}
	c.finish()
}

// exhaustDescriptors opens files until the process may not, and closes one.
func exhaustDescriptors(d Dir) string {
	lower(unix.RLIMIT_NOFILE, 64)
	var files []File
	for n := 0; ; n++ {
		f, err := d.Create(fmt.Sprint(n))
		if err == nil {
			files = append(files, f)
			continue
		}
		var limit *LimitError
		if !errors.Is(err, syscall.EMFILE) || !errors.As(err, &limit) {
			return err.Error()
		}
		break
	}
	_, list := d.List()
	_, lock := d.Lock("LOCK", true)
	_, directory := OpenDir(d.Path(), true)
	for what, err := range map[string]error{"list": list, "lock": lock, "directory": directory} {
		if !errors.Is(err, syscall.EMFILE) || !errors.Is(err, ErrLimit) {
			return fmt.Sprintf("%s: %v", what, err)
		}
	}
	if err := files[0].Close(); err != nil {
		return err.Error()
	}
	if _, err := d.Lock("LOCK", true); err != nil {
		return err.Error()
	}
	return "done"
}

func TestRunningOutOfDescriptorsIsAnErrorThatPasses(t *testing.T) {
	c := startChild(t, "descriptors", t.TempDir(), nil)
	if got := c.line(); got != "done" {
		t.Errorf("the child said %q", got)
	}
	c.finish()
}
