// This file holds the first half of a run: bring the store up to date with the repository.

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// openStore opens the store as it is.
func openStore(directory string) (*engine.Store, error) { return openWith(directory, engine.Options{}) }

// openWith opens the store under the policy that suits a copy of what git has already.
func openWith(directory string, options engine.Options) (*engine.Store, error) {
	options.Sync = engine.SyncManual()
	store, err := engine.Open(directory, options)
	if err != nil {
		return nil, fmt.Errorf("opening the store %s: %w", directory, err)
	}
	return store, nil
}

// update opens the store, appends the commits that it lacks, syncs once and closes it.
func update(ctx context.Context, source repository, directory string, summary *report) (err error) {
	watch := startWatch()
	var clock commitClock
	store, err := openWith(directory, clock.options())
	if err != nil {
		return err
	}
	watch.lap(&summary.opening)
	defer func() {
		watch.restart()
		if closeErr := store.Close(); closeErr != nil {
			err = errors.Join(err, fmt.Errorf("closing the store: %w", closeErr))
		}
		watch.lap(&summary.closing)
	}()

	stored, err := readCatalog(ctx, store, scopeOf(source.name))
	if err != nil {
		return err
	}
	watch.lap(&summary.scanning)
	summary.added, err = ingest(ctx, source, store, stored, &clock)
	if err != nil {
		return err
	}
	watch.lap(&summary.appending)
	if err := store.Sync(); err != nil {
		return fmt.Errorf("syncing the store: %w", err)
	}
	watch.lap(&summary.syncing)
	return nil
}

// ingest appends an event for every commit that the catalog lacks and returns their number. It adds
// them to the catalog, since commits that follow name them as their cause. The store goes by the clock.
func ingest(
	ctx context.Context, source repository, store *engine.Store, stored *catalog, clock *commitClock,
) (added int, err error) {
	for c, err := range source.history(ctx) {
		if err != nil {
			return added, err
		}
		if _, known := stored.entries[c.hash]; known {
			continue
		}
		at, content, err := describe(c, stored.scope)
		if err != nil {
			return added, err
		}
		cause, err := stored.causeOf(c)
		if err != nil {
			return added, err
		}
		clock.set(c.authorTime)
		receipt, err := store.AppendWith(at, kindOf(len(c.parents)), content, engine.AppendOptions{Cause: cause})
		if err != nil {
			return added, fmt.Errorf("storing commit %s: %w", c.hash, err)
		}
		stored.entries[c.hash] = entry{id: receipt.ID, sequence: receipt.Sequence}
		added++
	}
	return added, nil
}

// causeOf returns the event of the first parent, zero for a commit without parents. Every parent has
// to be stored before.
func (c *catalog) causeOf(child commit) (event.ID, error) {
	for _, parent := range child.parents {
		if _, known := c.entries[parent]; !known {
			return event.ID{}, fmt.Errorf("git told commit %s before its parent %s", child.hash, parent)
		}
	}
	if len(child.parents) == 0 {
		return event.ID{}, nil
	}
	return c.entries[child.parents[0]].id, nil
}

// watch measures phases that follow one another.
type watch struct {
	since time.Time
}

func startWatch() *watch { return &watch{since: time.Now()} }

func (w *watch) restart() { w.since = time.Now() }

// lap adds the time since the start or the last lap to a phase.
func (w *watch) lap(phase *time.Duration) {
	now := time.Now()
	*phase += now.Sub(w.since)
	w.since = now
}
