// This file holds named cursors as they are known: where each may be at a moment, and of which losses it has to tell.

package crash

import (
	"fmt"
	"slices"
	"strings"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/mmapseg"
)

// names are the cursors that stores have; the last one is that of the reactor. What another one reads is chosen at each
// opening: its name stands for a position and nothing else.
var names = [...]string{"all of it", "../one\nentity", strings.Repeat("\u00fc", engine.MaxCursorName/2), reactorName}

const (
	reactorName   = "reactor"
	reactorCursor = len(names) - 1
)

// stand is where a cursor is.
type stand struct {
	Gone  bool // there is no such cursor
	Acked uint64
}

// String says where.
func (p stand) String() string {
	if p.Gone {
		return "nowhere"
	}
	return number(p.Acked)
}

// standing is what is known of a cursor. Its fields are exported for saving.
type standing struct {
	Sure  stand   // it is there, or at one of the others; of the reactor's: it is there or behind that
	Maybe []stand // where somebody tried to bring it since
	// Given are the highest sequences that it returned, of each opening of the store since it was made or reset; those of
	// the last few openings are kept.
	Given []uint64
	Base  uint64          // where it was made to begin, or reset to
	Told  []mmapseg.Range // losses that it told of since
	At    int             // opening of the store that the last of Given is of
}

// rememberedGiven bounds of how many openings it is remembered what a cursor returned.
const rememberedGiven = 8

// clone returns a copy that shares nothing.
func (s standing) clone() standing {
	s.Maybe, s.Given, s.Told = slices.Clone(s.Maybe), slices.Clone(s.Given), slices.Clone(s.Told)
	return s
}

// take adds a note, of the opening of the store with this number.
func (s *standing) take(n *note, opening int) {
	switch n.Kind {
	case moving:
		if n.Anew || s.mayBe(true) {
			s.Base = n.Stand.Acked
		}
		s.Maybe = append(s.Maybe, n.Stand)
		if n.Anew {
			s.Given, s.Told = nil, nil
		}
	case moved:
		s.Sure, s.Maybe = n.Stand, nil
	case reacted:
		s.Sure = stand{Acked: max(s.Sure.Acked, n.Sequence)}
	case given:
		if s.At != opening || len(s.Given) == 0 {
			s.At = opening
			s.Given = append(s.Given, 0)
			s.Given = s.Given[max(0, len(s.Given)-rememberedGiven):]
		}
		last := &s.Given[len(s.Given)-1]
		*last = max(*last, n.Sequence)
	case toldLost:
		s.Told = append(s.Told, mmapseg.Range{First: n.Sequence, Last: n.Last})
	}
}

// wrong says what is wrong with where the cursor was found; empty: it may be there.
func (s *standing) wrong(p stand) string {
	if p == s.Sure || slices.Contains(s.Maybe, p) {
		return ""
	}
	text := fmt.Sprintf("it is at %s, it was brought to %s", p, s.Sure)
	for _, m := range s.Maybe {
		text += fmt.Sprintf(", then perhaps to %s", m)
	}
	return text
}

// mayBe reports whether the cursor may be there, or not be there.
func (s *standing) mayBe(gone bool) bool {
	is := func(p stand) bool { return p.Gone == gone }
	return is(s.Sure) || slices.ContainsFunc(s.Maybe, is)
}

// owes reports whether a cursor that begins behind a sequence has yet to tell of a lost range: events that it had returned are in
// it, or it was made to begin there. Behind the last sequence of a range it is behind all of it.
func (s *standing) owes(lost mmapseg.Range, from uint64) bool {
	return from < lost.Last && !slices.Contains(s.Told, lost) && (lost.Contains(from) && from == s.Base || slices.ContainsFunc(s.Given, lost.Contains))
}

// stepped is a note about a cursor.
type stepped struct {
	at   int
	note *note
}

// standing returns what is known of a cursor.
func (v *view) standing(cursor int) standing {
	s := standing{Sure: stand{Gone: true}}
	switch {
	case v.before != nil:
		s = v.before.standing(cursor)
	case cursor < len(v.stood):
		s = v.stood[cursor].clone()
	}
	opening := s.At + 1
	for _, n := range v.cursors {
		if n.at <= v.at && n.note.Cursor == cursor {
			s.take(n.note, opening)
		}
	}
	return s
}
