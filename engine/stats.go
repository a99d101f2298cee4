// Stats: the store's counters.

package engine

import (
	"time"

	"github.com/batpak/batpak/event"
)

// Stats are the counters of a store at one moment. Sequences count from 1; 0 is
// before the first event.
type Stats struct {
	Identity    event.ID // of this store, 16 random bytes
	Incarnation uint64   // writable openings so far; 0 when open for reading only

	Events  uint64 // stored, staged ones counted
	Staged  uint64 // highest sequence that is wholly in a mapping
	Visible uint64 // highest sequence that readers see
	Durable uint64 // highest sequence that survives a power cut
	Lost    uint64 // sequences given up by unclean ends

	Segments       int // segment files, without the prepared one
	SealedSegments int
	DiskBytes      int64 // reserved for segments

	Syncs     uint64        // of files that hold events, since opening
	SyncTime  time.Duration // spent in them
	Rotations uint64        // segment changes since opening
	RoomWaits uint64        // appends that waited for a segment or a sync since opening
	Sealed    uint64        // segments sealed since opening
	SealFails uint64        // segments left unsealed since opening, as on a full disk; the next opening tries again

	Runs       int    // index files over several segments
	RunBytes   int64  // of those files
	Merges     uint64 // index files written since opening
	MergeFails uint64 // index files that could not be written or removed since opening
	Rebuilt    uint64 // footers found damaged since opening, whose index was built from the frames
	Dropped    uint64 // index files found damaged, or not this store's, since opening
	Warming    bool   // what lookups of keys begin with is being read, as after every opening for writing

	Poisoned error // why nothing can be written; nil: it can
}

// Stats returns the counters. It waits for nobody, and each counter is as of some moment during the call; Durable is never
// above Visible, nor Visible above Staged.
func (s *Store) Stats() Stats {
	stats := Stats{Identity: s.identity}
	for _, lost := range s.lost {
		stats.Lost += lost.Last - lost.First + 1
	}
	segments := s.set.Segments()
	stats.Segments = len(segments)
	for _, segment := range segments {
		if segment.Sealed() {
			stats.SealedSegments++
		}
		stats.DiskBytes += segment.DiskSize()
	}
	merging := s.merger.Stats()
	stats.Runs, stats.RunBytes, stats.Dropped = merging.Runs, merging.Bytes, merging.Dropped
	stats.Merges, stats.MergeFails, stats.Warming = merging.Merges, merging.Failures, merging.Warming
	stats.Rebuilt = s.reader.Rebuilt()
	if s.log == nil {
		stats.Visible = s.set.Visible()
		stats.Staged, stats.Durable, stats.Events = stats.Visible, stats.Visible, s.report.Events
		return stats
	}
	state := s.log.State()
	stats.Incarnation, stats.Events = state.Incarnation, state.TreeSize
	stats.Staged, stats.Visible, stats.Durable = state.Staged, state.Visible, state.Durable
	stats.Syncs, stats.SyncTime = state.Syncs, time.Duration(state.SyncNanos)
	stats.Rotations, stats.RoomWaits = state.Rotations, state.RoomWaits
	stats.Sealed, stats.SealFails = state.Sealed, state.SealErrors
	stats.Poisoned = state.Poison
	return stats
}
