// What a run is to measure: flags, and what a baseline says where they say nothing.

package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/batpak/batpak/cmd/batpak-bench/internal/baseline"
	"github.com/batpak/batpak/perfgates"
	"github.com/batpak/batpak/perfgates/figure"
)

// plan is what to measure, how often, and where.
type plan struct {
	name      string // of the baseline that it becomes; "": of none
	rows      []perfgates.Row
	options   baseline.Options
	directory string
	passes    int
}

// plan resolves the flags. What they leave open is as in the baseline to compare with, where there is one. Places to write to
// are tried here, before anything takes time.
func (c *runCommand) plan(s *session, old *baseline.Baseline) (*plan, error) {
	toKeep := c.Save != "" || old != nil
	options := baseline.Options{
		Surface: perfgates.Surface(c.Surface), Duration: c.Duration, Quick: toKeep, Peers: !toKeep,
		Load: perfgates.Load{Rate: c.Rate, Count: c.Count, Payload: c.Payload, Sync: c.Sync},
	}
	names := c.Rows
	if old != nil {
		was := old.Options
		options.Surface = cmp.Or(options.Surface, was.Surface)
		options.Duration = cmp.Or(options.Duration, was.Duration)
		options.Quick, options.Peers = was.Quick, was.Peers
		if options.Load == (perfgates.Load{}) {
			options.Load = was.Load
		}
		if names == nil {
			names = still(s, was.Rows, options.Surface)
		}
	}
	if c.Quick != nil {
		options.Quick = *c.Quick
	}
	if c.Peers != nil {
		options.Peers = *c.Peers
	}
	selected, err := perfgates.Select(names, options.Surface)
	if err != nil {
		return nil, err
	}
	if err := c.checkLoad(selected); err != nil {
		return nil, err
	}
	options.Surface = cmp.Or(options.Surface, perfgates.Native)
	if old != nil {
		if err := baseline.OtherWork(old.Options, options); err != nil {
			return nil, fmt.Errorf("baseline %q: %w", old.Name, err)
		}
	}
	for _, row := range selected {
		options.Rows = append(options.Rows, row.ID)
	}
	return &plan{name: c.Save, rows: selected, options: options, directory: c.Dir, passes: c.passes()}, c.tryPlaces()
}

func (c *runCommand) passes() int {
	switch {
	case c.Passes != nil:
		return *c.Passes
	case c.Save != "":
		return passesToSave
	case c.Compare != "":
		return passesToCompare
	}
	return 1
}

// still returns those of a baseline's rows that there still are on the surface, and warns of the others.
func still(s *session, names []string, surface perfgates.Surface) (known []string) {
	for _, name := range names {
		if _, err := perfgates.Select([]string{name}, surface); err != nil {
			s.warn(fmt.Sprintf("the baseline's row %s is left out: %v", name, err))
			continue
		}
		known = append(known, name)
	}
	return known
}

// tryPlaces refuses places that can't be written to.
func (c *runCommand) tryPlaces() error {
	var err error
	if c.Save != "" {
		err = baseline.Directory(c.Baselines).Writable()
	}
	if c.HGRM != "" {
		err = errors.Join(err, tryDirectory(c.HGRM))
	}
	return err
}

// tryDirectory makes the directory unless it is there, and a file in it, which it removes.
func tryDirectory(path string) error {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return fmt.Errorf("no place for latencies: %w", err)
	}
	if err := writable(filepath.Join(path, "probe")); err != nil {
		return fmt.Errorf("no place for latencies: %w", err)
	}
	return nil
}

// checkLoad refuses flags of the load where a row that was chosen takes none.
func (c *runCommand) checkLoad(selected []perfgates.Row) error {
	var given []string
	for _, flag := range []struct {
		name  string
		given bool
	}{{"--rate", c.Rate != 0}, {"--count", c.Count != 0}, {"--payload", c.Payload != 0}, {"--sync", c.Sync != ""}} {
		if flag.given {
			given = append(given, flag.name)
		}
	}
	if len(given) == 0 {
		return nil
	}
	for _, row := range selected {
		if !row.TakesLoad {
			return fmt.Errorf("%s: row %s takes no load; those that do are %s: choose among them by --rows",
				strings.Join(given, ", "), row.ID, strings.Join(rowsWithLoad(), ", "))
		}
	}
	return perfgates.Load{Rate: c.Rate, Count: c.Count, Payload: c.Payload, Sync: c.Sync}.Check()
}

func rowsWithLoad() (ids []string) {
	for _, row := range perfgates.Rows() {
		if row.TakesLoad {
			ids = append(ids, row.ID)
		}
	}
	return ids
}

// only returns a plan for these rows alone, and so many passes, of which no baseline is made.
func (p *plan) only(ids []string, passes int) *plan {
	part := *p
	part.name, part.passes, part.options.Rows = "", passes, ids
	part.rows = slices.DeleteFunc(slices.Clone(p.rows), func(row perfgates.Row) bool { return !slices.Contains(ids, row.ID) })
	return &part
}

// steady takes further passes of the rows whose results differ too much from pass to pass to find the threshold by, and adds them: so one
// busy moment does not spoil a baseline.
func (p *plan) steady(s *session, taken *baseline.Baseline, threshold float64) error {
	rows := baseline.RowsOf(baseline.UnsteadyAt(threshold, taken.Passes))
	if len(rows) == 0 {
		return nil
	}
	fmt.Fprintf(s.messages, "measuring again what varies by more than %s %%, %d times: %s\n", figure.Number(100*threshold), passesToSteady, strings.Join(rows, ", "))
	more, err := p.only(rows, passesToSteady).measure(s)
	taken.Passes = append(taken.Passes, more.Passes...)
	return err
}

// measure takes the passes, one after another, up to the first that fails, whose results are part of what is returned.
func (p *plan) measure(s *session) (*baseline.Baseline, error) {
	line := s.newProgress()
	defer line.clear()
	taken := &baseline.Baseline{Name: p.name, Taken: time.Now().UTC().Round(time.Second), Options: p.options}
	taken.Version, taken.Commit, taken.Modified = builtFrom(s.ctx)
	taken.Machine = perfgates.Describe(p.directory)
	if p.name != "" {
		machine, err := s.probe(s.ctx, perfgates.ProbeOptions{Directory: p.directory, Quick: true, Warn: line.warn, Progress: func(text string) {
			line.show("floors: " + text)
		}})
		if err != nil {
			return taken, fmt.Errorf("the floors of this machine: %w", err)
		}
		taken.Machine = machine
	}
	for n := range p.passes {
		pass, err := p.pass(s, line, n)
		if len(pass.Results) > 0 {
			taken.Passes = append(taken.Passes, pass)
		}
		if err != nil {
			return taken, err
		}
	}
	return taken, nil
}
