// The verb "report": saved measurements as one HTML page.

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/batpak/batpak/cmd/batpak-bench/internal/baseline"
	"github.com/batpak/batpak/cmd/batpak-bench/internal/htmlreport"
	"github.com/batpak/batpak/perfgates"
)

type reportCommand struct {
	HTML      string   `help:"The file to write; one that is there is replaced when the new one is whole." name:"html" required:"" placeholder:"FILE"`
	Of        string   `help:"The baseline to show. Default: the one taken last." placeholder:"NAME"`
	Against   string   `help:"The baseline to compare with." placeholder:"NAME"`
	Threshold *percent `help:"By how much a median must be worse to be called so. Default: 10%." placeholder:"10%"`
	Baselines string   `help:"Where the baselines are." default:".batpak-bench" placeholder:"DIR"`
}

// Run writes the page. It measures nothing.
func (c *reportCommand) Run(s *session) error {
	path, err := replaceable(c.HTML)
	if err != nil {
		return fmt.Errorf("the report could not be written: %w", err)
	}
	directory := baseline.Directory(c.Baselines)
	of, err := c.baseline(directory)
	if err != nil {
		return err
	}
	report, err := c.report(s, directory, of)
	if err != nil {
		return err
	}
	var page bytes.Buffer
	if err := htmlreport.Write(&page, *report); err != nil {
		return fmt.Errorf("no report of baseline %q: %w", of.Name, err)
	}
	if err := baseline.Replace(path, page.Bytes()); err != nil {
		return fmt.Errorf("the report could not be written: %w", err)
	}
	_, err = fmt.Fprintf(s.out, "%s: baseline %s, %d results\n", c.HTML, of.Name, len(report.Results))
	return err
}

// replaceable returns the path of the file to replace, behind symbolic links. What is there and is no ordinary file, a device or a
// pipe, say, is none.
func replaceable(path string) (string, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, nil
	}
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is no ordinary file", path)
	}
	return filepath.EvalSymlinks(path)
}

// baseline reads the one asked for, or that which was taken last.
func (c *reportCommand) baseline(directory baseline.Directory) (*baseline.Baseline, error) {
	if c.Of != "" {
		return directory.Load(c.Of)
	}
	names, err := directory.Names()
	if err != nil {
		return nil, err
	}
	var last *baseline.Baseline
	for _, name := range names {
		b, err := directory.Load(name)
		if err != nil {
			return nil, fmt.Errorf("the baseline taken last is not known; name one with --of: %w", err)
		}
		if last == nil || b.Taken.After(last.Taken) {
			last = b
		}
	}
	if last == nil {
		return nil, fmt.Errorf("there are no baselines in %s; make one by run --save NAME", c.Baselines)
	}
	return last, nil
}

// report judges and compares.
func (c *reportCommand) report(s *session, directory baseline.Directory, of *baseline.Baseline) (*htmlreport.Report, error) {
	r := &htmlreport.Report{Baseline: *of, Made: time.Now(), Commands: c.commands(of)}
	var err error
	if r.Results, err = judgeable(s, of); err != nil {
		return nil, err
	}
	if r.Verdicts, err = perfgates.Judge(knownRows(of.Options.Rows), r.Results, of.Machine, perfgates.Profile{}); err != nil {
		return nil, fmt.Errorf("baseline %q: %w", of.Name, err)
	}
	if c.Against == "" {
		return r, nil
	}
	if r.Against, err = directory.Load(c.Against); err != nil {
		return nil, err
	}
	if err := baseline.OtherWork(r.Against.Options, of.Options); err != nil {
		return nil, fmt.Errorf("baselines %q and %q: %w", r.Against.Name, of.Name, err)
	}
	var foreign bool
	r.Warnings, foreign = baseline.Differences(r.Against, of)
	judgement := baseline.Judgement{Threshold: thresholdOf(c.Threshold), Foreign: foreign}
	lines := judgement.Compare(r.Against.Passes, of.Passes)
	if len(lines) == 0 {
		return nil, fmt.Errorf("baselines %q and %q have no result in common", r.Against.Name, of.Name)
	}
	for _, line := range judgement.Unconfirmed(lines) {
		r.Changes = append(r.Changes, changeOf(line))
	}
	return r, nil
}

// knownRows returns the rows of those names that this program has, never nil, which would mean all. Results of others are judged as
// they are.
func knownRows(ids []string) []perfgates.Row {
	rows := make([]perfgates.Row, 0, len(ids))
	for _, id := range ids {
		if row, err := perfgates.Select([]string{id}, perfgates.Native); err == nil {
			rows = append(rows, row...)
		}
	}
	return rows
}

func changeOf(l baseline.Line) htmlreport.Change {
	side := func(s baseline.Side) htmlreport.Side {
		return htmlreport.Side{Median: s.Median, Low: s.Low, High: s.High}
	}
	change := htmlreport.Change{
		Row: l.Row, Name: l.Name, Basis: "relative to " + l.Basis, Unit: l.Unit, Old: side(l.Old), New: side(l.New), Delta: l.Delta, P: l.P,
		SmallerIsBetter: (l.Worse > 0) == (l.Delta > 0), Word: string(l.Verdict),
	}
	if l.Basis == "" {
		change.Basis = "as counted"
	}
	switch l.Verdict {
	case baseline.Worse:
		change.Class = "regression"
	case baseline.Improved:
		change.Class = "better"
	}
	return change
}
