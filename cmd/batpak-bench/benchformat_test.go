// What benchstat is told of units, read again as benchstat reads it.

package main

import (
	"bytes"
	"testing"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchunit"

	"github.com/batpak/batpak/cmd/batpak-bench/internal/baseline"
	"github.com/batpak/batpak/perfgates/figure"
)

func TestEveryUnitSaysInWhichDirectionItIsBetter(t *testing.T) {
	result := func(row, unit string, better figure.Better, goal bool) figure.Stored {
		return figure.Stored{Row: row, Name: "x", Unit: unit, Value: 3, ReferenceValue: 2, Better: better, Target: figure.None(), Goal: goal}
	}
	taken := &baseline.Baseline{Passes: []baseline.Pass{{Results: []figure.Stored{
		result("Time", "ns", figure.Smaller, false), result("Rate", "events/s", figure.Larger, false), result("Goal", "events/s", figure.Larger, true),
		result("Few", "things", figure.Smaller, true), result("Many", "things", figure.Larger, false),
	}}}}
	var out bytes.Buffer
	if err := writeBench(&out, taken); err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]int{ // by row: units as they are written, 1 for higher
		"Time": {"ns/op": -1, "ref-ns/op": -1, "x-ref": -1}, "Rate": {"events/s": 1, "ref-events/s": 1, "x-ref-larger": 1},
		"Goal": {"events/s": 1}, "Few": {"things": -1}, "Many": {"things-larger": 1, "ref-things": 1, "x-ref-larger": 1},
	}
	reader := benchfmt.NewReader(bytes.NewReader(out.Bytes()), "test")
	for reader.Scan() {
		switch r := reader.Result().(type) {
		case *benchfmt.UnitMetadata:
		case *benchfmt.Result:
			row, _ := r.Name.Parts()
			units := want[string(row)]
			if len(r.Values) != len(units) {
				t.Errorf("%s: values %+v, want %v", row, r.Values, units)
			}
			for written, better := range units {
				_, unit := benchunit.Tidy(1, written)
				if value, there := r.Value(unit); !there || value <= 0 || reader.Units().GetBetter(unit) != better {
					t.Errorf("%s: %s: %v, better %d, want %d", row, unit, value, reader.Units().GetBetter(unit), better)
				}
			}
			delete(want, string(row))
		default:
			t.Errorf("neither a result nor a unit: %v", r)
		}
	}
	if err := reader.Err(); err != nil || len(want) != 0 {
		t.Errorf("%v, not read: %v in\n%s", err, want, out.String())
	}
}
