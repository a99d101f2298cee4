// States of projections: what they are kept in, and which are believed.

package engine

import (
	"fmt"
	"iter"
	"math"

	"github.com/batpak/batpak/cache"
	"github.com/batpak/batpak/engine/internal/project"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/mmapseg"
)

// newStates returns where states are kept. Nothing is made before a projection needs it.
func (s *Store) newStates(origin mmapseg.Origin, options Options) *project.States {
	c := project.Config{
		Visible: s.set.Visible, Ended: s.hub.Ended, Closed: s.hub.Closed(), MayHave: s.hub.MayHave, Await: s.hub.Await,
		Query:    func(region event.Region) iter.Seq2[event.Event, error] { return s.Query(region, ReadOptions{}) },
		Identify: s.identify, Kept: s.keptUpTo, FileEvents: options.Cache.FileEvents, Logger: options.Logger,
	}
	if options.ReadOnly { // where unsealed segments may be damaged, of which the index knows nothing
		c.MayHave = func(*index.Watch, uint64, uint64) bool { return true }
	}
	if options.Cache.Off {
		return project.New(c)
	}
	c.Memory = func() (*cache.Memory, error) { return cache.NewMemory(options.Cache.Bytes) }
	if options.Cache.FileBytes != 0 {
		c.Files = func() (*cache.Files, error) {
			return cache.OpenFiles(cache.FilesConfig{
				Dir: s.dir, Limit: options.Cache.FileBytes, Origin: origin, Identity: s.identity, ReadOnly: options.ReadOnly,
				Holds: s.believes, Go: s.crew.Go, Logger: options.Logger,
			})
		}
	}
	return project.New(c)
}

// believes reports whether a state that goes up to a sequence, by a store of an identity, is one of this store's.
func (s *Store) believes(identity [16]byte, sequence uint64) bool {
	shared, known := s.sharedWith(identity)
	return known && sequence <= min(shared, s.set.Visible()) && s.lostAt(sequence) == nil
}

// sharedWith returns up to which sequence the store of an identity has the events of this one: its ancestors up to the parting, and
// itself without end; false: it is neither.
func (s *Store) sharedWith(identity [16]byte) (upTo uint64, ok bool) {
	if identity == s.identity {
		return math.MaxUint64, true
	}
	for i := range s.ancestors {
		if s.ancestors[i].Identity == identity {
			return s.ancestors[i].Parted, true
		}
	}
	return 0, false
}

// identify returns the id of the event with a sequence.
func (s *Store) identify(sequence uint64) (event.ID, error) {
	id, err := s.reader.IDOf(sequence)
	if err != nil {
		return event.ID{}, fmt.Errorf("sequence %d: %w", sequence, err)
	}
	return id, nil
}

// keptUpTo returns up to which sequence a state is said to go that goes up to one which was lost: to the one before, since no event
// was.
func (s *Store) keptUpTo(sequence uint64) uint64 {
	for lost := s.lostAt(sequence); lost != nil; lost = s.lostAt(sequence) {
		sequence = lost.First - 1
	}
	return sequence
}

// endProjecting lets go of what states are kept in. A failure is of derived files only.
func (s *Store) endProjecting() {
	if err := s.states.Close(); err != nil {
		s.logger.Warn("files of states not ended in order", "error", err)
	}
}
