// What an opening that failed, or a store that was closed, leaves in the process: no
// descriptor and no mapping, as the kernel lists them.

package engine_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/internal/vfs"
)

// held returns the descriptors and mappings of this process below path.
func held(t *testing.T, path string) []string {
	t.Helper()
	var found []string
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		// A descriptor of another test may be closed by now.
		if target, err := os.Readlink(filepath.Join("/proc/self/fd", entry.Name())); err == nil && strings.HasPrefix(target, path) {
			found = append(found, "descriptor of "+target)
		}
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(maps)) {
		if strings.Contains(line, path) {
			found = append(found, "mapping "+strings.TrimSpace(line))
		}
	}
	return found
}

func TestAnOpeningThatFailsHoldsNothingAfterwards(t *testing.T) {
	t.Parallel()
	for name, start := range starts(t) {
		for nth := int64(0); ; nth++ {
			path := filepath.Join(quickDir(t), "store")
			start.files.write(t, path)
			real, err := vfs.OpenDir(path, false)
			if err != nil {
				t.Fatal(err)
			}
			var calls atomic.Int64 // of several goroutines
			s, err := engine.OpenDir(vfs.Faulty(real, func(vfs.Op) error {
				if calls.Add(1) == nth+1 {
					return errInjected
				}
				return nil
			}), small(engine.SyncManual()))
			if err == nil {
				if len(held(t, path)) == 0 {
					t.Fatal("an open store holds nothing: this test sees nothing")
				}
				err = s.Close()
			}
			if err != nil && !errors.Is(err, errInjected) {
				t.Fatalf("%s, call %d: %v", name, nth, err)
			}
			if got := held(t, path); len(got) != 0 {
				t.Fatalf("%s, call %d: left behind %v", name, nth, got)
			}
			if calls.Load() <= nth {
				break
			}
		}
	}
}
