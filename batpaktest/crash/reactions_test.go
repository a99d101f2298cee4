// Reactions: which there must be, and that others are seen.

package crash

import (
	"strings"
	"testing"

	"github.com/batpak/batpak/event"
)

// reactedHistory returns a history of some causes with their reactions, and the sequence of one that has several.
func reactedHistory(t *testing.T) (h *history, several uint64) {
	t.Helper()
	h = new(history)
	for version := uint32(1); version < 40; version++ {
		cause := stamp{laneOf(1, small, 0), version}
		e := entry{Sequence: uint64(len(h.held) + 1), ID: event.MakeID(uint64(version), 0, 0), Stamp: cause}
		h.add(e, fact{})
		u := cause.reaction(e.ID)
		if (u == nil) != (cause.reactions() == 0) {
			t.Fatalf("%v has %d reactions, and the unit %+v", cause, cause.reactions(), u)
		}
		if u == nil {
			continue
		}
		if len(u.Items) > 1 {
			several = e.Sequence
		}
		for i := range u.Items {
			h.add(entry{Sequence: uint64(len(h.held) + 1), Stamp: u.stamp(i)}, fact{cause: e.Sequence})
		}
	}
	if several == 0 {
		t.Fatal("no event has several reactions")
	}
	return h, several
}

func TestReactionsHaveStampsOfTheirOwn(t *testing.T) {
	seen := make(map[stamp]stamp)
	counts := make(map[int]int)
	for _, lane := range []uint32{laneOf(1, small, 0), laneOf(1, small, 0) | keyedLane, laneOf(1<<20+maxDepth, large, lanes-1) | bulkyLane} {
		for version := range uint32(500) {
			cause := stamp{lane, version + 1}
			counts[cause.reactions()]++
			u := cause.reaction(event.ID{1})
			if u == nil {
				continue
			}
			for i := range u.Items {
				s := u.stamp(i)
				if other, ok := seen[s]; ok || s.ordered() || s.reactions() != 0 {
					t.Fatalf("%v is a reaction to %v and %v, in order: %v, with %d reactions", s, other, cause, s.ordered(), s.reactions())
				}
				seen[s] = cause
				if back, place := s.causeOf(); back != cause || place != i {
					t.Fatalf("%v is number %d of the reactions to %v, said to be %d of %v", s, i, cause, place, back)
				}
			}
		}
	}
	for n := range maxReactions {
		if counts[n] == 0 {
			t.Errorf("no event has %d reactions", n)
		}
	}
}

func TestReactionsThatAreNotWhatTheyMustBeAreSeen(t *testing.T) {
	whole, several := reactedHistory(t)
	end := whole.held[len(whole.held)-1].Sequence
	without := func(drop func(e *entry, f *fact) bool) *history {
		h := new(history)
		for i := range whole.held {
			if !drop(&whole.held[i], &whole.facts[i]) {
				h.add(whole.held[i], whole.facts[i])
			}
		}
		return h
	}
	first := true
	for name, c := range map[string]struct {
		h            *history
		known, acked uint64
		want         string // empty: it is sound
	}{
		"all of them, and all dealt with": {whole, 3, end, ""},
		"none, and nothing dealt with":    {without(func(_ *entry, f *fact) bool { return f.cause != 0 }), 0, 0, ""},
		"none, and all dealt with":        {without(func(_ *entry, f *fact) bool { return f.cause != 0 }), 0, end, "there is no reaction"},
		"some missing of several": {without(func(_ *entry, f *fact) bool {
			drop := f.cause == several && first
			first = first && !drop
			return drop
		}), 0, 0, "must be"},
		"some that nothing caused": {without(func(e *entry, _ *fact) bool { return e.Sequence == several }), 0, 0, "is no reaction"},
		"the reactor went back":    {whole, end, several - 1, "is between"},
	} {
		err := c.h.reactedUpTo(stand{Acked: c.known}, c.acked)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}
