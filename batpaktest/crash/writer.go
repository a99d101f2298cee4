// This file holds writers: what they append, what they wait for, and what they are told.

package crash

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/simdisk"
)

// writer is one of those who append to a store.
type writer struct {
	*life
	lane   uint32
	random *rand.Rand
	last   entry  // the last event that it appended
	known  bool   // that is known to be visible
	kept   uint64 // highest sequence up to which it knows that all is durable
}

// write appends until the life's appends are made, or nothing can be appended any more.
func (w *writer) write() {
	version, refused := uint32(1), 0
	for int(version) <= w.appends {
		again, err := w.one(stamp{w.lane, version})
		if err == nil {
			version++
			continue
		}
		if refused++; !again || refused > 4*w.appends {
			return
		}
		if refused > 3 && w.full {
			w.disk.SetCapacity(0)
		}
	}
}

// one makes one append and what follows it. again says, when it failed, that nothing was stored and that the next one may work.
func (w *writer) one(s stamp) (again bool, err error) {
	wait, cause := engine.WaitPolicy, event.ID{}
	switch w.random.IntN(12) {
	case 0, 1:
		wait = engine.WaitDurable
	case 2, 3:
		wait = engine.WaitStaged
	}
	if w.random.IntN(10) == 0 && w.last.Sequence != 0 {
		cause = w.last.ID
	}
	if w.lazy && w.random.IntN(8) > 0 {
		wait = engine.WaitPolicy
	}
	receipt, err := s.append(w.store, wait, cause)
	if err != nil {
		return w.refused(err, cause)
	}
	e := entry{receipt.Sequence, receipt.ID, receipt.Hash, s}
	w.knows(e, w.kept)
	w.last = e
	waited := wait == engine.WaitDurable || wait == engine.WaitPolicy && w.opening.Policy.waits()
	if waited {
		w.keep(e.Sequence)
	}
	w.known = waited || !w.opening.Policy.waits()
	return w.ask(e.Sequence)
}

// keep notes that it knows all up to a sequence to be durable.
func (w *writer) keep(sequence uint64) {
	w.keeps(sequence)
	w.kept = max(w.kept, sequence)
}

// refused judges an append that failed.
func (w *writer) refused(err error, cause event.ID) (again bool, _ error) {
	switch {
	case !cause.IsZero() && !w.known && errors.Is(err, engine.ErrNotFound):
		return true, err
	case errors.Is(err, engine.ErrNoSpace) && w.full:
		return true, err
	case w.failed.Load() && errors.Is(err, errSync) && !errors.Is(err, engine.ErrPoisoned) && !errors.Is(err, engine.ErrIndeterminate):
		return true, err // the next segment could not be made
	case errors.Is(err, engine.ErrClosed) && w.hastily:
		return false, err
	case w.excused(err):
		w.stays()
		return false, err
	}
	w.violated(fmt.Errorf("append: %w", err))
	return false, err
}

// ask sometimes makes what was appended durable, in one of the ways that there are.
func (w *writer) ask(sequence uint64) (again bool, err error) {
	before := w.highest.Load()
	kind := w.random.IntN(30)
	if w.lazy && w.random.IntN(8) > 0 {
		return false, nil
	}
	switch kind {
	case 0, 1:
		if err = w.store.Sync(); err == nil {
			w.keep(before)
		}
	case 2, 3:
		if err = w.store.WaitDurable(context.Background(), sequence); err == nil {
			w.keep(sequence)
		}
	case 4:
		ctx, cancel := context.WithCancel(context.Background())
		if w.random.IntN(2) == 0 {
			go cancel()
		} else {
			cancel()
		}
		err = w.store.WaitDurable(ctx, sequence)
		cancel()
		switch {
		case err == nil:
			w.keep(sequence)
		case errors.Is(err, engine.ErrIndeterminate) && errors.Is(err, context.Canceled):
			return true, nil
		}
	}
	switch {
	case err == nil || errors.Is(err, engine.ErrClosed) && w.hastily:
		return false, err
	case w.excused(err):
		w.stays()
		return false, err
	}
	w.violated(fmt.Errorf("making durable what was appended: %w", err))
	return false, err
}

// stays checks that a store stays poisoned.
func (w *writer) stays() {
	s := stamp{laneOf(w.number, w.size, lanes-1), 1 << 20} // which is never stored
	if _, err := s.append(w.store, engine.WaitStaged, event.ID{}); err == nil {
		w.violated(errors.New("a store that is poisoned by a failed sync takes an append"))
	}
	if err := w.store.Sync(); err == nil {
		w.violated(errors.New("a store that is poisoned by a failed sync says that all is durable"))
	}
}

// toTheEdge appends until the last event ends so near to the end of a page that a close frame does not fit in it, if a few
// events can do that.
func (l *life) toTheEdge() {
	const page, room = 4096, 80 // of a close frame, in bytes
	for lane := l.writers; lane < lanes-1; lane++ {
		end := l.tail()
		for other := lane; other < lanes-1; other++ { // whose first event is as long as it should be
			s := stamp{laneOf(l.number, l.size, other), 1}
			if (end+s.frame(!l.opening.Plain))%page > page-room {
				lane = other
				break
			}
		}
		w := &writer{life: l, lane: laneOf(l.number, l.size, lane), random: rand.New(rand.NewPCG(l.seed, uint64(lane)))}
		if _, err := w.one(stamp{w.lane, 1}); err != nil || l.tail()%page > page-room {
			return
		}
	}
}

// tail returns where the frame ends that was stored last.
func (l *life) tail() int64 {
	ops := l.journal.Ops()
	for i := len(ops) - 1; i >= 0; i-- {
		if ops[i].Kind == simdisk.OpStore {
			return ops[i].Offset + int64(len(ops[i].Data))
		}
	}
	return 0
}
