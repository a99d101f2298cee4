// What P5 says.

package rows

import (
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

const barrierTarget = 0.8

// peerTargets are what a peer's rate is multiplied with, by number of callers.
var peerTargets = map[string]map[int]float64{"pebble": {64: 1, 1024: 2.5}}

// callersText are the numbers of callers in names of results.
var callersText = map[int]string{8: "8 callers", 64: "64 callers", 1024: "1,024 callers"}

// results compares the store with the barrier, with the barrier behind an append's bare work, and with each peer. Sides that are missing are listed
// as well, with the reason.
func (r *groupRun) results() (results []figure.Result) {
	for _, callers := range groupSizes {
		results = append(results, r.compare(callersText[callers], r.barrier, callers, barrierTarget))
	}
	for _, side := range append([]*groupSide{r.working}, r.peers...) {
		for _, callers := range groupSizes {
			target, judged := peerTargets[side.name][callers]
			if !judged {
				target = figure.None()
			}
			results = append(results, r.compare(callersText[callers]+", beside "+side.name, side, callers, target))
		}
	}
	return results
}

// compare returns the median rate of the store over the side's, latencies beside them.
func (r *groupRun) compare(name string, side *groupSide, callers int, target float64) figure.Result {
	ours, theirs := r.ours.at(callers), side.at(callers)
	result := comparison("P5", name, "events/s", side.name, figure.Larger, target, ours.rates, theirs.rates)
	if side.missing != nil {
		result.Unjudged, result.ReferenceValue = side.missing.Error(), figure.None()
	}
	result = result.
		Add("spread", stats.Spread(ours.rates)).Add("reference_spread", stats.Spread(theirs.rates)).
		Add("n", ours.done).Add("reference_n", theirs.done).
		Add("p50", stats.Median(ours.p50)).Add("p99", stats.Median(ours.p99)).
		Add("reference_p50", stats.Median(theirs.p50)).Add("reference_p99", stats.Median(theirs.p99)).
		Add("events_per_sync", stats.Median(ours.perSync))
	if !side.peer {
		return result.Add("reference_callers_per_sync", stats.Median(theirs.perSync)).
			Add("note", "callers of the barrier take a number and wait for a sync that began afterwards, which writes one frame; with floor(256) each hashes, checks and copies an event first, without locks. Percentiles are one caller's, medians of turns")
	}
	if side.description != "" {
		result = result.Add("peer", side.description)
	}
	return result
}
