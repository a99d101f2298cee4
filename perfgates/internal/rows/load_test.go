// Loads that are refused, and what loads make of the rows that take one.

package rows

import (
	"math"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
)

func TestALoadIsRefusedWithWhatIsWrong(t *testing.T) {
	for want, load := range map[string]Load{
		"the rate is -1":             {Rate: -1},
		"the rate is NaN":            {Rate: math.NaN()},
		"the rate is +Inf":           {Rate: math.Inf(1)},
		"the count is -2":            {Count: -2},
		"the payload is 1048577":     {Payload: longestPayload + 1},
		"the payload is -1":          {Payload: -1},
		`the sync policy is "often"`: {Sync: "often"},
		`sync policy is "every:0"`:   {Sync: "every:0"},
		`sync policy is "every:"`:    {Sync: "every:"},
	} {
		if err := load.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", load, err, want)
		}
	}
	for name, want := range map[string]engine.SyncPolicy{
		"": engine.SyncManual(), "manual": engine.SyncManual(), "every-append": engine.SyncEveryAppend(), "every:7": engine.SyncEvery(7, 0),
	} {
		if got, err := (Load{Sync: name}).policy(); err != nil || got != want {
			t.Errorf("%q is %v (%v), want %v", name, got, err, want)
		}
	}
}

func TestRowsDoTheLoadThatTheyAreGiven(t *testing.T) {
	for _, row := range All() {
		if !row.TakesLoad {
			continue
		}
		env := tinyEnv(t)
		env.Load = Load{Rate: 50_000, Count: 60, Payload: 1000, Sync: "every:10"}
		results, err := row.Run(t.Context(), env)
		if err != nil {
			t.Fatal(err)
		}
		total := int64(0) // of both kinds
		for _, r := range results {
			checkResult(t, row.ID, r)
			for _, d := range r.Details {
				if d.Key == "sync" && d.Value != "every 10 events" {
					t.Errorf("%s: %s appends with the policy %v", row.ID, r.Name, d.Value)
				}
			}
			if r.Curve != nil {
				total += r.Curve.Count
			}
		}
		if row.ID != "W4" && total != 60 { // whose writer goes on as long as its reader
			t.Errorf("%s: %d operations in the open loop, want 60", row.ID, total)
		}
	}
}

func TestARowWithALoadThatIsRefusedDoesNotRun(t *testing.T) {
	env := tinyEnv(t)
	env.Load.Payload = -1
	if _, err := mostlyReads(t.Context(), env); err == nil || !strings.Contains(err.Error(), "payload") {
		t.Error(err)
	}
}
