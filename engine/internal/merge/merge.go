// This file holds Merger: its one goroutine, and what it is told.
//
// States: made, loaded (runs are in the index, and the goroutine, if there is one, merges when it is kicked), closed.
// Load makes the first step, Close the second. The list of runs in the index is changed only here, under mu.

package merge

import (
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/internal/vfs"
)

// Config is what a merger needs to know. Dir, Index and Logger must be set.
type Config struct {
	Dir      vfs.Dir
	Index    *index.Index
	Origin   [16]byte // of the store
	ReadOnly bool     // no file is written or removed
	Rebuild  bool     // no file is believed, all are made anew
	Logger   *slog.Logger

	Hooks *hooks.Set // what tests make happen; nil, and every build without their tag: nothing

	// DamagedPart, if given, is called by the goroutine for a part whose lists could not be read, once; it is left
	// out of runs from then on. The error tells whether it is damage.
	DamagedPart func(p *index.Part, err error)
}

// Stats counts what was done since Load.
type Stats struct {
	Runs     int    // in the index
	Bytes    int64  // of their files
	Merges   uint64 // that succeeded
	Written  int64  // bytes, by those merges
	Failures uint64 // of merges, and of opening or removing files
	Dropped  uint64 // runs that were damaged, and files that were not a run over the store's segments
	Warming  bool   // what lookups of keys begin with is still being read
}

// Merger keeps the runs of an index. All methods may be called concurrently, but Load is called first and once.
type Merger struct {
	dir         vfs.Dir
	index       *index.Index
	origin      [16]byte
	readOnly    bool
	rebuild     bool
	hooks       *hooks.Set
	logger      *slog.Logger
	damagedPart func(*index.Part, error)
	unfit       map[*index.Part]bool // the goroutine's

	mu      sync.Mutex
	changed *sync.Cond // kicked, busy or closing
	kicked  bool
	busy    bool
	closing bool
	dropped []*index.Run // out of the index, but neither removed nor closed

	counters  counters
	goroutine sync.WaitGroup
	closed    sync.Once
	closeErr  error
}

// New returns a merger that has not looked at the directory.
func New(c Config) *Merger {
	m := &Merger{
		dir: c.Dir, index: c.Index, origin: c.Origin, readOnly: c.ReadOnly, rebuild: c.Rebuild, hooks: c.Hooks, logger: c.Logger,
		damagedPart: c.DamagedPart, unfit: map[*index.Part]bool{},
	}
	m.changed = sync.NewCond(&m.mu)
	return m
}

// Kick says that there may be something to merge: a segment was sealed. It does not block.
func (m *Merger) Kick() {
	m.mu.Lock()
	m.kicked = !m.readOnly
	m.changed.Broadcast()
	m.mu.Unlock()
}

// Wait returns when nothing is left to be merged, or the merger is closed.
func (m *Merger) Wait() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for !m.closing && (m.kicked || m.busy) {
		m.changed.Wait()
	}
}

// Damaged says that reading a run showed damage. The run is out of the index when it returns, and will be merged anew. It
// does not wait, and may be called while the run is held.
func (m *Merger) Damaged(r *index.Run, err error) {
	m.mu.Lock()
	known := m.drop(r)
	m.mu.Unlock()
	if known {
		m.logger.Warn("run can't be used and will be made anew", "file", fileName(r.Info()), "error", err)
		m.Kick()
	}
}

// drop takes a run out of the index and reports whether it was there. The caller holds mu.
func (m *Merger) drop(r *index.Run) bool {
	runs := slices.Clone(m.index.Runs())
	i := slices.Index(runs, r)
	if i < 0 {
		return false
	}
	m.index.SetRuns(slices.Delete(runs, i, i+1))
	m.dropped = append(m.dropped, r)
	m.counters.dropped.Add(1)
	return true
}

// counters count since Load.
type counters struct {
	merges, failures, dropped atomic.Uint64
	written                   atomic.Int64
	warming                   atomic.Bool
}

// Stats returns the counts, each as of some moment during the call. It takes no lock.
func (m *Merger) Stats() Stats {
	c := &m.counters
	s := Stats{
		Merges: c.merges.Load(), Written: c.written.Load(), Failures: c.failures.Load(), Dropped: c.dropped.Load(), Warming: c.warming.Load(),
	}
	for _, r := range m.index.Runs() {
		s.Runs++
		s.Bytes += r.Info().Size
	}
	return s
}

// loop is the goroutine: it merges when it is kicked, as long as there is something to merge, and sleeps.
func (m *Merger) loop() {
	defer m.goroutine.Done()
	m.warm()
	for m.awake() {
		for m.step() {
		}
		m.mu.Lock()
		m.busy = false
		m.changed.Broadcast()
		m.mu.Unlock()
	}
}

// warmBytes bounds what is read ahead: what 50 million keys need. Older keys then cost the first ones who ask a page read more for
// each run.
const warmBytes = 64 << 20

// warm reads what every lookup of a key begins with, and every append with a key makes one.
func (m *Merger) warm() {
	m.index.Warm(index.Key, warmBytes, func() bool { return !m.isClosing() })
	m.counters.warming.Store(false)
}

// awake sleeps until there is something to do, and reports false when the merger is being closed.
func (m *Merger) awake() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for !m.kicked && !m.closing {
		m.changed.Wait()
	}
	m.busy, m.kicked = !m.closing, false
	return !m.closing
}

// isClosing reports whether Close was called.
func (m *Merger) isClosing() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.closing
}

// fail counts a failure and tells of it.
func (m *Merger) fail(what, name string, err error) {
	m.counters.failures.Add(1)
	m.logger.Warn("a step of making or removing a run failed", "step", what, "file", name, "error", err)
}

// Close stops merging, in the middle if need be, takes the runs out of the index, waits for readers that are in one, and
// unmaps them. Files stay. Further calls return the same.
func (m *Merger) Close() error {
	m.closed.Do(func() { m.closeErr = m.close() })
	return m.closeErr
}
