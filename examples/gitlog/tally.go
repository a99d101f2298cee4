// This file holds the answers that need no index: every event is looked at.

package main

import (
	"slices"

	"github.com/batpak/batpak/event"
)

// tally counts the commits of one scope as its events are read one by one, to be compared with what the index says.
type tally struct {
	perAuthor map[string]int
	perYear   map[int]*[12]int
	merges    int
}

func newTally() tally { return tally{perAuthor: make(map[string]int), perYear: make(map[int]*[12]int)} }

// add counts an event of the scope, whatever its payload says. It keeps a string of it, which outlives the event.
func (t *tally) add(ev *event.Event) {
	switch ev.Kind {
	case kindCommit():
	case kindMerge():
		t.merges++
	default:
		return
	}
	t.perAuthor[ev.Entity()]++
	at := ev.Time()
	months := t.perYear[at.Year()]
	if months == nil {
		months = new([12]int)
		t.perYear[at.Year()] = months
	}
	months[at.Month()-1]++
}

// years returns the first and the last year with commits; an empty range, where there are none.
func (t *tally) years() (first, last int) {
	first, last = 1, 0
	for number := range t.perYear {
		if first > last {
			first, last = number, number
		}
		first, last = min(first, number), max(last, number)
	}
	return first, last
}

// answers returns what was counted in the form in which the index answers, without the chain of first parents.
func (t *tally) answers() (a answers) {
	for entity, commits := range t.perAuthor {
		a.busiest = append(a.busiest, author{entity, commits})
	}
	slices.SortFunc(a.busiest, moreCommits)
	a.busiest = a.busiest[:min(len(a.busiest), busiestAuthors)]
	for number, months := range t.perYear {
		a.years = append(a.years, year{number, *months})
	}
	slices.SortFunc(a.years, func(x, y year) int { return x.number - y.number })
	a.merges = t.merges
	return a
}
