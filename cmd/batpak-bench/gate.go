// The verb "gate": measures, or takes a saved measurement, and asks every gate.

package main

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/batpak/batpak/cmd/batpak-bench/internal/baseline"
	"github.com/batpak/batpak/perfgates"
	"github.com/batpak/batpak/perfgates/figure"
)

type gateCommand struct {
	Rows     []string      `help:"Rows to judge, separated by commas (see list). Default: all but those that only report." placeholder:"P1,P4"`
	Surface  string        `help:"What to judge: native is all, neutral leaves projections and their cache out." placeholder:"neutral|native"`
	Quick    bool          `help:"Finish each row in about two seconds: smaller segments, fewer events. What needs big stores is then skipped."`
	Duration time.Duration `help:"How long a row measures, beside preparing. 0: five seconds, P22 two minutes; with --quick one and a half seconds." default:"0s"`
	Peers    bool          `help:"Measure other people's stores beside ours, where a row has them. The first time they are built, which takes minutes; what can't be built is left out, and said." default:"true" negatable:""`
	Dir      string        `help:"Where to put the stores, in a directory that is removed afterwards." default:"." placeholder:"DIR"`
	JSON     bool          `help:"Print one JSON object: the machine, a verdict for each budget, and how many there are of each decision." name:"json"`

	Profile      string  `help:"Judge absolute times and rates, too, by a profile that comes with the program or by one in a file." placeholder:"NAME|FILE"`
	WriteProfile string  `help:"Make a profile of what was measured, in this file." placeholder:"FILE"`
	Headroom     float64 `help:"By what figures may become worse until --write-profile's budgets deny, 1 to 100." default:"1.5"`

	From      string `help:"Judge the saved measurement of this name, all its passes together, and measure nothing." placeholder:"BASELINE"`
	Baselines string `help:"Where the baselines are." default:".batpak-bench" placeholder:"DIR"`
}

// What a row takes, unless it is told.
const (
	gateDuration  = 5 * time.Second
	gateSustained = 2 * time.Minute
)

// Validate refuses flags that make no sense, alone or together, when they are parsed.
func (c *gateCommand) Validate() error {
	switch {
	case c.Duration < 0 || c.Duration > time.Hour:
		return fmt.Errorf("--duration is %v, must be from 0s to 1h", c.Duration)
	case !(c.Headroom >= 1 && c.Headroom <= 100):
		return fmt.Errorf("--headroom is %v, must be from 1 to 100", c.Headroom)
	}
	return nil
}

// measured is what gates judge.
type measured struct {
	machine perfgates.Machine
	rows    []perfgates.Row
	results []figure.Result
	quick   bool
}

// Run prints every verdict. What could not be run is an error, but what was measured is judged all the same; a denial is a
// finding.
func (c *gateCommand) Run(s *session) error {
	profile, err := profileOf(c.Profile)
	if err != nil {
		return err
	}
	if c.WriteProfile != "" { // said before minutes are spent
		if err := writable(c.WriteProfile); err != nil {
			return fmt.Errorf("no profile could be written: %w", err)
		}
	}
	var m measured
	var failed error
	if c.From != "" {
		m, err = c.saved(s)
	} else {
		m, failed, err = c.measure(s, profile)
	}
	if err != nil {
		return err
	}
	if c.Profile != "" && profile.Quick != m.quick {
		return fmt.Errorf("profile %q is for %s, this is %s: its times are of stores of another size", profile.Name, scaleName(profile.Quick), scaleName(m.quick))
	}
	verdicts, err := perfgates.Judge(m.rows, m.results, m.machine, profile)
	if err != nil {
		return errors.Join(failed, err)
	}
	if c.JSON {
		err = writeVerdictsJSON(s.out, m.machine, verdicts)
	} else {
		err = writeVerdicts(s.out, m.machine, verdicts)
	}
	tellUnproven(s, verdicts)
	if c.WriteProfile != "" {
		if failed != nil {
			failed = errors.Join(failed, errors.New("no profile was written: it would lack what was not measured"))
		} else {
			err = errors.Join(err, c.writeProfile(m))
		}
	}
	if err = errors.Join(failed, err); err != nil {
		return err
	}
	if denied := countOf(verdicts)[perfgates.Denied]; denied > 0 {
		return &finding{fmt.Sprintf("%d of %d budgets denied", denied, len(verdicts)-countOf(verdicts)[perfgates.Reported])}
	}
	return nil
}

func scaleName(quick bool) string {
	if quick {
		return "a quick run"
	}
	return "the full scale"
}

// measure probes the machine and measures the rows. failed is what went wrong in rows, or an interrupt, which leaves results to be judged.
func (c *gateCommand) measure(s *session, profile perfgates.Profile) (m measured, failed, err error) {
	if c.Profile != "" && profile.Quick != c.Quick { // said before minutes are spent
		return m, nil, fmt.Errorf("profile %q is for %s, this would be %s: its times are of stores of another size", profile.Name, scaleName(profile.Quick), scaleName(c.Quick))
	}
	m.quick = c.Quick
	if m.rows, err = c.selected(); err != nil {
		return m, nil, err
	}
	line := s.newProgress()
	defer line.clear()
	m.machine, err = s.probe(s.ctx, perfgates.ProbeOptions{
		Directory: c.Dir, Quick: true, Warn: line.warn, Progress: func(text string) { line.show("floors: " + text) },
	})
	if err != nil {
		return m, nil, fmt.Errorf("the floors of this machine: %w", err)
	}
	config := perfgates.Config{
		Directory: c.Dir, Rows: m.rows, Quick: c.Quick, Duration: c.Duration, Peers: c.Peers, Progress: line.show, Warn: line.warn,
	}
	if c.Duration == 0 && !c.Quick {
		config.Duration, config.Sustained = gateDuration, gateSustained
	}
	m.results, failed = s.measure(s.ctx, config)
	if len(m.results) == 0 && failed != nil {
		return m, nil, failed
	}
	return m, failed, nil
}

// selected returns the rows to judge: by default none that has no budget.
func (c *gateCommand) selected() ([]perfgates.Row, error) {
	all, err := perfgates.Select(c.Rows, perfgates.Surface(c.Surface))
	if err != nil || len(c.Rows) > 0 {
		return all, err
	}
	return slices.DeleteFunc(all, func(row perfgates.Row) bool { return row.TakesLoad }), nil
}

// saved takes a baseline's results, and of its rows those that are to be judged.
func (c *gateCommand) saved(s *session) (m measured, err error) {
	saved, err := baseline.Directory(c.Baselines).Load(c.From)
	if err != nil {
		return m, err
	}
	wanted, err := c.selected()
	if err != nil {
		return m, err
	}
	tellOrigin(s, saved)
	m.machine, m.quick = saved.Machine, saved.Options.Quick
	for _, row := range wanted {
		if len(c.Rows) > 0 || slices.Contains(saved.Options.Rows, row.ID) {
			m.rows = append(m.rows, row)
		}
	}
	if len(m.rows) == 0 {
		return m, fmt.Errorf("baseline %q has none of the rows to judge", c.From)
	}
	results, err := judgeable(s, saved)
	if err != nil {
		return m, err
	}
	// A row that this program does not have can't be asked for; what it gave is said not to be judged, unless rows were named.
	results = slices.DeleteFunc(results, func(r figure.Result) bool {
		selected := slices.ContainsFunc(m.rows, func(row perfgates.Row) bool { return row.ID == r.Row })
		return !selected && (len(c.Rows) > 0 || isRow(r.Row))
	})
	m.results = results
	return m, nil
}

// judgeable returns a baseline's results, all passes together, with this program's budgets, and warns of each that stood otherwise in one of
// the passes.
func judgeable(s *session, saved *baseline.Baseline) ([]figure.Result, error) {
	var told []string
	for _, pass := range saved.Passes {
		for _, r := range pass.Results {
			_, differ := perfgates.Rebudget([]figure.Result{figure.Result(r)})
			for _, text := range differ {
				if !slices.Contains(told, text) {
					told = append(told, text)
					s.warn(fmt.Sprintf("baseline %q: %s", saved.Name, text))
				}
			}
		}
	}
	results, err := baseline.Pooled(saved.Passes)
	if err != nil {
		return nil, fmt.Errorf("baseline %q: %w", saved.Name, err)
	}
	results, _ = perfgates.Rebudget(results) // a bound that depends on a measured reference is of the median's
	return results, nil
}

// isRow says whether this program has the row.
func isRow(id string) bool {
	return slices.ContainsFunc(perfgates.Rows(), func(row perfgates.Row) bool { return row.ID == id })
}

// tellOrigin says what a saved measurement is of, and in what that differs from this program and machine: its figures are those of the
// other, and only the budgets are this program's.
func tellOrigin(s *session, saved *baseline.Baseline) {
	version, commit, modified := builtFrom(s.ctx)
	here := &baseline.Baseline{Version: version, Commit: commit, Modified: modified}
	was := saved.Machine
	fmt.Fprintf(s.messages, "baseline %q: version %s, commit %s, taken on %s\n", saved.Name, known(saved.Version), known(saved.Built()), was)
	for _, d := range []struct{ what, was, is string }{
		{"version", saved.Version, here.Version}, {"commit", saved.Built(), here.Built()},
		{"number of processors", fmt.Sprint(was.CPUs), fmt.Sprint(runtime.NumCPU())}, {"system", was.OS, runtime.GOOS},
		{"architecture", was.Arch, runtime.GOARCH}, {"Go version", was.Go, runtime.Version()},
	} {
		if d.was != d.is {
			s.warn(fmt.Sprintf("the %s was %s, is %s here: figures are the baseline's, budgets this program's", d.what, known(d.was), known(d.is)))
		}
	}
}

// known is the text, quoted where it could do something to a terminal.
func known(text string) string {
	switch {
	case text == "":
		return "unknown"
	case strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }):
		return strconv.Quote(text)
	}
	return text
}
