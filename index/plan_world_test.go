// What the tests of planning share: random events in parts of every form, and regions of every shape.

package index

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/anyregion"
)

// world is an index and the events in it. What is unknown has events all the same, in holes.
type world struct {
	random  *rand.Rand
	index   *Index
	finder  *Finder
	events  []event.Event // ascending sequences
	unknown map[uint64]bool
	clocks  map[string]uint64
	imports []event.ID
	wall    uint64
	counter uint32
}

// newWorld makes an index of some parts. Their forms are random, as is what lies between their sequences.
func newWorld(t testing.TB, seed uint64, parts, most int) *world {
	w := &world{random: rand.New(rand.NewPCG(seed, 1)), index: new(Index), unknown: map[uint64]bool{}, clocks: map[string]uint64{}, wall: 1000}
	w.finder = NewFinder(w.index, func(_ *Part, cause error) error { return cause }, func(_ *Run, cause error) { t.Error(cause) })
	next := uint64(1)
	for number := range parts {
		count := w.random.IntN(most + 1)
		if w.random.IntN(8) == 0 {
			count = 0
		}
		part := w.newPart(t, uint64(number)+1, next, count)
		w.index.AddPart(part)
		next += uint64(count)
		if w.random.IntN(4) == 0 {
			next += 1 + w.random.Uint64N(1000) // lost
		}
	}
	w.merge(t)
	return w
}

// newPart returns a part with so many new events.
func (w *world) newPart(t testing.TB, number, first uint64, count int) *Part {
	tail := NewTail(1 << 20)
	holes := w.random.IntN(4) == 0
	part := NewPart(Identity{Number: number, Salt: number * 3}, first, tail, func(fn func()) error { fn(); return nil })
	var e Entry
	for ordinal := uint32(0); int(ordinal) < count; ordinal++ {
		ev := w.newEvent(first + uint64(ordinal))
		w.events = append(w.events, ev)
		if holes && (w.random.IntN(50) == 0 || ordinal < 3 && w.random.IntN(2) == 0) {
			w.unknown[ev.Sequence] = true
			tail.Hole(ordinal, ordinal)
			continue
		}
		e.FillEvent(&ev)
		tail.Resolve(&e)
		e.Head = Head{Clock: ev.Position.Clock - 1}
		tail.Enter(&e).Clock = ev.Position.Clock
		tail.Add(&e, Place{Ordinal: ordinal, Wall: ev.Position.Wall, Counter: ev.Position.Counter, Timestamp: ev.Timestamp})
	}
	if !holes && w.random.IntN(4) != 0 {
		part.Seal(tableOf(t, tail))
	}
	return part
}

// newEvent returns an event with frequent and rare names.
func (w *world) newEvent(sequence uint64) event.Event {
	r := w.random
	rare := func(n int) int { return r.IntN(1 + r.IntN(n)) }
	if r.IntN(3) == 0 {
		w.wall, w.counter = w.wall+1+r.Uint64N(5), 0
	} else {
		w.counter++
	}
	ev := event.Event{Coordinate: event.MustAt(fmt.Sprintf("%c:%d", 'a'+r.IntN(3), rare(300)), fmt.Sprint("scope", rare(5)))}
	ev.Sequence, ev.ID = sequence, event.MakeID(w.wall, w.counter, r.Uint64())
	ev.Correlation = ev.ID
	ev.Kind = event.MustKind(1+uint16(rare(3)), uint16(rare(20)))
	ev.Timestamp = int64(w.wall)*1000 + r.Int64N(20000)
	w.clocks[ev.Entity()]++
	ev.Position = event.Position{Clock: w.clocks[ev.Entity()], Wall: w.wall, Counter: w.counter}
	for tag := range 3 {
		if rare(4) == 0 {
			ev.Tags = append(ev.Tags, fmt.Sprint("tag", tag, rare(10)))
		}
	}
	if outcome := rare(40); outcome == 3 || outcome == 4 {
		ev.Gate = &event.GateRecord{Outcome: event.GateOutcome(outcome - 2)}
	}
	if r.IntN(20) == 0 {
		ev.ID = event.MakeID(r.Uint64N(5000), 0, r.Uint64())
		ev.Correlation, ev.Imported = ev.ID, true
		w.imports = append(w.imports, ev.ID)
	}
	return ev
}

// merge makes runs of neighbouring sealed parts.
func (w *world) merge(t testing.TB) {
	var runs []*Run
	var inputs []RunInput
	flush := func() {
		if len(inputs) > 0 {
			runs = append(runs, openRun(t, writeRun(t, inputs...)))
		}
		inputs = nil
	}
	for _, p := range w.index.Parts() {
		if !p.Sealed() || w.random.IntN(4) == 0 {
			flush()
		}
		if p.Sealed() && w.random.IntN(4) != 0 {
			inputs = append(inputs, RunInput{Parts: []*Part{p}})
		} else {
			flush()
		}
	}
	flush()
	w.index.SetRuns(runs)
}

// region returns a random region; most of them select something.
func (w *world) region() event.Region { return anyregion.Of(w.random, w.events) }

// at returns the event with a sequence, nil if there is none.
func (w *world) at(sequence uint64) *event.Event {
	i, found := slices.BinarySearchFunc(w.events, sequence, func(e event.Event, s uint64) int {
		return int(int64(e.Sequence) - int64(s))
	})
	if !found {
		return nil
	}
	return &w.events[i]
}

// visible returns a watermark: that of the last event, or an older one, which a reader may have loaded before parts were
// sealed and added.
func (w *world) visible() uint64 {
	if len(w.events) == 0 {
		return 0
	}
	last := w.events[len(w.events)-1].Sequence
	if w.random.IntN(2) == 0 {
		return w.random.Uint64N(last + 1)
	}
	return last
}
