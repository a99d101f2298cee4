// This file holds the opening of stores on simulated disks.

package crash

import (
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/internal/seam"
	"github.com/batpak/batpak/internal/vfs"
)

// policy is a number that stands for a durability policy, so that it can be saved.
type policy uint8

// policies are what stores are opened with.
var policies = [...]engine.SyncPolicy{
	engine.SyncEveryAppend(), engine.SyncManual(), engine.SyncEvery(1, 0), engine.SyncEvery(7, 0), engine.SyncEvery(0, time.Millisecond),
	engine.SyncEvery(30, time.Millisecond), engine.SyncEveryAppend(),
}

// bounds are those of policies.
var bounds = [len(policies)]uint64{2: 2, 3: 14, 5: 60}

func policyBy(r *rand.Rand) policy { return policy(r.IntN(len(policies))) }

// waits reports whether appends wait until they are durable, which is when they become visible.
func (p policy) waits() bool { return policies[p] == engine.SyncEveryAppend() }

// bound returns how many events may be staged and not durable, as far as lives get there; 0: any number.
func (p policy) bound() uint64 { return bounds[p] }

// opening is how a store is opened.
type opening struct {
	Policy policy
	Seed   uint64 // of what the store takes from its source of random numbers, and of its clock
	All    bool   // syncs are fsync
	Plain  bool   // a store that is created has no hash chain
	Files  bool   // states are kept in files, too
}

func openingBy(r *rand.Rand, plain bool) opening {
	return opening{Policy: policyBy(r), Seed: r.Uint64(), All: r.IntN(4) == 0, Plain: plain, Files: r.IntN(3) > 0}
}

// options returns the options for the engine.
func (o opening) options() engine.Options {
	var key [32]byte
	for i := range 8 {
		key[i] = byte(o.Seed >> (8 * i))
	}
	options := engine.Options{
		Sync: policies[o.Policy], SegmentSize: engine.MinSegmentSize, Random: rand.NewChaCha8(key), Clock: o.clock(),
	}
	options.Cache.Bytes = engine.MinCacheBytes
	if o.Files {
		options.Cache.FileBytes, options.Cache.FileEvents = engine.MinCacheFileBytes, 1
	}
	if o.All {
		options.SyncMode = engine.SyncAll
	}
	if o.Plain {
		options.Hashing = engine.HashingOff
	}
	return options
}

// clock returns a clock that may be an hour behind or before that of another opening.
func (o opening) clock() func() time.Time {
	var ticks atomic.Int64
	start := time.UnixMicro(1_700_000_000_000_000 + int64(o.Seed%7_200_000_000))
	return func() time.Time { return start.Add(time.Duration(ticks.Add(1)) * 100 * time.Microsecond) }
}

// open opens the store in a directory, for writing.
func (o opening) open(dir vfs.Dir) (*engine.Store, error) { return openStore(dir, o.options()) }

// openToRead opens it for reading only.
func (o opening) openToRead(dir vfs.Dir) (*engine.Store, error) {
	options := o.options()
	options.ReadOnly = true
	return openStore(dir, options)
}

func openStore(dir vfs.Dir, options engine.Options) (*engine.Store, error) {
	store, err := seam.OpenStore(dir, options)
	if err != nil {
		return nil, err
	}
	return store.(*engine.Store), nil
}
