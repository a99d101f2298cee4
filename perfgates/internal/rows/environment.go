// What a row is given: where to work, how much to do, and whom to tell about it.

package rows

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/batpak/batpak/perfgates/internal/peer"
)

// segmentChangesNeeded is the number of segment changes that rows P1 to P3 must
// have seen before they are judged.
const segmentChangesNeeded = 8

// Scale says how much a row does.
type Scale struct {
	Duration    time.Duration // about how long a row measures
	SegmentSize int           // of the stores of P1 and P2, bytes

	ShortSegment int           // of the stores of P3, P6 and P7, each of whose rounds fills one on each side
	Events       int           // in the stores that are read and weighed
	SyncedRound  int           // commits between two changes from F0 to the store and back
	IdleWindow   time.Duration // how long wake-ups are counted at a time

	Grown        int // events in the big stores of P8 to P10, P20 and P21
	GrownSegment int // size of their segments, bytes
	Small        int // events in the store that P20 compares them with

	Streams int // entities of W1 to W4

	Sustained time.Duration // how long P22 appends under each policy
}

// Full is the scale of figures that are worth quoting. A duration of 0 means ten
// seconds a row, and twenty minutes for P22.
func Full(duration time.Duration) Scale {
	sustained := duration / 2
	if duration == 0 {
		duration, sustained = 10*time.Second, 10*time.Minute
	}
	return Scale{
		Duration: duration, SegmentSize: 64 << 20, ShortSegment: 64 << 20, Events: 1_000_000, SyncedRound: 250, IdleWindow: duration / 7,
		Grown: 10_000_000, GrownSegment: 64 << 20, Small: 100_000, Streams: 100_000, Sustained: sustained,
	}
}

// Quick finishes a row in about two seconds, or in about the given duration.
func Quick(duration time.Duration) Scale {
	if duration == 0 {
		duration = 1500 * time.Millisecond
	}
	return Scale{
		Duration: duration, SegmentSize: 32 << 20, ShortSegment: 8 << 20, Events: 200_000, SyncedRound: 100, IdleWindow: duration / 7,
		Grown: 300_000, GrownSegment: 8 << 20, Small: 30_000, Streams: 100_000, Sustained: duration / 2,
	}
}

// Tiny only shows that the rows work: for tests.
func Tiny() Scale {
	return Scale{
		Duration: time.Millisecond, SegmentSize: 1 << 20, ShortSegment: 1 << 20, Events: 2_000, SyncedRound: 3, IdleWindow: time.Millisecond,
		Grown: 3_000, GrownSegment: 256 << 10, Small: entityCount, Streams: 300, Sustained: 5 * time.Millisecond,
	}
}

// Env is one row's surroundings.
type Env struct {
	Directory string            // the row makes its own directories below it
	Scale     Scale             // how much to do
	Stores    *Stores           // the big stores of the run; nil: the row makes its own and removes them
	Load      Load              // what the rows that take one are asked to do
	Progress  func(text string) // told now and then what goes on; may be nil
	Warn      func(text string) // told what is left out; may be nil

	// Peers builds other people's stores, once per run; nil: rows do without.
	Peers func(ctx context.Context) (*peer.Program, error)
}

func (e *Env) warn(format string, arguments ...any) {
	if e.Warn != nil {
		e.Warn(fmt.Sprintf(format, arguments...))
	}
}

func (e *Env) progress(format string, arguments ...any) {
	if e.Progress != nil {
		e.Progress(fmt.Sprintf(format, arguments...))
	}
}

// share returns surroundings with a part of the time.
func (e *Env) share(parts int) *Env {
	part := *e
	part.Scale.Duration /= time.Duration(parts)
	return &part
}

// scratch makes a directory; the returned function removes it with all that is in it.
func (e *Env) scratch(name string) (directory string, remove func(), err error) {
	directory, err = os.MkdirTemp(e.Directory, name+"-*")
	if err != nil {
		return "", nil, err
	}
	// What can't be removed here is tried again with the whole of Directory.
	return directory, func() { _ = os.RemoveAll(directory) }, nil
}

// rounds calls round until the duration is over and enough is satisfied, at least
// least times, at most for four times the duration. It returns the number of
// rounds, and ctx's error when that ends.
func (e *Env) rounds(ctx context.Context, least int, enough func() bool, round func() error) (int, error) {
	start := time.Now()
	for done := 0; ; done++ {
		if err := ctx.Err(); err != nil {
			return done, err
		}
		elapsed := time.Since(start)
		over := elapsed >= e.Scale.Duration && enough() || elapsed >= 4*e.Scale.Duration
		if done >= least && over {
			return done, nil
		}
		if err := round(); err != nil {
			return done, err
		}
	}
}

func always() bool { return true }
