// When P19 and P21 are judged, and the loops that they run in.

package rows

import (
	"errors"
	"testing"

	"github.com/batpak/batpak/perfgates/internal/stats"
)

// recorded returns latencies of one round that took the same time each.
func recorded(nanoseconds int64) *latencies {
	l := newLatencies()
	into := l.begin()
	for range 100 {
		into.Record(nanoseconds)
	}
	l.end()
	return l
}

func TestAColdScanIsJudgedOnlyIfItWasCold(t *testing.T) {
	for _, c := range []struct {
		name        string
		share       float64
		notCold     error
		busy        int64
		met, judged bool
	}{
		{"cold", 1.01, nil, 290, true, true},
		{"slow", 1.01, nil, 310, false, true},
		{"warm", 0.3, nil, 290, false, false},
		{"no dd", 1, errors.New("no dd"), 290, false, false},
	} {
		env := &Env{Scale: Tiny()}
		r := &coldRun{env: env, idle: recorded(100), busy: recorded(c.busy), fromDisk: []float64{c.share}, notCold: c.notCold}
		result := r.result()
		if met, judged := result.Met(); met != c.met || judged != c.judged {
			t.Errorf("%s: met %v, judged %v (%s)", c.name, met, judged, result.Unjudged)
		}
		for _, d := range result.Details {
			if d.Key == "scan_share_from_disk" && c.notCold != nil {
				t.Errorf("%s: a share that was not measured is told", c.name)
			}
		}
	}
}

func TestLookupsAreJudgedOnlyBesideAnIdleMachine(t *testing.T) {
	for _, c := range []struct {
		idle, busy  int64
		met, judged bool
	}{{1000, 2900, true, true}, {1000, 3100, false, true}, {2 * idleLimit, 2 * idleLimit, false, false}} {
		r := &besideRun{idle: &lookups{recorded(c.idle), recorded(1)}, busy: &lookups{recorded(c.busy), recorded(1)}, pace: stats.NewLatency()}
		if met, judged := r.results()[0].Met(); met != c.met || judged != c.judged {
			t.Errorf("%d ns beside %d ns: met %v, judged %v", c.busy, c.idle, met, judged)
		}
	}
}

func TestAWriterStopsWhenItIsToldAndReportsItsError(t *testing.T) {
	f, err := newFilled(t.Context(), tinyEnv(t), "writer")
	if err != nil {
		t.Fatal(err)
	}
	w := &writer{store: f.store, load: f.load}
	for range 2 {
		before := w.appended.Load()
		w.start()
		if err := w.stop(); err != nil || w.appended.Load() == before {
			t.Errorf("%d events were appended (%v)", w.appended.Load()-before, err)
		}
	}
	if newest := w.newest.Load(); newest != f.store.Stats().Staged {
		t.Errorf("the newest event is %d, the writer says %d", f.store.Stats().Staged, newest)
	}
	if err := f.close(); err != nil {
		t.Fatal(err)
	}
	w.start()
	if err := w.stop(); err == nil {
		t.Error("appending to a closed store went well")
	}
}

func TestAnOpenLoopGoesOnAsLongAsItIsTold(t *testing.T) {
	done, into := 0, stats.NewLatency()
	took, err := openLoopWhile(func(n int) bool { return n < 7 }, 10, func() error { done++; return nil }, into)
	if err != nil || done != 7 || into.Count() != 7 || took <= 0 {
		t.Errorf("%d operations in %v, %d latencies, %v", done, took, into.Count(), err)
	}
}
