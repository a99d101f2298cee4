// Expectations and conditions: what must be true for an append to be stored.

package engine

import (
	"fmt"
	"unicode/utf8"

	"github.com/batpak/batpak/engine/internal/commit"
	"github.com/batpak/batpak/engine/internal/query"
	"github.com/batpak/batpak/event"
)

// Expectation is what is expected of an entity. The zero value expects nothing. Values can be compared.
type Expectation struct {
	kind  expected
	clock uint64
	id    event.ID
}

type expected uint8

const (
	nothing expected = iota
	theClock
	theLastID
)

// ExpectClock expects that the entity's newest event has this clock, which is how many
// events it had; 0: that it has none. After an unclean end clocks of events that were lost can
// be given again; ExpectLastID can't be fooled by that.
func ExpectClock(clock uint64) Expectation { return Expectation{kind: theClock, clock: clock} }

// ExpectLastID expects that the entity's newest event has this id; the zero id: that
// it has no event.
func ExpectLastID(id event.ID) Expectation {
	if id.IsZero() {
		return ExpectClock(0)
	}
	return Expectation{kind: theLastID, id: id}
}

// String says what is expected, as in "clock 3".
func (e Expectation) String() string {
	switch {
	case e.kind == nothing:
		return "anything"
	case e.kind == theLastID:
		return "last id " + e.id.String()
	case e.clock == 0:
		return "no event"
	}
	return fmt.Sprintf("clock %d", e.clock)
}

// Condition is what must hold when an append is stored, of whatever entities, written by it or not. The
// zero value always holds.
type Condition struct {
	entity string
	expect Expectation

	region event.Region
	after  uint64
	none   bool // no event of region after
}

// NoneAfter is the condition that the region has no event with a sequence above after: that what was
// read of it, up to there, is still all there is. Read first what decides, noting a sequence that
// is visible before the reading begins ([Stats].Visible, or that of the last event that was read), and
// append with that. A region may be a union; one that selects everything holds only if nothing
// at all was stored since. While others append all the time, a condition about clocks or times, or one with hundreds of
// parts, can hold them up for a moment, so that it gets its answer.
func NoneAfter(region event.Region, after uint64) Condition {
	return Condition{region: region, after: after, none: true}
}

// EntityIs is the condition that an entity is as expected.
func EntityIs(entity string, expect Expectation) Condition {
	return Condition{entity: entity, expect: expect}
}

// addConditions gives a unit what must hold for it. item is the index of the batch's item that asks, -1: none does.
func (s *Store) addConditions(unit *commit.Unit, conditions []Condition, item int) error {
	for i := range conditions {
		c := &conditions[i]
		if c.none {
			if last := s.log.Staged(); c.after > last {
				return &OptionError{"Conditions", c.after, fmt.Sprintf("after a sequence that was given: %d is the last one", last)}
			}
			unit.Conditions = append(unit.Conditions, commit.Condition{Item: item, Region: c.region, After: c.after})
			continue
		}
		if c.expect.kind == nothing {
			continue
		}
		if c.entity == "" || len(c.entity) > event.MaxName || !utf8.ValidString(c.entity) {
			return &OptionError{"Conditions", fmt.Sprintf("about an entity with a name of %d bytes", len(c.entity)), fmt.Sprintf("1 to %d bytes of valid UTF-8", event.MaxName)}
		}
		unit.Conditions = append(unit.Conditions, c.expect.of(c.entity, item))
	}
	return nil
}

// of returns the expectation of an entity.
func (e Expectation) of(entity string, item int) commit.Condition {
	return commit.Condition{Item: item, Entity: entity, ByID: e.kind == theLastID, Clock: e.clock, ID: e.id}
}

// occurs finds the first event of a region from one sequence to another.
func (s *Store) occurs(region event.Region, first, last uint64) (commit.Occurrence, bool, error) {
	for ev, err := range s.reader.Query(region.Sequences(first, last), query.Options{Limit: 1, Check: true}) {
		if err != nil {
			return commit.Occurrence{}, false, fmt.Errorf("judge a condition: %w", err)
		}
		return commit.Occurrence{Sequence: ev.Sequence, ID: ev.ID, Clock: ev.Position.Clock}, true, nil
	}
	return commit.Occurrence{}, false, nil
}

// newest finds the newest event of an entity up to a sequence.
func (s *Store) newest(entity string, last uint64) (commit.Occurrence, error) {
	found, err := s.reader.Newest(entity, last)
	if err != nil {
		return commit.Occurrence{}, fmt.Errorf("judge a condition: %w", err)
	}
	return commit.Occurrence(found), nil
}

// byKey finds who has a key.
func (s *Store) byKey(key string, last uint64) (commit.Holder, bool, error) {
	h, found, err := s.reader.ByKey(key, last)
	if err != nil {
		return commit.Holder{}, false, fmt.Errorf("look up an idempotency key: %w", err)
	}
	return commit.Holder(h), found, nil
}

// ConflictError says which expectation or condition of an append does not hold. It is [ErrConflict].
type ConflictError = commit.ConflictError

// KeyError says which idempotency key stands in the way of an append. It is [ErrIdempotencyConflict].
type KeyError = commit.KeyError
