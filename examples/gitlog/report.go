// This file holds the report that a run prints.

package main

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
)

// report is what a run found out.
type report struct {
	repository repository
	directory  string // of the store
	added      int    // events
	stored     *catalog
	diskBytes  int64 // of the closed store

	question inquiry
	answers  answers
	rebuilt  rebuilding

	checked     bool
	differences differences

	opening, scanning, appending, syncing, closing time.Duration
	reopening, reading, asking, checking           time.Duration
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
	r.answers.print(line)

	phase := func(label string, took time.Duration) { line(label, "%.3f s", took.Seconds()) }
	phase("open", r.opening)
	phase("read known", r.scanning)
	phase("git+append", r.appending)
	phase("sync", r.syncing)
	phase("close", r.closing)
	phase("reopen", r.reopening)
	phase("read back", r.reading)
	phase("ask index", r.asking)
	if r.checked {
		phase("check", r.checking)
	}
	phase("rebuild", r.rebuilt.opening)
	if r.rebuilt.changed.count == 0 {
		line("rebuilt", "the same answers after every derived file was deleted, in a copy")
	}
	switch total := r.differences.total(); {
	case total > 0:
		line("differences", "%d", total)
		r.differences.print(out)
	case r.checked:
		line("differences", "none: %d hashes, parents before children", len(c.entries))
	}
}

// print writes what the index said, with a function that writes a line.
func (a *answers) print(line func(label, format string, arguments ...any)) {
	line("by kind", "%d merges", a.merges)
	line("busiest", "the streams of %d authors, by their commits", len(a.busiest))
	for _, author := range a.busiest {
		line(fmt.Sprintf("%11d", author.commits), "%s", printable(strings.TrimPrefix(author.entity, authorPrefix)))
	}
	line("per month", "from January to December, by author time in UTC")
	for _, year := range a.years {
		var months strings.Builder
		for _, commits := range year.months {
			fmt.Fprintf(&months, "%7d", commits)
		}
		line(fmt.Sprintf("%11d", year.number), "%s", months.String())
	}
	if len(a.newest) == 0 {
		line("first parents", "HEAD names no stored commit")
		return
	}
	line("first parents", "the newest %d links from HEAD", len(a.newest))
	for _, link := range a.newest {
		line("  "+link.hash.String()[:shownDigits], "%s", printable(link.subject))
	}
}

const (
	shownDigits = 11 // of a hash
	shownText   = 72 // characters of a text
)

// printable returns the beginning of a text with what a terminal might obey replaced.
func printable(text string) string {
	shown := make([]rune, 0, shownText)
	for _, r := range text {
		if len(shown) == shownText {
			return string(append(shown, '…'))
		}
		if !unicode.IsPrint(r) {
			r = '\uFFFD'
		}
		shown = append(shown, r)
	}
	return string(shown)
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
