// This file holds a life: one opening of a store, with writers and readers beside each other, until it ends.

package crash

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/internal/simdisk"
)

// errSync is what a sync fails with that is made to.
var errSync = errors.New("the disk says that it failed")

// plan is what a life is to be like.
type plan struct {
	number  uint32 // in its chain, from 1
	opening opening
	size    size
	writers int
	appends int // of each writer
	seed    uint64
	// failing makes one of the life's syncs fail, counted from 1; 0: none. early counts those of the opening too.
	failing int64
	early   bool
	closing int64 // the same of the syncs of Close
	full    bool  // the disk has no room for another segment, for a while
	hastily bool  // Close is called while writers are at work
	close   bool  // Close is called at the end
	lazy    bool  // hardly anybody makes anything durable that the policy does not
	slow    bool  // syncs take as long as many appends
	mixed   bool  // there are batches, conditions and keys
	follows int   // so many named cursors are used
	reacts  bool  // a reactor runs
	folds   bool  // there are projections
	edge    bool  // the last event ends where a close frame has no room in the page
}

// planBy returns some plan.
func planBy(r *rand.Rand, number uint32, plain bool) plan {
	p := plan{
		number: number, opening: openingBy(r, plain), size: size(r.IntN(int(sizes))), writers: 2 + r.IntN(3),
		appends: 1 + r.IntN(60), seed: r.Uint64(), close: r.IntN(2) == 0, lazy: r.IntN(3) == 0, edge: r.IntN(4) == 0, slow: r.IntN(6) == 0,
		mixed: r.IntN(3) > 0,
	}
	if r.IntN(2) == 0 {
		p.follows, p.reacts, p.folds = r.IntN(len(names)), r.IntN(3) > 0, r.IntN(2) == 0
	}
	if p.slow && r.IntN(2) == 0 { // then several segments come together
		p.size, p.lazy, p.appends, p.opening.Policy = large, true, 60, 1
	}
	switch r.IntN(10) {
	case 0:
		p.failing, p.early = 1+r.Int64N(8), true
	case 1, 2:
		p.failing = 1 + r.Int64N(40)
	case 3, 4:
		p.closing, p.close, p.edge = 1+r.Int64N(3), true, r.IntN(4) > 0
	case 5:
		p.full = true
	case 6:
		p.hastily = true
	}
	return p
}

// life is a plan being carried out.
type life struct {
	plan
	disk    *simdisk.Disk
	dir     *simdisk.Directory
	store   *engine.Store
	journal *simdisk.Journal
	view    *view // what had been told before
	count   *tally

	syncs   atomic.Int64
	fatal   atomic.Int64  // the sync that is made to fail; 0: none
	failed  atomic.Bool   // a sync was made to fail
	highest atomic.Uint64 // sequence that somebody was told
	active  atomic.Int64  // writers at work
	done    atomic.Bool   // nobody appends any more
	keys    keyring

	mu     sync.Mutex
	broken error // the first promise that was seen broken
}

// lived is what is left of a life.
type lived struct {
	plan    plan
	journal *simdisk.Journal
	before  *view
	record  *record
	failed  bool  // a sync was made to fail
	broken  error // the first promise that was seen broken while it ran
}

// live lets a store live on the disk, which keeps what the life left.
func (p plan) live(disk *simdisk.Disk, before *view, count *tally) *lived {
	l := &life{plan: p, count: count, disk: disk, dir: disk.Mount(), journal: disk.Record(), view: before}
	l.fatal.Store(l.failing)
	if l.early {
		l.dir.OnSync(l.onSync)
	}
	store, err := l.opening.open(l.dir)
	switch {
	case err == nil:
		l.store = store
		l.dir.OnSync(l.onSync)
		l.work()
	case !errors.Is(err, errSync):
		l.violated(fmt.Errorf("opening: %w", err))
	}
	l.journal.Stop()
	l.dir.Kill()
	if l.store != nil {
		_ = l.store.Close() // of no consequence
	}
	out := &lived{plan: p, journal: l.journal, before: before, failed: l.failed.Load(), broken: l.broken}
	var broken string
	if out.record, broken = recordOf(l.journal, before); broken != "" && out.broken == nil {
		out.broken = errors.New(broken)
	}
	return out
}

// recordOf builds the record from the notes in a journal.
func recordOf(journal *simdisk.Journal, before *view) (*record, string) {
	r, broken := newRecord(before), ""
	for at, op := range journal.Ops() {
		if op.Kind != simdisk.OpNote {
			continue
		}
		if text := r.take(at, op.Note.(*note)); text != "" && broken == "" {
			broken = text
		}
	}
	return r, broken
}

// onSync is asked in the middle of every sync.
func (l *life) onSync(string) error {
	n := l.syncs.Add(1)
	turns, start := uint64(n)*l.seed%9, l.highest.Load()
	if l.slow {
		turns = 3000
	}
	for i := uint64(0); i < turns && l.highest.Load() < start+100; i++ { // others go on meanwhile
		runtime.Gosched()
	}
	if n == l.fatal.Load() {
		l.failed.Store(true)
		return errSync
	}
	return nil
}

// violated notes a broken promise.
func (l *life) violated(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken == nil {
		l.broken = err
	}
}

// work is everything between opening and the end.
func (l *life) work() {
	served := &note{Kind: opened}
	l.journal.Note(served) // now, though it takes a while to learn what it is
	x, err := l.view.examine(l.store, true, true, !l.opening.Plain)
	if err != nil {
		l.violated(fmt.Errorf("opened: %w", err))
		return
	}
	served.Entries, served.Sequence = x.held, l.store.Stats().Staged
	for _, u := range l.view.units() {
		l.keys.add(u, x.stored(u))
	}
	l.highest.Store(served.Sequence)
	if l.full {
		l.disk.SetCapacity(l.disk.Stat().Bytes + int64(l.seed%(2*engine.MinSegmentSize)))
	}
	var writing, reading sync.WaitGroup
	for i := range l.writers {
		w := l.writer(laneOf(l.number, l.size, i), l.mixed)
		l.active.Add(1)
		writing.Go(func() {
			w.write()
			l.active.Add(-1)
		})
	}
	reading.Go(func() { l.read(rand.New(rand.NewPCG(l.seed, 100))) })
	ctx, over := context.WithCancel(context.Background())
	defer over()
	l.follow(ctx, &reading)
	if l.hastily {
		for target := served.Sequence + l.seed%uint64(l.writers*l.appends); l.highest.Load() < target && l.active.Load() > 0; {
			runtime.Gosched()
			if l.store.Stats().Poisoned != nil {
				break
			}
		}
		l.end()
	}
	writing.Wait()
	l.disk.SetCapacity(0) // a reactor tries on and on until there is room
	l.done.Store(true)
	over()
	reading.Wait()
	if l.edge {
		l.toTheEdge()
	}
	if l.close {
		l.end()
	}
}

// end closes the store.
func (l *life) end() {
	if l.closing > 0 {
		l.fatal.Store(l.syncs.Load() + l.closing)
	}
	switch err := l.store.Close(); {
	case err == nil:
		l.journal.Note(&note{Kind: closed})
	case !l.excused(err):
		l.violated(fmt.Errorf("close: %w", err))
	}
}

// excused reports whether an error may be, for a call that has to do with syncs.
func (l *life) excused(err error) bool {
	return l.failed.Load() && errors.Is(err, errSync) && (errors.Is(err, engine.ErrPoisoned) || errors.Is(err, engine.ErrIndeterminate)) ||
		l.full && errors.Is(err, engine.ErrNoSpace)
}

// knows notes that somebody knows an event.
func (l *life) knows(e entry, behind uint64) {
	l.journal.Note(&note{Kind: told, Event: e, Behind: behind})
	for {
		highest := l.highest.Load()
		if e.Sequence <= highest || l.highest.CompareAndSwap(highest, e.Sequence) {
			return
		}
	}
}

// keeps notes that somebody knows that all up to a sequence is durable.
func (l *life) keeps(sequence uint64) { l.journal.Note(&note{Kind: durable, Sequence: sequence}) }
