// What a scrape of a store shows.

package prometheus_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	client "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/batpak/batpak/adapters/prometheus"
	"github.com/batpak/batpak/batpaktest"
	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/metrics"
)

var here = event.MustAt("entity", "scope")

func mustAppend(t *testing.T, s *engine.Store, events int) (last uint64) {
	t.Helper()
	for i := range events {
		r, err := s.Append(here, event.Data, i)
		if err != nil {
			t.Fatal(err)
		}
		last = r.Sequence
	}
	return last
}

// mustShow fails the test unless these metrics of a scrape are so, in the text format.
func mustShow(t *testing.T, what string, c client.Collector, want string, names ...string) {
	t.Helper()
	if err := testutil.CollectAndCompare(c, strings.NewReader(want), names...); err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

func TestAScrapeShowsTheCountersAsTheyAreAndThatTheStoreIsClosed(t *testing.T) {
	t.Parallel()
	store := batpaktest.Open(t, engine.Options{Sync: engine.SyncManual()})
	c := prometheus.NewCollector(store)
	mustAppend(t, store, 3)
	const text = `
# HELP batpak_closed Whether the store was closed.
# TYPE batpak_closed gauge
batpak_closed %d
# HELP batpak_durable_sequence Highest sequence that survives a power cut.
# TYPE batpak_durable_sequence gauge
batpak_durable_sequence %d
# HELP batpak_events Events that are stored, staged ones counted.
# TYPE batpak_events gauge
batpak_events 3
# HELP batpak_rotations_total Changes of segments.
# TYPE batpak_rotations_total counter
batpak_rotations_total 0
# HELP batpak_stall_ahead_seconds_total Time that appends waited for a sync, since as much was not durable as may be.
# TYPE batpak_stall_ahead_seconds_total counter
batpak_stall_ahead_seconds_total 0
`
	names := []string{"batpak_closed", "batpak_durable_sequence", "batpak_events", "batpak_rotations_total", "batpak_stall_ahead_seconds_total"}
	mustShow(t, "staged", c, fmt.Sprintf(text, 0, 0), names...)
	if err := store.Sync(); err != nil {
		t.Fatal(err)
	}
	mustShow(t, "durable", c, fmt.Sprintf(text, 0, 3), names...)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	mustShow(t, "closed", c, fmt.Sprintf(text, 1, 3), names...)
}

func TestEveryMetricIsDescribedAndFitsTheRulesOfPrometheus(t *testing.T) {
	t.Parallel()
	store := batpaktest.Open(t)
	defer store.Close()
	mustStart(t, store, "answers")
	registry := client.NewPedanticRegistry() // which refuses what Describe did not send
	registry.MustRegister(prometheus.NewCollector(store))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	want := len(metrics.Of(&engine.Stats{})) + len(metrics.OfReactor(&engine.Follower{Kind: engine.FollowsAsReactor})) + 4
	if len(families) != want {
		t.Errorf("%d families, want %d", len(families), want)
	}
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "batpak_") {
			t.Errorf("%s", f.GetName())
		}
	}
	problems, err := testutil.CollectAndLint(prometheus.NewCollector(store))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	lint, err := promlint.New(strings.NewReader("# HELP a_bytes_total x\n# TYPE a_bytes_total gauge\na_bytes_total 1\n")).Lint()
	if err != nil || len(lint) == 0 {
		t.Errorf("the check finds nothing where there is something: %v", err)
	}
}

// mustStart starts a reactor that answers nothing.
func mustStart(t *testing.T, s *engine.Store, name string) *engine.Reactor {
	t.Helper()
	r, err := s.StartReactor(engine.ReactorOptions{Name: name, Region: event.OfKind(event.Data)},
		func(context.Context, event.Event, *engine.Batch) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestFollowersWithANameHaveSeriesOfTheirOwnWhileTheyAreThere(t *testing.T) {
	t.Parallel()
	store := batpaktest.Open(t, engine.Options{Sync: engine.SyncManual()})
	defer store.Close()
	c := prometheus.NewCollector(store)
	named, err := store.CursorGuaranteed(event.Everything(), engine.CursorOptions{Name: "bills"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // nameless ones would have the same labels
		if _, err := store.CursorGuaranteed(event.Everything(), engine.CursorOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	reactor := mustStart(t, store, "bills too")
	last := mustAppend(t, store, 3)
	if err := reactor.WaitFor(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	mustShow(t, "open", c, `
# HELP batpak_cursors Cursors that are open, those of reactors among them.
# TYPE batpak_cursors gauge
batpak_cursors 4
# HELP batpak_follower_lag Sequences between what a cursor or reactor acknowledged and the newest visible one.
# TYPE batpak_follower_lag gauge
batpak_follower_lag{kind="cursor",name="bills"} 3
batpak_follower_lag{kind="reactor",name="bills too"} 0
# HELP batpak_reactor_events_total Events that a reactor dealt with.
# TYPE batpak_reactor_events_total counter
batpak_reactor_events_total{name="bills too"} 3
`, "batpak_cursors", "batpak_follower_lag", "batpak_reactor_events_total")
	if err := named.Close(); err != nil || reactor.Stop() != nil {
		t.Fatal(err)
	}
	if n := testutil.CollectAndCount(c, "batpak_follower_lag", "batpak_follower_position_sequence", "batpak_reactor_events_total"); n != 0 {
		t.Errorf("%d series of who is gone", n)
	}
}

func TestSyncsAreAHistogramThatHoldsAllOfThem(t *testing.T) {
	t.Parallel()
	store := batpaktest.Open(t) // a sync for every append
	defer store.Close()
	mustAppend(t, store, 5)
	registry := client.NewRegistry()
	registry.MustRegister(prometheus.NewCollector(store))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	stats := store.Stats()
	for _, f := range families {
		if f.GetName() != "batpak_sync_duration_seconds" {
			continue
		}
		h := f.GetMetric()[0].GetHistogram()
		buckets := h.GetBucket()
		if h.GetSampleCount() < 5 || h.GetSampleCount() > stats.Syncs || h.GetSampleSum() <= 0 || len(buckets) != 21 {
			t.Fatalf("%d syncs in %v s, %d buckets", h.GetSampleCount(), h.GetSampleSum(), len(buckets))
		}
		before := uint64(0)
		for _, b := range buckets {
			if b.GetCumulativeCount() < before || b.GetCumulativeCount() > h.GetSampleCount() {
				t.Errorf("%d up to %v, %d before", b.GetCumulativeCount(), b.GetUpperBound(), before)
			}
			before = b.GetCumulativeCount()
		}
		if last := buckets[20]; last.GetUpperBound() < 16 || last.GetCumulativeCount() != h.GetSampleCount() {
			t.Errorf("the last bucket: %v", last)
		}
		return
	}
	t.Error("no histogram")
}

func TestTwoStoresInOneRegistryAreToldApartByALabel(t *testing.T) {
	t.Parallel()
	registry := client.NewPedanticRegistry()
	for i, name := range []string{"orders", "bills"} {
		store := batpaktest.Open(t)
		defer store.Close()
		mustAppend(t, store, i+1)
		client.WrapRegistererWith(client.Labels{"store": name}, registry).MustRegister(prometheus.NewCollector(store))
	}
	want := `
# HELP batpak_events Events that are stored, staged ones counted.
# TYPE batpak_events gauge
batpak_events{store="bills"} 2
batpak_events{store="orders"} 1
`
	if err := testutil.GatherAndCompare(registry, io.Reader(strings.NewReader(want)), "batpak_events"); err != nil {
		t.Error(err)
	}
}
