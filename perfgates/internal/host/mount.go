// Which file system and which block device hold a directory, from /proc/self/mountinfo.

package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Mount is the mounted file system that holds a path.
type Mount struct {
	Point  string // where it is mounted
	Type   string // "ext4", "tmpfs", ...
	Device string // "major:minor"; major 0 for file systems without a device of their own
	Source string // "/dev/vda", "tmpfs", ...
}

// Volatile says whether the file system lives in memory, so that syncing costs nothing.
func (m Mount) Volatile() bool { return m.Type == "tmpfs" || m.Type == "ramfs" }

var errNoMount = errors.New("no mount holds the path")

// MountOf returns the mount that holds path, which must exist. It fails where
// there is no /proc/self/mountinfo.
func MountOf(path string) (Mount, error) {
	resolved, err := filepath.Abs(path)
	if err != nil {
		return Mount{}, err
	}
	if resolved, err = filepath.EvalSymlinks(resolved); err != nil {
		return Mount{}, err
	}
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return Mount{}, fmt.Errorf("reading the mounts: %w", err)
	}
	return findMount(string(table), resolved)
}

// findMount picks the deepest mount point above path; of several at the same
// point the last one hides the others.
func findMount(table, path string) (Mount, error) {
	var best Mount
	for line := range strings.Lines(table) {
		m, ok := parseMount(line)
		if ok && within(path, m.Point) && len(m.Point) >= len(best.Point) {
			best = m
		}
	}
	if best.Point == "" {
		return Mount{}, fmt.Errorf("%w: %s", errNoMount, path)
	}
	return best, nil
}

// parseMount reads one line: "36 35 98:0 /root /point options ... - type source options".
func parseMount(line string) (Mount, bool) {
	before, after, found := strings.Cut(line, " - ")
	left, right := strings.Fields(before), strings.Fields(after)
	if !found || len(left) < 5 || len(right) < 2 {
		return Mount{}, false
	}
	return Mount{Point: unescape(left[4]), Type: right[0], Device: left[2], Source: unescape(right[1])}, true
}

// unescape undoes the kernel's octal escapes of blanks and backslashes.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

func within(path, point string) bool {
	return point == "/" || path == point || strings.HasPrefix(path, point+"/")
}
