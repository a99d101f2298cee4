// This file holds what reading the store back yields: where each commit is, and the totals.

package main

import (
	"context"
	"fmt"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// entry says where the event of a commit is.
type entry struct {
	id       event.ID
	sequence uint64
	inGit    bool // set by the check: a ref reaches the commit
}

// catalog is what the store holds of one scope.
type catalog struct {
	scope   string
	entries map[objectID]entry
	authors map[string]struct{} // entities

	commits           int
	merges            int // of the commits
	escapedSubjects   int
	shortenedSubjects int

	counted  tally
	repeated findings // commits that have more than one event
	foreign  findings // events of the scope that are no commit's

	otherScopes  int   // events
	events       int   // of all scopes
	payloadBytes int64 // of all scopes, as stored
}

// readCatalog reads the whole store.
func readCatalog(ctx context.Context, store *engine.Store, scope string) (*catalog, error) {
	c := &catalog{
		scope:    scope,
		entries:  make(map[objectID]entry),
		authors:  make(map[string]struct{}),
		counted:  newTally(),
		repeated: findings{what: "commits that are stored more than once"},
		foreign:  findings{what: "events of the scope that are no commit's"},
	}
	for ev, err := range store.Events(0, 0, engine.ReadOptions{}) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, fmt.Errorf("reading the store: %w", err)
		}
		c.events++
		c.payloadBytes += int64(len(ev.Payload))
		if ev.Scope() != scope {
			c.otherScopes++
			continue
		}
		c.add(&ev)
	}
	return c, nil
}

// add counts one event of the scope. Of the event it keeps only a string, which outlives it.
func (c *catalog) add(ev *event.Event) {
	c.counted.add(ev)
	var content record
	hash, err := decode(ev, &content)
	if err != nil {
		c.foreign.add("event %d: %v", ev.Sequence, err)
		return
	}
	if first, known := c.entries[hash]; known {
		c.repeated.add("%s by events %d and %d", hash, first.sequence, ev.Sequence)
		return
	}
	c.entries[hash] = entry{id: ev.ID, sequence: ev.Sequence}
	c.authors[ev.Entity()] = struct{}{}
	c.commits++
	if ev.Kind == kindMerge() {
		c.merges++
	}
	if hasEscape(content.Subject) {
		c.escapedSubjects++
	}
	if isShortened(content.Subject) {
		c.shortenedSubjects++
	}
}

// decode reads the record of a commit's event and returns the commit's hash.
func decode(ev *event.Event, into *record) (objectID, error) {
	if ev.Kind != kindCommit() && ev.Kind != kindMerge() {
		return objectID{}, fmt.Errorf("kind %s, want %s or %s", ev.Kind, kindCommit(), kindMerge())
	}
	*into = record{}
	if err := ev.Decode(into); err != nil {
		return objectID{}, err
	}
	return parseObjectID(into.Hash)
}

// nameTotals counts the authors whose names are not what git has.
func (c *catalog) nameTotals() (escaped, shortened, empty int) {
	for author := range c.authors {
		if hasEscape(author) {
			escaped++
		}
		if isShortened(author) {
			shortened++
		}
		if author == authorPrefix {
			empty++
		}
	}
	return escaped, shortened, empty
}
