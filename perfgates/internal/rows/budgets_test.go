// What results are judged by, beside what is said of it. The rows themselves run in rows_test.go.

package rows

import (
	"math"
	"testing"

	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/peer"
)

func same(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

// checkBudget compares what a result is judged by with what is said of it.
func checkBudget(t *testing.T, r figure.Result) {
	t.Helper()
	b, known := BudgetOf(r)
	if want := (Known{r.Row, r.Name, r.Unit, r.Better}); !known || b.Known != want || !same(b.Target, r.Target) {
		t.Errorf("%s %s: %+v, known %v; it has %+v and the target %v", r.Row, r.Name, b, known, want, r.Target)
	}
	if !figure.Missing(b.Goal) && (b.Goal != r.ReferenceValue || !r.Goal) {
		t.Errorf("%s %s: goal %v; its reference is %v, a goal %v", r.Row, r.Name, b.Goal, r.ReferenceValue, r.Goal)
	}
	// So much a segment and by the processors that there are: these constants are of the run.
	if figure.Missing(b.Goal) && r.Goal && r.Row != "P8" && r.Row != "P17" && !figure.Missing(r.ReferenceValue) {
		t.Errorf("%s %s: its goal %v is not said", r.Row, r.Name, r.ReferenceValue)
	}
}

func TestPeersHaveBudgetsAsTheRowHasThem(t *testing.T) {
	r := &groupRun{}
	for _, name := range peer.Names() {
		r.peers = append(r.peers, &groupSide{name: name, peer: true})
	}
	r.ours, r.barrier, r.working = &groupSide{}, &groupSide{}, &groupSide{name: "floor(256) and barrier"}
	results := r.results()
	if want := (2 + len(r.peers)) * len(groupSizes); len(results) != want {
		t.Fatalf("%d results, want %d", len(results), want)
	}
	for _, result := range results {
		if b, known := BudgetOf(result); !known || !same(b.Target, result.Target) || b.Unit != result.Unit || b.Better != result.Better {
			t.Errorf("%s: %+v, known %v; want the target %v", result.Name, b, known, result.Target)
		}
	}
}

func TestWhatNoRowGivesHasNoBudget(t *testing.T) {
	for _, r := range []figure.Result{{Row: "P99", Name: "append"}, {Row: "P1", Name: "p50"}, {Row: "P1", Name: "8 callers, beside pebble"}} {
		if b, known := BudgetOf(r); known {
			t.Errorf("%s %s: %+v", r.Row, r.Name, b)
		}
	}
}
