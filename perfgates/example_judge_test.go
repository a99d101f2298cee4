// Judging: what passes, what is denied, and what neither.

package perfgates_test

import (
	"fmt"
	"log"

	"github.com/batpak/batpak/perfgates"
	"github.com/batpak/batpak/perfgates/figure"
)

// measured returns results as Measure would, of a machine whose figures never change: every round is the same.
func measured() []figure.Result {
	result := func(row, name string, value, reference, target float64, rounds int) figure.Result {
		r := figure.Result{
			Row: row, Name: name, Value: value, Unit: "ns", Reference: "floor", ReferenceValue: reference, Better: figure.Smaller, Target: target,
		}
		for range rounds {
			r.Rounds = append(r.Rounds, figure.Round{Value: value, Reference: reference})
		}
		return r
	}
	return []figure.Result{
		result("P1", "append", 1200, 1000, 1.3, 8),
		result("P4", "p50", 130_000, 100_000, 1.05, 8),
		result("P4", "p99", 210_000, 200_000, 1.2, 3),
	}
}

func ExampleJudge() {
	selected, err := perfgates.Select([]string{"P1", "P4", "P12"}, perfgates.Native)
	if err != nil {
		log.Fatal(err)
	}
	verdicts, err := perfgates.Judge(selected, measured(), perfgates.Machine{CPUs: 2}, perfgates.Profile{})
	if err != nil {
		log.Fatal(err)
	}
	for _, v := range verdicts {
		fmt.Printf("%s %s: %s, %s\n", v.Row, v.Name, v.Decision, v.Reason)
	}
	fmt.Println(verdicts[1].Denial)
	// Output:
	// P1 append: passed, 1.2 [1.2, 1.2] x floor: 1,200 ns beside 1,000 ns, budget <= 1.3 x floor
	// P4 p50: denied, 1.3 [1.3, 1.3] x floor: 130 us beside 100 us, budget <= 1.05 x floor
	// P4 p99: undecided, 3 rounds give no interval: 1.05 x floor: 210 us beside 200 us, budget <= 1.2 x floor
	// P12 : skipped, the row gave no result
	// batpak: gate "P4 p50" denied: MISSED: 1.3 [1.3, 1.3] x floor: 130 us beside 100 us, budget <= 1.05 x floor (row=P4 result=p50 measured="130 us" floor="100 us (floor)" ratio="1.3 [1.3, 1.3]" budget="<= 1.05 x floor")
}
