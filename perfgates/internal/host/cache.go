// This file holds the emptying of the page cache, as far as an ordinary process may.

package host

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// DropCaches asks the kernel to forget what it has cached of the files in a directory, which nobody may have mapped and
// which must have been synced: pages that are in use stay. It does so with GNU dd, which advises the kernel
// (POSIX_FADV_DONTNEED) for a whole file that it opens for reading; no other file's pages go. An advice proves
// nothing: see [Fetched].
func DropCaches(ctx context.Context, directory string) error {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !entry.Type().IsRegular() {
			continue
		}
		name := filepath.Join(directory, entry.Name())
		advise := exec.CommandContext(ctx, "dd", "if="+name, "iflag=nocache", "count=0", "status=none")
		if said, err := advise.CombinedOutput(); err != nil {
			return fmt.Errorf("dropping cached pages with dd: %w %s", err, strings.TrimSpace(string(said)))
		}
	}
	return nil
}
