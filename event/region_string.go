// This file holds the text of regions, for people.

package event

import (
	"strconv"
	"strings"
	"time"
)

// String returns the region in words, as in
//
//	entity "player:alice" and kind 0xF001 or scope "room:dungeon" and sequence 7..
//
// where "and" binds closer than "or"; "everything" and "nothing" for those two.
func (r Region) String() string {
	switch {
	case !r.narrowed:
		return "everything"
	case len(r.terms) == 0:
		return "nothing"
	}
	texts := make([]string, len(r.terms))
	for i := range r.terms {
		texts[i] = r.terms[i].String()
	}
	return strings.Join(texts, " or ")
}

// String returns the term in words, see [Region.String].
func (t *Term) String() string {
	if t.unrestricted() {
		return "everything"
	}
	var parts []string
	add := func(name, value string) { parts = append(parts, name+" "+value) }
	if t.entity != "" {
		add("entity", strconv.Quote(t.entity))
	}
	if t.prefix != "" {
		add("entity", strconv.Quote(t.prefix)+"...")
	}
	if t.scope != "" {
		add("scope", strconv.Quote(t.scope))
	}
	if t.kinds != nil {
		names := make([]string, len(t.kinds))
		for i, k := range t.kinds {
			names[i] = k.String()
		}
		add("kind", strings.Join(names, "|"))
	}
	if category, ok := t.Category(); ok {
		add("category", upperHex(category, 1))
	}
	for _, tag := range t.tags {
		add("tag", strconv.Quote(tag))
	}
	if t.clocks != (span{}) {
		add("clock", t.clocks.String())
	}
	if t.sequences != (span{}) {
		add("sequence", t.sequences.String())
	}
	if t.times != (timeSpan{}) {
		add("time", t.times.String())
	}
	if t.gate != 0 {
		add("gate", t.gate.String())
	}
	return strings.Join(parts, " and ")
}

// String returns "from..to" without the ends that are open.
func (s span) String() string {
	text := ".."
	if s.from != 0 {
		text = strconv.FormatUint(s.from, 10) + text
	}
	if s.to != 0 {
		text += strconv.FormatUint(s.to, 10)
	}
	return text
}

// String returns "from..to" in UTC without the ends that are open.
func (s timeSpan) String() string {
	text := ".."
	if s.hasFrom {
		text = time.UnixMicro(s.from).UTC().Format(time.RFC3339Nano) + text
	}
	if s.hasTo {
		text += time.UnixMicro(s.to).UTC().Format(time.RFC3339Nano)
	}
	return text
}
