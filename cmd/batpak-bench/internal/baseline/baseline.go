// What a baseline is.

package baseline

import (
	"errors"
	"fmt"
	"time"

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
