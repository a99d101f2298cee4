// This file holds projections: states that are folded by the engine, over openings of the store, and folded again by who knows its
// events.

package crash

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/mmapseg"
)

// sum is a state without anything that is shared. Digest depends on every event and on their order.
type sum struct {
	Events uint64
	Digest uint64
	Last   uint64
}

func (s *sum) add(sequence uint64, id event.ID) {
	s.Events, s.Last = s.Events+1, sequence
	for _, b := range id {
		s.Digest = (s.Digest ^ uint64(b)) * 0x100000001b3
	}
	s.Digest ^= sequence
}

// sums are a state that is encoded to be kept: those of every entity.
type sums struct {
	Of map[string]sum
}

func (s *sums) add(entity string, sequence uint64, id event.ID) {
	if s.Of == nil {
		s.Of = make(map[string]sum)
	}
	one := s.Of[entity]
	one.add(sequence, id)
	s.Of[entity] = one
}

var (
	sumOf = engine.MustProjection(engine.Fold[sum]{Name: "sum", Version: 1, Apply: func(s *sum, ev event.Event) error {
		s.add(ev.Sequence, ev.ID)
		return nil
	}})
	sumsOf = engine.MustProjection(engine.Fold[sums]{Name: "sums/\u00fc", Version: 1, Apply: func(s *sums, ev event.Event) error {
		s.add(ev.Entity(), ev.Sequence, ev.ID)
		return nil
	}})
)

// naive folds what a history has of an area, up to a sequence.
func (h *history) naive(a *area, upTo uint64) (one sum, all sums) {
	for i := range h.held {
		if e := &h.held[i]; e.Sequence <= upTo && a.has(e.Stamp, h.facts[i].clock) {
			one.add(e.Sequence, e.ID)
			all.add(coordinates[e.Stamp.entity()].Entity(), e.Sequence, e.ID)
		}
	}
	return one, all
}

// projected is a state of either kind.
type projected struct {
	one              sum
	all              sums
	single           bool // one counts, otherwise all
	sequence, newest uint64
}

// project has the engine fold an area.
func project(store *engine.Store, a *area, single bool, fresh engine.Freshness) (projected, error) {
	if single {
		s, err := engine.Project(context.Background(), store, sumOf, a.region, fresh)
		return projected{one: s.Value, single: true, sequence: s.Sequence, newest: s.Last}, err
	}
	s, err := engine.Project(context.Background(), store, sumsOf, a.region, fresh)
	return projected{all: s.Value, sequence: s.Sequence, newest: s.Last}, err
}

// differs says in what a state is not that of a history; empty: it is.
func (p *projected) differs(h *history, a *area) string {
	one, all := h.naive(a, p.sequence)
	switch {
	case p.newest != one.Last:
		return fmt.Sprintf("ends with sequence %d, must end with %d", p.newest, one.Last)
	case p.single && p.one != one:
		return fmt.Sprintf("is %+v, must be %+v", p.one, one)
	case !p.single && !maps.Equal(p.all.Of, all.Of):
		return fmt.Sprintf("is %+v, must be %+v", p.all.Of, all.Of)
	}
	return ""
}

// project folds some areas of a store of which all is known.
func (x *trying) project(h *history, store *engine.Store, seed uint64, most int) error {
	r := rand.New(rand.NewPCG(seed, 400))
	for range most {
		x.projected.Add(1)
		a, single := &areas[r.IntN(len(areas))], r.IntN(2) == 0
		p, err := project(store, a, single, engine.Consistent())
		if err != nil {
			return fmt.Errorf("projection of %s: %w", a.region, err)
		}
		if top := store.Stats().Visible; p.sequence != top {
			return fmt.Errorf("projection of %s: it is up to sequence %d, visible is %d", a.region, p.sequence, top)
		}
		if text := p.differs(h, a); text != "" {
			return fmt.Errorf("projection of %s up to %d: it %s", a.region, p.sequence, text)
		}
	}
	return nil
}

// project folds areas of a store beside writers, again and again, and checks some states against the events that are visible.
func (l *life) project(r *rand.Rand) {
	for rounds := 0; !l.done.Load() && rounds < 60; rounds++ {
		a, before, fresh := &areas[r.IntN(len(areas))], l.store.Stats().Visible, engine.Consistent()
		if r.IntN(4) == 0 {
			fresh = engine.AtLeast(before)
		}
		p, err := project(l.store, a, r.IntN(2) == 0, fresh)
		if l.isLost(before, err) {
			continue
		}
		if err == nil && p.sequence < before {
			err = fmt.Errorf("it is up to sequence %d, visible was %d before", p.sequence, before)
		}
		if err == nil && rounds%4 == 0 {
			err = l.folded(&p, a)
		}
		if err != nil {
			if !l.excusedFollower(err) {
				l.violated(fmt.Errorf("projection of %s: %w", a.region, err))
			}
			return
		}
		runtime.Gosched()
	}
}

// isLost reports whether an error says of a sequence that it is lost, which it is.
func (l *life) isLost(sequence uint64, err error) bool {
	var loss *engine.LossError
	return errors.As(err, &loss) && slices.ContainsFunc(l.store.Report().Lost, func(lost mmapseg.Range) bool {
		return lost.Contains(sequence) && lost.First == loss.First && lost.Last == loss.Last
	})
}

// folded reads the events of an area again that a state is of, and compares it.
func (l *life) folded(p *projected, a *area) error {
	h := new(history)
	for ev, err := range l.store.Query(a.region.Sequences(1, p.sequence), engine.ReadOptions{}) {
		if err != nil {
			return err
		}
		h.add(entryOf(&ev), fact{clock: ev.Position.Clock})
	}
	if text := p.differs(h, a); text != "" {
		return errors.New("up to " + number(p.sequence) + " it " + text)
	}
	return nil
}
