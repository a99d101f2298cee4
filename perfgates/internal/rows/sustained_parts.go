// The parts of a store's life in P22: where one ends, and what the device wrote in it.

package rows

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/host"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

// forever is longer than anything takes that is ended by something else.
const forever = 24 * time.Hour

// segmentsOf ends a part of the appends: when its time is over and the segment is full that is appended to then.
type segmentsOf struct {
	store     *engine.Store
	timer     *time.Timer
	due       atomic.Bool
	rotations atomic.Uint64 // when it was due
	asked     atomic.Uint64 // since then
}

func newSegmentsOf(store *engine.Store, during time.Duration) *segmentsOf {
	s := &segmentsOf{store: store}
	s.timer = time.AfterFunc(during, func() {
		s.rotations.Store(store.Stats().Rotations)
		s.due.Store(true)
	})
	return s
}

func (s *segmentsOf) stop() { s.timer.Stop() }

// over is asked after each append, and looks at the store now and then once the time is over. It may be called concurrently.
func (s *segmentsOf) over() bool {
	const between = 64 // looks, which take longer than an append may
	return s.due.Load() && s.asked.Add(1)%between == 0 && s.store.Stats().Rotations != s.rotations.Load()
}

// deviceMarks are how much the device had written, and how many events the store had, at ends of parts.
type deviceMarks struct {
	device  *host.Device // may be nil
	unknown bool
	marks   []deviceMark
}

type deviceMark struct {
	at     host.Counters
	events uint64
}

func (m *deviceMarks) mark(events uint64) {
	at, known := m.device.Snapshot()
	m.unknown = m.unknown || !known
	m.marks = append(m.marks, deviceMark{at, events})
}

// perByte returns the bytes written for a byte of events in each part that had some, none where the device can't be asked.
func (m *deviceMarks) perByte(frameBytes int) (ratios []float64) {
	if m.unknown {
		return nil
	}
	for i := 1; i < len(m.marks); i++ {
		from, to := m.marks[i-1], m.marks[i]
		if to.events > from.events {
			ratios = append(ratios, float64(to.at.Minus(from.at).BytesWritten)/(float64(to.events-from.events)*float64(frameBytes)))
		}
	}
	return ratios
}

// unbounded is the median of what took longest in each of some parts, of which there is one at least, in nanoseconds. The parts are
// its rounds, so that it has an interval, which the longest of all could not have: that stands beside it. It has no reference.
func unbounded(longest []float64) figure.Result {
	r := figure.Result{Value: stats.Median(longest), Unit: "ns", Reference: "none: reported", ReferenceValue: figure.None()}
	for _, value := range longest {
		r.Rounds = append(r.Rounds, figure.Round{Value: value, Reference: figure.None()})
	}
	return r.Add("longest_of_all", slices.Max(longest)).Add("parts", len(longest))
}
