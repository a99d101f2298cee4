// request: what the model of decisions draws, makes, and judges by a plain slice.

package engine_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"pgregory.net/rapid"
)

// draw draws a request of so many events.
func (m *decider) draw(t *rapid.T, events int, batch bool) request {
	r := request{batch: batch, wishes: make([][]wish, events)}
	for i := range events {
		o := note(fmt.Sprint("entity-", rapid.IntRange(0, 3).Draw(t, "entity")), "x")
		o.Kind = rapid.SampledFrom([]event.Kind{event.Data, 0x1001, 0x2001}).Draw(t, "kind")
		o.Tags = rapid.SampledFrom([][]string{nil, nil, {"red"}, {"green"}, {"red", "green"}}).Draw(t, "tags")
		o.Payload = randomBytes(rapid.Uint64Range(0, 50).Draw(t, "payload"), rapid.SampledFrom([]int{0, 10, 300, 3000}).Draw(t, "size"))
		if rapid.IntRange(0, 29).Draw(t, "large") == 0 {
			o.Payload = randomBytes(1, 2*engine.MinSegmentSize)
		}
		switch link := rapid.IntRange(0, 5).Draw(t, "link"); {
		case link == 0 && i > 0:
			o.CauseInBatch = uint16(rapid.IntRange(1, i).Draw(t, "cause in batch"))
		case link == 1 && len(m.known) > 0:
			o.Cause = m.any(t, "cause").ID
		case link == 2 && len(m.known) > 0:
			o.Correlation = m.any(t, "correlation").ID
		}
		o.Key = m.key(t, 3)
		if rapid.IntRange(0, 2).Draw(t, "expects") == 0 {
			w := m.expectation(t, o.Coordinate.Entity())
			for _, before := range r.intents {
				if before.Coordinate.Entity() == w.entity {
					w.byID, w.clock = false, w.clock+1 // its id is not known
				}
			}
			w.own = true
			r.wishes[i] = append(r.wishes[i], w)
		}
		r.wishes[i] = append(r.wishes[i], m.conditions(t)...)
		r.intents = append(r.intents, o)
	}
	if batch {
		r.key, r.whole = m.key(t, 2), m.conditions(t)
	}
	if len(m.known) > 0 && rapid.IntRange(0, 4).Draw(t, "reacts") == 0 {
		r.react, r.cause = true, m.any(t, "reacts to").ID
	}
	if r.key != "" || slices.ContainsFunc(r.intents, func(o intent) bool { return o.Key != "" }) {
		m.asked = append(m.asked, r)
	}
	return r
}

// any draws an event that is known.
func (m *decider) any(t *rapid.T, what string) *event.Event {
	return &m.known[rapid.IntRange(0, len(m.known)-1).Draw(t, what)]
}

// key draws none most of the time, or one of a few.
func (m *decider) key(t *rapid.T, rarely int) string {
	if rapid.IntRange(0, rarely).Draw(t, "key") != 0 {
		return ""
	}
	return fmt.Sprint("key-", rapid.IntRange(0, 300).Draw(t, "key"))
}

// expectation draws what is expected of an entity, which holds more often than not.
func (m *decider) expectation(t *rapid.T, entity string) wish {
	w := wish{entity: entity, clock: m.known.clock(entity), byID: rapid.Bool().Draw(t, "by id")}
	for i := range m.known {
		if m.known[i].Entity() == entity {
			w.id = m.known[i].ID
		}
	}
	if rapid.IntRange(0, 3).Draw(t, "wrong") == 0 {
		w.clock += rapid.Uint64Range(0, 3).Draw(t, "clock")
		if w.id = (event.ID{}); len(m.known) > 0 {
			w.id = m.any(t, "id").ID
		}
	}
	if w.byID && w.id.IsZero() {
		w.byID, w.clock = false, 0
	}
	return w
}

// conditions draws none to three.
func (m *decider) conditions(t *rapid.T) []wish {
	var list []wish
	for range max(0, rapid.IntRange(-2, 3).Draw(t, "conditions")) {
		if rapid.IntRange(0, 2).Draw(t, "about an entity") == 0 {
			list = append(list, m.expectation(t, rapid.SampledFrom([]string{"entity-0", "entity-1", "nobody"}).Draw(t, "entity")))
			continue
		}
		all := everything()
		regions := []selection{
			all, all.entity("entity-2"), all.tags("red"), all.tags("red", "green"), all.kinds(0x2001), all.prefix("entity-"), all.entity("nobody"),
			union(all.entity("entity-0"), all.tags("green").kinds(0x1001)), all.entity("entity-1").clocks(4, 0), all.category(2).scope("scope"), union(),
		}
		after := m.last - min(m.last, rapid.Uint64Range(0, 6).Draw(t, "after"))
		list = append(list, wish{region: rapid.SampledFrom(regions).Draw(t, "region"), after: after})
	}
	return list
}

// resolve sets what the store makes of a reaction.
func (m *decider) resolve(r *request) {
	at := slices.IndexFunc(m.known, func(ev event.Event) bool { return ev.ID == r.cause })
	if r.react && at < 0 {
		r.react = false // it was lost
	}
	for i := range r.intents {
		o := &r.intents[i]
		if !o.Cause.IsZero() && !slices.ContainsFunc(m.known, func(ev event.Event) bool { return ev.ID == o.Cause }) {
			o.Cause = event.ID{}
		}
		if r.react && o.Cause.IsZero() && o.CauseInBatch == 0 {
			o.Cause = r.cause
		}
		switch {
		case !o.Correlation.IsZero():
		case r.react && (o.Cause == r.cause || o.CauseInBatch != 0 || r.batch):
			o.Correlation = m.known[at].Correlation
		case o.CauseInBatch != 0:
			o.Correlation = r.intents[o.CauseInBatch-1].Correlation
		}
	}
}

// make makes the request of a store.
func (r *request) make(s *engine.Store) ([]engine.Receipt, error) {
	for i := range r.intents {
		o := &r.intents[i]
		o.expect, o.conditions = engine.Expectation{}, nil
		for n := range r.wishes[i] {
			if w := &r.wishes[i][n]; w.own {
				o.expect = w.expectation()
			} else {
				o.conditions = append(o.conditions, w.condition())
			}
		}
	}
	if !r.batch {
		receipt, err := r.intents[0].append(s)
		if err != nil {
			return nil, err
		}
		return []engine.Receipt{receipt}, nil
	}
	batch := batchWith(r.key, r.intents...)
	for i := range r.whole {
		batch.Conditions = append(batch.Conditions, r.whole[i].condition())
	}
	if r.react {
		batch.ReactTo(r.cause)
	}
	return s.AppendBatch(batch)
}

// one returns what makes an event the same request.
func (r *request) one(i int) string {
	d := r.intents[i].Draft
	return fmt.Sprintf("%+v", d)
}

// all returns what makes a batch the same request.
func (r *request) all() string {
	list := make([]string, len(r.intents))
	for i := range list {
		list[i] = r.one(i)
	}
	return strings.Join(list, "\n")
}

// String returns a line for messages.
func (r *request) String() string {
	text := fmt.Sprintf("%d events, batch %v, key %q, reacting %v:", len(r.intents), r.batch, r.key, r.react)
	for i := range r.intents {
		o := &r.intents[i]
		text += fmt.Sprintf(" [%s key %q %s %d conditions]", o.Coordinate.Entity(), o.Key, o.expect, len(o.conditions))
	}
	return text
}

// place returns the item that an error names.
func (r *request) place(item int) int {
	if r.batch {
		return item
	}
	return -1
}

// judgeKeys returns where what is known is, or the errors of which one must be given; neither where all keys are new.
func (m *decider) judgeKeys(r *request) (known []int, refusals []engine.KeyError) {
	seen := map[string]bool{r.key: true, "": true}
	for i := range r.intents {
		key := r.intents[i].Key
		if key != "" && seen[key] {
			return nil, []engine.KeyError{{Item: i, Key: key}}
		}
		seen[key] = true
	}
	if h, taken := m.keys[r.key]; taken {
		if h.events == 0 || h.request != r.all() {
			return nil, []engine.KeyError{{Item: -1, Key: r.key, Sequence: m.known[h.first].Sequence}}
		}
		for i := range h.events {
			known = append(known, h.first+i)
		}
		return known, nil
	}
	differs := false
	for i := range r.intents {
		key := r.intents[i].Key
		h, taken := m.keys[key]
		if !taken {
			continue
		}
		differs = differs || h.events != 0 || h.request != r.one(i)
		known = append(known, h.first)
		refusals = append(refusals, engine.KeyError{Item: r.place(i), Key: key, Sequence: m.known[h.first].Sequence})
	}
	if len(known) == len(r.intents) && r.key == "" && !differs {
		return known, nil
	}
	return nil, refusals
}

// failing returns the errors of which one must be given; nil where all that is asked holds.
func (m *decider) failing(r *request) (list []engine.ConflictError) {
	for i := range r.whole {
		list = m.judge(list, &r.whole[i], -1, 0)
	}
	earlier := make(map[string]uint64)
	for i := range r.intents {
		entity := r.intents[i].Coordinate.Entity()
		for n := range r.wishes[i] {
			before := uint64(0)
			if r.wishes[i][n].own {
				before = earlier[entity]
			}
			list = m.judge(list, &r.wishes[i][n], r.place(i), before)
		}
		earlier[entity]++
	}
	return list
}

// judge adds the error of a wish that does not hold.
func (m *decider) judge(list []engine.ConflictError, w *wish, item int, earlier uint64) []engine.ConflictError {
	e := engine.ConflictError{Item: item, Entity: w.entity, Region: w.region.region, After: w.after}
	for i := range m.known {
		ev := &m.known[i]
		if w.entity == "" && ev.Sequence > w.after && w.region.selects(ev) {
			e.Event.Sequence, e.Event.ID, e.Event.Clock = ev.Sequence, ev.ID, ev.Position.Clock
			return append(list, e)
		}
		if w.entity != "" && ev.Entity() == w.entity {
			e.Event.Sequence, e.Event.ID, e.Event.Clock = ev.Sequence, ev.ID, ev.Position.Clock
		}
	}
	if w.entity == "" || w.byID && e.Event.ID == w.id || !w.byID && e.Event.Clock+earlier == w.clock {
		return list
	}
	e.ByID, e.WantClock, e.GotClock = w.byID, w.clock, e.Event.Clock+earlier
	if e.WantID, e.GotID = w.id, e.Event.ID; !w.byID {
		e.WantID = event.ID{}
	} else {
		e.WantClock = 0
	}
	return append(list, e)
}
