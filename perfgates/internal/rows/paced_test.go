// Open loops of several kinds, points over time, and parts that end with a segment. No test looks at a time.

package rows

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/batpak/batpak/perfgates/figure"
)

func TestAnOpenLoopChargesWhatWaitedAndAClosedOneDoesNot(t *testing.T) {
	k := newPacedKind(1)
	k.begin()
	k.record(0, 0, 1000, 100)      // a stall
	k.record(100, 1000, 1010, 100) // was due long before
	k.record(200, 1010, 1020, 100)
	k.end()
	if got := k.intended.whole.At(50); got < 819 || got > 911 {
		t.Errorf("from the intended start the median is %v", got)
	}
	if k.actual.whole.At(50) != 10 || k.actual.whole.Longest() != 1000 {
		t.Errorf("from the actual start the median is %v", k.actual.whole.At(50))
	}
	if k.corrected.Count() != 3+9 { // 900, 800, ... 100
		t.Errorf("corrected there are %d latencies", k.corrected.Count())
	}
}

func TestAPacedLoopRecordsEachKindAndStopsAtAnErrorOrItsContext(t *testing.T) {
	kinds := [2]*pacedKind{newPacedKind(0.5), newPacedKind(0.5)}
	for _, kind := range kinds {
		kind.begin()
	}
	done := 0
	op := func() (*pacedKind, error) { done++; return kinds[done%2], nil }
	more := func(n int, _ time.Duration) bool { return n < 9 }
	if err := pacedLoop(t.Context(), 10, more, op); err != nil || done != 9 {
		t.Errorf("%d operations, %v", done, err)
	}
	if a, b := kinds[0].intended.round.Count(), kinds[1].intended.round.Count(); a != 4 || b != 5 {
		t.Errorf("%d and %d latencies", a, b)
	}
	failing := func() (*pacedKind, error) { return kinds[0], errBroken }
	if err := pacedLoop(t.Context(), 10, more, failing); !errors.Is(err, errBroken) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ending := func() (*pacedKind, error) { cancel(); return kinds[0], nil }
	if err := pacedLoop(ctx, 1e15, func(int, time.Duration) bool { return true }, ending); err != nil {
		t.Error(err)
	}
}

func TestASeriesHasAPointForEachStepAndLeavesPausesOut(t *testing.T) {
	s := newSeries(time.Second)
	if s.step != shortestStep {
		t.Fatalf("steps of %v", s.step)
	}
	s.begin(100)
	s.tick(shortestStep/2, 105)
	s.tick(shortestStep, 110)
	s.end(shortestStep+1, 110) // too little for a point
	s.begin(200)
	s.end(shortestStep, 230)
	second := (2*shortestStep + 1).Seconds()
	want := []figure.Point{{Seconds: shortestStep.Seconds(), PerSecond: 1000}, {Seconds: second, PerSecond: 3000}}
	if len(s.points) != 2 || s.points[0] != want[0] || s.points[1] != want[1] {
		t.Errorf("points %v, want %v", s.points, want)
	}
	if newSeries(time.Hour).step != longestStep {
		t.Error("steps are not bounded")
	}
}

func TestASeriesThatIsWatchedCountsUntilItIsStopped(t *testing.T) {
	s, done := newSeries(0), uint64(7)
	s.step = 1
	s.watch(func() uint64 { return done })()
	if s.before <= 0 || s.done != 7 {
		t.Errorf("%v, %d", s.before, s.done)
	}
}

func TestAPartEndsWithASegment(t *testing.T) {
	store := tinyOpen(t)
	part := newSegmentsOf(store, forever)
	for range 1000 {
		if part.over() {
			t.Fatal("it is over before its time is")
		}
	}
	part.stop()
	part.rotations.Store(store.Stats().Rotations)
	part.due.Store(true)
	for range 1000 {
		if part.over() {
			t.Fatal("it is over before the segment is full")
		}
	}
	if err := newSegment(t.Context(), store, newWorkload()); err != nil {
		t.Fatal(err)
	}
	ended := false
	for range 64 {
		ended = ended || part.over()
	}
	if !ended {
		t.Error("it goes on when the segment is full")
	}
}
