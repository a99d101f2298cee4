// This file holds the report that a run prints.

package main

import (
	"fmt"
	"io"
	"time"
)

// report is what a run found out.
type report struct {
	repository repository
	directory  string // of the store
	added      int    // events
	stored     *catalog
	diskBytes  int64 // of the closed store

	checked     bool
	differences differences

	opening, scanning, appending, syncing, closing time.Duration
	reopening, reading, checking                   time.Duration
}

// print writes the report, one fact a line.
func (r *report) print(out io.Writer) {
	line := func(label, format string, arguments ...any) {
		fmt.Fprintf(out, "%-13s %s\n", label, fmt.Sprintf(format, arguments...))
	}
	c := r.stored
	line("repository", "%s as %s", r.repository.path, c.scope)
	line("added", "%d events", r.added)
	line("commits", "%d", c.commits)
	line("merges", "%d of them", c.merges)
	line("authors", "%d distinct", len(c.authors))
	escaped, shortened, empty := c.nameTotals()
	line("escaped", "%d names, of these %d shortened; %d subjects, of these %d shortened",
		escaped, shortened, c.escapedSubjects, c.shortenedSubjects)
	line("empty", "%d names", empty)
	if c.otherScopes > 0 {
		line("other scopes", "%d events, neither counted above nor compared", c.otherScopes)
	}
	line("on disk", "%s", r.disk())

	phase := func(label string, took time.Duration) { line(label, "%.3f s", took.Seconds()) }
	phase("open", r.opening)
	phase("read known", r.scanning)
	phase("git+append", r.appending)
	phase("sync", r.syncing)
	phase("close", r.closing)
	phase("reopen", r.reopening)
	phase("read back", r.reading)
	if !r.checked {
		return
	}
	phase("check", r.checking)
	if total := r.differences.total(); total > 0 {
		line("differences", "%d", total)
		r.differences.print(out)
		return
	}
	line("differences", "none: %d hashes, parents before children", len(c.entries))
}

// disk describes the size of the store, for each event and for each beyond its payload.
func (r *report) disk() string {
	events := int64(r.stored.events)
	if events == 0 {
		return fmt.Sprintf("%d bytes, no events", r.diskBytes)
	}
	each := float64(r.diskBytes) / float64(events)
	beyond := float64(r.diskBytes-r.stored.payloadBytes) / float64(events)
	return fmt.Sprintf("%d bytes, %.1f per event, %.1f of them beyond the payload", r.diskBytes, each, beyond)
}
