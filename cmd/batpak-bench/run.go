// The verb "run".

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/batpak/batpak/cmd/batpak-bench/internal/host"
	"github.com/batpak/batpak/cmd/batpak-bench/internal/peer"
	"github.com/batpak/batpak/cmd/batpak-bench/internal/report"
	"github.com/batpak/batpak/cmd/batpak-bench/internal/rows"
)

type runCommand struct {
	Rows     []string      `help:"Rows to measure, separated by commas (see list). Default: all." placeholder:"P1,P4"`
	Quick    bool          `help:"Finish each row in about two seconds: smaller segments, fewer events."`
	JSON     bool          `help:"Print one JSON array instead of a table." name:"json"`
	Dir      string        `help:"Where to put the stores, in a directory that is removed afterwards." default:"." placeholder:"DIR"`
	Duration time.Duration `help:"How long a row measures, beside preparing. 0: ten seconds, P22 twenty minutes; with --quick one and a half seconds." default:"0s"`
	Peers    bool          `help:"Measure other people's stores beside ours, where a row has them. The first time they are built, which takes minutes; what can't be built is left out, and said." default:"true" negatable:""`
}

// Validate refuses durations that make no sense, when the flags are parsed.
func (c *runCommand) Validate() error {
	if c.Duration < 0 || c.Duration > time.Hour {
		return fmt.Errorf("--duration is %v, must be from 0s to 1h", c.Duration)
	}
	return nil
}

// Run measures the rows one after another. A row that fails does not stop the
// others; what was measured is printed in any case.
func (c *runCommand) Run(s *session) error {
	selected, err := rows.Select(c.Rows)
	if err != nil {
		return err
	}
	workplace, err := s.newWorkplace(c.Dir)
	if err != nil {
		return err
	}
	defer workplace.remove() // again, for a panic on the way
	scale := rows.Full(c.Duration)
	if c.Quick {
		scale = rows.Quick(c.Duration)
	}
	results, err := c.measure(s, workplace, selected, scale)
	machine := host.Machine(workplace.path)
	err = errors.Join(err, workplace.remove())
	if c.JSON {
		return errors.Join(err, report.WriteJSON(s.out, results))
	}
	fmt.Fprintln(s.out, machine)
	return errors.Join(err, report.WriteTable(s.out, results))
}

func (c *runCommand) measure(s *session, w *workplace, selected []rows.Row, scale rows.Scale) (results []report.Result, err error) {
	line := s.newProgress()
	defer line.clear()
	stores := rows.NewStores(w.path)
	var peers func(context.Context) (*peer.Program, error)
	if c.Peers {
		peers = peersIn(w)
	}
	warn := func(text string) {
		line.clear()
		fmt.Fprintf(s.messages, "batpak-bench: warning: %s\n", text)
	}
	for _, row := range selected {
		if s.ctx.Err() != nil {
			return results, errors.Join(err, fmt.Errorf("interrupted before row %s", row.ID))
		}
		env := &rows.Env{
			Directory: w.path, Scale: scale, Stores: stores,
			Progress: func(text string) { line.show(row.ID + ": " + text) },
			Warn:     warn, Peers: peers,
		}
		line.show(row.ID + ": preparing")
		of, failure := row.Run(s.ctx, env)
		results = append(results, of...)
		if s.ctx.Err() != nil {
			return results, errors.Join(err, fmt.Errorf("interrupted in row %s", row.ID))
		}
		if failure != nil {
			err = errors.Join(err, fmt.Errorf("row %s: %w", row.ID, failure))
		}
	}
	return results, err
}

// peersIn returns the function that builds the peers into the workplace when it is called first.
func peersIn(w *workplace) func(context.Context) (*peer.Program, error) {
	var program *peer.Program
	var failure error
	return func(ctx context.Context) (*peer.Program, error) {
		if program == nil && failure == nil {
			program, failure = peer.Build(ctx, w.path)
		}
		return program, failure
	}
}
