// Stats: the store's counters.

package engine

import "github.com/batpak/batpak/event"

// Stats are the counters of a store at one moment. Sequences count from 1; 0 is
// before the first event.
type Stats struct {
	Closed      bool     // Close was called; nothing that can change changes any more once it returned
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

	Syncs       uint64      // of files that hold events, since opening
	SyncLatency SyncLatency // of these
	Rotations   uint64      // segment changes since opening
	RoomWaits   uint64      // appends that waited, or wait, for a segment or a sync since opening
	Stalls      Stalls      // what appends waited for, and how long
	Sealed      uint64      // segments sealed since opening
	SealFails   uint64      // segments left unsealed since opening, as on a full disk; the next opening tries again

	Runs       int    // index files over several segments
	RunBytes   int64  // of those files
	Merges     uint64 // index files written since opening
	MergeFails uint64 // index files that could not be written or removed since opening
	Rebuilt    uint64 // footers found damaged since opening, whose index was built from the frames
	Dropped    uint64 // index files found damaged, or not this store's, since opening
	Warming    bool   // what lookups of keys begin with is being read, as after every opening for writing

	// What follows the log; one by one in [Store.Followers].
	Cursors       CursorStats
	Subscriptions SubscriptionStats
	Reactors      int // that run; their cursors are counted in Cursors

	Cache CacheStats // of states of projections

	Poisoned error // why nothing can be written; nil: it can
}

// CacheStats count what became of states of projections since opening. A state that is not kept, or no longer, is made anew from its
// events.
type CacheStats struct {
	Hits, Misses uint64 // of looking for a state in memory
	Entries      uint64 // states in memory
	Bytes        int64  // that they take
	Dropped      uint64 // states not kept since too many came at once
	Rejected     uint64 // states not kept since they are too large, or asked for less than those that are
	Unkept       uint64 // states not kept since their encoding is not, or would not come back as, what they are; see Fold.Clone
	Older        uint64 // states that came when a newer one was kept
	Evicted      uint64 // states that made room for others

	FileHits, FileMisses uint64 // of looking for a state in files, after a miss in memory
	Files                uint64 // with a state
	FileBytes            int64  // that they take
	FilesWritten         uint64
	FilesDropped         uint64 // states not written since too many waited
	FilesDiscarded       uint64 // files that were not believed: damaged, of another store, or of a state that is gone
	FilesFailed          uint64 // files that could not be read, written or removed
	FilesEvicted         uint64 // files that made room for others
}

// cacheStats returns the counters of what states are kept in.
func (s *Store) cacheStats() CacheStats {
	memory, files := s.states.Stats()
	return CacheStats{
		Hits: memory.Hits, Misses: memory.Misses, Entries: memory.Entries, Bytes: memory.Bytes,
		Dropped: memory.Dropped, Rejected: memory.Rejected, Unkept: s.states.Unkept(), Older: memory.Older, Evicted: memory.Evicted,
		FileHits: files.Hits, FileMisses: files.Misses, Files: files.Files, FileBytes: files.Bytes,
		FilesWritten: files.Written, FilesDropped: files.Dropped, FilesDiscarded: files.Discarded,
		FilesFailed: files.Failed, FilesEvicted: files.Evicted,
	}
}

// Stats returns the counters. It waits for nobody, and each counter is as of some moment during the call; Durable is never
// above Visible, nor Visible above Staged. It takes as long as looking at each segment and each follower does. A closed store has the
// counters of its end, without followers and index files, which are let go of; a nil one has zeros.
func (s *Store) Stats() Stats {
	if s == nil {
		return Stats{}
	}
	stats := Stats{Identity: s.identity, Closed: s.closing.Load()}
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
	stats.Cache = s.cacheStats()
	s.followerStats(&stats)
	if s.log == nil {
		stats.Visible = s.set.Visible()
		stats.Staged, stats.Durable, stats.Events = stats.Visible, stats.Visible, s.report.Events
		return stats
	}
	state := s.log.State()
	stats.Incarnation, stats.Events = state.Incarnation, state.TreeSize
	stats.Staged, stats.Visible, stats.Durable = state.Staged, state.Visible, state.Durable
	stats.Syncs, stats.SyncLatency = state.Syncs, latencyOf(&state)
	stats.Rotations, stats.RoomWaits, stats.Stalls = state.Rotations, state.RoomWaits, stallsOf(&state)
	stats.Sealed, stats.SealFails = state.Sealed, state.SealErrors
	stats.Poisoned = state.Poison
	return stats
}
