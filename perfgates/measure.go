// Running rows one after another.

package perfgates

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/host"
	"github.com/batpak/batpak/perfgates/internal/peer"
	"github.com/batpak/batpak/perfgates/internal/rows"
)

// Config says what is measured, where and for how long. Its zero value measures every row in the working directory at full
// scale, without other people's stores, which takes an hour.
type Config struct {
	// Directory must exist. A directory of its own is made in it and removed at the end. "" is the working directory.
	Directory string
	// Rows are measured in this order; nil: all.
	Rows []Row
	// Quick makes segments and stores smaller, so that a row takes about two seconds.
	Quick bool
	// Duration is how long a row measures, beside preparing, from 0 to an hour. 0: ten seconds (P22 twenty minutes), with Quick one and a half.
	Duration time.Duration
	// Peers measures other people's stores beside ours, where a row has them. They are built from the source tree the first time.
	Peers bool
	// Load is for the rows that take it, whose names begin with W; the zero value is each row's own.
	Load Load
	// Done is called with the results of each row as soon as there are any, and with what went wrong in it; nil: with nothing.
	Done func(row Row, results []figure.Result, err error)
	// Progress is told now and then what goes on, Warn what is left out; both may be nil.
	Progress, Warn func(text string)
}

// Load is the work of the rows W1 and up.
type Load struct {
	Rate    float64 // operations a second in the open loop; 0: a third of the peak
	Count   int     // operations; 0: as many as the duration takes
	Payload int     // bytes of an event's payload, 0 to 1 MiB; 0: each row's own mix
	Sync    string  // policy: "every-append", "every:N", "manual"; "": each row's own
}

const longestDuration = time.Hour

// Measure runs the rows one after another. A row that fails does not stop the others; what was measured is returned in any
// case. When ctx ends, it returns after the round that is under way with an error that wraps ctx's.
func Measure(ctx context.Context, config Config) (results []figure.Result, err error) {
	if config.Duration < 0 || config.Duration > longestDuration {
		return nil, fmt.Errorf("the duration is %v, must be from 0s to %v", config.Duration, longestDuration)
	}
	selected := config.Rows
	if selected == nil {
		selected = Rows()
	}
	place, err := newWorkplace(config.Directory, config.Warn)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, place.remove()) }()
	scale := rows.Full(config.Duration)
	if config.Quick {
		scale = rows.Quick(config.Duration)
	}
	stores := rows.NewStores(place.path)
	var peers func(context.Context) (*peer.Program, error)
	if config.Peers {
		peers = peersIn(place)
	}
	for _, row := range selected {
		if ctx.Err() != nil {
			return results, errors.Join(err, fmt.Errorf("interrupted before row %s: %w", row.ID, ctx.Err()))
		}
		env := &rows.Env{
			Directory: place.path, Scale: scale, Stores: stores, Warn: config.Warn, Peers: peers,
			Progress: func(text string) { config.progress(row.ID + ": " + text) },
		}
		config.progress(row.ID + ": preparing")
		of, failure := row.run(ctx, env)
		results = append(results, of...)
		if config.Done != nil {
			config.Done(row, of, failure)
		}
		if ctx.Err() != nil {
			return results, errors.Join(err, fmt.Errorf("interrupted in row %s: %w", row.ID, ctx.Err()))
		}
		if failure != nil {
			err = errors.Join(err, fmt.Errorf("row %s: %w", row.ID, failure))
		}
	}
	return results, err
}

func (c *Config) progress(text string) {
	if c.Progress != nil {
		c.Progress(text)
	}
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

// workplace is the directory in which something is measured, removed when that ends.
type workplace struct{ path string }

// newWorkplace makes a directory of its own in base, which must exist. Memory file
// systems get a warning: what is synced there is not.
func newWorkplace(base string, warn func(string)) (*workplace, error) {
	if base == "" {
		base = "."
	}
	path, err := os.MkdirTemp(base, ".batpak-bench-*")
	if err != nil {
		return nil, fmt.Errorf("no place to work: %w", err)
	}
	if mount, err := host.MountOf(path); err == nil && mount.Volatile() && warn != nil {
		warn(fmt.Sprintf("%s is on %s, where syncs cost nothing; choose a disk", base, mount.Type))
	}
	return &workplace{path}, nil
}

func (w *workplace) remove() error { return os.RemoveAll(w.path) }
