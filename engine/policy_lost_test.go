// What is given up, opening after opening: lost ranges, incarnations and sequences over
// crashes that come before anything is durable, while policies change.

package engine_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// aheads are policies with how far each lets staged be ahead of durable, as it is written down
// when the store is opened.
var aheads = []struct {
	policy engine.SyncPolicy
	ahead  uint64
}{
	{engine.SyncEveryAppend(), 1 << 16},
	{engine.SyncEvery(1, 0), 1 << 16},
	{engine.SyncEvery(1<<15, 0), 1 << 16},
	{engine.SyncEvery(1<<15+1, time.Hour), 1<<16 + 2},
	{engine.SyncEvery(1<<20, time.Hour), 1 << 21},
	{engine.SyncEvery(engine.MaxSyncEvents, 0), 1 << 31},
	{engine.SyncEvery(0, time.Hour), 1 << 24},
	{engine.SyncManual(), 1 << 24},
}

// crashes are a store's openings, each ended before anything that it appended was durable.
type crashes struct {
	left     remains
	openings uint64
	next     uint64          // the sequence that the next event must get, once the range before is lost
	lost     []sequenceRange // so far
	told     []uint64        // sequences that somebody was told
	found    []uint64        // of them, those that an opening found
}

type sequenceRange struct{ first, last uint64 }

func TestCrashAfterCrashBeforeAnythingIsDurableGivesNoSequenceTwice(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for events := range 3 { // none at all too
			c := &crashes{left: nothing(), next: 1}
			for range 2 {
				for _, a := range aheads {
					c.life(t, a.policy, a.ahead, events, (*device).cutOldest)
				}
			}
			c.mustAgree(t)
		}
	})
}

func TestKillAfterKillBeforeAnythingIsDurableLosesNothingAndGivesNoSequenceTwice(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for events := range 3 {
			c := &crashes{left: nothing(), next: 1}
			for _, a := range aheads {
				c.life(t, a.policy, a.ahead, events, (*device).kill)
			}
			if len(c.found) != events*len(aheads) {
				t.Errorf("%d events are there, want %d", len(c.found), events*len(aheads))
			}
			c.mustAgree(t)
		}
	})
}

// cutOldest is a power cut after which nothing is there that was not synced.
func (d *device) cutOldest() remains { return d.cut(nil) }

// life opens what is left, appends events that never become durable, and crashes. The
// range that this costs begins behind the highest sequence that the next opening finds.
func (c *crashes) life(t *testing.T, policy engine.SyncPolicy, ahead uint64, events int, crash func(*device) remains) {
	t.Helper()
	d := newSlowDiskOf(t, c.left)
	s := openSlow(t, d, small(policy))
	c.openings++
	c.mustSay(t, s)
	d.hold()
	for n := range events {
		r, err := s.AppendWith(here, event.Data, "x", engine.AppendOptions{Wait: engine.WaitStaged})
		if err != nil || r.Sequence != c.next+uint64(n) {
			t.Fatalf("%s, opening %d: sequence %d, %v, want %d", policy, c.openings, r.Sequence, err, c.next+uint64(n))
		}
		c.told = append(c.told, r.Sequence)
	}
	c.left = crash(d.device)
	d.release(nil)
	mustClose(t, s)

	s = openLeft(t, c.left, engine.Options{ReadOnly: true})
	highest := c.next - 1 // found, or lost before
	for _, ev := range all(t, s, 0, 0, engine.ReadOptions{}) {
		if !slices.Contains(c.found, ev.Sequence) {
			c.found = append(c.found, ev.Sequence)
		}
		highest = max(highest, ev.Sequence)
	}
	mustClose(t, s)
	c.lost = append(c.lost, sequenceRange{highest + 1, highest + ahead})
	c.next = highest + ahead + 1
}

// mustSay fails the test unless the store says how often it was opened and what was lost.
func (c *crashes) mustSay(t *testing.T, s *engine.Store) {
	t.Helper()
	got := s.Stats()
	lost := uint64(0)
	for _, r := range c.lost {
		lost += r.last - r.first + 1
	}
	if got.Incarnation != c.openings || got.Staged != c.next-1 || got.Durable != c.next-1 || got.Visible != c.next-1 || got.Lost != lost {
		t.Fatalf("opening %d: incarnation %d, staged %d, visible %d, durable %d, lost %d; want the sequences at %d, %d lost",
			c.openings, got.Incarnation, got.Staged, got.Visible, got.Durable, got.Lost, c.next-1, lost)
	}
	for _, sequence := range c.told {
		_, err := s.At(sequence)
		wait := s.WaitDurable(t.Context(), sequence)
		if slices.Contains(c.found, sequence) {
			if err != nil || wait != nil {
				t.Fatalf("opening %d: sequence %d, which was found before: %v, %v", c.openings, sequence, err, wait)
			}
			continue
		}
		for _, e := range []error{err, wait} {
			var lost *engine.LostSequenceError
			if !errors.As(e, &lost) || lost.Sequence != sequence || !slices.Contains(c.lost, sequenceRange{lost.First, lost.Last}) {
				t.Fatalf("opening %d: sequence %d: got %v, want a LostSequenceError with one of %v", c.openings, sequence, e, c.lost)
			}
		}
	}
}

// mustAgree opens the store for good and fails the test unless the ranges are all on record
// and everything goes on behind them.
func (c *crashes) mustAgree(t *testing.T) {
	t.Helper()
	d := newDevice(c.left)
	s := openFor(t, d, small(engine.SyncManual()))
	c.openings++
	c.mustSay(t, s)
	for i, lost := range s.Report().Lost {
		if got := (sequenceRange{lost.First, lost.Last}); got != c.lost[i] {
			t.Errorf("range %d is %v, want %v", i, got, c.lost[i])
		}
	}
	events := mustAppend(t, s, 3)
	if events[0].Sequence != c.next {
		t.Errorf("the next event has sequence %d, want %d", events[0].Sequence, c.next)
	}
	mustClose(t, s)
	s = openFor(t, d.disk.Mount(), small(engine.SyncManual())) // after closing nothing is lost
	if got := s.Stats(); got.Staged != c.next+2 || got.Incarnation != c.openings+1 {
		t.Errorf("after closing: sequences up to %d, incarnation %d, want %d and %d", got.Staged, got.Incarnation, c.next+2, c.openings+1)
	}
	mustEqual(t, all(t, s, c.next, 0, engine.ReadOptions{}), events)
	mustClose(t, s)
}

func TestAClosedStoreSaysSoOfALostSequenceToo(t *testing.T) {
	t.Parallel()
	d := newDevice(nothing())
	first := openFor(t, d, small(engine.SyncManual()))
	mustStage(t, first, 1)
	s := openLeft(t, d.cut(nil), small(engine.SyncManual()))
	mustClose(t, first)
	mustClose(t, s)
	if _, err := s.At(1); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("At: got %v, want ErrClosed", err)
	}
	if err := s.WaitDurable(t.Context(), 1); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("WaitDurable: got %v, want ErrClosed", err)
	}
}
