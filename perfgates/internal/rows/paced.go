// An open loop of several kinds of operations, and what a closed loop would have said of them.

package rows

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

// pacedKind is one kind of operation.
type pacedKind struct {
	share    float64 // of all operations
	intended *latencies
	actual   *latencies // what a closed loop sees: from the actual start on
	// corrected is what HDR's correction makes of actual for coordinated omission.
	corrected *stats.Latency
}

func newPacedKind(share float64) *pacedKind {
	return &pacedKind{share: share, intended: newLatencies(), actual: newLatencies(), corrected: stats.NewLatency()}
}

func (k *pacedKind) begin() {
	k.intended.begin()
	k.actual.begin()
}

func (k *pacedKind) end() {
	k.intended.end()
	k.actual.end()
}

// record takes an operation of a loop in which one of any kind is due every interval nanoseconds.
func (k *pacedKind) record(intended, start, end time.Duration, interval float64) {
	k.intended.round.Record(int64(end - intended))
	k.actual.round.Record(int64(end - start))
	k.corrected.RecordCorrected(int64(end-start), int64(interval/k.share))
}

// pacedLoop begins an operation every interval nanoseconds, or as soon as the one before has ended, as long as more says, which is told
// how many are done and how long it has taken. op says of which kind it was. The loop ends with ctx, without an error.
func pacedLoop(ctx context.Context, interval float64, more func(done int, elapsed time.Duration) bool, op func() (*pacedKind, error)) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var over atomic.Bool
	defer context.AfterFunc(ctx, func() { over.Store(true) })()
	begin := time.Now()
	for done := 0; !over.Load() && more(done, time.Since(begin)); done++ {
		intended := time.Duration(float64(done) * interval)
		start := time.Since(begin)
		for start < intended && !over.Load() {
			start = time.Since(begin)
		}
		kind, err := op()
		if err != nil {
			return err
		}
		kind.record(intended, start, time.Since(begin), interval)
	}
	return nil
}

// result compares the p99 of a kind with that of the same loop of bare work, or on an idle machine.
func (k *pacedKind) result(row, name, reference string, beside *pacedKind, perSecond float64) figure.Result {
	r := comparison(row, name, "ns", reference, figure.Smaller, figure.None(), k.intended.inRounds(99), beside.intended.inRounds(99))
	r.Curve = k.intended.curve()
	for _, of := range []struct {
		prefix  string
		latency *stats.Latency
	}{{"", k.intended.whole}, {"reference_", beside.intended.whole}, {"closed_loop_", k.actual.whole}, {"closed_loop_corrected_", k.corrected}} {
		for _, p := range []struct {
			name       string
			percentile float64
		}{{"p50", 50}, {"p99", 99}, {"p99.9", 99.9}, {"p99.99", 99.99}, {"max", 100}} {
			if of.prefix != "" || p.percentile != 99 { // that is the value
				r = r.Add(of.prefix+p.name, of.latency.At(p.percentile))
			}
		}
	}
	return r.Add("ops_per_second", perSecond*k.share).Add("n", k.intended.whole.Count()).
		Add("spread", stats.Spread(k.intended.inRounds(99))).Add("reference_spread", stats.Spread(beside.intended.inRounds(99))).
		Add("note", "in an open loop, from the intended start; closed_loop is from the actual start, which leaves out what waited; corrected is HDR's correction of that")
}
