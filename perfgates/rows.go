// The rows that there are, and which of them a surface has.

package perfgates

import (
	"context"
	"fmt"

	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/rows"
)

// Surface is a part of the engine.
type Surface string

// The surfaces.
const (
	Native  Surface = "native"  // all of it; "" means the same
	Neutral Surface = "neutral" // without projections and their cache: what every event store has
)

// Row is one benchmark: some results, each beside its reference.
type Row struct {
	ID     string // "P1"
	Title  string
	Target string // in words; each result has its own bound

	TakesLoad bool // it does what Config.Load says, and reports without a bound

	row rows.Row
}

// UnknownRowError names a row that does not exist, and those that do.
type UnknownRowError = rows.UnknownRowError

// UnknownSurfaceError names a surface that does not exist.
type UnknownSurfaceError struct{ Surface Surface }

// Error names the surfaces that there are, too.
func (e *UnknownSurfaceError) Error() string {
	return fmt.Sprintf("unknown surface %q; there are %s and %s", string(e.Surface), Neutral, Native)
}

// Rows returns every row, in order of their numbers.
func Rows() []Row {
	selected, err := Select(nil, Native)
	if err != nil {
		panic(err) // no name is unknown where none is given
	}
	return selected
}

// Select returns the named rows that the surface has, in the order given, each once; the case of letters does not matter, and no
// names mean all. A name that no row has is an *UnknownRowError, a surface an *UnknownSurfaceError; a row named that
// the surface does not have is an error, too.
func Select(names []string, surface Surface) ([]Row, error) {
	if surface != "" && surface != Native && surface != Neutral {
		return nil, &UnknownSurfaceError{surface}
	}
	chosen, err := rows.Select(names)
	if err != nil {
		return nil, err
	}
	var selected []Row
	for _, row := range chosen {
		if surface == Neutral && row.NativeOnly {
			if len(names) > 0 {
				return nil, fmt.Errorf("row %s is not on the surface %s: it measures projections or their cache", row.ID, Neutral)
			}
			continue
		}
		selected = append(selected, Row{ID: row.ID, Title: row.Title, Target: row.Target, TakesLoad: row.TakesLoad, row: row})
	}
	return selected, nil
}

// run measures the row and gives each result what belongs to all rows.
func (r Row) run(ctx context.Context, env *rows.Env) ([]figure.Result, error) {
	return r.row.Run(ctx, env)
}
