// Waiting until an open store has nothing left to do in the background.

package rows

import (
	"context"
	"errors"
	"time"

	"github.com/batpak/batpak/engine"
)

// settle waits until the segments that have been left are sealed.
func settle(ctx context.Context, store *engine.Store) error {
	const patience = 10 * time.Second // sealing that fails is not a row's business
	for begin := time.Now(); time.Since(begin) < patience; time.Sleep(time.Millisecond) {
		s := store.Stats()
		if s.SealedSegments+1 >= s.Segments || s.SealFails > 0 {
			break
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// newSegment appends until the store has changed segments, and settles, so that next to
// nothing is unsealed and a whole segment of the largest size is ahead.
func newSegment(ctx context.Context, store *engine.Store, load *workload) error {
	const between = 64 // looks at the counters
	for begin := store.Stats().Rotations; store.Stats().Rotations == begin; {
		if err := errors.Join(ctx.Err(), load.appendMany(store, between)); err != nil {
			return err
		}
	}
	return settle(ctx, store)
}
