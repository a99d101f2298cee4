// Many goroutines at once: appenders, readers of every kind, syncs, counters.

package engine_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

const (
	crowdWriters = 4
	crowdEvents  = 600 // of each writer
)

// crowd is a store that many use at once.
type crowd struct {
	t     *testing.T
	store *engine.Store
	done  atomic.Bool // the writers are
	acked [crowdWriters]history
}

func TestManyAppendersAndReadersSeeWholeEventsInOrder(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		t.Run(policy.String(), func(t *testing.T) {
			t.Parallel()
			path := quickDir(t)
			c := &crowd{t: t, store: mustOpen(t, path, small(policy))}
			var writing, reading sync.WaitGroup
			for writer := range crowdWriters {
				writing.Go(func() { c.write(writer) })
			}
			for _, read := range []func(){c.forwards, c.forwards, c.backwards, c.singles, c.syncs} {
				reading.Go(func() {
					for !c.done.Load() {
						read()
					}
				})
			}
			writing.Wait()
			c.done.Store(true)
			reading.Wait()
			events := all(t, c.store, 0, 0, engine.ReadOptions{})
			c.mustHoldAll(events)
			mustClose(t, c.store)
			s := mustOpen(t, path, small(policy))
			mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), events)
			mustClose(t, s)
		})
	}
}

// write appends, now and then an event that needs a segment of its own, and reads
// every tenth one back at once.
func (c *crowd) write(writer int) {
	at := event.MustAt(fmt.Sprint("writer-", writer), "crowd")
	for n := range crowdEvents {
		size := 50 + n%700
		if n%200 == 100 {
			size = 80_000
		}
		d := event.Draft{Coordinate: at, Kind: event.Data, Payload: randomBytes(uint64(n), size), Tags: []string{"crowd"}}
		r, err := c.store.AppendBytesWith(d.Coordinate, d.Kind, d.Codec, d.Payload, engine.AppendOptions{Tags: d.Tags})
		if err != nil {
			c.t.Errorf("append: %v", err)
			return
		}
		c.acked[writer] = append(c.acked[writer], expected(&d, nil, r))
		if n%10 != 0 {
			continue
		}
		if ev, err := c.store.At(r.Sequence); err != nil || ev.ID != r.ID {
			c.t.Errorf("own event %d: %v, %v", r.Sequence, ev, err)
		}
	}
}

// forwards reads everything: what is visible is a prefix without holes, and sound.
func (c *crowd) forwards() {
	visible := c.store.Stats().Visible
	var events history
	var seen uint64
	for ev, err := range c.store.Events(0, 0, engine.ReadOptions{}) {
		if seen++; err != nil || ev.Sequence != seen {
			c.t.Errorf("forwards: sequence %d behind %d, %v", ev.Sequence, seen-1, err)
			return
		}
		if len(events) < 500 {
			events = append(events, ev.Clone())
		}
	}
	if seen < visible {
		c.t.Errorf("forwards: %d events, %d were visible before", seen, visible)
	}
	mustBeSound(crowdFailer{c.t}, events, true)
}

// crowdFailer fails a test from goroutines that are not its own.
type crowdFailer struct{ t *testing.T }

func (f crowdFailer) Helper()                           { f.t.Helper() }
func (f crowdFailer) Fatalf(format string, args ...any) { f.t.Errorf(format, args...) }

// backwards reads the newest events: they descend by one.
func (c *crowd) backwards() {
	var before uint64
	for ev, err := range c.store.Events(0, 0, engine.ReadOptions{Direction: engine.Backward, Limit: 300}) {
		if err != nil || before != 0 && ev.Sequence != before-1 {
			c.t.Errorf("backwards: sequence %d before %d, %v", ev.Sequence, before, err)
			return
		}
		before = ev.Sequence
	}
}

// singles reads single events into the same memory.
func (c *crowd) singles() {
	var into event.Event
	for sequence := c.store.Stats().Visible; sequence > 0; sequence = sequence / 4 * 3 {
		if err := c.store.GetInto(sequence, &into); err != nil || into.Sequence != sequence || !into.HasTags("crowd") {
			c.t.Errorf("sequence %d: %v, %v", sequence, into, err)
			return
		}
	}
	if err := c.store.GetInto(1<<40, &into); !errors.Is(err, engine.ErrNotFound) {
		c.t.Errorf("far behind the end: got %v, want ErrNotFound", err)
	}
}

// syncs makes all durable and looks at the counters.
func (c *crowd) syncs() {
	staged := c.store.Stats().Staged
	if err := c.store.Sync(); err != nil {
		c.t.Errorf("sync: %v", err)
	}
	got := c.store.Stats()
	if got.Durable < staged || got.Durable > got.Staged || got.Events != got.Staged {
		c.t.Errorf("after a sync: durable %d, staged %d before and %d now, %d events", got.Durable, staged, got.Staged, got.Events)
	}
}

// mustHoldAll fails the test unless events are exactly what was acknowledged.
func (c *crowd) mustHoldAll(events history) {
	c.t.Helper()
	mustBeSound(c.t, events, true)
	if len(events) != crowdWriters*crowdEvents {
		c.t.Fatalf("%d events, want %d", len(events), crowdWriters*crowdEvents)
	}
	for _, acked := range c.acked {
		for _, ev := range acked {
			if d := difference(events[ev.Sequence-1], ev); d != "" {
				c.t.Fatal(d)
			}
		}
	}
}
