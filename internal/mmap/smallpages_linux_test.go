// How much a sync of few bytes writes.

package mmap

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// dirtied returns how many bytes of files this process has made dirty so far.
func dirtied(t *testing.T) (bytes int64) {
	t.Helper()
	b, err := os.ReadFile("/proc/self/io")
	if err != nil {
		t.Skip("SKIPPED: ", err)
	}
	for line := range strings.Lines(string(b)) {
		if n, _ := fmt.Sscanf(line, "write_bytes: %d", &bytes); n == 1 {
			return bytes
		}
	}
	t.Skip("SKIPPED: /proc/self/io does not say what was written")
	return 0
}

// Where the kernel reads ahead far, pages of 1 MiB come in otherwise, and each of these bytes makes one of them dirty.
func TestASyncOfFewBytesWritesFewPagesWhereTheyAreSmall(t *testing.T) {
	const size, gap = 64 << 20, 1 << 20
	f, err := os.CreateTemp(t.TempDir(), "pages")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := unix.Fallocate(int(f.Fd()), 0, 0, size); err != nil {
		t.Skip("SKIPPED: no room can be reserved here: ", err)
	}
	m, err := Map(f, size, ReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.SmallPages(); err != nil {
		t.Fatal(err)
	}
	for at := 0; at < size; at += gap {
		if err := m.PopulateWrite(at, gap); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Fdatasync(int(f.Fd())); err != nil {
		t.Fatal(err)
	}
	before := dirtied(t)
	for at := 0; at < size; at += gap {
		m.Store(at, []byte("8 bytes."))
	}
	if got := dirtied(t) - before; got > size/4 { // others in this process may write too
		t.Errorf("%d stores of 8 bytes made %d bytes dirty", size/gap, got)
	}
	if err := m.Unmap(); err != nil {
		t.Fatal(err)
	}
	if err := m.SmallPages(); !errors.Is(err, ErrUnmapped) {
		t.Errorf("when unmapped: got %v, want ErrUnmapped", err)
	}
	if err := heap(4096).SmallPages(); err != nil {
		t.Errorf("on heap memory: %v", err)
	}
}
