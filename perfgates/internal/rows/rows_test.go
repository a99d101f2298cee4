// Every row runs here at a tiny size, so that none can rot. No test looks at a time.

package rows

import (
	"context"
	"errors"
	"math"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

// expectedResults are the names that each row must yield, in their order.
var expectedResults = map[string][]string{
	"P1": {"append"},
	"P2": {"append"},
	"P3": {"p99.9", "p99.99", "longest"},
	"P4": {"p50", "p99", "flushes per commit", "pages written per commit"},
	"P5": {
		"8 callers", "64 callers", "1,024 callers", "8 callers, beside floor(256) and barrier",
		"64 callers, beside floor(256) and barrier", "1,024 callers, beside floor(256) and barrier",
	},
	"P6": {"batch of 256, durable, p50", "batch of 256, beside an F0 of as many bytes", "append with expectation and key"},
	"P7": {"two callers, 256 B", "two callers, 1 KiB"},
	"P8": {
		"1,000 entities", "1,000 entities, unclean", "an entity per event", "an entity per event, unclean",
	},
	"P9": {
		"1,000 entities", "1,000 entities, beside a scan", "an entity per event", "an entity per event, beside a scan",
	},
	"P10": {
		"1,000 entities, sealed event", "1,000 entities, sealed event, after reading all",
		"an entity per event, sealed event", "an entity per event, sealed event, after reading all",
		"unsealed event", "new entity, less its name", "entity touched again, less its name",
	},
	"P11": {"chain on", "chain off"},
	"P12": {"unchecked", "checked", "allocations"},
	"P13": {"p50", "allocations", "by id, p50", "by id, allocations"},
	"P14": {"checked", "unchecked"},
	"P15": {"scope and kind"},
	"P16": {
		"cold", "cold, scattered over the store", "cold, a map", "kept", "kept, a map of 100 keys, cloned", "kept, a map of 100 keys, encoded",
		"5 new, a short history", "5 new, a tenth of the longest", "5 new, the longest history",
	},
	"P17": {"whole store with its tree", "as many workers as cores, beside one", "every entity by region, without the tree"},
	"P18": {
		"append to delivery, spinning, p99", "append to delivery, waiting, p99",
		"drain of everything", "drain of a hot entity", "drain of a sparse entity",
		"append beside 1 that wait", "append beside 100 that wait", "append beside 1000 that wait",
	},
	"P19": {"lookup p99", "writer"},
	"P20": {
		"1,000 entities, append", "1,000 entities, by sequence, p50", "1,000 entities, event of a stream",
		"a tenth as many entities as events, append", "a tenth as many entities as events, by sequence, p50",
		"a tenth as many entities as events, event of a stream",
	},
	"P21": {"append p99.9"},
	"P22": {
		"manual, one caller, longest append", "manual, one caller, device bytes per event byte",
		"every append, 64 callers, longest append", "every append, 64 callers, device bytes per event byte",
	},
	"P24": {"hit, warm, p50", "miss, warm, p50", "hit, cold", "miss, cold", "sealed key, heap"},
	"P23": {"disk", "open", "close after the append", "close after the reopening", "wake-ups of an idle open store"},
}

func TestEveryRowYieldsItsResultsAndLeavesNothingBehind(t *testing.T) {
	for _, row := range All() {
		t.Run(row.ID, func(t *testing.T) {
			directory := t.TempDir()
			told := 0
			env := &Env{Directory: directory, Scale: Tiny(), Progress: func(string) { told++ }}
			results, err := row.Run(t.Context(), env)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, r := range results {
				names = append(names, r.Name)
				checkResult(t, row.ID, r)
			}
			if !slices.Equal(names, expectedResults[row.ID]) {
				t.Errorf("results %q, want %q", names, expectedResults[row.ID])
			}
			if told == 0 {
				t.Error("the row told nothing about its progress")
			}
			if left, err := os.ReadDir(directory); err != nil || len(left) != 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

func checkResult(t *testing.T, row string, r figure.Result) {
	t.Helper()
	if r.Row != row || r.Unit == "" || r.Reference == "" || (r.Better != figure.Smaller && r.Better != figure.Larger) {
		t.Errorf("incomplete result %+v", r)
	}
	if math.IsNaN(r.Value) && r.Unjudged == "" {
		t.Errorf("%s has no value and no reason for that", r.Name)
	}
	keys := make(map[string]bool)
	for _, d := range r.Details {
		if keys[d.Key] {
			t.Errorf("%s has the key %q twice", r.Name, d.Key)
		}
		keys[d.Key] = true
	}
}

func TestTheRegistryHoldsEachRowOnceAndComplete(t *testing.T) {
	form := regexp.MustCompile(`^P[0-9]+$`)
	seen := make(map[string]bool)
	for _, row := range All() {
		if !form.MatchString(row.ID) || row.Title == "" || row.Target == "" || row.Run == nil || seen[row.ID] {
			t.Errorf("incomplete or repeated row %+v", row)
		}
		seen[row.ID] = true
	}
	for id := range expectedResults {
		if !seen[id] {
			t.Errorf("row %s is missing", id)
		}
	}
	if len(seen) != len(expectedResults) {
		t.Errorf("%d rows, %d are expected", len(seen), len(expectedResults))
	}
}

func TestRowsAreSelectedByNameInTheOrderGiven(t *testing.T) {
	rows, err := Select([]string{"p4", " P1", "P4"})
	if err != nil || len(rows) != 2 || rows[0].ID != "P4" || rows[1].ID != "P1" {
		t.Errorf("got %v, %v", rows, err)
	}
	if rows, err := Select(nil); err != nil || len(rows) != len(All()) {
		t.Errorf("no names select %d rows, %v", len(rows), err)
	}
}

func TestAnUnknownRowIsNamedWithThoseThatExist(t *testing.T) {
	_, err := Select([]string{"P1", "P99"})
	var unknown *UnknownRowError
	if !errors.As(err, &unknown) || unknown.Name != "P99" || len(unknown.Known) != len(All()) {
		t.Fatalf("got %v", err)
	}
}

func TestAnInterruptedRowSaysSoAndLeavesNothingBehind(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, row := range All() {
		directory := t.TempDir()
		if _, err := row.Run(ctx, &Env{Directory: directory, Scale: Tiny()}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", row.ID, err)
		}
		if left, err := os.ReadDir(directory); err != nil || len(left) != 0 {
			t.Errorf("%s left behind: %v, %v", row.ID, left, err)
		}
	}
}

func TestAMissingDirectoryIsAnErrorOfEveryRow(t *testing.T) {
	directory := t.TempDir() + "/missing"
	for _, row := range All() {
		if _, err := row.Run(t.Context(), &Env{Directory: directory, Scale: Tiny()}); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: %v", row.ID, err)
		}
	}
}

func TestAnOpenLoopRunsEveryOperationOnceAndStopsAtAnError(t *testing.T) {
	done, into := 0, stats.NewLatency()
	if err := openLoop(100, 10, func() error { done++; return nil }, into); err != nil || done != 100 || into.Count() != 100 {
		t.Errorf("%d operations, %d latencies, %v", done, into.Count(), err)
	}
	broken := errors.New("broken")
	if err := openLoop(100, 10, func() error { return broken }, into); !errors.Is(err, broken) || into.Count() != 100 {
		t.Errorf("%d latencies, %v", into.Count(), err)
	}
}

func TestTooFewSegmentChangesAreNotJudged(t *testing.T) {
	if tooFewChanges(segmentChangesNeeded-1) == "" || tooFewChanges(segmentChangesNeeded) != "" {
		t.Error("the bound is off by one")
	}
}

func TestDeviceWorkIsJudgedOnlyBesideAnF0OfOneFlush(t *testing.T) {
	side := func(flushes, pages float64) *syncedSide {
		return &syncedSide{flushes: []float64{flushes}, pages: []float64{pages}}
	}
	for _, c := range []struct {
		name            string
		ours, reference *syncedSide
		noDevice        error
		met, judged     bool
		pagesMet        bool
	}{
		{"as F0", side(1, 1.1), side(1, 1.1), nil, true, true, true},
		{"two flushes", side(2, 1.1), side(1, 1.1), nil, false, true, true},
		{"one page more", side(1, 2), side(1, 1.01), nil, true, true, true},
		{"two pages more", side(1, 3.2), side(1, 1.1), nil, true, true, false},
		{"no flushes of ours", side(0, 1), side(1, 1), nil, false, true, true},
		{"a busy device", side(2, 1), side(1.7, 1), nil, false, false, false},
		{"no device", &syncedSide{}, &syncedSide{}, errors.New("no counters"), false, false, false},
		{"unreadable counters", &syncedSide{}, &syncedSide{}, nil, false, false, false},
	} {
		results := deviceWork(c.ours, c.reference, c.noDevice)
		if met, judged := results[0].Met(); met != c.met || judged != c.judged {
			t.Errorf("%s: flushes met %v, judged %v", c.name, met, judged)
		}
		if met, judged := results[1].Met(); met != c.pagesMet || judged != c.judged {
			t.Errorf("%s: pages met %v, judged %v", c.name, met, judged)
		}
	}
}
