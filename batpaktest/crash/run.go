// This file holds Run: chains of lives, the trials of each, and the account of both.

package crash

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/batpak/batpak/internal/simdisk"
)

// Config says how long to look, and at what. The zero value looks until its context ends.
type Config struct {
	Seed     uint64        // of everything but the turns that goroutines take
	Duration time.Duration // after which no further trial begins; 0: no bound
	Cuts     uint64        // power cuts after which no further trial begins; 0: no bound
	Depth    int           // openings that are cut off between an image and its last opening, at most; 0: 3
	Workers  int           // goroutines that do so; 0: as many as there are processors
	Findings int           // after so many it ends; 0: 1
	Save     string        // directory for findings, which must exist; empty: they are not saved
	// Progress, if given, is called about once a second, by one goroutine at a time.
	Progress func(Report)
}

// Report is what was looked at and found.
type Report struct {
	Seed        uint64
	Chains      uint64   // stores
	Lives       uint64   // openings that were worked with
	Events      uint64   // that these openings were told of
	FailedSyncs uint64   // lives with one
	Trials      uint64   // moments of lives at which one was cut off, with all that became of it
	Cuts        uint64   // power cuts
	Depths      []uint64 // of them: those of what a life wrote, those of the first opening behind, of the second ...
	Kills       uint64   // ends of a process that left the page cache
	Images      uint64   // what a cut left, opened to the end, read and checked whole
	Rotted      uint64   // images that had rotted
	Elapsed     time.Duration
	Findings    []Finding
}

// String returns the report as lines of text, the last one without a newline.
func (r Report) String() string {
	rate := float64(r.Cuts) / max(r.Elapsed.Seconds(), 1e-9)
	text := fmt.Sprintf("seed %d: %d stores, %d lives with %d events, %d with a failed sync\n", r.Seed, r.Chains, r.Lives, r.Events, r.FailedSyncs)
	text += fmt.Sprintf("%d power cuts in %s, %.0f a second; by nesting", r.Cuts, r.Elapsed.Round(time.Millisecond), rate)
	for _, n := range r.Depths {
		text += fmt.Sprintf(" %d", n)
	}
	text += fmt.Sprintf("; %d processes killed\n%d images opened and checked to the end, %.0f a second; %d trials, %d of them with rot\n%d findings",
		r.Kills, r.Images, float64(r.Images)/max(r.Elapsed.Seconds(), 1e-9), r.Trials, r.Rotted, len(r.Findings))
	for i := range r.Findings {
		text += "\n\n" + r.Findings[i].String()
	}
	return text
}

const (
	livesPerChain   = 4
	momentsPerLife  = 24
	trialsPerMoment = 3
	defaultDepth    = 3
)

// simulation is one Run.
type simulation struct {
	Config
	ctx    context.Context
	began  time.Time
	chains atomic.Uint64
	tally  tally

	mu     sync.Mutex
	report Report
}

// Run looks for broken promises until its bounds are reached, ctx ends, or it has found as many as it is to. It
// blocks until then.
func Run(ctx context.Context, c Config) Report {
	if c.Depth <= 0 {
		c.Depth = defaultDepth
	}
	if c.Workers <= 0 {
		c.Workers = runtime.GOMAXPROCS(0)
	}
	if c.Findings <= 0 {
		c.Findings = 1
	}
	s := &simulation{Config: c, ctx: ctx, began: time.Now()}
	s.report.Seed = c.Seed
	if c.Duration > 0 {
		var cancel context.CancelFunc
		s.ctx, cancel = context.WithTimeout(ctx, c.Duration)
		defer cancel()
	}
	over := make(chan struct{})
	var working, telling sync.WaitGroup
	if c.Progress != nil {
		telling.Go(func() { s.tell(over) })
	}
	for range c.Workers {
		working.Go(func() {
			for !s.over() {
				s.chain(s.chains.Add(1))
			}
		})
	}
	working.Wait()
	close(over)
	telling.Wait()
	return s.sum()
}

// tell reports progress until it is over.
func (s *simulation) tell(over chan struct{}) {
	every := time.NewTicker(time.Second)
	defer every.Stop()
	for {
		select {
		case <-over:
			return
		case <-every.C:
			s.Progress(s.sum())
		}
	}
}

// sum returns the report as it is.
func (s *simulation) sum() Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.report
	r.Findings, r.Elapsed = slices.Clone(r.Findings), time.Since(s.began)
	for i := range s.tally.cuts {
		if n := s.tally.cuts[i].Load(); n > 0 {
			r.Depths = append(r.Depths, n)
			r.Cuts += n
		}
	}
	r.Kills, r.Images, r.Trials, r.Rotted = s.tally.kills.Load(), s.tally.images.Load(), s.tally.trials.Load(), s.tally.rotted.Load()
	return r
}

func (s *simulation) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ctx.Err() != nil || s.Cuts > 0 && s.tally.all() >= s.Cuts || len(s.report.Findings) >= s.Findings
}

// chain lets one store live again and again.
func (s *simulation) chain(number uint64) {
	r := rand.New(rand.NewPCG(s.Seed, number))
	disk, known, plain := simdisk.New(), nothing(), r.IntN(8) == 0
	for life := uint32(1); life <= livesPerChain && !s.over(); life++ {
		lived := planBy(r, life, plain).live(disk, known)
		s.lived(lived)
		scene := sceneOf(lived.journal, lived.record)
		if lived.broken != nil {
			s.found(&Finding{Chain: number, Life: life, Description: lived.broken.Error(), journal: lived.journal, before: known}, scene, nil)
			return
		}
		if !s.trials(r, scene, number, life, lived) {
			return
		}
		end := cutBy(r)
		if r.IntN(2) == 0 {
			scene.move(r.IntN(len(scene.ops) + 1))
		}
		disk, known = end.of(scene.disk), scene.view()
	}
}

// trials makes the trials of a life, and reports whether none found anything.
func (s *simulation) trials(r *rand.Rand, scene *scene, chain uint64, life uint32, lived *lived) bool {
	for _, moment := range scene.moments(r, momentsPerLife) {
		n := trialsPerMoment
		if moment == len(scene.ops) {
			n *= 3 // what the life came to
		}
		for range n {
			if s.over() {
				return false
			}
			t := trialBy(r, moment, s.Depth, lived.plan.opening.Plain)
			if err := scene.run(t, &s.tally); err != nil {
				s.found(&Finding{Chain: chain, Life: life, Description: err.Error(), journal: lived.journal, before: lived.before}, scene, t)
				return false
			}
		}
	}
	return true
}

// lived counts a life.
func (s *simulation) lived(l *lived) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.report.Lives++
	s.report.Events += uint64(len(l.record.live))
	if l.plan.number == 1 {
		s.report.Chains++
	}
	if l.failed {
		s.report.FailedSyncs++
	}
}

// found shrinks a finding, saves it and adds it to the report.
func (s *simulation) found(f *Finding, scene *scene, t *trial) {
	f.Seed = s.Seed
	if t != nil {
		shrunk, err := scene.shrink(t, fmt.Errorf("%s", f.Description))
		f.trial, f.Description = shrunk, err.Error()
	}
	if s.Save != "" {
		f.File, f.Unsaved = f.save(s.Save)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.report.Findings = append(s.report.Findings, *f)
}
