// This file holds how often a thread has waited for pages to come from disks.

package host

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// majorFaultsField is the place of the count among the fields behind the name of the program, see proc(5): field 12.
const majorFaultsField = 12 - 3

// PageReads returns how often the calling thread has waited for a page of a mapped file that was not in the page cache, whether
// it touched it or asked for it: the kernel's count of major faults. With one of them come the pages around it. The
// goroutine must be locked to its thread. It fails where there is no /proc/thread-self/stat.
func PageReads() (int64, error) {
	const from = "/proc/thread-self/stat"
	text, err := os.ReadFile(from)
	if err != nil {
		return 0, fmt.Errorf("reading the count of page reads: %w", err)
	}
	count, err := parsePageReads(string(text))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", from, err)
	}
	return count, nil
}

func parsePageReads(text string) (int64, error) {
	_, rest, found := lastCut(text, ")") // the name may hold anything
	fields := strings.Fields(rest)
	if !found || len(fields) <= majorFaultsField {
		return 0, fmt.Errorf("major faults: %w", errNoField)
	}
	return strconv.ParseInt(fields[majorFaultsField], 10, 64)
}

// lastCut is strings.Cut around the last separator.
func lastCut(text, separator string) (before, after string, found bool) {
	at := strings.LastIndex(text, separator)
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+len(separator):], true
}
