// What was done over time, in steps of equal length.

package rows

import (
	"time"

	"github.com/batpak/batpak/perfgates/figure"
)

// A step is a hundredth of what is measured, within these bounds.
const (
	seriesSteps  = 100
	shortestStep = 10 * time.Millisecond
	longestStep  = time.Second
)

// series collects points. What is measured in pieces is begun and ended several times: the pauses between do not count. It is for one
// goroutine.
type series struct {
	step   time.Duration
	points []figure.Point

	before time.Duration // of the pieces that have ended
	at     time.Duration // of the newest point, since this piece was begun
	done   uint64        // until then
}

// newSeries returns no points yet, of something that takes about so long.
func newSeries(whole time.Duration) *series {
	return &series{step: min(max(whole/seriesSteps, shortestStep), longestStep)}
}

// begin starts a piece, done being what is counted already.
func (s *series) begin(done uint64) { s.at, s.done = 0, done }

// tick makes a point if a step is over. elapsed counts from begin.
func (s *series) tick(elapsed time.Duration, done uint64) {
	if elapsed-s.at >= s.step {
		s.add(elapsed, done)
	}
}

// end ends a piece. What is left of it makes a point if it is half a step or more.
func (s *series) end(elapsed time.Duration, done uint64) {
	if elapsed-s.at >= s.step/2 {
		s.add(elapsed, done)
	}
	s.before += elapsed
}

func (s *series) add(elapsed time.Duration, done uint64) {
	s.points = append(s.points, figure.Point{
		Seconds: (s.before + elapsed).Seconds(), PerSecond: float64(done-s.done) / (elapsed - s.at).Seconds(),
	})
	s.at, s.done = elapsed, done
}

// watch counts in a goroutine of its own, as one piece, until the function returned is called.
func (s *series) watch(count func() uint64) (stop func()) {
	over, ended := make(chan struct{}), make(chan struct{})
	s.begin(count())
	start := time.Now()
	go func() {
		defer close(ended)
		ticker := time.NewTicker(s.step)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				s.tick(time.Since(start), count())
			case <-over:
				s.end(time.Since(start), count())
				return
			}
		}
	}()
	return func() {
		close(over)
		<-ended
	}
}
