// This file holds the reactor: what it answers events with follows from their stamps, and every event is answered once.

package crash

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// reactionLane is set in the lane of reactions.
const reactionLane = 1 << 31

// maxReactions is one more than there are to one event, at most. The versions of reactions count on from so many times that of the cause.
const maxReactions = 4

// reactorKind is what the reactor reacts to. Its own reactions may be among them: it has no answer to those.
const reactorKind = event.Data + 1

// reactions returns how many reactions there are to the event.
func (s stamp) reactions() int {
	if s.Lane&reactionLane != 0 || s.kind() != reactorKind {
		return 0
	}
	return int(s.mix() >> 44 % maxReactions)
}

// reaction returns the unit of the reactions to the event, nil if there are none.
func (s stamp) reaction(id event.ID) *unit {
	n := s.reactions()
	if n == 0 {
		return nil
	}
	return &unit{
		First: stamp{s.Lane | reactionLane, s.Version * maxReactions}, Batch: true, Key: true, Reacts: true, Cause: id, Items: make([]item, n),
	}
}

// causeOf returns the stamp of what a reaction is an answer to, and the place of it among the reactions, from 0.
func (s stamp) causeOf() (cause stamp, place int) {
	return stamp{s.Lane &^ reactionLane, s.Version / maxReactions}, int(s.Version % maxReactions)
}

// answerer is a function that reacts; it fails at first for one in so many events, if that is not 0.
type answerer struct {
	fails uint64
	asked atomic.Uint64
}

var errReaction = errors.New("the first attempt fails")

func (r *answerer) react(_ context.Context, ev event.Event, reactions *engine.Batch) error {
	s := stampOf(&ev)
	if text := s.check(&ev, new(label)); text != "" {
		return fmt.Errorf("sequence %d %s", ev.Sequence, text)
	}
	if r.fails > 0 && r.asked.Add(1)%r.fails == 0 {
		return errReaction
	}
	u := s.reaction(ev.ID)
	if u == nil {
		return nil
	}
	for i := range u.Items {
		s := u.stamp(i)
		reactions.AddBytes(coordinates[s.entity()], s.kind(), event.CodecRaw, s.payload()).With(u.options(i, engine.WaitPolicy))
	}
	return nil
}

// start starts the reactor.
func (r *answerer) start(store *engine.Store, every int) (*engine.Reactor, error) {
	return store.StartReactor(engine.ReactorOptions{
		Name: reactorName, Region: event.OfKind(reactorKind), AckEvery: every,
		OnError: engine.ErrorPolicy{Attempts: engine.RetryForever, Backoff: time.Microsecond, MaxBackoff: time.Microsecond},
	}, r.react)
}

// react lets a reactor run beside writers, until nobody appends any more, and then to the end, or not.
func (l *life) react() {
	answers, floor := &answerer{fails: l.seed % 3 * 17}, uint64(0)
	for begun := 0; begun < 100; begun++ {
		reactor, err := answers.start(l.store, 1+int(l.seed%20))
		if err != nil {
			if !l.excusedFollower(err) && !l.excused(err) {
				l.violated(fmt.Errorf("reactor: start: %w", err))
			}
			return
		}
		l.journal.Note(&note{Kind: reacted, Cursor: reactorCursor, Sequence: floor})
		floor = l.reactorRuns(reactor, floor)
		err = reactor.Stop()
		if err == nil && (l.done.Load() || l.hastily) {
			return
		}
		if err != nil && !l.excusedFollower(err) && !l.excused(err) {
			l.violated(fmt.Errorf("reactor: %w", err))
			return
		}
		if l.store.Stats().Poisoned != nil || l.done.Load() {
			return
		}
	}
}

// reactorRuns looks at a reactor until it ends, or is to be stopped. It returns up to where all was dealt with.
func (l *life) reactorRuns(reactor *engine.Reactor, floor uint64) uint64 {
	knows := func(acked uint64) {
		if acked > floor {
			floor = acked
			l.journal.Note(&note{Kind: reacted, Cursor: reactorCursor, Sequence: floor})
		}
	}
	for !l.done.Load() {
		select {
		case <-reactor.Done():
			return floor
		default:
		}
		knows(reactor.Stats().Acked)
		runtime.Gosched()
	}
	if l.seed%3 == 0 {
		return floor
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-reactor.Done():
			cancel() // whoever waits for it is told by that, too; this is for who is not
		case <-ctx.Done():
		}
	}()
	to := l.store.Stats().Visible
	switch err := reactor.WaitFor(ctx, to); {
	case err == nil:
		knows(to)
	case reactor.Err() == nil && !l.hastily:
		l.violated(fmt.Errorf("reactor: wait for %d: %w", to, err))
	}
	return floor
}

// reactedUpTo checks what there are of reactions where the reactor's cursor was found at a sequence, and is known to have dealt with all
// up to another one. Between the two there may be nothing to react to.
func (h *history) reactedUpTo(known stand, acked uint64) error {
	answered := make(map[uint64]int) // events that caused so many reactions
	for i := range h.held {
		s := h.held[i].Stamp
		if s.Lane&reactionLane == 0 {
			continue
		}
		answered[h.facts[i].cause]++
		at := h.find(h.facts[i].cause)
		if cause, place := s.causeOf(); at < 0 || h.held[at].Stamp != cause || place >= cause.reactions() {
			return fmt.Errorf("sequence %d is no reaction to sequence %d, which is its cause", h.held[i].Sequence, h.facts[i].cause)
		}
	}
	for i := range h.held {
		e := &h.held[i]
		switch want, got := e.Stamp.reactions(), answered[e.Sequence]; {
		case got > 0 && got != want:
			return fmt.Errorf("there are %d reactions to sequence %d, must be %d", got, e.Sequence, want)
		case got < want && e.Sequence <= max(acked, known.Acked):
			return fmt.Errorf("the reactor is at %d, it was at %d, and there is no reaction to sequence %d", acked, known.Acked, e.Sequence)
		case e.Stamp.kind() == reactorKind && e.Sequence > acked && e.Sequence <= known.Acked:
			return fmt.Errorf("the reactor is at %d, it was at %d, and sequence %d is between", acked, known.Acked, e.Sequence)
		}
	}
	return nil
}

// reactToAll lets the reactor run to the end of a store to which nobody else appends.
func (x *trying) reactToAll(store *engine.Store, to *list) error {
	x.reactors.Add(1)
	answers := &answerer{fails: x.Last.Seed % 3 * 5}
	reactor, err := answers.start(store, 1+int(x.Last.Seed%20))
	if err != nil {
		return fmt.Errorf("reactor: start: %w", err)
	}
	top := store.Stats().Staged
	if err := store.Sync(); err != nil {
		return fmt.Errorf("reactor: sync: %w", err)
	}
	if err := reactor.WaitFor(context.Background(), top); err != nil {
		return errors.Join(fmt.Errorf("reactor: wait for %d: %w", top, err), reactor.Stop())
	}
	to.Note(&note{Kind: reacted, Cursor: reactorCursor, Sequence: top})
	if err := reactor.Stop(); err != nil {
		return fmt.Errorf("reactor: %w", err)
	}
	h := new(history)
	for ev, err := range store.Events(0, 0, engine.ReadOptions{}) {
		if err != nil {
			return fmt.Errorf("reactor: read: %w", err)
		}
		h.add(entryOf(&ev), fact{cause: ev.CauseSequence})
	}
	return h.reactedUpTo(stand{}, top)
}
