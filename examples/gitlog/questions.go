// This file holds what the program asks of the store's index: who committed most, how much in each month, which commits
// are merges, and where HEAD came from.

package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

const (
	busiestAuthors = 10
	newestLinks    = 10
)

// answers are what the index says of one scope. Two of them are compared field by field.
type answers struct {
	busiest []author
	years   []year // those with commits, ascending
	merges  int
	newest  []link // HEAD and its first parents; empty where HEAD names no stored commit
}

// author is one stream and the commits in it.
type author struct {
	entity  string
	commits int
}

// year is how many commits each month of a year has, in UTC.
type year struct {
	number int
	months [12]int
}

// link is one commit of the chain of first parents.
type link struct {
	hash    objectID
	subject string
}

// inquiry is what is asked: of which scope, about which years, and from which event on.
type inquiry struct {
	scope       string
	first, last int      // years, both inclusive
	head        event.ID // of HEAD's commit; zero: it has none
}

// commitsOf returns the region of a scope's commits.
func commitsOf(scope string) event.Region { return event.Scope(scope).Kind(kindCommit(), kindMerge()) }

// ask asks everything.
func (q *inquiry) ask(ctx context.Context, store *engine.Store) (a answers, err error) {
	if a.busiest, err = q.busiest(ctx, store); err != nil {
		return a, fmt.Errorf("asking for authors: %w", err)
	}
	if a.years, err = q.perMonth(ctx, store); err != nil {
		return a, fmt.Errorf("asking for months: %w", err)
	}
	if a.merges, err = count(ctx, store, event.Scope(q.scope).Kind(kindMerge())); err != nil {
		return a, fmt.Errorf("asking for merges: %w", err)
	}
	if a.newest, err = q.firstParents(store); err != nil {
		return a, fmt.Errorf("asking for first parents: %w", err)
	}
	return a, nil
}

// busiest returns the authors with most commits, those of equal number by name.
//
// A clock says how many events a stream has, in all scopes together: at least as many as there are commits of this one
// in it. So streams are counted in descending order of their clocks, until no further one can be among the busiest.
func (q *inquiry) busiest(ctx context.Context, store *engine.Store) ([]author, error) {
	var streams []author // by their clocks
	for entity, err := range store.Entities(authorPrefix) {
		if err != nil {
			return nil, err
		}
		clock, err := store.Clock(entity)
		if err != nil {
			return nil, err
		}
		streams = append(streams, author{entity, int(clock)})
	}
	slices.SortFunc(streams, moreCommits)
	var found []author
	for _, stream := range streams {
		if len(found) == busiestAuthors && stream.commits < found[busiestAuthors-1].commits {
			break
		}
		commits, err := count(ctx, store, commitsOf(q.scope).Entity(stream.entity))
		if err != nil {
			return nil, err
		}
		if commits == 0 {
			continue
		}
		found = append(found, author{stream.entity, commits})
		slices.SortFunc(found, moreCommits)
		found = found[:min(len(found), busiestAuthors)]
	}
	return found, nil
}

func moreCommits(a, b author) int {
	return cmp.Or(cmp.Compare(b.commits, a.commits), cmp.Compare(a.entity, b.entity))
}

// perMonth counts the commits between the beginning of each month and its end.
func (q *inquiry) perMonth(ctx context.Context, store *engine.Store) ([]year, error) {
	var years []year
	for number := q.first; number <= q.last; number++ {
		// A few authors have clocks that are decades off: one question for each year between.
		if busy, err := some(store, between(q.scope, number, 1, 12)); err != nil {
			return nil, err
		} else if !busy {
			continue
		}
		y := year{number: number}
		for month := range y.months {
			commits, err := count(ctx, store, between(q.scope, number, month+1, 1))
			if err != nil {
				return nil, err
			}
			y.months[month] = commits
		}
		years = append(years, y)
	}
	return years, nil
}

// between returns the region of the commits of some months, the first of which counts from 1.
func between(scope string, year, month, months int) event.Region {
	from := time.Date(year, time.Month(month), 1, 0, 0, 0, 0, time.UTC)
	return commitsOf(scope).Between(from, from.AddDate(0, months, 0).Add(-time.Microsecond))
}

// firstParents follows the causes from HEAD on, each of which is found by its id.
func (q *inquiry) firstParents(store *engine.Store) ([]link, error) {
	var links []link
	for id := q.head; !id.IsZero() && len(links) < newestLinks; {
		ev, err := store.Get(id)
		if err != nil {
			return nil, fmt.Errorf("event %s: %w", id, err)
		}
		var content record
		hash, err := decode(&ev, &content)
		if err != nil {
			return nil, fmt.Errorf("event %s: %w", id, err)
		}
		links = append(links, link{hash, content.Subject})
		id = ev.Cause
	}
	return links, nil
}

// count returns how many events a region has.
func count(ctx context.Context, store *engine.Store, region event.Region) (n int, err error) {
	for _, err := range store.Query(region, engine.ReadOptions{}) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// some reports whether a region has events.
func some(store *engine.Store, region event.Region) (bool, error) {
	for _, err := range store.Query(region, engine.ReadOptions{Limit: 1}) {
		return err == nil, err
	}
	return false, nil
}
