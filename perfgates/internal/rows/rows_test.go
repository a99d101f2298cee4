// Every row runs here at a tiny size, so that none can rot. No test looks at a time.

package rows

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

// concurrentRows are those that do something beside themselves: callers, readers, a scan, a cursor, a watch.
var concurrentRows = []string{"P5", "P7", "P17", "P18", "P19", "P21", "P22", "W4"}

func TestEveryRowYieldsItsResultsByItsBudgetsAndLeavesNothingBehind(t *testing.T) {
	for _, row := range All() {
		t.Run(row.ID, func(t *testing.T) {
			if raceBuild && !slices.Contains(concurrentRows, row.ID) {
				t.Skip("one caller does everything, so the race detector sees only the engine, whose own tests it watches; other builds run this row")
			}
			directory := t.TempDir()
			told := 0
			env := &Env{Directory: directory, Scale: Tiny(), Progress: func(string) { told++ }}
			results, err := row.Run(t.Context(), env)
			if err != nil {
				t.Fatal(err)
			}
			var given []Known
			for _, r := range results {
				given = append(given, Known{r.Row, r.Name, r.Unit, r.Better})
				checkResult(t, row.ID, r)
				checkRounds(t, r)
				checkBudget(t, r)
			}
			if want := givenBy(row.ID); !slices.Equal(given, want) {
				t.Errorf("results %v, want %v", given, want)
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

// exactRows are those of bytes on disk, of allocations by the fewest of some tries, and of wake-ups summed up over windows whose
// number is settled before. Only they count; readings of the heap differ.
var exactRows = []string{"P11", "P12", "P13", "P23"}

// checkRounds wants rounds enough for an interval of every result that is judged, or a count. At this size a
// round can be too short for anything to be done in it, which then has no ratio.
func checkRounds(t *testing.T, r figure.Result) {
	t.Helper()
	if !r.Counted && len(r.Rounds) < fewestRounds && !figure.Missing(r.Target) && !figure.Missing(r.Value) {
		t.Errorf("%s has no interval: %d rounds, counted %v", r.Name, len(r.Rounds), r.Counted)
	}
	if r.Counted && !slices.Contains(exactRows, r.Row) {
		t.Errorf("%s is taken for exact after one reading", r.Name)
	}
	for _, round := range r.Rounds {
		if r.Goal && round.Reference != r.ReferenceValue {
			t.Errorf("%s has the goal %v, a round %v", r.Name, r.ReferenceValue, round.Reference)
		}
	}
	if r.Look == "" {
		t.Errorf("%s does not say where to look", r.Name)
	}
	if r.Curve == nil {
		return
	}
	if decoded, err := hdrhistogram.Decode(r.Curve.Encoded); err != nil || decoded.TotalCount() != r.Curve.Count || r.Curve.Count == 0 {
		t.Errorf("%s: a curve of %d latencies (%v)", r.Name, r.Curve.Count, err)
	}
}

func TestTheRegistryHoldsEachRowOnceAndComplete(t *testing.T) {
	form := regexp.MustCompile(`^[PW][0-9]+$`)
	seen := make(map[string]bool)
	for _, row := range All() {
		if !form.MatchString(row.ID) || row.Title == "" || row.Target == "" || row.Run == nil || seen[row.ID] {
			t.Errorf("incomplete or repeated row %+v", row)
		}
		seen[row.ID] = true
	}
	for _, id := range concurrentRows {
		if !seen[id] {
			t.Errorf("there is no row %s to run under the race detector", id)
		}
	}
	for number := range 24 {
		if id := fmt.Sprint("P", number+1); !seen[id] {
			t.Errorf("row %s is missing", id)
		}
	}
	for number := range 4 {
		if id := fmt.Sprint("W", number+1); !seen[id] {
			t.Errorf("row %s is missing", id)
		}
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
