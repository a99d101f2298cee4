// SyncLatency: how long syncs took.

package engine

import (
	"fmt"
	"time"

	"github.com/batpak/batpak/engine/internal/commit"
)

// SyncLatency says how long the syncs of files that hold events took, from the call to its return. Quantiles come from a
// histogram of fixed size: a quarter too high at most, from 4 microseconds to 4.5 minutes. The zero value is that of no sync.
type SyncLatency struct {
	Total   time.Duration // of all
	Longest time.Duration
	P50     time.Duration // half of them took no longer
	P99     time.Duration // 99 of 100 took no longer

	took commit.Latency
}

// Quantile returns how long a share of the syncs took at most, for shares above 0 and up to 1; 0: there was no sync.
func (l *SyncLatency) Quantile(share float64) time.Duration {
	return min(l.took.Quantile(share), l.Longest)
}

// AtMost returns how many syncs took no longer than a duration. It is exact for 1, 2, 4 and so on up to 2^28 microseconds; of the
// syncs between two of these up to a quarter may be missing in it, never one too many.
func (l *SyncLatency) AtMost(d time.Duration) uint64 { return l.took.AtMost(d) }

// Count returns how many syncs it is of.
func (l *SyncLatency) Count() uint64 { return l.took.Count() }

// String gives the count and the figures, not the histogram.
func (l SyncLatency) String() string {
	return fmt.Sprintf("{Count:%d Total:%v Longest:%v P50:%v P99:%v}", l.Count(), l.Total, l.Longest, l.P50, l.P99)
}

// latencyOf returns what a log's counters tell of syncs.
func latencyOf(state *commit.State) SyncLatency {
	l := SyncLatency{Total: time.Duration(state.SyncNanos), Longest: time.Duration(state.SyncLongest), took: state.SyncLatency}
	l.P50, l.P99 = l.Quantile(0.50), l.Quantile(0.99)
	return l
}

// Stall is how often and how long appends waited for something.
type Stall struct {
	Count   uint64        // waits that ended
	Waiting uint64        // waits under way
	Total   time.Duration // of those that ended
	Longest time.Duration // of them
}

// Stalls are what appends waited for since the store was opened, beside the syncs that the policy makes them wait for. An append that
// waits again counts again; RoomWaits of [Stats] counts it once.
type Stalls struct {
	Room  Stall // the next segment, or the sync of the one before: the disk is slower than what comes
	Ahead Stall // a sync, since as much was staged and not durable as may be; see SyncPolicy
	Heads Stall // an entity's newest event, looked for with sealed segments there, by its first append in the active one; only where that took 50 µs or more, so that Waiting is 0
	Turn  Stall // an append that others overtook too often
}

// stallsOf returns what a log's counters tell of waits.
func stallsOf(state *commit.State) Stalls {
	of := func(s commit.Stall) Stall {
		return Stall{s.Count, s.Waiting, time.Duration(s.Nanos), time.Duration(s.Longest)}
	}
	return Stalls{of(state.Stalls.Room), of(state.Stalls.Ahead), of(state.Stalls.Heads), of(state.Stalls.Turn)}
}
