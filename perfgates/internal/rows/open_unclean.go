// P8: opening what a killed process left.

package rows

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/klauspost/crc32"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

// uncleanRun is an open store whose last segment is nearly full. Its files, copied while it
// is open and nothing is under way, are what would be there had the process been killed.
type uncleanRun struct {
	*grown
	store     *engine.Store
	directory string // of the copies
	counters  engine.Stats

	opened, floors []float64 // ns
	unsealedBytes  int64
	found          engine.Stats // of the copies
}

// openUnclean opens copies in turns with its floor: reading the bytes of the unsealed
// segments, their CRC, writing the same bytes and syncing them.
func openUnclean(ctx context.Context, env *Env, g *grown, name string) (_ []figure.Result, err error) {
	directory, remove, err := env.scratch("P8")
	if err != nil {
		return nil, err
	}
	defer remove()
	r := &uncleanRun{grown: g, directory: directory}
	if r.store, err = g.open(); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.store.Close()) }()
	load := workloadOf(g.entities)
	if err := newSegment(ctx, r.store, load); err != nil {
		return nil, err
	}
	if err := load.appendMany(r.store, env.Scale.GrownSegment/g.frameBytes*9/10); err != nil {
		return nil, err
	}
	if err := errors.Join(settle(ctx, r.store), r.store.Sync()); err != nil {
		return nil, err
	}
	r.counters = r.store.Stats()
	rounds, err := env.rounds(ctx, fewestRounds, always, func() error {
		env.progress("%s: opening after an unclean end, round %d", name, len(r.opened)+1)
		return r.round()
	})
	if err != nil {
		return nil, err
	}
	budget := openBudget + openBudgetPerSegment*float64(r.found.Segments)
	result := figure.Result{
		Row: "P8", Name: name + ", unclean", Value: stats.Median(r.opened), Unit: "ns",
		Reference:      "10 ms + 20 us a segment + scan and rewrite",
		ReferenceValue: budget + stats.Median(r.floors), Better: figure.Smaller, Target: 1,
	}
	allowed := make([]float64, len(r.floors))
	for i, floor := range r.floors {
		allowed[i] = budget + floor
	}
	return []figure.Result{withRounds(result, r.opened, allowed).
		Add("spread", stats.Spread(r.opened)).Add("rounds", rounds).
		Add("n", r.found.Events).Add("entities", g.entities).Add("segments", r.found.Segments).
		Add("unsealed_segments", r.counters.Segments-r.counters.SealedSegments).Add("unsealed_bytes", r.unsealedBytes).
		Add("scan_and_rewrite", stats.Median(r.floors)).Add("scan_and_rewrite_spread", stats.Spread(r.floors))}, nil
}

// round copies the store, measures the floor with the copy's unsealed segments, and opens it.
func (r *uncleanRun) round() (err error) {
	path := r.directory + "/copy"
	defer func() { err = errors.Join(err, os.RemoveAll(path)) }()
	c, err := cloneOf(r.path, path, r.counters.SealedSegments, true)
	if err != nil {
		return err
	}
	start := time.Now()
	r.unsealedBytes = 0
	for _, file := range c.copied[:r.counters.Segments-r.counters.SealedSegments] {
		if err := scanAndRewrite(path, file, r.frameBytes); err != nil {
			return err
		}
		r.unsealedBytes += file.used
	}
	r.floors = append(r.floors, float64(time.Since(start)))

	start = time.Now()
	store, err := engine.Open(path, r.options)
	if err != nil {
		return err
	}
	r.opened = append(r.opened, float64(time.Since(start)))
	r.found = store.Stats()
	switch found := store.Report(); {
	case found.Clean:
		err = errors.New("the copy of an open store looks closed in order")
	case r.found.Events != r.counters.Events:
		err = errors.New("the copy has other events than the store")
	}
	return errors.Join(err, store.Close())
}

// scanAndRewrite does to the bytes of a file what recovery can't do without.
func scanAndRewrite(path string, of copiedFile, frameBytes int) (err error) {
	directory, err := vfs.OpenDir(path, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, directory.Close()) }()
	file, err := directory.Open(of.name, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	content := make([]byte, of.used)
	if _, err := file.ReadAt(content, 0); err != nil {
		return err
	}
	sumFrames(content, frameBytes)
	if _, err := file.WriteAt(content, 0); err != nil {
		return err
	}
	return file.SyncData()
}

// sumFrames computes the CRC32C of every frame's worth of bytes.
func sumFrames(content []byte, frameBytes int) (sum uint32) {
	table := crc32.MakeTable(crc32.Castagnoli)
	for len(content) > 0 {
		frame := content[:min(frameBytes, len(content))]
		sum ^= crc32.Checksum(frame, table)
		content = content[len(frame):]
	}
	return sum
}
