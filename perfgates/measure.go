// Running rows one after another.

package perfgates

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/peer"
	"github.com/batpak/batpak/perfgates/internal/rows"
	"github.com/batpak/batpak/perfgates/internal/stats"
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
	// Sustained is how long P22 appends, under both policies together, from 0 to two hours. 0: as Duration says.
	Sustained time.Duration
	// Peers measures other people's stores beside ours, where a row has them. They are built from the source tree the first time.
	Peers bool
	// Load is for the rows that take it, whose names begin with W; the zero value is each row's own.
	Load Load
	// Done is called with the results of each row as soon as there are any, and with what went wrong in it; nil: with nothing.
	Done func(row Row, results []figure.Result, err error)
	// Progress is told now and then what goes on, Warn what is left out; both may be nil.
	Progress, Warn func(text string)
}

// Load is the work of the rows that take it.
type Load = rows.Load

const longestDuration = time.Hour

// Measure runs the rows one after another. A row that fails does not stop the others; what was measured is returned in any
// case. When ctx ends, it returns after the round that is under way with an error that wraps ctx's.
func Measure(ctx context.Context, config Config) (results []figure.Result, err error) {
	if err := config.check(); err != nil {
		return nil, err
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
	scale := config.scale()
	stores := rows.NewStores(place.path)
	var peers func(context.Context) (*peer.Program, error)
	if config.Peers {
		peers = peersIn(place)
	}
	calibration := newCalibration()
	for _, row := range selected {
		if ctx.Err() != nil {
			return results, errors.Join(err, fmt.Errorf("interrupted before row %s: %w", row.ID, ctx.Err()))
		}
		env := &rows.Env{
			Directory: place.path, Scale: scale, Stores: stores, Warn: config.Warn, Peers: peers, Load: config.Load,
			Progress: func(text string) { config.progress(row.ID + ": " + text) },
		}
		config.progress(row.ID + ": preparing")
		before := calibration.time()
		of, failure := row.run(ctx, env)
		around := stats.Median(append(before, calibration.time()...))
		for i := range of {
			of[i].Calibration = around
		}
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

// check refuses durations and loads out of range.
func (c *Config) check() error {
	switch {
	case c.Duration < 0 || c.Duration > longestDuration:
		return fmt.Errorf("the duration is %v, must be from 0s to %v", c.Duration, longestDuration)
	case c.Sustained < 0 || c.Sustained > 2*longestDuration:
		return fmt.Errorf("the sustained duration is %v, must be from 0s to %v", c.Sustained, 2*longestDuration)
	}
	return c.Load.Check()
}

func (c *Config) scale() rows.Scale {
	scale := rows.Full(c.Duration)
	if c.Quick {
		scale = rows.Quick(c.Duration)
	}
	if c.Sustained > 0 {
		scale.Sustained = c.Sustained / 2 // under each of two policies
	}
	return scale
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
