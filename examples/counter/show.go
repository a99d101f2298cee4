// This file holds what is shown, one way to an answer after the other. Each goes on where the one before ended.

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// The numbers of visits.
const (
	coldVisits  = 1000
	otherVisits = 5000
	deltaVisits = 5
	lateVisits  = 7
)

func (c *counter) cold() error {
	if err := c.open(); err != nil {
		return err
	}
	if c.store.Stats().Events != 0 {
		return fmt.Errorf("%s has a store already", c.directory)
	}
	if err := errors.Join(c.visit(blog, coldVisits), c.visit(shop, otherVisits)); err != nil {
		return err
	}
	state, folded, err := c.ask(1)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "Cold: %d events, %d of the blog\n", coldVisits+otherVisits, coldVisits)
	c.claim(folded == coldVisits && state.Value.Visits == coldVisits && state.Value.ByPage["/page-3"] == coldVisits/10,
		"%d events were folded: %d visits, %d of /page-3", folded, state.Value.Visits, state.Value.ByPage["/page-3"])
	state.Value.ByPage["/page-3"] = -1 // the caller's own
	return nil
}

func (c *counter) kept() error {
	state, folded, err := c.ask(1)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.out, "Asked again")
	c.claim(folded == 0 && state.Cached && state.Value.ByPage["/page-3"] == coldVisits/10,
		"%d events were folded, and what a caller did to its copy changed nothing: %d of /page-3", folded, state.Value.ByPage["/page-3"])
	return nil
}

func (c *counter) delta() error {
	if err := errors.Join(c.visit(shop, otherVisits), c.visit(blog, deltaVisits), c.visit(shop, otherVisits)); err != nil {
		return err
	}
	state, folded, err := c.ask(1)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%d visits more, and %d of the shop\n", deltaVisits, 2*otherVisits)
	c.claim(folded == deltaVisits && state.Value.Visits == coldVisits+deltaVisits, "%d events were folded: %d visits", folded, state.Value.Visits)
	return nil
}

func (c *counter) restart() error {
	if err := errors.Join(c.close(), c.open(), c.visit(blog, lateVisits)); err != nil {
		return err
	}
	state, folded, err := c.ask(1)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "A restart, and %d visits more\n", lateVisits)
	c.claim(folded == deltaVisits+lateVisits && state.Value.Visits == coldVisits+deltaVisits+lateVisits,
		"%d events were folded, those that came since the state was written to its file: %d visits", folded, state.Value.Visits)
	return nil
}

func (c *counter) damage() error {
	if err := c.close(); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(c.directory, "*.cache"))
	if err != nil {
		return err
	}
	for _, name := range files {
		if err := flip(name); err != nil {
			return err
		}
	}
	if err := c.open(); err != nil {
		return err
	}
	state, folded, err := c.ask(1)
	if err != nil {
		return err
	}
	visits := coldVisits + deltaVisits + lateVisits
	fmt.Fprintln(c.out, "A restart with the file damaged")
	c.claim(len(files) == 1 && c.store.Stats().Cache.FilesDiscarded == 1 && folded == visits && state.Value.Visits == visits,
		"%d file was discarded, and %d events were folded: %d visits", len(files), folded, state.Value.Visits)
	return nil
}

// flip changes a bit in the middle of a file.
func flip(name string) error {
	content, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	content[len(content)/2] ^= 1
	return os.WriteFile(name, content, 0o600)
}

func (c *counter) version() error {
	state, folded, err := c.ask(2)
	if err != nil {
		return err
	}
	visits := coldVisits + deltaVisits + lateVisits
	fmt.Fprintln(c.out, "Another version of the fold, which counts visits twice")
	c.claim(folded == visits && state.Value.Visits == 2*visits, "%d events were folded: %d", folded, state.Value.Visits)
	state, folded, err = c.ask(1)
	c.claim(err == nil && folded == 0 && state.Value.Visits == visits, "and none for the first version: %d", state.Value.Visits)
	return err
}

func (c *counter) each() error {
	p, err := c.counting(1)
	if err != nil {
		return err
	}
	states, err := engine.ProjectEach(context.Background(), c.store, p, event.EntityPrefix("site:"), engine.Consistent())
	if err != nil {
		return err
	}
	fmt.Fprintln(c.out, "Every site, in one pass")
	blogs, shops := states[blog].Value.Visits, states[shop].Value.Visits
	c.claim(len(states) == 2 && blogs == coldVisits+deltaVisits+lateVisits && shops == 3*otherVisits, "%d sites: %d visits, and %d", len(states), blogs, shops)
	return nil
}

func (c *counter) watch() error {
	p, err := c.counting(1)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.out, "Watching the blog, whose visits come three at a time")
	var seen []int
	for state, err := range engine.WatchProjection(context.Background(), c.store, p, event.Entity(blog), engine.WatchOptions{}) {
		if err != nil {
			return err
		}
		if seen = append(seen, state.Value.Visits); len(seen) == 3 {
			break
		}
		if err := errors.Join(c.visit(shop, 10), c.visit(blog, 3)); err != nil {
			return err
		}
	}
	c.claim(seen[1] == seen[0]+3 && seen[2] == seen[1]+3, "one state for each three: %v", seen)
	return nil
}
