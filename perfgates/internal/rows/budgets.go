// What each result is judged by, as the rows say it: for who has a result out of a file, where anything may stand.

package rows

import (
	"slices"
	"strings"

	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/peer"
)

// Budget is what a row's result is judged by.
type Budget struct {
	Known
	Target float64 // bound of the ratio; None: reported only
	Goal   float64 // the constant that the reference is; None: it was measured, or depends on what was
}

// BudgetOf returns the budget of a result that a row gives, at every scale. Of r only its names count, and the reference as it was measured: the
// pages of P4 may be one more than F0's. known is false for a result that no row gives.
func BudgetOf(r figure.Result) (budget Budget, known bool) {
	given := append(givenBy(r.Row), besidePeers(r.Row)...)
	at := slices.IndexFunc(given, func(k Known) bool { return k.Name == r.Name })
	if at < 0 {
		return Budget{}, false
	}
	budget = Budget{Known: given[at]}
	budget.Target, budget.Goal = boundOf(r.Row, r.Name)
	if r.Row == "P4" && r.Name == "pages written per commit" && r.ReferenceValue > 0 {
		budget.Target = 1 + 1/r.ReferenceValue
	}
	return budget, true
}

// besidePeers returns the results that P5 gives with peers only.
func besidePeers(row string) (given []Known) {
	if row != "P5" {
		return nil
	}
	for _, name := range peer.Names() {
		for _, callers := range groupSizes {
			given = append(given, Known{row, callersText[callers] + ", beside " + name, "events/s", figure.Larger})
		}
	}
	return given
}

// boundOf returns a result's target and goal.
func boundOf(row, name string) (target, goal float64) {
	none := figure.None()
	switch row + ", " + name {
	case "P1, append":
		return 1.3, none
	case "P2, append":
		return 2.5, none
	case "P4, p50":
		return 1.05, none
	case "P4, p99":
		return 1.2, none
	case "P4, flushes per commit":
		return 1, none
	case "P6, batch of 256, durable, p50":
		return batchTarget, none
	case "P6, append with expectation and key":
		return askingTarget, none
	case "P7, two callers, 256 B":
		return 1.05, none
	case "P7, two callers, 1 KiB":
		return 1.4, none
	case "P10, unsealed event":
		return 1, unsealedEventBudget
	case "P10, new entity, less its name", "P10, entity touched again, less its name":
		return 1, touchedEntityBudget
	case "P11, chain on":
		return 1, 160
	case "P11, chain off":
		return 1, 128
	case "P12, unchecked":
		return 1, uncheckedGoal
	case "P12, checked":
		return 0.6, none
	case "P12, allocations", "P13, allocations", "P13, by id, allocations", "P23, wake-ups of an idle open store":
		return 0, 1
	case "P13, p50":
		return 1, 300
	case "P13, by id, p50":
		return 1, 1000
	case "P15, scope and kind":
		return 20, none
	case "P17, whole store with its tree", "P17, as many workers as cores, beside one":
		return 0.8, none
	case "P18, append to delivery, spinning, p99":
		return 1, deliveryGoal
	case "P18, append to delivery, waiting, p99":
		return none, deliveryGoal
	case "P19, lookup p99":
		return 3, none
	case "P19, writer":
		return 0.9, none
	case "P21, append p99.9":
		return 3, none
	case "P23, disk":
		return 1, oneEventBytes
	case "P24, sealed key, heap":
		return 1, keyHeapBudget
	}
	return boundOfKind(row, name)
}

// boundOfKind is boundOf for rows whose results share a bound by what their names begin or end with.
func boundOfKind(row, name string) (target, goal float64) {
	none := figure.None()
	begins := func(with string) bool { return strings.HasPrefix(name, with) }
	ends := func(with string) bool { return strings.HasSuffix(name, with) }
	switch {
	case row == "P3":
		for _, t := range tailTargets {
			if t.name == name {
				return t.target, none
			}
		}
	case row == "P5":
		for _, callers := range groupSizes {
			if name == callersText[callers] {
				return barrierTarget, none
			}
			for peer, targets := range peerTargets {
				if target, judged := targets[callers]; judged && name == callersText[callers]+", beside "+peer {
					return target, none
				}
			}
		}
	case row == "P8":
		return 1, none // so much a segment
	case row == "P9" && ends("beside a scan"):
		return 0.3, none
	case row == "P9":
		return 1, rebuildGoal
	case row == "P10":
		return 1, sealedEventBudget
	case row == "P14":
		return 1, streamGoal
	case row == "P16" && name == "cold":
		return 1, coldGoal
	case row == "P16" && begins("cold"):
		return none, coldGoal
	case row == "P16" && name == "kept":
		return 1, keptGoal
	case row == "P16" && begins("kept"):
		return none, keptGoal
	case row == "P16":
		return deltaGrowth, none
	case row == "P18" && begins("drain"):
		return drainBound, none
	case row == "P20" && begins("1,000 entities"):
		return growthTarget, none
	case row == "P22" && ends("device bytes per event byte"):
		return deviceTarget, 1
	case row == "P23":
		return 1, oneEventGoal
	case row == "P24" && ends("cold"):
		return 1, keyPagesGoal
	case row == "P24":
		return 1, keyGoal
	}
	return none, none
}
