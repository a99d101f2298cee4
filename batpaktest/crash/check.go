// This file holds the check of an open store against what had been told.

package crash

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/mmapseg"
)

func number(n uint64) string { return strconv.FormatUint(n, 10) }

// examination is one look at all events of a store.
type examination struct {
	history
	view     *view
	store    *engine.Store
	writable bool
	deep     bool // everything is computed again, hashes too, and asked for in other ways
	hashing  bool
	last     event.Header
	versions []stamp         // newest of each lane
	lost     []mmapseg.Range // what of the recorded ones lies ahead
	scratch  []byte
	unit     unread
	label    label
}

// examine reads all that a store holds, and returns it, or which promise is broken.
func (v *view) examine(store *engine.Store, writable, deep, hashing bool) (*examination, error) {
	x := &examination{view: v, store: store, writable: writable, deep: deep, hashing: hashing, lost: store.Report().Lost}
	x.held = make([]entry, 0, len(v.base)+len(v.live)+room)
	x.facts = make([]fact, 0, cap(x.held))
	for ev, err := range store.Events(0, 0, engine.ReadOptions{}) {
		if err != nil {
			return nil, fmt.Errorf("reading on behind sequence %d: %w", x.last.Sequence, err)
		}
		if err := x.event(&ev); err != nil {
			return nil, fmt.Errorf("sequence %d: %w", ev.Sequence, err)
		}
	}
	if err := x.whole(); err != nil {
		return nil, err
	}
	if writable {
		if err := x.goesOn(); err != nil {
			return nil, err
		}
	}
	if deep {
		if err := x.asked(); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// room is for some events that are appended to what was found.
const room = 16

// event checks one event against those before it, and against what is known of it.
func (x *examination) event(ev *event.Event) error {
	if err := x.gap(x.last.Sequence, ev.Sequence); err != nil {
		return err
	}
	s := stampOf(ev)
	if text := s.check(ev, &x.label); text != "" {
		return fmt.Errorf("the event %s %s", ev.ID, text)
	}
	if err := x.known(ev); err != nil {
		return err
	}
	head := &x.heads[s.entity()]
	switch {
	case ev.ID.Compare(x.last.ID) <= 0:
		return fmt.Errorf("its id %s is not above %s of sequence %d", ev.ID, x.last.ID, x.last.Sequence)
	case ev.Position.Wall < x.last.Position.Wall || ev.Position.Wall == x.last.Position.Wall && ev.Position.Counter <= x.last.Position.Counter && len(x.held) > 0:
		return fmt.Errorf("its position %s is not above %s of sequence %d", ev.Position, x.last.Position, x.last.Sequence)
	case ev.ID.Wall() != ev.Position.Wall || ev.ID.Counter() != ev.Position.Counter:
		return fmt.Errorf("its id %s and its position %s disagree", ev.ID, ev.Position)
	case ev.Position.Clock != head.Clock+1:
		return fmt.Errorf("clock %d of %s stands behind %d", ev.Position.Clock, ev.Coordinate, head.Clock)
	}
	if err := x.inUnit(ev, s); err != nil {
		return err
	}
	if err := x.cause(ev); err != nil {
		return err
	}
	if x.deep && x.hashing {
		if want := x.link(ev, head.Hash); ev.Hash != want {
			return fmt.Errorf("its hash is %s, by its content and the event before it %s", ev.Hash, want)
		}
	}
	x.add(entryOf(ev), fact{ev.Position.Clock, ev.Position.Depth, ev.Correlation, ev.CauseSequence})
	x.last = ev.Header
	return x.inOrder(s)
}

// gap checks that nothing is missing between two sequences but what is recorded as lost, and that behind is not among it.
func (x *examination) gap(before, behind uint64) error {
	for before+1 < behind {
		if len(x.lost) == 0 || x.lost[0].First > before+1 {
			return fmt.Errorf("sequence %d is missing and not recorded as lost", before+1)
		}
		if x.lost[0].Last > before {
			before = x.lost[0].Last
		}
		x.lost = x.lost[1:]
	}
	if before >= behind || len(x.lost) > 0 && x.lost[0].Contains(behind) {
		return errors.New("it is recorded as lost")
	}
	return nil
}

// known compares an event with what somebody was told of it.
func (x *examination) known(ev *event.Event) error {
	v, i := x.view, len(x.held)
	if i < len(v.base) {
		if want := &v.base[i]; entryOf(ev) != *want {
			return fmt.Errorf("the event is %s, an opening had served sequence %d, %s, there", ev.ID, want.Sequence, want.ID)
		}
		return nil
	}
	if want := v.first + uint64(i-len(v.base)); ev.Sequence != want {
		return fmt.Errorf("the event is %s, behind all that was there before only sequence %d can follow", ev.ID, want)
	}
	if v.blank {
		return fmt.Errorf("the event is %s, in a store to which nothing had been appended", ev.ID)
	}
	if n := i - len(v.base); n < len(v.live) && v.live[n].at != never && v.live[n].entry != entryOf(ev) {
		return fmt.Errorf("the event is %s, somebody was told that it is %s", ev.ID, v.live[n].ID)
	}
	return nil
}

// link returns the hash that an event must have.
func (x *examination) link(ev *event.Event, previous event.Hash) event.Hash {
	link := event.Link{
		Prev: previous, ID: ev.ID, Timestamp: ev.Timestamp, Sequence: ev.Sequence, Clock: ev.Position.Clock,
		Depth: ev.Position.Depth, Wall: ev.Position.Wall, Counter: ev.Position.Counter,
	}
	draft := ev.Draft()
	link.Digest, x.scratch = event.Digest(x.scratch, &draft, event.PayloadHash(ev.Payload))
	return link.Hash()
}

// inOrder checks that of each writer there is a prefix of what it appended.
func (x *examination) inOrder(s stamp) error {
	if !s.ordered() {
		return nil
	}
	for i := len(x.versions) - 1; i >= 0; i-- {
		if x.versions[i].Lane == s.Lane {
			if s.Version != x.versions[i].Version+1 {
				return fmt.Errorf("append %d of a writer follows its append %d", s.Version, x.versions[i].Version)
			}
			x.versions[i].Version = s.Version
			return nil
		}
	}
	if s.Version != 1 {
		return fmt.Errorf("append %d is the first of its writer", s.Version)
	}
	x.versions = append(x.versions, s)
	return nil
}

// whole checks that nothing is missing at the end that has to be there.
func (x *examination) whole() error {
	v := x.view
	if err := x.unit.over(); err != nil {
		return err
	}
	if len(x.held) < len(v.base) {
		missing := v.base[len(x.held)]
		return fmt.Errorf("sequence %d is gone, an opening had served it", missing.Sequence)
	}
	if last := v.first - 1 + uint64(len(x.held)-len(v.base)); last < v.durable {
		return fmt.Errorf("it ends with sequence %d, %d was acknowledged as durable", last, v.durable)
	}
	return nil
}

// goesOn checks that no sequence is given again that anyone knows, and that those are recorded which are lost.
func (x *examination) goesOn() error {
	stats, report := x.store.Stats(), x.store.Report()
	if stats.Staged < x.view.top {
		return fmt.Errorf("it goes on behind sequence %d, somebody was told of %d", stats.Staged, x.view.top)
	}
	if err := x.gap(x.last.Sequence, stats.Staged+1); err != nil {
		return fmt.Errorf("behind the last event, at %d: %w", x.last.Sequence, err)
	}
	poisoned := stats.Poisoned != nil && !errors.Is(stats.Poisoned, errSync) // sealing may already have met the sync that a life makes fail
	if stats.Durable != stats.Staged || stats.Visible != stats.Staged || stats.Events != uint64(len(x.held)) || poisoned {
		return fmt.Errorf("with %d events, up to sequence %d, its counters are %+v", len(x.held), stats.Staged, stats)
	}
	if len(report.Damage) > 0 || report.Refuses != nil {
		return fmt.Errorf("it reports damage: %s", report)
	}
	if x.view.closed && (!report.Clean || stats.Staged != max(x.last.Sequence, x.view.first-1)) {
		return fmt.Errorf("it had been closed behind sequence %d, and goes on behind %d: %s", x.view.top, stats.Staged, report)
	}
	return x.gaveUp()
}

// gaveUp asks for sequences that are lost, as somebody does who was told of them.
func (x *examination) gaveUp() error {
	lost := x.store.Report().Lost
	if len(lost) == 0 {
		return nil
	}
	for _, sequence := range []uint64{lost[0].First, lost[len(lost)-1].First, lost[len(lost)-1].Last, x.view.top} {
		i := len(lost) - 1
		for i >= 0 && !lost[i].Contains(sequence) {
			i--
		}
		if i < 0 {
			continue
		}
		var asLost *engine.LostSequenceError
		if err := x.store.WaitDurable(context.Background(), sequence); !errors.As(err, &asLost) || sequence < asLost.First || sequence > asLost.Last {
			return fmt.Errorf("waiting for the lost sequence %d gives %v", sequence, err)
		}
		if _, err := x.store.At(sequence); !errors.As(err, &asLost) || !errors.Is(err, engine.ErrNotFound) {
			return fmt.Errorf("reading the lost sequence %d gives %v", sequence, err)
		}
	}
	if err := x.store.WaitDurable(context.Background(), x.store.Stats().Staged+1); !errors.Is(err, engine.ErrNotFound) {
		return fmt.Errorf("waiting for a sequence that was not given yet gives %v", err)
	}
	return nil
}
