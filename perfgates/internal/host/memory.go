// This file holds the memory of this process as the kernel sees it, and what it fetched from disks.

package host

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Memory is the resident memory of this process, in bytes.
type Memory struct {
	Resident  int64
	Anonymous int64 // of it: heap, stacks, mappings without a file
	File      int64 // of it: pages of mapped files
}

var errNoField = errors.New("the kernel does not tell")

// ReadMemory reads the process's resident memory. It fails where there is no /proc/self/status.
func ReadMemory() (m Memory, err error) {
	const from = "/proc/self/status"
	text, err := os.ReadFile(from)
	if err != nil {
		return m, fmt.Errorf("reading the resident memory: %w", err)
	}
	return parseMemory(string(text), from)
}

func parseMemory(text, from string) (m Memory, err error) {
	for name, into := range map[string]*int64{"VmRSS": &m.Resident, "RssAnon": &m.Anonymous, "RssFile": &m.File} {
		value, err := field(text, name)
		if err != nil {
			return Memory{}, fmt.Errorf("%s: %w", from, err)
		}
		*into = value * 1024 // the kernel says kB and means KiB
	}
	return m, nil
}

// Fetched returns how many bytes this process has had read from disks so far, rather than from the page cache. It
// fails where there is no /proc/self/io.
func Fetched() (int64, error) {
	read, err := transferred("read_bytes")
	if err != nil {
		return 0, fmt.Errorf("reading what came from disks: %w", err)
	}
	return read, nil
}

// Dirtied returns how many bytes of pages this process has made dirty so far, again after each time that they were
// written, less those that were thrown away before: what disks write for it, but for the file system's own
// records. It fails where there is no /proc/self/io.
func Dirtied() (int64, error) {
	dirtied, err := transferred("write_bytes")
	if err != nil {
		return 0, fmt.Errorf("reading what was made dirty: %w", err)
	}
	cancelled, err := transferred("cancelled_write_bytes")
	if err != nil {
		return 0, fmt.Errorf("reading what was thrown away: %w", err)
	}
	return dirtied - cancelled, nil
}

// transferred reads one of the kernel's counters of this process.
func transferred(name string) (int64, error) {
	const from = "/proc/self/io"
	text, err := os.ReadFile(from)
	if err != nil {
		return 0, err
	}
	value, err := field(string(text), name)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", from, err)
	}
	return value, nil
}

// field finds the number in the line "name: number ...".
func field(text, name string) (int64, error) {
	for line := range strings.Lines(text) {
		if rest, found := strings.CutPrefix(line, name+":"); found {
			words := strings.Fields(rest)
			if len(words) == 0 {
				break
			}
			return strconv.ParseInt(words[0], 10, 64)
		}
	}
	return 0, fmt.Errorf("%s: %w", name, errNoField)
}
