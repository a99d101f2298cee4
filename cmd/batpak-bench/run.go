// The verb "run".

package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/batpak/batpak/cmd/batpak-bench/internal/table"
	"github.com/batpak/batpak/perfgates"
	"github.com/batpak/batpak/perfgates/figure"
)

type runCommand struct {
	Rows     []string      `help:"Rows to measure, separated by commas (see list). Default: all." placeholder:"P1,P4"`
	Surface  string        `help:"What to measure: native is all, neutral leaves projections and their cache out." default:"native" placeholder:"neutral|native"`
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
	selected, err := perfgates.Select(c.Rows, perfgates.Surface(c.Surface))
	if err != nil {
		return err
	}
	line := s.newProgress()
	results, err := perfgates.Measure(s.ctx, perfgates.Config{
		Directory: c.Dir, Rows: selected, Quick: c.Quick, Duration: c.Duration, Peers: c.Peers, Progress: line.show, Warn: line.warn,
	})
	line.clear()
	if c.JSON {
		return errors.Join(err, figure.WriteJSON(s.out, results))
	}
	fmt.Fprintln(s.out, perfgates.Describe(c.Dir))
	return errors.Join(err, table.Write(s.out, results))
}
