// The verb "run": its flags, and what each combination of them does.

package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/batpak/batpak/cmd/batpak-bench/internal/baseline"
	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/perfgates/figure"
)

type runCommand struct {
	Rows     []string      `help:"Rows to measure, separated by commas (see list). Default: all; with --compare those of the baseline." placeholder:"P1,P4"`
	Surface  string        `help:"What to measure: native is all, neutral leaves projections and their cache out." placeholder:"neutral|native"`
	Quick    *bool         `help:"Finish each row in about two seconds: smaller segments, fewer events. Default with --save; --no-quick for the full scale." negatable:""`
	Duration time.Duration `help:"How long a row measures, beside preparing. 0: ten seconds, P22 twenty minutes; with --quick one and a half seconds." default:"0s"`
	Passes   *int          `help:"How often all rows are measured, 1 to 50. Default: 1, with --compare alone 3, with --save 5, and 4 more of rows that vary by more than the threshold." placeholder:"N"`
	Peers    *bool         `help:"Measure other people's stores beside ours, where a row has them; default, but not with --save and --compare. The first time they are built, which takes minutes; what can't be built is left out, and said." negatable:""`
	Dir      string        `help:"Where to put the stores, in a directory that is removed afterwards." default:"." placeholder:"DIR"`

	Rate    float64 `help:"Operations a second in the open loop of the rows W1 and up. 0: a third of their peak." placeholder:"N"`
	Count   int     `help:"Operations of the rows W1 and up. 0: as many as the duration takes." placeholder:"N"`
	Payload int     `help:"Bytes of an event's payload in the rows W1 and up, to 1048576. 0: each row's own mix." placeholder:"BYTES"`
	Sync    string  `help:"Sync policy of the rows W1 and up. Default: each row's own." placeholder:"every-append|every:N|manual"`

	Format string `help:"How to print results: table, json, or bench, which benchstat reads." enum:"table,json,bench" default:"table"`
	JSON   bool   `help:"The same as --format json." name:"json"`
	HGRM   string `help:"Write the percentiles of each distribution of latencies to a file in this directory, as HDR histogram plotters read them." name:"hgrm" placeholder:"DIR"`

	Save      string   `help:"Keep the measurement as a baseline of this name." placeholder:"NAME"`
	Compare   string   `help:"Compare with the baseline of this name. What looks worse is measured again, and that decides." placeholder:"NAME"`
	Threshold *percent `help:"By how much a median must be worse to be a regression. Default: 10%." placeholder:"10%"`
	Baselines string   `help:"Where the baselines are." default:".batpak-bench" placeholder:"DIR"`
}

const (
	mostPasses       = 50
	passesToSave     = 5
	passesToSteady   = 4 // nine in all: the fewest whose interval leaves one out at either end
	passesToCompare  = 3
	defaultThreshold = 0.1
)

// Validate refuses flags that make no sense, alone or together, when they are parsed.
func (c *runCommand) Validate() error {
	switch {
	case c.Duration < 0 || c.Duration > time.Hour:
		return fmt.Errorf("--duration is %v, must be from 0s to 1h", c.Duration)
	case c.Passes != nil && (*c.Passes < 1 || *c.Passes > mostPasses):
		return fmt.Errorf("--passes is %d, must be from 1 to %d", *c.Passes, mostPasses)
	case c.Threshold != nil && c.Compare == "":
		return errors.New("--threshold is for --compare")
	case c.Save != "" && c.Save == c.Compare:
		return fmt.Errorf("--save %s would take the place of what --compare is to compare with: choose another name", c.Save)
	}
	for _, name := range []string{c.Save, c.Compare} {
		if name == "" {
			continue
		}
		if err := baseline.CheckName(name); err != nil {
			return err
		}
	}
	return nil
}

// format is one of the formats below.
func (c *runCommand) format() string {
	if c.JSON {
		return formatJSON
	}
	return c.Format
}

const (
	formatTable = "table"
	formatJSON  = "json"
	formatBench = "bench"
)

// Run measures, prints, saves and compares. A row that fails does not stop the others of its pass; what was measured is
// printed in any case, and saved in none.
func (c *runCommand) Run(s *session) error {
	if err := s.tellSlowdown(); err != nil {
		return err
	}
	var old *baseline.Baseline
	if c.Compare != "" {
		var err error
		if old, err = baseline.Directory(c.Baselines).Load(c.Compare); err != nil {
			return err
		}
		if !baseline.CanDecide(len(old.Passes)) {
			return fmt.Errorf("baseline %q has %d passes, too few to find anything by: save it with --passes %d or more", old.Name, len(old.Passes), fewestToDecide())
		}
	}
	p, err := c.plan(s, old)
	if err != nil {
		return err
	}
	taken, err := p.measure(s)
	if err == nil && c.Save != "" && c.Passes == nil {
		err = p.steady(s, taken, c.threshold())
	}
	if err != nil || old == nil {
		err = errors.Join(err, c.print(s, taken))
	}
	if err != nil {
		return err
	}
	if c.HGRM != "" {
		results, err := baseline.Pooled(taken.Passes)
		if err == nil {
			err = writeHGRM(s, c.HGRM, results)
		}
		if err != nil {
			return err
		}
	}
	if c.Save != "" {
		if err := c.save(s, taken); err != nil {
			return err
		}
	}
	if old == nil {
		return nil
	}
	return c.compare(s, p, old, taken)
}

// save keeps what was measured.
func (c *runCommand) save(s *session, taken *baseline.Baseline) error {
	path, err := baseline.Directory(c.Baselines).Save(taken)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.messages, "saved %s: %d passes of %d rows in %s\n", taken.Name, len(taken.Passes), len(taken.Options.Rows), path)
	for _, u := range baseline.UnsteadyAt(c.threshold(), taken.Passes) {
		s.warn(fmt.Sprintf("%s varies by %s %%: a comparison finds nothing below that", u.Key, figure.Number(100*u.Reach)))
	}
	if !baseline.CanDecide(len(taken.Passes)) {
		s.warn(fmt.Sprintf("a comparison finds nothing by so few passes; it needs %d", fewestToDecide()))
	}
	return nil
}

// fewestToDecide is how many passes a baseline must have to be compared with.
func fewestToDecide() int {
	for n := 1; ; n++ {
		if baseline.CanDecide(n) {
			return n
		}
	}
}

// tellSlowdown says that appends are slowed down on purpose, and refuses to go on where they would not be.
func (s *session) tellSlowdown() error {
	percent := os.Getenv(hooks.SlowdownVariable)
	if percent == "" {
		return nil
	}
	if !hooks.Enabled {
		return fmt.Errorf("%s is set, but this build can't slow anything down: build it with -tags dangerous_test_hooks, or unset the variable", hooks.SlowdownVariable)
	}
	s.warn(fmt.Sprintf("%s=%s: every append takes longer by so many percent", hooks.SlowdownVariable, percent))
	return nil
}
