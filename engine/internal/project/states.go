// This file holds States: the tiers that keep states, and who is folding what.
//
// States of the tiers: none -> made by the first question -> closed by Close. Without a first question there is nothing to close.

package project

import (
	"context"
	"iter"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/batpak/batpak/cache"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/index"
)

// Config is what states are made of and kept in.
type Config struct {
	// Visible returns the highest sequence that readers may see.
	Visible func() uint64
	// Ended returns what everything fails with once the store is closed; nil: it is open. Closed is closed then.
	Ended  func() error
	Closed <-chan struct{}
	// MayHave reports whether a region may have events above one sequence and up to another.
	MayHave func(watch *index.Watch, after, upTo uint64) bool
	// Await returns when a region may have a visible event above a sequence.
	Await func(ctx context.Context, watch *index.Watch, after uint64) (visible uint64, err error)
	// Query yields the events of a region in their order, and errors in the places of those that can't be read.
	Query func(region event.Region) iter.Seq2[event.Event, error]
	// Identify returns the id of the event with a sequence.
	Identify func(sequence uint64) (event.ID, error)
	// Kept returns up to which sequence a state that goes up to one may be believed by a later opening.
	Kept func(sequence uint64) uint64

	// Memory makes the tier in memory, Files the one in files; nil: there is none.
	Memory func() (*cache.Memory, error)
	Files  func() (*cache.Files, error)
	// FileEvents is after how many events a state is written to its file again.
	FileEvents int
	Logger     *slog.Logger
}

// States answers for projections. All methods may be called concurrently.
type States struct {
	Config
	born       time.Time
	everything *index.Watch

	made   atomic.Pointer[tiers]
	landed atomic.Uint64 // flights, changed with mu held
	unkept atomic.Uint64

	mu      sync.Mutex
	over    bool
	folding map[cache.Key]*flight
}

// tiers keep states. One that is nil keeps none.
type tiers struct {
	memory *cache.Memory
	files  *cache.Files
}

// New returns states of which none is kept yet, with no goroutine and no memory to speak of.
func New(c Config) *States {
	return &States{Config: c, born: time.Now(), everything: index.NewWatch(event.Everything())}
}

// now is the time of a clock that only goes forwards, in nanoseconds.
func (s *States) now() int64 { return int64(time.Since(s.born)) }

// tiers returns the tiers, which the first call makes. What can't be made is done without.
func (s *States) tiers() *tiers {
	if t := s.made.Load(); t != nil {
		return t
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.made.Load(); t != nil {
		return t
	}
	t := new(tiers)
	if s.over {
		return t
	}
	var err error
	if s.Memory != nil {
		if t.memory, err = s.Memory(); err != nil {
			t.memory = nil
			s.Logger.Warn("states of projections are not kept in memory", "error", err)
		}
	}
	if s.Files != nil {
		if t.files, err = s.Files(); err != nil {
			t.files = nil
			s.Logger.Warn("states of projections are not kept in files", "error", err)
		}
	}
	s.made.Store(t)
	return t
}

// Close writes what waits to be written to files, and ends the tiers and their goroutines. It waits for nobody who folds.
func (s *States) Close() error {
	s.mu.Lock()
	over, t := s.over, s.made.Load()
	s.over = true
	s.mu.Unlock()
	if over || t == nil {
		return nil
	}
	if t.memory != nil {
		t.memory.Close()
	}
	if t.files != nil {
		return t.files.Close()
	}
	return nil
}

// Stats returns the counters of the tiers.
func (s *States) Stats() (memory cache.MemoryStats, files cache.FileStats) {
	t := s.made.Load()
	if t != nil && t.memory != nil {
		memory = t.memory.Stats()
	}
	if t != nil && t.files != nil {
		files = t.files.Stats()
	}
	return memory, files
}

// Unkept returns how many states were not kept, since their Folders can't, where there is something to keep them in.
func (s *States) Unkept() uint64 { return s.unkept.Load() }

func (t *tiers) get(key *cache.Key) (cache.Entry, bool) {
	if t.memory == nil {
		return cache.Entry{}, false
	}
	return t.memory.Get(key)
}

func (t *tiers) put(key *cache.Key, e cache.Entry) {
	if t.memory != nil && e.Value != nil {
		t.memory.Put(key, e)
	}
}
