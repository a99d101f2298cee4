// The big stores, which take longer to fill than most rows take to measure: each is
// filled by the first row of a run that needs it, and lent to the others.

package rows

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/perfgates/internal/floor"
)

// Stores are the big stores of one run, all in one directory. Rows run one after
// another, so nothing is locked.
type Stores struct {
	directory string
	filled    map[int]*grown // by the number of their entities
}

// NewStores returns none yet; they will be made below directory, and stay there.
func NewStores(directory string) *Stores {
	return &Stores{directory: directory, filled: make(map[int]*grown)}
}

// grown is a big store: at least Scale.Grown events of so many entities. Rows
// close it in order, and leave it with what they have appended.
type grown struct {
	path       string
	entities   int
	options    engine.Options
	frameBytes int
}

// grown lends the store of so many entities; the function returned gives it back.
func (e *Env) grown(ctx context.Context, entities int) (_ *grown, giveBack func(), err error) {
	stores, giveBack := e.Stores, func() {}
	if stores == nil {
		directory, remove, err := e.scratch("stores")
		if err != nil {
			return nil, nil, err
		}
		stores, giveBack = NewStores(directory), remove
	}
	g := stores.filled[entities]
	if g == nil {
		g, err = stores.fill(ctx, e, entities)
	}
	if err != nil {
		giveBack()
		return nil, nil, err
	}
	return g, giveBack, nil
}

// fill makes a store. One that is not finished is removed.
func (s *Stores) fill(ctx context.Context, env *Env, entities int) (*grown, error) {
	path, err := os.MkdirTemp(s.directory, "big-*")
	if err != nil {
		return nil, err
	}
	load := workloadOf(entities)
	g := &grown{
		path: path + "/store", entities: entities,
		options:    engine.Options{Sync: engine.SyncManual(), Hashing: engine.HashingOn, SegmentSize: int64(env.Scale.GrownSegment)},
		frameBytes: frameBytesOf(load),
	}
	env.progress("storing %d events of %d entities, %d MiB", env.Scale.Grown, entities, env.Scale.Grown*g.frameBytes>>20)
	if err := load.fill(ctx, g.path, g.options, env.Scale.Grown); err != nil {
		return nil, errors.Join(fmt.Errorf("filling a store of %d events: %w", env.Scale.Grown, err), os.RemoveAll(path))
	}
	s.filled[entities] = g
	return g, nil
}

// frameBytesOf returns the room that one event of the workload takes in a segment. All
// of its events have names of the same length.
func frameBytesOf(load *workload) int {
	at := load.at
	if at == nil {
		at = newWorkload().at
	}
	return floor.NewAppend(floor.Anonymous(nil), at[:1], load.payload, true).FrameBytes()
}

// open opens the store as it was filled.
func (g *grown) open() (*engine.Store, error) { return engine.Open(g.path, g.options) }
