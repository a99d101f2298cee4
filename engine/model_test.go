// The store against a plain slice: random sequences of appends, reads, syncs, closes
// and crashes, over many small segments.

package engine_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"pgregory.net/rapid"
)

// machine is a store and what it must hold.
type machine struct {
	root    string // directories of this run
	copies  int
	path    string
	store   *engine.Store
	manual  bool
	hashing bool
	clock   atomic.Int64 // microseconds

	history history
	durable int    // how many of them are known to survive a power cut
	last    uint64 // highest sequence that was given out or lost
}

func TestAStoreIsASliceOverAppendsReadsReopeningsAndCrashes(t *testing.T) {
	t.Parallel()
	root := quickDir(t)
	runs := 0
	rapid.Check(t, func(t *rapid.T) {
		runs++
		m := &machine{root: filepath.Join(root, fmt.Sprint(runs))}
		m.path = filepath.Join(m.root, "0")
		m.hashing = rapid.Bool().Draw(t, "hashing")
		m.clock.Store(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro())
		if err := os.MkdirAll(m.root, 0o700); err != nil {
			t.Fatalf("%v", err)
		}
		defer func() {
			_ = m.store.Close() // a failed run leaves it open
			_ = os.RemoveAll(m.root)
		}()
		m.open(t)
		t.Repeat(rapid.StateMachineActions(m))
		m.Reopen(t)
		mustBeSound(t, m.history, m.hashing)
	})
}

// options draws what may change from opening to opening.
func (m *machine) options(t *rapid.T) engine.Options {
	o := engine.Options{Hashing: engine.HashingOff}
	o.SegmentSize = engine.MinSegmentSize << rapid.IntRange(0, 2).Draw(t, "segment size")
	if m.hashing {
		o.Hashing = engine.HashingOn
	}
	if len(m.history) > 0 && rapid.Bool().Draw(t, "hashing as stored") {
		o.Hashing = engine.HashingStored
	}
	if m.manual = rapid.Bool().Draw(t, "manual"); m.manual {
		o.Sync = engine.SyncManual()
	}
	if rapid.Bool().Draw(t, "sync all") {
		o.SyncMode = engine.SyncAll
	}
	o.Clock = func() time.Time { return time.UnixMicro(m.clock.Load()) }
	return o
}

func (m *machine) open(t *rapid.T) {
	var err error
	if m.store, err = engine.Open(m.path, m.options(t)); err != nil {
		t.Fatalf("open: %v", err)
	}
}

// Check compares the counters after every action.
func (m *machine) Check(t *rapid.T) {
	s := m.store.Stats()
	visible := m.last
	switch {
	case s.Events != uint64(len(m.history)):
		t.Fatalf("%d events, want %d", s.Events, len(m.history))
	case s.Staged != m.last || s.Visible != visible:
		t.Fatalf("staged %d, visible %d, want %d", s.Staged, s.Visible, m.last)
	case s.Durable > s.Staged || !m.manual && s.Durable != s.Staged:
		t.Fatalf("durable %d of %d staged", s.Durable, s.Staged)
	case s.Poisoned != nil:
		t.Fatalf("poisoned: %v", s.Poisoned)
	}
}

// appended takes a receipt into the history.
func (m *machine) appended(t *rapid.T, d *event.Draft, cause *event.Event, r engine.Receipt, err error) {
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	if r.Sequence != m.last+1 {
		t.Fatalf("sequence %d, want %d", r.Sequence, m.last+1)
	}
	m.last = r.Sequence
	m.history = append(m.history, expected(d, cause, r))
	if !m.manual {
		m.durable = len(m.history)
	}
}

// Tick moves the clock, also backwards.
func (m *machine) Tick(t *rapid.T) {
	m.clock.Add(rapid.Int64Range(-5_000_000, 5_000_000).Draw(t, "microseconds"))
}

// Sync makes all durable.
func (m *machine) Sync(t *rapid.T) {
	if err := m.store.Sync(); err != nil {
		t.Fatalf("sync: %v", err)
	}
	m.durable = len(m.history)
	if got := m.store.Stats().Durable; got != m.last {
		t.Fatalf("durable up to %d after a sync, want %d", got, m.last)
	}
}

// Get reads single sequences, known or not.
func (m *machine) Get(t *rapid.T) {
	var into event.Event
	for range 8 {
		sequence := m.sequence(t, "sequence")
		at, err := m.store.At(sequence)
		e := m.store.GetInto(sequence, &into)
		want := m.history.between(sequence, sequence)
		if sequence == 0 || len(want) == 0 {
			if !errors.Is(err, engine.ErrNotFound) || !errors.Is(e, engine.ErrNotFound) {
				t.Fatalf("sequence %d that no event has: %v, %v", sequence, err, e)
			}
			continue
		}
		if err != nil || e != nil {
			t.Fatalf("sequence %d: %v, %v", sequence, err, e)
		}
		mustEqual(t, history{at, into}, history{want[0], want[0]})
	}
}

// sequence draws one that is likely to be interesting.
func (m *machine) sequence(t *rapid.T, label string) uint64 {
	if len(m.history) == 0 || rapid.IntRange(0, 9).Draw(t, label+" elsewhere") == 0 {
		return rapid.Uint64Range(0, m.last+3).Draw(t, label)
	}
	near := m.history[rapid.IntRange(0, len(m.history)-1).Draw(t, label+" near")].Sequence
	return near + rapid.Uint64Range(0, 2).Draw(t, label+" behind")
}

// Range reads events in either direction.
func (m *machine) Range(t *rapid.T) {
	first, last := m.sequence(t, "first"), m.sequence(t, "last")
	if rapid.Bool().Draw(t, "open end") {
		last = 0
	}
	o := engine.ReadOptions{SkipChecks: rapid.Bool().Draw(t, "skip checks")}
	want := m.history.between(first, last)
	if rapid.Bool().Draw(t, "backward") {
		o.Direction = engine.Backward
		want = want.reversed()
	}
	if o.Limit = rapid.IntRange(0, 20).Draw(t, "limit"); o.Limit > 0 && o.Limit < len(want) {
		want = want[:o.Limit]
	}
	mustEqual(t, all(t, m.store, first, last, o), want)
}
