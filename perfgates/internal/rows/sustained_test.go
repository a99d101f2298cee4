// P22: when bytes are judged, and where loads end.

package rows

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/perfgates/figure"
)

// stalled is a load that has appended.
type stalled struct{}

func (stalled) prepare(context.Context, *engine.Store) error { return nil }

func (stalled) run(context.Context, *engine.Store, time.Duration, int) (time.Duration, error) {
	return 0, nil
}

func (stalled) stall() figure.Result {
	return figure.Result{Value: 1, Unit: "ns", Reference: "none", ReferenceValue: figure.None()}
}

func TestDeviceBytesAreJudgedOnlyWhereTheDeviceWorkedForUsAlone(t *testing.T) {
	const events, frame = 1000, 400
	for _, c := range []struct {
		name        string
		written     uint64
		aroundBytes uint64 // in a tenth of the time
		noDevice    error
		untold      error
		met, judged bool
	}{
		{"twice", 2 * events * frame, 0, nil, nil, true, true},
		{"three times", 3 * events * frame, 0, nil, nil, false, true},
		{"others write little", 2 * events * frame, 1000, nil, nil, true, true},
		{"others write much", 2 * events * frame, 10_000, nil, nil, false, false},
		{"nothing counted", 0, 0, nil, nil, false, false},
		{"no device", 0, 0, errBroken, nil, false, false},
		{"counters gone", 2 * events * frame, 0, nil, errBroken, false, false},
	} {
		r := &sustainedRun{
			name: c.name, load: stalled{}, series: newSeries(time.Second), noDevice: c.noDevice, events: events, frameBytes: frame, appending: time.Second,
			open:   counted{bytes: c.written, time: time.Second, untold: c.untold},
			around: counted{bytes: c.aroundBytes, time: time.Second / 10},
		}
		if c.noDevice == nil && c.untold == nil {
			part := float64(c.written) / (events * frame)
			r.slices = []float64{part / 2, part, part, part, part, part * 4}
			r.open.bytes += c.written / 10 // what opening and closing wrote beyond the parts
		}
		results := r.results()
		for _, result := range results {
			checkResult(t, "P22", result)
		}
		if met, judged := results[1].Met(); met != c.met || judged != c.judged {
			t.Errorf("%s: met %v, judged %v (%s)", c.name, met, judged, results[1].Unjudged)
		}
		if low, high, ok := results[1].ValueInterval(); ok && (results[1].Value < low || results[1].Value > high) {
			t.Errorf("%s: %v is outside [%v, %v]", c.name, results[1].Value, low, high)
		}
		if _, judged := results[0].Met(); judged {
			t.Errorf("%s: the stall is judged", c.name)
		}
	}
}

func TestALoadEndsWhenTheStoreHasItsEvents(t *testing.T) {
	const limit = 500
	load := newWorkload()
	paced := &pacedLoad{load: load, perRound: 1000, latencies: newLatencies()}
	for name, c := range map[string]struct {
		policy engine.SyncPolicy
		load   sustainedLoad
		over   uint64 // how many more there may be
	}{
		"paced":   {engine.SyncManual(), paced, 0},
		"waiting": {engine.SyncEveryAppend(), newWaitingLoad(load), 2 * waitingCallers},
	} {
		t.Run(name, func(t *testing.T) {
			store, err := engine.Open(t.TempDir()+"/store", engine.Options{Sync: c.policy, SegmentSize: 1 << 20})
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := store.Close(); err != nil {
					t.Error(err)
				}
			}()
			if err := c.load.prepare(t.Context(), store); err != nil {
				t.Fatal(err)
			}
			before := store.Stats().Events
			if _, err := c.load.run(t.Context(), store, time.Hour, limit); err != nil {
				t.Fatal(err)
			}
			if appended := store.Stats().Events - before; appended < limit || appended > limit+c.over {
				t.Errorf("%d events, want %d", appended, limit)
			}
			if c.load.stall().Value <= 0 {
				t.Error("the longest append took no time")
			}
		})
	}
	if paced.perSecond <= 0 || paced.perSecond > paced.peak/3 || paced.perSecond > paced.longRun/2 {
		t.Errorf("a pace of %v/s beside a peak of %v/s and %v/s in the long run", paced.perSecond, paced.peak, paced.longRun)
	}
}

func TestTheLongestAppendIsTheMedianOfItsPartsAndTheLongestOfAllStandsBesideIt(t *testing.T) {
	r := unbounded([]float64{3, 1, 90, 2, 5, 4, 6})
	low, high, ok := r.ValueInterval()
	if r.Value != 4 || !ok || low > r.Value || high < r.Value {
		t.Errorf("%v in [%v, %v] (%v)", r.Value, low, high, ok)
	}
	if want := []figure.Detail{{Key: "longest_of_all", Value: 90.0}, {Key: "parts", Value: 7}}; !slices.Equal(r.Details, want) {
		t.Errorf("details %v, want %v", r.Details, want)
	}
	if met, judged := r.Met(); met || judged {
		t.Error("it is judged")
	}
}

func TestALoadEndsWithItsContext(t *testing.T) {
	load := newWorkload()
	for name, c := range map[string]struct {
		policy engine.SyncPolicy
		load   sustainedLoad
	}{
		"paced":   {engine.SyncManual(), &pacedLoad{load: load, perSecond: 1e6, latencies: newLatencies()}},
		"waiting": {engine.SyncEveryAppend(), newWaitingLoad(load)},
	} {
		store, err := engine.Open(t.TempDir()+"/store", engine.Options{Sync: c.policy, SegmentSize: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		stopped := make(chan error)
		go func() {
			_, err := c.load.run(ctx, store, time.Hour, 1<<40)
			stopped <- err
		}()
		for store.Stats().Staged < 100 {
			runtime.Gosched()
		}
		cancel()
		if err := <-stopped; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
}
