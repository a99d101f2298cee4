// Causes, effects and conversations, found by looking at every event, for the tests that compare with that.

package query

import (
	"errors"
	"slices"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/mmapseg"
)

// causes are the sequences from an event's cause to the root.
func (a *archive) causes(of *event.Event) (sequences []uint64) {
	for !of.Cause.IsZero() {
		of = &a.events[of.CauseSequence-1]
		sequences = append(sequences, of.Sequence)
	}
	return sequences
}

// effects are the sequences of what an event caused, level by level, up to visible. What damaged events caused is not
// found; those are not among them, but returned.
func (a *archive) effects(of event.ID, depth int, visible uint64, damaged map[uint64]bool) (sequences, unread []uint64) {
	level := map[event.ID]bool{of: true}
	for at := 1; len(level) > 0 && (depth == 0 || at <= depth); at++ {
		next := map[event.ID]bool{}
		for i := range a.events[:visible] {
			switch ev := &a.events[i]; {
			case !level[ev.Cause]:
			case damaged[ev.Sequence]:
				unread = append(unread, ev.Sequence)
			default:
				next[ev.ID] = true
				sequences = append(sequences, ev.Sequence)
			}
		}
		level = next
	}
	return sequences, unread
}

// conversation are the sequences of the events with a correlation, up to visible.
func (a *archive) conversation(correlation event.ID, visible uint64, backward bool) (sequences []uint64) {
	for i := range a.events[:visible] {
		if a.events[i].Correlation == correlation {
			sequences = append(sequences, uint64(i)+1)
		}
	}
	if backward {
		slices.Reverse(sequences)
	}
	return sequences
}

// limited cuts a list to a limit, 0 being none.
func limited(sequences []uint64, limit int) []uint64 {
	if limit > 0 && len(sequences) > limit {
		return sequences[:limit]
	}
	return sequences
}

// drained returns what a loop yields: the sequences of events, which must be as they were stored, the ranges of damage,
// and the error that ended it.
func (a *archive) drained(loop func(yield func(event.Event, error) bool)) (sequences []uint64, damage [][2]uint64, ended error) {
	a.t.Helper()
	for ev, err := range loop {
		var corrupt *mmapseg.CorruptError
		switch {
		case ended != nil:
			a.t.Fatalf("the loop went on behind %v", ended)
		case errors.As(err, &corrupt):
			damage = append(damage, [2]uint64{corrupt.First, corrupt.Last})
		case err != nil:
			ended = err
		default:
			if want := &a.events[ev.Sequence-1]; ev.Header != want.Header || ev.Coordinate != want.Coordinate || !slices.Equal(ev.Payload, want.Payload) {
				a.t.Fatalf("sequence %d is %+v, want %+v", ev.Sequence, ev, *want)
			}
			sequences = append(sequences, ev.Sequence)
		}
	}
	return sequences, damage, ended
}

// covers reports whether one of some ranges has a sequence.
func covers(ranges [][2]uint64, sequence uint64) bool {
	return slices.ContainsFunc(ranges, func(in [2]uint64) bool { return sequence >= in[0] && sequence <= in[1] })
}

// damageSome makes some events of an archive unsound.
func (a *archive) damageSome(events int) map[uint64]bool {
	damaged := map[uint64]bool{}
	for len(damaged) < events {
		if sequence := 1 + a.random.Uint64N(uint64(len(a.events))); !damaged[sequence] { // flipped twice it would be sound
			damaged[sequence] = true
			a.damageEvent(sequence)
		}
	}
	return damaged
}

// dropSegment takes a segment out of the archive, as if its file were missing, and gives the reader that damage, if any.
func (a *archive) dropSegment(i int, damage ...*mmapseg.CorruptError) {
	segments, parts := a.set.Segments(), a.index.Parts()
	a.must(segments[i].Close())
	a.set, a.index = new(mmapseg.Set), new(index.Index)
	for n := range segments {
		if n != i {
			a.set.Add(segments[n])
			a.index.AddPart(parts[n])
		}
	}
	a.set.SetVisible(uint64(len(a.events)))
	a.reader = New(Config{Set: a.set, Index: a.index, Decoder: a.decoder, Ended: errEnded, Damage: damage})
}

// rebuildPart builds the index of a segment from its frames, as after its footer was found damaged.
func (a *archive) rebuildPart(i int) {
	tail, err := a.reader.Rebuild(a.set.Segments()[i], errors.New("a reason"))
	a.must(err)
	a.index.Parts()[i].Rebuilt(tail)
}
