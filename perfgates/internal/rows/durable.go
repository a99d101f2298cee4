// P4: appends that are synced one by one, beside F0.

package rows

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/floor"
	"github.com/batpak/batpak/perfgates/internal/host"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

const (
	deviceFileBytes = 16 << 20 // of F0's file
	devicePageBytes = 4096
)

// syncedSide is F0 or the store: its commit, its latencies, and what the block device did.
type syncedSide struct {
	commit    func() error
	latencies *latencies
	flushes   []float64 // per commit, by round
	pages     []float64
}

// run makes count commits. device may be nil.
func (s *syncedSide) run(count int, device *host.Device) error {
	before, counted := device.Snapshot()
	into := s.latencies.begin()
	for range count {
		start := time.Now()
		if err := s.commit(); err != nil {
			return err
		}
		into.Record(int64(time.Since(start)))
	}
	s.latencies.end()
	if after, again := device.Snapshot(); counted && again {
		done := after.Minus(before)
		s.flushes = append(s.flushes, float64(done.Flushes)/float64(count))
		s.pages = append(s.pages, float64(done.BytesWritten)/devicePageBytes/float64(count))
	}
	return nil
}

func durable(ctx context.Context, env *Env) (_ []figure.Result, err error) {
	directory, remove, err := env.scratch("P4")
	if err != nil {
		return nil, err
	}
	defer remove()
	load := newWorkload()
	frame := floor.NewAppend(floor.Anonymous(nil), load.at, load.payload, true).FrameBytes()
	f0, err := floor.NewDurable(directory, deviceFileBytes, frame)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f0.Close()) }()
	store, err := engine.Open(directory+"/store", engine.Options{Sync: engine.SyncEveryAppend(), Hashing: engine.HashingOn})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()

	// Without counters the device is nil and its two figures are missing.
	device, noDevice := host.DeviceOf(directory)
	reference := &syncedSide{commit: f0.Once, latencies: newLatencies()}
	ours := &syncedSide{commit: func() error { return load.appendOnce(store) }, latencies: newLatencies()}
	both := func() error {
		if err := reference.run(env.Scale.SyncedRound, device); err != nil {
			return err
		}
		return ours.run(env.Scale.SyncedRound, device)
	}
	if err := both(); err != nil { // first touch of everything
		return nil, err
	}
	*reference = syncedSide{commit: reference.commit, latencies: newLatencies()}
	*ours = syncedSide{commit: ours.commit, latencies: newLatencies()}
	rounds, err := env.rounds(ctx, fewestRounds, always, func() error {
		env.progress("round %d", len(ours.latencies.rounds)+1)
		return both()
	})
	if err != nil {
		return nil, err
	}
	results := append(durableLatencies(ours, reference), deviceWork(ours, reference, noDevice)...)
	mount, _ := host.MountOf(directory) // unknown counts as a disk
	for i := range results {
		if mount.Volatile() {
			results[i].Unjudged = mount.Type + " has nothing to sync to"
		}
		results[i] = results[i].Add("rounds", rounds).Add("n", ours.latencies.whole.Count())
	}
	return results, nil
}

// durableLatencies compares medians of rounds; the percentiles of all commits
// together stand beside them.
func durableLatencies(ours, reference *syncedSide) (results []figure.Result) {
	curve := ours.latencies.curve()
	for _, t := range []struct {
		name               string
		percentile, target float64
	}{{"p50", 50, 1.05}, {"p99", 99, 1.2}} {
		whole, wholeReference := ours.latencies.whole, reference.latencies.whole
		r := comparison("P4", t.name, "ns", "F0", figure.Smaller, t.target,
			ours.latencies.inRounds(t.percentile), reference.latencies.inRounds(t.percentile))
		r.Curve = curve
		results = append(results, r.
			Add("whole_run", whole.At(t.percentile)).Add("reference_whole_run", wholeReference.At(t.percentile)).
			Add("p99.9", whole.At(99.9)).Add("p99.99", whole.At(99.99)).Add("max", whole.Longest()).
			Add("reference_p99.9", wholeReference.At(99.9)).Add("reference_max", wholeReference.Longest()).
			Add("spread", stats.Spread(ours.latencies.inRounds(t.percentile))).
			Add("reference_spread", stats.Spread(reference.latencies.inRounds(t.percentile))))
	}
	return results
}

// deviceWork compares what the block device did for a commit. It counts for all
// processes, so that these are medians of short rounds; when F0 itself did not
// take one flush, somebody else was busy and nothing can be judged.
func deviceWork(ours, reference *syncedSide, noDevice error) []figure.Result {
	flushes := comparison("P4", "flushes per commit", "flushes", "F0", figure.Smaller, 1, toHundredths(ours.flushes), toHundredths(reference.flushes))
	pages := comparison("P4", "pages written per commit", "pages", "F0", figure.Smaller, figure.None(), ours.pages, reference.pages)
	if pages.ReferenceValue > 0 {
		pages.Target = 1 + 1/pages.ReferenceValue // one page more than F0
	}
	pages = pages.Add("kib_per_commit", pages.Value*devicePageBytes/1024).
		Add("reference_kib_per_commit", pages.ReferenceValue*devicePageBytes/1024).
		Add("spread", stats.Spread(ours.pages))
	flushes = flushes.Add("spread", stats.Spread(ours.flushes))
	switch {
	case noDevice != nil:
		flushes.Unjudged = noDevice.Error()
	case math.IsNaN(flushes.ReferenceValue):
		flushes.Unjudged = "the block device's counters can't be read"
	case flushes.ReferenceValue != 1:
		flushes.Unjudged = fmt.Sprintf("F0 itself took %.2f flushes per commit: the device counts none, or others use it",
			flushes.ReferenceValue)
	case flushes.Value < 1:
		flushes.Violation = "fewer flushes than commits: not every commit is synced"
	}
	pages.Unjudged = flushes.Unjudged
	return []figure.Result{flushes, pages}
}

// toHundredths rounds each to two places: a flush of somebody else in a round of
// some hundred commits is not one of ours.
func toHundredths(perCommit []float64) []float64 {
	rounded := make([]float64, len(perCommit))
	for i, flushes := range perCommit {
		rounded[i] = math.Round(flushes*100) / 100
	}
	return rounded
}
