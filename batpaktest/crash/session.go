// This file holds sessions: somebody appends alone to a store of which all is known, so that every answer is known before.

package crash

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/simdisk"
)

// session is one who appends to a store that nobody else appends to.
type session struct {
	composer
	*history // of the store, which the session goes on with
	store    *engine.Store
	dir      *simdisk.Directory
	waits    bool // for what is durable, as the policy says
	to       *list
	units    []*unit // with keys
	count    *tally
}

// answer is what an append can answer.
type answer uint8

const (
	isStored answer = iota
	isDuplicate
	isConflict
	isKeyTaken
	isCauseMissing
	answers
)

// String names the answer.
func (a answer) String() string {
	return [...]string{"stored", "a duplicate", "refused, for a condition", "refused, for a key", "refused, for a cause"}[a]
}

func (x *trying) session(h *history, v *view, store *engine.Store, dir *simdisk.Directory, o opening, life uint32, to *list) *session {
	r := rand.New(rand.NewPCG(o.Seed, uint64(life)))
	return &session{
		composer: composer{random: r, lane: laneOf(life, mixed, 0), version: 1, mixed: r.IntN(2) == 0},
		history:  h, store: store, dir: dir, waits: o.Policy.waits(), to: to, units: v.units(), count: x.tally,
	}
}

func (s *session) head(entity int) head { return s.heads[entity] }

func (s *session) last() uint64 {
	if n := len(s.held); n > 0 {
		return s.held[n-1].Sequence
	}
	return 0
}

func (s *session) effect() event.ID {
	if n := len(s.held); n > 0 {
		return s.held[n-1-s.random.IntN(min(n, 5))].ID
	}
	return event.ID{}
}

func (s *session) taken() (keyName, bool) {
	for _, i := range s.random.Perm(len(s.units)) {
		if u := s.units[i]; s.stored(u) != nil {
			return u.names()[0], true
		}
	}
	return keyName{}, false
}

// append appends about so many events, until the process is killed.
func (s *session) append(events int) error {
	for made := 0; made < events && !s.dir.Killed(); {
		u := s.compose(s)
		if s.mixed && len(s.units) > 0 && s.random.IntN(8) == 0 {
			u = s.units[s.random.IntN(len(s.units))]
		}
		if err := s.one(u); err != nil {
			return err
		}
		made += len(u.Items)
	}
	return nil
}

// again appends units with keys again, as many as it may, and what is stored by that once more.
func (s *session) again(most int) error {
	for _, i := range s.random.Perm(len(s.units)) {
		if most--; most < 0 {
			return nil
		}
		u := s.units[i]
		if err := s.one(u); err != nil {
			return err
		}
		if s.stored(u) != nil && s.random.IntN(2) == 0 {
			if err := s.one(u); err != nil {
				return err
			}
		}
	}
	return nil
}

// one appends a unit. Nobody is told anything once the process is killed.
func (s *session) one(u *unit) error {
	want, because := s.foretell(u)
	if u.keyed() && !u.takes() && !slices.Contains(s.units, u) {
		s.units = append(s.units, u)
		s.to.Note(&note{Kind: asked, Unit: u})
	}
	receipts, err := u.append(s.store, engine.WaitPolicy)
	if s.dir.Killed() {
		return nil
	}
	got, err := answerOf(receipts, err)
	if err != nil {
		return fmt.Errorf("append: %w", err)
	}
	if got != want {
		return fmt.Errorf("append: it is %s, must be %s%s", got, want, because)
	}
	s.count.answered(u, got)
	if got > isDuplicate {
		return nil
	}
	if text := u.wrong(receipts); text != "" {
		return fmt.Errorf("append: %s", text)
	}
	return s.told(u, receipts)
}

// answerOf returns what an append answered, or how it failed.
func answerOf(receipts []engine.Receipt, err error) (answer, error) {
	switch {
	case err == nil && len(receipts) > 0 && receipts[0].Duplicate:
		return isDuplicate, nil
	case err == nil:
		return isStored, nil
	case errors.Is(err, engine.ErrConflict):
		return isConflict, nil
	case errors.Is(err, engine.ErrIdempotencyConflict):
		return isKeyTaken, nil
	case errors.Is(err, engine.ErrNotFound):
		return isCauseMissing, nil
	}
	return 0, err
}

// foretell returns the only answer that keeps what is promised, and why.
func (s *session) foretell(u *unit) (want answer, because string) {
	switch {
	case u.takes():
		return isKeyTaken, ""
	case u.keyed() && s.stored(u) != nil:
		return isDuplicate, ""
	case !u.Cause.IsZero() && !slices.ContainsFunc(s.held, func(e entry) bool { return e.ID == u.Cause }):
		return isCauseMissing, ""
	}
	if because = s.refusal(u); because != "" {
		return isConflict, because
	}
	return isStored, ""
}

// refusal says which claim of a unit is not true; empty: all are.
func (h *history) refusal(u *unit) string {
	before := h.now()
	defer func() { h.heads = before.heads }()
	for i := range u.Claims {
		if text := h.against(&u.Claims[i], 0, &before); text != "" {
			return fmt.Sprintf(": claimed was %s, but %s", &u.Claims[i], text)
		}
	}
	for i := range u.Items {
		entity := u.stamp(i).entity()
		for j := range u.Items[i].Claims {
			c := &u.Items[i].Claims[j]
			if text := h.against(c, entity, &before); text != "" {
				return fmt.Sprintf(": item %d claimed %s, but %s", i, c, text)
			}
		}
		h.heads[entity].Clock++
	}
	return ""
}

// told takes receipts.
func (s *session) told(u *unit, receipts []engine.Receipt) error {
	entries, first := u.entries(receipts), len(s.held)
	if receipts[0].Duplicate {
		if stored := s.stored(u); !slices.Equal(entries, stored) {
			return fmt.Errorf("append: a unit with a key is at sequence %d; appended again, at %d", stored[0].Sequence, entries[0].Sequence)
		}
	} else {
		s.goOn(u)
		for i, e := range entries {
			at := &receipts[i].Position
			if clock := s.heads[e.Stamp.entity()].Clock + 1; at.Clock != clock {
				return fmt.Errorf("append: sequence %d has clock %d, behind %d", e.Sequence, at.Clock, clock-1)
			}
			s.add(e, fact{clock: at.Clock, depth: at.Depth})
		}
		for _, name := range u.names() {
			if err := s.name(name, first+int(name.Stamp.Version-u.First.Version)); err != nil {
				return err
			}
		}
	}
	for _, e := range entries {
		s.to.Note(&note{Kind: told, Event: e})
	}
	last := entries[len(entries)-1].Sequence
	if s.waits || u.Batch {
		s.to.Note(&note{Kind: durable, Sequence: last})
	} else if first%7 == 6 {
		if err := s.store.Sync(); err == nil && !s.dir.Killed() {
			s.to.Note(&note{Kind: durable, Sequence: last})
		}
	}
	return nil
}
