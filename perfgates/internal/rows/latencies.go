// Latencies of one side of a comparison: of every round, and of all rounds together.

package rows

import (
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

// keptPercentiles are those that every round's summary holds.
var keptPercentiles = [...]float64{50, 99, 99.9, 99.99, 100}

// latencies collects one side's rounds. Between begin and end one round records.
type latencies struct {
	round  *stats.Latency
	whole  *stats.Latency
	rounds [][len(keptPercentiles)]float64
}

func newLatencies() *latencies {
	return &latencies{round: stats.NewLatency(), whole: stats.NewLatency()}
}

// begin starts a round and returns where it records.
func (l *latencies) begin() *stats.Latency {
	l.round.Reset()
	return l.round
}

// end adds the round to the whole and keeps its percentiles.
func (l *latencies) end() {
	l.whole.Add(l.round)
	var summary [len(keptPercentiles)]float64
	for i, percentile := range keptPercentiles {
		summary[i] = l.round.At(percentile)
	}
	l.rounds = append(l.rounds, summary)
}

// inRounds returns a kept percentile of each round.
func (l *latencies) inRounds(percentile float64) []float64 {
	values := make([]float64, len(l.rounds))
	for i, kept := range keptPercentiles {
		if kept != percentile {
			continue
		}
		for round := range l.rounds {
			values[round] = l.rounds[round][i]
		}
	}
	return values
}

// median returns the median over the rounds of a kept percentile.
func (l *latencies) median(percentile float64) float64 { return stats.Median(l.inRounds(percentile)) }

// curve returns the distribution of all rounds together.
func (l *latencies) curve() *figure.Curve {
	return &figure.Curve{Count: l.whole.Count(), Longest: int64(l.whole.Longest()), Encoded: l.whole.Encoded()}
}
