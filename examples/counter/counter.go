// This file holds the fold, the store, and the visits.

package main

import (
	"context"
	"fmt"
	"io"
	"maps"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// visited is the kind of a visit; its payload is the page.
var visited = event.MustKind(0x1, 0x001)

// The sites, as entities. Their visits are what is counted.
const (
	blog = "site:blog"
	shop = "site:shop"
)

// pages is a state: how often each page of a site was visited.
type pages struct {
	Visits int
	ByPage map[string]int
}

// counter is the program: a store, and what its folds did.
type counter struct {
	directory string
	out       io.Writer
	wrong     bool

	store  *engine.Store
	folded int // events, since it was last looked at
}

// counting returns the fold of a version. The second one counts every visit twice, as a change of a fold may.
func (c *counter) counting(version uint32) (*engine.Projection[pages], error) {
	return engine.NewProjection(engine.Fold[pages]{
		Name:    "visits by page",
		Version: version,
		Kinds:   []event.Kind{visited},
		Initial: func() pages { return pages{ByPage: make(map[string]int)} },
		Apply: func(p *pages, ev event.Event) error {
			c.folded++
			var page string
			if err := ev.Decode(&page); err != nil {
				return err
			}
			p.Visits += int(version)
			p.ByPage[page] += int(version)
			return nil
		},
		Clone: func(p pages) pages { return pages{Visits: p.Visits, ByPage: maps.Clone(p.ByPage)} },
	})
}

// options keep states in files, each written again after 100 events more.
var options = engine.Options{
	Sync:  engine.SyncEvery(1000, 0),
	Cache: engine.CacheOptions{FileBytes: 1 << 20, FileEvents: 100},
}

func (c *counter) open() (err error) {
	c.store, err = engine.Open(c.directory, options)
	return err
}

func (c *counter) close() error {
	if c.store == nil {
		return nil
	}
	err := c.store.Close()
	c.store = nil
	return err
}

// visit stores visits of a site, of ten pages in turn.
func (c *counter) visit(site string, visits int) error {
	for i := range visits {
		if _, err := c.store.Append(event.MustAt(site, "web"), visited, fmt.Sprintf("/page-%d", i%10)); err != nil {
			return err
		}
	}
	return nil
}

// ask returns the state of the blog by a version of the fold, and how many events were folded for it.
func (c *counter) ask(version uint32) (engine.State[pages], int, error) {
	p, err := c.counting(version)
	if err != nil {
		return engine.State[pages]{}, 0, err
	}
	c.folded = 0
	state, err := engine.Project(context.Background(), c.store, p, event.Entity(blog), engine.Consistent())
	return state, c.folded, err
}
