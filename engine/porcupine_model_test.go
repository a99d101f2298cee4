// The sequential specification that histories of concurrent calls are compared with: a list of events, who has which
// key, and what a call comes to in that state.

package engine_test

import (
	"fmt"
	"slices"

	"github.com/anishathalye/porcupine"
)

const (
	specEntities = 3
	specKeys     = 24 // of each kind

	// Regions: each entity by itself, then these.
	regionHot        = specEntities
	regionEverything = specEntities + 1
	regionUnion      = specEntities + 2 // of the first entity and what is hot
	specRegions      = specEntities + 3
)

// specState is the state of a store. It is comparable: equal states have the same events in the same order.
type specState struct {
	hash   uint64 // over the numbers of all events, in order
	events int
	clocks [specEntities]int
	newest [specRegions]int   // number of the newest event
	holder [2 * specKeys]int  // number of the first event of who has the key; 0: nobody
	differ [2 * specKeys]bool // the holder's request is the other one of the two
}

// specEvent is an event. Its number is its payload; with a key the same request always has the same numbers.
type specEvent struct {
	number, entity int
	expects        bool
	clock          int // of its entity, with the events before it stored
}

func (e specEvent) hot() bool { return e.number%3 == 0 }

// regions returns those that the event is in.
func (e specEvent) regions() []int {
	list := []int{e.entity, regionEverything}
	if e.hot() {
		list = append(list, regionHot)
	}
	if e.hot() || e.entity == 0 {
		list = append(list, regionUnion)
	}
	return list
}

// specCondition is that the newest event of a region is still the one that was read.
type specCondition struct{ region, newest int }

type specKind int

const (
	callAppend  specKind = iota // of one event or of several, which are a batch
	callNewest                  // of a region
	callClocks                  // of all entities, by one query
	callAllRead                 // everything
)

// specCall is what a client asked.
type specCall struct {
	kind       specKind
	events     []specEvent
	conditions []specCondition
	key        int // index + 1; 0: none
	other      bool
	region     int
}

type specOutcome int

const (
	outcomeUnknown specOutcome = iota
	outcomeStored
	outcomeDuplicate
	outcomeConflict
	outcomeKeyTaken
)

// specAnswer is what it was told.
type specAnswer struct {
	outcome specOutcome
	clocks  [specEntities]int // of the events stored, the last of each entity; or read
	first   int               // number of the first event of a duplicate; or of the newest of a region
	entity  int               // of a conflict about a clock; -1: it is about a region
	got     int               // that clock
	hash    uint64            // of all that was read
	events  int
}

// add returns the hash with one more event.
func addNumber(hash uint64, number int) uint64 {
	hash ^= uint64(number) + 0x9E3779B97F4A7C15
	hash *= 0xFF51AFD7ED558CCD
	return hash ^ hash>>29
}

// step makes a call in a state, and reports whether it can come to that answer there.
func (s specState) step(c specCall, a specAnswer) (bool, specState) {
	switch c.kind {
	case callNewest:
		return s.newest[c.region] == a.first, s
	case callClocks:
		return s.clocks == a.clocks, s
	case callAllRead:
		return s.hash == a.hash && s.events == a.events, s
	}
	told := func(outcome specOutcome, matches bool) (bool, specState) {
		return a.outcome == outcomeUnknown || a.outcome == outcome && matches, s
	}
	if c.key != 0 && s.holder[c.key-1] != 0 {
		if s.differ[c.key-1] != c.other {
			return told(outcomeKeyTaken, true)
		}
		return told(outcomeDuplicate, s.holder[c.key-1] == a.first)
	}
	if fails, right := s.conflict(c, a); fails {
		return told(outcomeConflict, right)
	}
	var stored [specEntities]int
	for _, e := range c.events {
		s.hash, s.events = addNumber(s.hash, e.number), s.events+1
		s.clocks[e.entity]++
		stored[e.entity] = s.clocks[e.entity]
		for _, region := range e.regions() {
			s.newest[region] = e.number
		}
	}
	if c.key != 0 {
		s.holder[c.key-1], s.differ[c.key-1] = c.events[0].number, c.other
	}
	return told(outcomeStored, stored == a.clocks)
}

// conflict reports whether something that the call asks does not hold, and whether that is what it was told.
func (s specState) conflict(c specCall, a specAnswer) (fails, right bool) {
	clocks := s.clocks
	for _, e := range c.events {
		if e.expects && clocks[e.entity] != e.clock {
			fails = true
			right = right || a.entity == e.entity && a.got == clocks[e.entity]
		}
		clocks[e.entity]++
	}
	for _, condition := range c.conditions {
		if s.newest[condition.region] != condition.newest {
			fails, right = true, right || a.entity == -1
		}
	}
	return fails, right
}

// specification is the model for porcupine.
var specification = porcupine.Model{
	Init: func() any { return specState{} },
	Step: func(state, input, output any) (bool, any) {
		return state.(specState).step(input.(specCall), output.(specAnswer))
	},
	Hash: func(state any) uint64 { return state.(specState).hash },
	DescribeOperation: func(input, output any) string {
		return fmt.Sprintf("%+v -> %+v", input.(specCall), output.(specAnswer))
	},
}

// history of calls, as porcupine wants it.
type operations []porcupine.Operation

// then adds a call that was made and answered behind all others.
func (o operations) then(c specCall, a specAnswer) operations {
	at := int64(10 * len(o))
	return append(slices.Clip(o), porcupine.Operation{Input: c, Call: at, Output: a, Return: at + 5})
}

// beside adds a call that was made while the one before was under way.
func (o operations) beside(c specCall, a specAnswer) operations {
	o = o.then(c, a)
	o[len(o)-1].ClientId = 1
	o[len(o)-1].Call -= 7
	return o
}
