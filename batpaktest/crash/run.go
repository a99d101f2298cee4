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
	// Patience is how long one life or one trial may take; 0: 60 s. One that takes longer is a finding, with which Run
	// ends. The goroutines of what does not end are left behind.
	Patience time.Duration
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
	Batches     uint64   // that were stored
	Conflicts   uint64   // appends that were refused for an expectation or a condition
	Duplicates  uint64   // appends that were known by their key
	KeysTaken   uint64   // appends that were refused for a key
	Cursors     uint64   // openings of named cursors
	Losses      uint64   // that cursors told of
	Reactors    uint64   // that ran to the end of what a cut left
	States      uint64   // of projections, of what a cut left
	Elapsed     time.Duration
	Findings    []Finding
}

// String returns the report as lines of text, the last one without a newline.
func (r Report) String() string {
	rate := float64(r.Cuts) / max(r.Elapsed.Seconds(), 1e-9)
	text := fmt.Sprintf("seed %d: %d stores, %d lives with %d events, %d with a failed sync\n", r.Seed, r.Chains, r.Lives, r.Events, r.FailedSyncs)
	text += fmt.Sprintf("%d batches, %d appends refused for a condition, %d for a key, %d known by their key\n",
		r.Batches, r.Conflicts, r.KeysTaken, r.Duplicates)
	text += fmt.Sprintf("%d cursors opened, which told of %d losses; %d reactors that reacted to all, %d states\n", r.Cursors, r.Losses, r.Reactors, r.States)
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
	// acknowledgedPerLife bounds how many moments come on top that are right behind an acknowledgement.
	acknowledgedPerLife = 12
	defaultDepth        = 3
)

// simulation is one Run.
type simulation struct {
	Config
	ctx    context.Context
	began  time.Time
	chains atomic.Uint64
	tally  tally
	hook   func(*doing) (begun func()) // of tests: called by a worker before a life or a trial begins, and what it returns when it did

	mu     sync.Mutex
	report Report
	stuck  bool // a life or a trial does not end
}

// Run looks for broken promises until its bounds are reached, ctx ends, or it has found as many as it is to. It
// blocks until then; a life or a trial that does not end holds it up for as long as the patience lasts, and ends it.
func Run(ctx context.Context, c Config) Report {
	s := &simulation{Config: c}
	return s.run(ctx)
}

func (s *simulation) run(ctx context.Context) Report {
	if s.Depth <= 0 {
		s.Depth = defaultDepth
	}
	if s.Workers <= 0 {
		s.Workers = runtime.GOMAXPROCS(0)
	}
	if s.Findings <= 0 {
		s.Findings = 1
	}
	if s.Patience <= 0 {
		s.Patience = defaultPatience
	}
	s.ctx, s.began = ctx, time.Now()
	s.report.Seed = s.Seed
	if s.Duration > 0 {
		var cancel context.CancelFunc
		s.ctx, cancel = context.WithTimeout(ctx, s.Duration)
		defer cancel()
	}
	over := make(chan struct{})
	var telling sync.WaitGroup
	if s.Progress != nil {
		telling.Go(func() { s.tell(over) })
	}
	workers, ended := make([]*worker, s.Workers), make(chan *worker, s.Workers) // so that nobody waits to say it
	for i := range workers {
		w := &worker{simulation: s}
		workers[i] = w
		go func() {
			for !s.over() {
				w.chain(s.chains.Add(1))
			}
			ended <- w
		}()
	}
	s.watch(workers, ended)
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
	r.Batches, r.Conflicts = s.tally.batches.Load(), s.tally.answers[isConflict].Load()
	r.KeysTaken, r.Duplicates = s.tally.answers[isKeyTaken].Load(), s.tally.answers[isDuplicate].Load()
	r.Cursors, r.Losses = s.tally.opened.Load(), s.tally.losses.Load()
	r.Reactors, r.States = s.tally.reactors.Load(), s.tally.projected.Load()
	return r
}

func (s *simulation) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stuck || s.ctx.Err() != nil || s.Cuts > 0 && s.tally.all() >= s.Cuts || len(s.report.Findings) >= s.Findings
}

// chain lets one store live again and again.
func (w *worker) chain(number uint64) {
	r := rand.New(rand.NewPCG(w.Seed, number))
	disk, known, plain := simdisk.New(), nothing(), r.IntN(8) == 0
	for life := uint32(1); life <= livesPerChain && !w.over(); life++ {
		w.begins(Finding{Chain: number, Life: life}, nil)
		lived := planBy(r, life, plain).live(disk, known, &w.tally)
		w.lived(lived)
		scene := sceneOf(lived.journal, lived.record)
		scene.begins = func(t *trial) {
			w.begins(Finding{Chain: number, Life: life, journal: lived.journal, before: lived.before}, t)
		}
		if lived.broken != nil {
			w.found(&Finding{Chain: number, Life: life, Description: lived.broken.Error(), journal: lived.journal, before: known}, scene, nil)
			return
		}
		if !w.trials(r, scene, number, life, lived) {
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
func (w *worker) trials(r *rand.Rand, scene *scene, chain uint64, life uint32, lived *lived) bool {
	for _, moment := range scene.moments(r, momentsPerLife) {
		n := trialsPerMoment
		if moment == len(scene.ops) {
			n *= 3 // what the life came to
		}
		for range n {
			if w.over() {
				return false
			}
			t := trialBy(r, moment, w.Depth, lived.plan.opening.Plain)
			if err := scene.run(t, &w.tally); err != nil {
				w.found(&Finding{Chain: chain, Life: life, Description: err.Error(), journal: lived.journal, before: lived.before}, scene, t)
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
func (w *worker) found(f *Finding, scene *scene, t *trial) {
	f.Seed = w.Seed
	if t != nil {
		w.shrinking = f.Description
		shrunk, err := scene.shrink(t, fmt.Errorf("%s", f.Description))
		f.trial, f.Description, w.shrinking = shrunk, err.Error(), ""
	}
	if w.Save != "" {
		f.File, f.Unsaved = f.save(w.Save)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.report.Findings = append(w.report.Findings, *f)
}
