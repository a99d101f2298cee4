// What a baseline is.

package baseline

import (
	"time"

	"github.com/batpak/batpak/perfgates"
	"github.com/batpak/batpak/perfgates/figure"
)

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
	Load     perfgates.Load    `json:"load"`
}

// Pass is every row measured once, one after another.
type Pass struct {
	Started time.Time       `json:"started"`
	Results []figure.Stored `json:"results"`
}
