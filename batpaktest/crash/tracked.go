// This file holds tracked cursors: named ones that somebody uses who knows where they may be, and what they return.

package crash

import (
	"errors"
	"fmt"
	"slices"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/mmapseg"
)

// tracked is a named cursor in use. It belongs to one goroutine.
type tracked struct {
	store   *engine.Store
	index   int // of its name
	stand   standing
	opening int
	to      interface{ Note(any) }
	count   *tally
	excused func(error) bool // whether an error may be; the cursor is of no use then

	cursor *engine.Cursor // nil: it is not open
	area   *area          // that it reads
	from   uint64         // it was opened or reset there
	behind uint64         // sequence of the last event, or the end of the last loss, that it returned; from if there is none
	lost   []mmapseg.Range
}

// errStopped ends the use of a cursor by an error that may be.
var errStopped = errors.New("the cursor can't be used any more")

// track returns a cursor of the store that is not open yet.
func (v *view) track(store *engine.Store, index int, to interface{ Note(any) }, count *tally, excused func(error) bool) *tracked {
	s := v.standing(index)
	return &tracked{store: store, index: index, stand: s, opening: s.At + 1, to: to, count: count, excused: excused}
}

// notes takes and passes on a note.
func (t *tracked) notes(n *note) {
	n.Cursor = t.index
	t.to.Note(n)
	t.stand.take(n, t.opening)
}

// failed returns errStopped for an error that may be, and otherwise one that says what failed.
func (t *tracked) failed(what string, err error) error {
	if t.excused(err) {
		return errStopped
	}
	return fmt.Errorf("cursor %.10q: %s: %w", names[t.index], what, err)
}

func (t *tracked) broken(text string, args ...any) error {
	return fmt.Errorf("cursor %.10q: %s", names[t.index], fmt.Sprintf(text, args...))
}

// open opens the cursor, which is made if it is not there: then it begins behind a sequence.
func (t *tracked) open(a *area, start uint64) error {
	if t.stand.mayBe(true) {
		t.notes(&note{Kind: moving, Stand: stand{Acked: start}})
	}
	cursor, err := t.store.CursorGuaranteed(a.region, engine.CursorOptions{Name: names[t.index], Start: engine.FromAfter(start)})
	if err != nil {
		return t.failed("open", err)
	}
	found := stand{Acked: cursor.Acked()}
	if text := t.stand.wrong(found); text != "" {
		return errors.Join(t.broken("%s", text), cursor.Close())
	}
	t.count.opened.Add(1)
	t.notes(&note{Kind: moved, Stand: found})
	t.cursor, t.area = cursor, a
	t.begin(found.Acked)
	return nil
}

// begin begins behind a sequence.
func (t *tracked) begin(from uint64) {
	t.from, t.behind = from, from
	t.lost = t.store.Report().Lost
	for len(t.lost) > 0 && t.lost[0].Last < from {
		t.lost = t.lost[1:]
	}
}

// close closes the cursor.
func (t *tracked) close() error {
	if t.cursor == nil {
		return nil
	}
	err := t.cursor.Close()
	t.cursor = nil
	if err != nil {
		return t.failed("close", err)
	}
	return nil
}

// returned takes what the cursor returned: an event, or the error. again is true for a loss, after which it goes on.
func (t *tracked) returned(ev *event.Event, err error) (again bool, _ error) {
	var loss *engine.LossError
	switch {
	case errors.As(err, &loss) && errors.Is(err, engine.ErrLost):
		return true, t.loses(loss)
	case err != nil:
		return false, t.failed("next", err)
	case ev.Sequence <= t.behind:
		return false, t.broken("returns sequence %d behind %d", ev.Sequence, t.behind)
	}
	if err := t.past(ev.Sequence); err != nil {
		return false, err
	}
	t.behind = ev.Sequence
	t.notes(&note{Kind: given, Sequence: ev.Sequence})
	return false, nil
}

// loses takes a loss that the cursor tells of.
func (t *tracked) loses(loss *engine.LossError) error {
	lost := mmapseg.Range{First: loss.First, Last: loss.Last}
	if !slices.Contains(t.lost, lost) {
		return t.broken("behind %d it tells that sequences %d to %d are lost; recorded are %v", t.behind, lost.First, lost.Last, t.lost)
	}
	if err := t.past(lost.First); err != nil {
		return err
	}
	t.count.losses.Add(1)
	t.lost = t.lost[1:]
	t.behind = lost.Last
	t.notes(&note{Kind: toldLost, Sequence: lost.First, Last: lost.Last})
	return nil
}

// past fails if the cursor goes on at a sequence and has not told of a loss before it that it has to tell of.
func (t *tracked) past(sequence uint64) error {
	for ; len(t.lost) > 0 && t.lost[0].Last < sequence; t.lost = t.lost[1:] {
		if t.stand.owes(t.lost[0], t.from) {
			return t.broken("goes on at sequence %d and does not tell that %d to %d are lost; it had returned %v, and began at %d",
				sequence, t.lost[0].First, t.lost[0].Last, t.stand.Given, t.from)
		}
	}
	return nil
}

// ack acknowledges a sequence.
func (t *tracked) ack(sequence uint64) error {
	if sequence != t.stand.Sure.Acked {
		t.notes(&note{Kind: moving, Stand: stand{Acked: sequence}})
	}
	if err := t.cursor.Ack(sequence); err != nil {
		return t.failed(fmt.Sprintf("acknowledge %d", sequence), err)
	}
	t.notes(&note{Kind: moved, Stand: stand{Acked: sequence}})
	if acked := t.cursor.Acked(); acked != sequence {
		return t.broken("at %d after %d was acknowledged", acked, sequence)
	}
	return nil
}

// refuses acknowledges what can't be.
func (t *tracked) refuses(sequence uint64) error {
	before := t.cursor.Acked()
	if err := t.cursor.Ack(sequence); err == nil || t.cursor.Acked() != before {
		return t.broken("at %d, behind %d it takes the acknowledgement of %d, and is at %d; error %v", before, t.behind, sequence, t.cursor.Acked(), err)
	}
	return nil
}

// reset makes the cursor go on behind a sequence.
func (t *tracked) reset(sequence uint64) error {
	t.notes(&note{Kind: moving, Stand: stand{Acked: sequence}, Anew: true})
	if err := t.cursor.Reset(engine.FromAfter(sequence)); err != nil {
		return t.failed(fmt.Sprintf("reset to %d", sequence), err)
	}
	t.notes(&note{Kind: moved, Stand: stand{Acked: sequence}})
	t.begin(sequence)
	return nil
}

// remove closes and removes the cursor.
func (t *tracked) remove() error {
	if err := t.close(); err != nil {
		return err
	}
	t.notes(&note{Kind: moving, Stand: stand{Gone: true}, Anew: true})
	if err := t.store.RemoveCursor(names[t.index]); err != nil {
		return t.failed("remove", err)
	}
	t.notes(&note{Kind: moved, Stand: stand{Gone: true}})
	return nil
}
