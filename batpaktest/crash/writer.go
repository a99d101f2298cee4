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
	composer
	*life
	seen  [entities]head // newest of its own events
	end   entry          // the last event that it appended
	known bool           // that is known to be visible
	kept  uint64         // highest sequence up to which it knows that all is durable
	again bool           // it appends what was appended before, or what somebody else appends just now
}

func (l *life) writer(lane uint32, mixed bool) *writer {
	return &writer{life: l, composer: composer{
		random: rand.New(rand.NewPCG(l.seed, uint64(lane&(lanes-1)))), lane: lane, version: 1, mixed: mixed,
	}}
}

// write appends until the life's appends are made, or nothing can be appended any more.
func (w *writer) write() {
	for made, refused := 0, 0; made < w.appends; {
		u, k := w.next()
		again, err := w.one(u, k)
		switch {
		case err == nil:
			made += len(u.Items)
			continue
		case u.conditional() || u.keyed():
			made++ // it may well be refused
		}
		if refused++; !again || refused > 4*w.appends {
			return
		}
		if refused > 3 && w.full {
			w.disk.SetCapacity(0)
		}
	}
}

// next returns the unit to append next, and what is known of it if it has keys of its own.
func (w *writer) next() (*unit, *keyed) {
	w.again = false
	if w.mixed && w.random.IntN(10) == 0 {
		if k := w.keys.again(w.random); k != nil {
			w.again = true
			return k.unit, k
		}
	}
	u := w.compose(w)
	if !u.keyed() || u.takes() {
		return u, nil
	}
	w.journal.Note(&note{Kind: asked, Unit: u})
	return u, w.keys.add(u, nil)
}

// head is what it knows of an entity: from its own events, or as it reads it now.
func (w *writer) head(entity int) head {
	if own := w.seen[entity]; own.Clock > 0 && w.random.IntN(2) == 0 {
		return own
	}
	for ev, err := range w.store.Stream(coordinates[entity].Entity(), engine.ReadOptions{Direction: engine.Backward, Limit: 1}) {
		if err == nil {
			return head{ev.ID, ev.Hash, ev.Sequence, ev.Position.Clock}
		}
	}
	return head{}
}

func (w *writer) last() uint64 {
	if w.random.IntN(3) == 0 {
		return w.end.Sequence
	}
	return w.store.Stats().Visible
}

func (w *writer) effect() event.ID { return w.end.ID }

func (w *writer) taken() (keyName, bool) { return w.keys.taken(w.random) }

// one makes one append and what follows it. again says, when it failed, that nothing was stored and that the next one may work.
func (w *writer) one(u *unit, k *keyed) (again bool, err error) {
	wait := engine.WaitPolicy
	switch w.random.IntN(12) {
	case 0, 1:
		wait = engine.WaitDurable
	case 2, 3:
		wait = engine.WaitStaged
	}
	if w.lazy && w.random.IntN(8) > 0 {
		wait = engine.WaitPolicy
	}
	waits := u.Batch || wait == engine.WaitDurable || wait == engine.WaitPolicy && w.opening.Policy.waits()
	known := k != nil && w.keys.known(k)
	receipts, err := u.append(w.store, wait)
	if err != nil {
		return w.refused(u, err, known, waits)
	}
	if text := w.told(u, k, receipts); text != "" {
		w.violated(errors.New("append: " + text))
		return false, errBroken
	}
	last := receipts[len(receipts)-1]
	if waits {
		w.keep(last.Sequence)
	}
	w.known = waits || last.Duplicate || !w.opening.Policy.waits()
	return w.ask(last.Sequence)
}

// errBroken ends a writer that has seen a broken promise.
var errBroken = errors.New("a promise was broken")

// told takes the receipts of a unit. The result says which promise they break; empty: none.
func (w *writer) told(u *unit, k *keyed, receipts []engine.Receipt) string {
	if text := u.wrong(receipts); text != "" {
		return text
	}
	if u.takes() {
		return fmt.Sprintf("a unit with the key of another one is at sequence %d", receipts[0].Sequence)
	}
	entries, duplicate, behind := u.entries(receipts), receipts[0].Duplicate, w.kept
	got, _ := answerOf(receipts, nil)
	w.count.answered(u, got)
	if duplicate {
		behind = 0 // who stored it knew that, or not
	} else {
		w.goOn(u)
	}
	for i, e := range entries {
		w.knows(e, behind)
		if at := &w.seen[e.Stamp.entity()]; at.Sequence < e.Sequence {
			*at = head{e.ID, e.Hash, e.Sequence, receipts[i].Position.Clock}
		}
	}
	w.end = entries[len(entries)-1]
	if k != nil {
		if text := w.keys.settle(k, entries, duplicate); text != "" {
			return text
		}
	}
	if duplicate {
		return w.visible(receipts, entries)
	}
	return ""
}

// visible checks that the events of an answer can be read.
func (w *writer) visible(receipts []engine.Receipt, entries []entry) string {
	for i := range receipts {
		r := &receipts[i]
		ev, err := w.store.At(r.Sequence)
		switch {
		case w.hastily && errors.Is(err, engine.ErrClosed):
		case err != nil:
			return fmt.Sprintf("sequence %d is called a duplicate, reading it gives %v", r.Sequence, err)
		case entryOf(&ev) != entries[i] || ev.Timestamp != r.Timestamp || ev.Position != r.Position:
			return fmt.Sprintf("sequence %d is called a duplicate with the receipt %+v, there is %s", r.Sequence, *r, ev)
		}
	}
	return ""
}

// keep notes that it knows all up to a sequence to be durable.
func (w *writer) keep(sequence uint64) {
	w.keeps(sequence)
	w.kept = max(w.kept, sequence)
}

// refused judges an append that failed. known says that it is a unit with a key that was stored, waits that it would have waited
// until it is durable.
func (w *writer) refused(u *unit, err error, known, waits bool) (again bool, _ error) {
	var conflict *engine.ConflictError
	var key *engine.KeyError
	var text string
	switch {
	case errors.Is(err, engine.ErrConflict) && (known || u.takes()):
		text = "its key was judged behind its conditions"
	case errors.As(err, &conflict) && errors.Is(err, engine.ErrConflict):
		w.count.answered(u, isConflict)
		text = w.conflict(u, conflict, waits)
	case errors.As(err, &key) && errors.Is(err, engine.ErrIdempotencyConflict):
		w.count.answered(u, isKeyTaken)
		text = w.keyTaken(u, key, waits)
	case !u.Cause.IsZero() && (!w.known || w.again) && errors.Is(err, engine.ErrNotFound):
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
	default:
		text = "a failure"
	}
	if text == "" {
		return true, err
	}
	w.violated(fmt.Errorf("append: %s: %w", text, err))
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
	if _, err := alone(s, event.ID{}).append(w.store, engine.WaitStaged); err == nil {
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
		w := l.writer(laneOf(l.number, l.size, lane), false)
		if _, err := w.one(alone(stamp{w.lane, 1}, event.ID{}), nil); err != nil || l.tail()%page > page-room {
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
