// What is judged of a chunk's first events once the chunks before it are known.

package chain

import (
	"testing"

	"github.com/batpak/batpak/event"
)

// firstOf returns a part with one event of an entity that it met for the first time.
func firstOf(clock uint64, prev event.Hash) (*part, *seen) {
	link := event.Link{Digest: event.Hash{9}, Sequence: 7, Clock: clock, Prev: prev}
	p := &part{opens: []open{{link, link.Hash()}}}
	p.opens[0].link.Prev = event.Hash{}
	p.seen = []seen{{first: 7, clock: clock, at: event.MustAt("entity", "scope"), last: ancestor{7, clock, link.Hash()}}}
	return p, &p.seen[0]
}

func TestTheFirstEventOfAnEntityInAChunkIsJudgedBehindTheChunksBefore(t *testing.T) {
	behind := ancestor{sequence: 3, clock: 4, hash: event.Hash{4}}
	for what, c := range map[string]struct {
		clock  uint64
		change func(p *part, s *seen)
		behind ancestor
		want   Reason
	}{
		"it follows":                     {5, func(*part, *seen) {}, behind, 0},
		"it repeats a clock":             {4, func(*part, *seen) {}, behind, Clock},
		"a clock is missing":             {6, func(*part, *seen) {}, behind, Clock},
		"there is none before":           {5, func(*part, *seen) {}, ancestor{}, Clock},
		"another one before":             {5, func(*part, *seen) {}, ancestor{3, 4, event.Hash{5}}, Hash},
		"it was changed":                 {5, func(p *part, _ *seen) { p.opens[0].link.Timestamp++ }, behind, Hash},
		"a first one that was judged":    {1, func(_ *part, s *seen) { s.open = -1 }, ancestor{}, 0},
		"a second first one":             {1, func(_ *part, s *seen) { s.open = -1 }, behind, Clock},
		"behind one that was dropped":    {9, func(_ *part, s *seen) { s.open, s.dropped = -1, true }, behind, 0},
		"dropped, and of a lower clock":  {4, func(_ *part, s *seen) { s.open, s.dropped = -1, true }, behind, Clock},
		"dropped, and nothing is before": {9, func(_ *part, s *seen) { s.open, s.dropped = -1, true }, ancestor{}, 0},
	} {
		p, s := firstOf(c.clock, behind.hash)
		c.change(p, s)
		fault := p.judge(s, c.behind)
		if (fault == nil) != (c.want == 0) || fault != nil && (fault.Reason != c.want || fault.Sequence != 7 || fault.Entity != "entity") {
			t.Errorf("%s: %v, want %v", what, fault, c.want)
		}
	}
}

func TestHeadsAreTheSameHoweverManyPutThemTogether(t *testing.T) {
	keyer := newKeyer()
	one, many := newHeads(1), newHeads(7)
	for round := range uint64(3) {
		p := &part{}
		for i := range wide + 100 {
			key := keyer.key(string(rune(i)) + "!")
			p.seen = append(p.seen, seen{key: key, first: round*1e6 + 100 + uint64(i), clock: round + 1, open: -1, last: ancestor{0, round + 1, event.Hash{byte(i)}}})
		}
		if fault := lower(one.take(p), many.take(p)); fault != nil {
			t.Fatal(fault)
		}
		if one.count() != wide+100 || many.count() != wide+100 {
			t.Fatalf("%d and %d entities", one.count(), many.count())
		}
		p.seen[4000].first, p.seen[77].first = 5, 6 // the same clocks again do not follow
		for _, h := range []*heads{one, many} {
			if fault := h.take(p); fault == nil || fault.Sequence != 5 {
				t.Errorf("round %d: %v", round, fault)
			}
		}
	}
}
