// What a store says of some of its events, to be compared with what it says after its
// index was built anew.

package rows

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

const (
	sampled       = 200 // events
	firstOfStream = 3
)

// answer is what a store says of one event and of its entity.
type answer struct {
	id     event.ID
	entity string
	clock  uint64                // of the event
	newest uint64                // clock of the entity
	first  [firstOfStream]uint64 // sequences of the entity's oldest events
	last   uint64                // sequence of its newest
}

// answersOf asks for random events of the first count, the same ones every time, and
// fails where answers contradict each other.
func answersOf(store *engine.Store, count int) ([]answer, error) {
	random := rand.New(rand.NewPCG(5, 6))
	answers := make([]answer, 0, sampled)
	for range sampled {
		a, err := answerOf(store, 1+random.Uint64N(uint64(count)))
		if err != nil {
			return nil, err
		}
		answers = append(answers, a)
	}
	return answers, nil
}

func answerOf(store *engine.Store, sequence uint64) (a answer, err error) {
	ev, err := store.At(sequence)
	if err != nil {
		return a, err
	}
	a = answer{id: ev.ID, entity: ev.Entity(), clock: ev.Position.Clock}
	again, err := store.Get(ev.ID)
	if err != nil {
		return a, err
	}
	if again.Sequence != sequence {
		return a, fmt.Errorf("the id of event %d finds event %d", sequence, again.Sequence)
	}
	if a.newest, err = store.Clock(a.entity); err != nil {
		return a, err
	}
	place := 0
	for ev, err := range store.Stream(a.entity, engine.ReadOptions{Limit: firstOfStream}) {
		if err != nil {
			return a, err
		}
		a.first[place] = ev.Sequence
		place++
	}
	for ev, err := range store.Stream(a.entity, engine.ReadOptions{Limit: 1, Direction: engine.Backward}) {
		if err != nil {
			return a, err
		}
		if a.last = ev.Sequence; ev.Position.Clock != a.newest {
			return a, fmt.Errorf("the newest event of %s has the clock %d, the entity %d", a.entity, ev.Position.Clock, a.newest)
		}
	}
	if a.first[0] == 0 || a.first[0] > sequence || a.last < sequence {
		return a, fmt.Errorf("the stream of event %d begins at %d and ends at %d", sequence, a.first[0], a.last)
	}
	return a, nil
}

// sameAnswers asks again and fails where an answer is another one.
func sameAnswers(store *engine.Store, count int, before []answer) error {
	after, err := answersOf(store, count)
	if err != nil {
		return err
	}
	if !slices.Equal(before, after) {
		return fmt.Errorf("of %d questions some have another answer than before", len(before))
	}
	return nil
}
