// A log for the tests of this package: events that are kept in a slice, and the index of them as the writer builds it.

package follow

import (
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/mmapseg"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errEnded  = errors.New("the log is closed")
	errStatic = errors.New("nothing is added to the log")
	errBroken = errors.New("the disk does not answer")
)

// ledger is a log with one writer.
type ledger struct {
	hub     *Hub
	index   *index.Index
	visible atomic.Uint64
	looks   atomic.Int64         // at the watermark
	looked  func(visible uint64) // called behind each of them; nil: nothing is

	mu     sync.RWMutex
	events []event.Event // by sequence - 1; a Sequence of 0: lost

	// The writer's.
	part    *index.Part
	entry   index.Entry
	sealed  [][2]uint64 // ranges of sequences
	clocks  map[string]uint64
	damaged map[uint64]uint64 // the last sequence of a damaged range, by the first
	broken  bool              // reading fails
}

func newLedger(t testing.TB, static error) *ledger {
	l := &ledger{index: new(index.Index), clocks: map[string]uint64{}, damaged: map[uint64]uint64{}}
	l.hub = New(Config{
		Visible: func() uint64 {
			visible := l.visible.Load()
			if l.looks.Add(1); l.looked != nil {
				l.looked(visible)
			}
			return visible
		},
		Index: l.index, Ended: errEnded, Static: static,
	})
	l.rotate(false)
	t.Cleanup(l.hub.Close)
	return l
}

// rotate begins a new segment. The one before may be sealed.
func (l *ledger) rotate(seal bool) {
	if l.part != nil && seal {
		l.sealed = append(l.sealed, [2]uint64{l.part.First, uint64(len(l.events))})
		l.part.Seal(new(index.Table)) // of which nobody asks anything here
	}
	number := uint64(len(l.index.Parts()) + 1)
	tail := index.NewTail(1 << 20)
	l.part = index.NewPart(index.Identity{Number: number, Salt: number}, uint64(len(l.events))+1, tail, func(fn func()) error { fn(); return nil })
	l.index.AddPart(l.part)
}

// lose gives sequences up, as an opening after an unclean end does, and begins a new segment behind them.
func (l *ledger) lose(n int) {
	l.mu.Lock()
	l.events = append(l.events, make([]event.Event, n)...)
	l.mu.Unlock()
	l.rotate(false)
	l.visible.Store(uint64(len(l.events)))
	l.hub.Notify()
}

// add appends an event and makes it visible.
func (l *ledger) add(entity, scope string, kind event.Kind) {
	sequence := uint64(len(l.events)) + 1
	ev := event.Event{Coordinate: event.MustAt(entity, scope)}
	ev.Sequence, ev.Kind, ev.ID = sequence, kind, event.MakeID(sequence, 0, 0)
	ev.Correlation = ev.ID
	ev.Position.Clock = l.clocks[entity]
	l.clocks[entity]++
	l.mu.Lock()
	l.events = append(l.events, ev)
	l.mu.Unlock()

	tail := l.part.Tail()
	l.entry.FillEvent(&ev)
	tail.Resolve(&l.entry)
	*tail.Enter(&l.entry) = index.Head{Clock: ev.Position.Clock}
	tail.Add(&l.entry, index.Place{Ordinal: uint32(sequence - l.part.First), Wall: sequence})
	l.visible.Store(sequence)
	l.hub.Notify()
}

// addRandom appends an event like many others.
func (l *ledger) addRandom(random *rand.Rand) {
	l.add(string(rune('a'+random.IntN(6))), string(rune('x'+random.IntN(3))), event.Kind(0x1000+random.IntN(3)))
}

// randomRegion returns a region of which a watch compares everything exactly.
func randomRegion(random *rand.Rand) event.Region {
	one := func() event.Region {
		r := event.Everything()
		if random.IntN(2) == 0 {
			r = r.Entity(string(rune('a' + random.IntN(8)))) // the last two have no events
		}
		if random.IntN(3) == 0 {
			r = r.Scope(string(rune('x' + random.IntN(3))))
		}
		if random.IntN(3) == 0 {
			r = r.Kind(event.Kind(0x1000 + random.IntN(4)))
		}
		return r
	}
	switch random.IntN(6) {
	case 0:
		return event.Union(one(), one())
	case 1:
		return event.Union()
	}
	return one()
}

// read returns the event with a sequence; false: it was lost.
func (l *ledger) read(sequence uint64) (event.Event, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if sequence > uint64(len(l.events)) {
		return event.Event{}, false
	}
	ev := l.events[sequence-1]
	return ev, ev.Sequence != 0
}

// reader returns a reader of what comes after a sequence.
func (l *ledger) reader(region event.Region, after uint64) *Reader {
	return NewReader(l.hub, func(r event.Region) Walk { return &walk{ledger: l, region: r} }, region, after)
}

// walk reads from the slice.
type walk struct {
	ledger   *ledger
	region   event.Region
	next, to uint64
}

func (w *walk) Begin(from, to uint64) { w.next, w.to = from, min(to, w.ledger.visible.Load()) }
func (w *walk) Stop()                 { w.next, w.to = 1, 0 }

func (w *walk) Next() (event.Event, bool, error) {
	for ; w.next <= w.to; w.next++ {
		if w.ledger.broken {
			return event.Event{}, false, errBroken
		}
		if last := w.ledger.damaged[w.next]; last != 0 {
			first := w.next
			w.next = last + 1
			return event.Event{}, false, &mmapseg.CorruptError{First: first, Last: last, Problem: "damaged by the test"}
		}
		if ev, ok := w.ledger.read(w.next); ok && w.region.Matches(&ev) {
			w.next++
			return ev, true, nil
		}
	}
	return event.Event{}, false, nil
}
