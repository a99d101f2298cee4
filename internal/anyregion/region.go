// This file holds random regions and their terms.

package anyregion

import (
	"math/rand/v2"
	"time"

	"github.com/batpak/batpak/event"
)

// Of returns a random region, now and then a union; most of them select some of the events.
func Of(r *rand.Rand, events []event.Event) event.Region {
	if r.IntN(4) == 0 {
		var regions []event.Region
		for range r.IntN(4) {
			regions = append(regions, term(r, events))
		}
		return event.Union(regions...)
	}
	return term(r, events)
}

// term returns a region that asks for some of what one of the events has; everything where there are none.
func term(r *rand.Rand, events []event.Event) event.Region {
	region := event.Everything()
	if len(events) == 0 {
		return region
	}
	like, also := &events[r.IntN(len(events))], &events[r.IntN(len(events))]
	for range r.IntN(4) {
		switch r.IntN(12) {
		case 0, 1:
			region = region.Entity(like.Entity())
		case 2:
			region = region.EntityPrefix(like.Entity()[:r.IntN(len(like.Entity())+1)])
		case 3:
			region = region.Scope(like.Scope())
		case 4:
			region = region.Kind(like.Kind, also.Kind)
		case 5:
			region = region.Category(like.Kind.Category())
		case 6:
			region = region.Tags(like.Tags[:r.IntN(len(like.Tags)+1)]...)
		case 7:
			region = region.Clocks(like.Position.Clock, max(like.Position.Clock, also.Position.Clock))
		case 8:
			region = region.Sequences(min(like.Sequence, also.Sequence), max(like.Sequence, also.Sequence))
		case 9:
			from := time.UnixMicro(min(like.Timestamp, also.Timestamp))
			region = region.Between(from, from.Add(time.Duration(r.IntN(100))*time.Millisecond))
		case 10:
			region = region.FromGate(event.GateOutcome(1 + r.IntN(2)))
		case 11:
			region = region.Between(like.Time(), like.Time())
		}
	}
	return region
}
