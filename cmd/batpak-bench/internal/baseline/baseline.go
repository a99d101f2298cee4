// What a baseline is.

package baseline

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/batpak/batpak/perfgates"
	"github.com/batpak/batpak/perfgates/figure"
)

// Format is the version of the layout that is written, and the only one that is read.
const Format = 1

// Baseline is one saved measurement.
type Baseline struct {
	Format  int    `json:"format"` // version of this layout
	Name    string `json:"name"`
	Version string `json:"version"` // of the engine's module, as built
	Commit  string `json:"commit"`  // "" where the build was not told

	Modified bool              `json:"modified"` // the commit had changes beside it
	Taken    time.Time         `json:"taken"`
	Machine  perfgates.Machine `json:"machine"` // with its floors
	Options  Options           `json:"options"`
	Passes   []Pass            `json:"passes"`
}

// Options are what was asked for.
type Options struct {
	Surface  perfgates.Surface `json:"surface"`
	Rows     []string          `json:"rows"`
	Quick    bool              `json:"quick"`
	Duration time.Duration     `json:"duration"` // nanoseconds; 0: the scale's own
	Peers    bool              `json:"peers"`
	Load     perfgates.Load    `json:"load"`
}

// Pass is every row measured once, one after another.
type Pass struct {
	Started time.Time       `json:"started"`
	Results []figure.Stored `json:"results"`
}

// check refuses what can't have been saved.
func (b *Baseline) check() error {
	if err := b.Options.check(); err != nil {
		return err
	}
	if len(b.Passes) == 0 {
		return errors.New("it has no passes")
	}
	for n, pass := range b.Passes {
		if len(pass.Results) == 0 {
			return fmt.Errorf("pass %d has no results", n+1)
		}
		seen := make(map[Key]bool)
		for _, r := range pass.Results {
			key := Key{r.Row, r.Name}
			if seen[key] {
				return fmt.Errorf("pass %d has %s twice", n+1, key)
			}
			seen[key] = true
		}
	}
	return nil
}

// longest is what a row may measure.
const longest = time.Hour

// check refuses what nobody could have asked for, and names the field.
func (o *Options) check() error {
	switch {
	case o.Duration < 0 || o.Duration > longest:
		return fmt.Errorf("options.duration is %v, must be from 0s to %v", o.Duration, longest)
	case o.Surface != "" && o.Surface != perfgates.Native && o.Surface != perfgates.Neutral:
		return fmt.Errorf("options.surface is %q, must be %q or %q", o.Surface, perfgates.Native, perfgates.Neutral)
	}
	if err := o.Load.Check(); err != nil {
		return fmt.Errorf("options.load: %w", err)
	}
	return nil
}

// checkText refuses text that could do something to a terminal where it is printed. Reasons and details may have several lines.
func (b *Baseline) checkText() error {
	m := b.Machine
	texts := [][2]string{
		{"version", b.Version}, {"commit", b.Commit}, {"machine.processor", m.Processor}, {"machine.os", m.OS}, {"machine.kernel", m.Kernel},
		{"machine.arch", m.Arch}, {"machine.go", m.Go}, {"machine.file_system", m.FileSystem}, {"machine.device", m.Device},
		{"machine.write_cache", m.WriteCache}, {"machine.huge_pages", m.HugePages},
	}
	for _, row := range b.Options.Rows {
		texts = append(texts, [2]string{"options.rows", row})
	}
	for _, f := range m.Floors {
		texts = append(texts, [2]string{"machine.floors, a name", f.Name}, [2]string{"machine.floors, a unit", f.Unit})
	}
	for _, pass := range b.Passes {
		for _, r := range pass.Results {
			texts = append(texts,
				[2]string{"a result's row", r.Row}, [2]string{"a result's name", r.Name}, [2]string{"a result's unit", r.Unit},
				[2]string{"a result's reference", r.Reference}, [2]string{"a result's unjudged", lines(r.Unjudged)},
				[2]string{"a result's violation", lines(r.Violation)}, [2]string{"a result's look", lines(r.Look)})
			for _, d := range r.Details {
				texts = append(texts, [2]string{"a result's detail, its key", d.Key})
				if value, is := d.Value.(string); is {
					texts = append(texts, [2]string{"a result's detail", lines(value)})
				}
			}
		}
	}
	for _, text := range texts {
		if strings.ContainsFunc(text[1], unicode.IsControl) {
			return fmt.Errorf("%s is %q, which has control characters", text[0], text[1])
		}
	}
	return nil
}

// lines is the text without what parts lines and columns.
func lines(text string) string { return strings.NewReplacer("\n", " ", "\t", " ").Replace(text) }
