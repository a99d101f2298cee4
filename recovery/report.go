// This file holds the account of what an opening found and did.

package recovery

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/batpak/batpak/mmapseg"
)

// Report is what loading found and, after [State.Resume], what was done about it. It is a value: copies share nothing
// that is changed later.
type Report struct {
	Created     bool   // there was no store yet
	Clean       bool   // the store had been closed in order
	Incarnation uint64 // found; one higher after Resume

	Segments int    // that count
	Sealed   int    // of them, with a footer
	Frames   uint64 // that were read, are sound and count: of segments with a footer the open, close, gap and end frames
	Events   uint64 // that count, of segments with a footer as many as it says
	Read     int64  // bytes read, but for the headers

	Torn   *Torn                   // nil: none
	Damage []*mmapseg.CorruptError // proven corruption
	// Refuses is the damage because of which the store opens for reading only; nil: there is none.
	Refuses *mmapseg.CorruptError
	// Unlisted is how many more places of damage there are: only the first 1,024 are listed.
	Unlisted uint64
	Lost     []mmapseg.Range // recorded so far; after Resume with the range of this opening

	Footers []IgnoredFooter // footers that were there and not believed
	Mended  []string        // segment files of whose header only the second copy is sound
	Ignored []string        // what is in the directory and not the store's, whatever its name; never removed
	Unused  []string        // files that hold nothing
	Later   []string        // segment files behind the cut
	Removed []string        // files that Resume removed

	Duration time.Duration // of loading, and of resuming once that was done
}

// IgnoredFooter is a footer that was not believed. The frames say everything that it would have.
type IgnoredFooter struct {
	Segment string // file name
	Reason  string
}

// String returns the report as lines of text, the last one without a newline.
func (r Report) String() string {
	var b strings.Builder
	switch {
	case r.Created:
		b.WriteString("no store was there")
	case r.Clean:
		fmt.Fprintf(&b, "closed in order")
	default:
		fmt.Fprintf(&b, "not closed in order")
	}
	fmt.Fprintf(&b, "; %s, %d of them sealed, %s, %s, %s read in %s",
		count(uint64(r.Segments), "segment"), r.Sealed, count(r.Events, "event"), count(r.Frames, "frame"),
		count(uint64(r.Read), "byte"), r.Duration.Round(10*time.Microsecond))
	if r.Incarnation > 0 {
		fmt.Fprintf(&b, "\nincarnation %d", r.Incarnation)
	}
	if t := r.Torn; t != nil {
		fmt.Fprintf(&b, "\ntorn tail: %s at offset %d, %s: %s", t.Segment, t.Offset, count(uint64(t.Bytes), "byte"), t.Problem)
	}
	for _, e := range r.Damage {
		b.WriteString("\ndamage: " + e.Error())
	}
	if r.Unlisted > 0 {
		fmt.Fprintf(&b, "\ndamage: %s more", count(r.Unlisted, "place"))
	}
	if e := r.Refuses; e != nil {
		fmt.Fprintf(&b, "\nopens for reading only: %s is damaged at offset %d", e.Segment, e.Offset)
	}
	for _, lost := range r.Lost {
		fmt.Fprintf(&b, "\nlost: sequences %d to %d", lost.First, lost.Last)
	}
	for _, f := range r.Footers {
		fmt.Fprintf(&b, "\nfooter ignored: %s: %s", f.Segment, f.Reason)
	}
	for _, list := range []struct {
		title string
		names []string
	}{{"header mended by its copy", r.Mended}, {"ignored", r.Ignored}, {"holds nothing", r.Unused}, {"behind a cut", r.Later}, {"removed", r.Removed}} {
		if len(list.names) > 0 {
			fmt.Fprintf(&b, "\n%s: %s", list.title, strings.Join(list.names, ", "))
		}
	}
	return b.String()
}

// count returns a number with its noun.
func count(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.FormatUint(n, 10) + " " + noun + "s"
}
