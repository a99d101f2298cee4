// This file holds --check: the stored history against git's, both ways.

package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// checker compares what a store holds with what git says.
type checker struct {
	store  *engine.Store
	stored *catalog

	missing, extra, order, cause, content findings

	// One event and its record, read anew for each commit.
	event  event.Event
	record record
}

// check compares the hashes of the scope with those that a ref reaches, and each event with its
// commit's parents. It marks the catalog's entries.
func check(ctx context.Context, source repository, store *engine.Store, stored *catalog) (differences, error) {
	c := checker{
		store:   store,
		stored:  stored,
		missing: findings{what: "commits of git that are not in the store"},
		extra:   findings{what: "commits in the store that no ref of git reaches (a rewritten history leaves them behind)"},
		order:   findings{what: "commits that are stored before a parent"},
		cause:   findings{what: "commits whose causation is not the event of their first parent"},
		content: findings{what: "commits whose event says something else than git"},
	}
	for ids, err := range source.lineage(ctx) {
		if err != nil {
			return nil, err
		}
		if err := c.compare(ids[0], ids[1:]); err != nil {
			return nil, err
		}
	}
	c.findExtra()
	return differences{c.missing, c.extra, stored.repeated, stored.foreign, c.order, c.cause, c.content}, nil
}

// compare judges one commit of git.
func (c *checker) compare(hash objectID, parents []objectID) error {
	found, ok := c.stored.entries[hash]
	if !ok {
		c.missing.add("%s", hash)
		return nil
	}
	found.inGit = true
	c.stored.entries[hash] = found

	for _, parent := range parents {
		// A parent that is missing is a finding of its own.
		if before, ok := c.stored.entries[parent]; ok && before.sequence >= found.sequence {
			c.order.add("%s at %d, its parent %s at %d", hash, found.sequence, parent, before.sequence)
		}
	}
	if err := c.store.GetInto(found.sequence, &c.event); err != nil {
		return fmt.Errorf("reading event %d: %w", found.sequence, err)
	}
	c.compareCause(hash, parents, found.sequence)
	return c.compareContent(hash, parents, found.sequence)
}

func (c *checker) compareCause(hash objectID, parents []objectID, sequence uint64) {
	var want event.ID
	if len(parents) > 0 {
		first, ok := c.stored.entries[parents[0]]
		if !ok {
			return
		}
		want = first.id
	}
	if c.event.Cause != want {
		c.cause.add("%s at %d", hash, sequence)
	}
}

func (c *checker) compareContent(hash objectID, parents []objectID, sequence uint64) error {
	if _, err := decode(&c.event, &c.record); err != nil {
		return fmt.Errorf("reading event %d: %w", sequence, err)
	}
	if want := kindOf(len(parents)); c.event.Kind != want {
		c.content.add("%s at %d: kind %s, want %s", hash, sequence, c.event.Kind, want)
	}
	told, err := parseObjectIDs(c.record.Parents)
	if err != nil || !slices.Equal(told, parents) {
		c.content.add("%s at %d: other parents", hash, sequence)
	}
	return nil
}

// checkAnswers compares what the index says with what reading every event says, and the chain of first parents with git's.
func checkAnswers(ctx context.Context, source repository, stored *catalog, got answers) (findings, error) {
	found := findings{what: "answers of the index that are not those of reading everything"}
	want := stored.counted.answers()
	if !slices.Equal(got.busiest, want.busiest) {
		found.add("busiest authors: %v, counted %v", got.busiest, want.busiest)
	}
	if !slices.Equal(got.years, want.years) {
		found.add("commits per month: %v, counted %v", got.years, want.years)
	}
	if got.merges != want.merges {
		found.add("merges: %d, counted %d", got.merges, want.merges)
	}
	if len(got.newest) == 0 {
		return found, nil
	}
	chain, err := source.firstParents(ctx, got.newest[0].hash, newestLinks)
	if err != nil {
		return found, err
	}
	same := slices.EqualFunc(got.newest, chain, func(l link, id objectID) bool { return l.hash == id })
	if !same {
		found.add("first parents: %v, git has %v", got.newest, chain)
	}
	return found, nil
}

// findExtra names the commits that git did not name, in the order in which they were stored.
func (c *checker) findExtra() {
	type located struct {
		hash     objectID
		sequence uint64
	}
	var extra []located
	for hash, found := range c.stored.entries {
		if !found.inGit {
			extra = append(extra, located{hash, found.sequence})
		}
	}
	slices.SortFunc(extra, func(a, b located) int { return cmp.Compare(a.sequence, b.sequence) })
	for _, e := range extra {
		c.extra.add("%s at %d", e.hash, e.sequence)
	}
}
