// What can be asked without waiting for the commit section: whoever is in it may be held up by a disk that hangs.

package commit

import "sync/atomic"

// State is the log's counters, each as of some moment during the call. Of the watermarks the lower ones are not
// newer than the higher ones.
type State struct {
	Durable     uint64
	Visible     uint64
	Staged      uint64
	TreeSize    uint64
	Identity    [16]byte
	Incarnation uint64
	Poison      error
	Rotations   uint64
	RoomWaits   uint64 // appends that waited for a segment or for a sync
	Sealed      uint64
	SealErrors  uint64
	Syncs       uint64
	SyncNanos   uint64
	SyncLongest uint64  // nanoseconds
	SyncLatency Latency // of the same syncs
	Stalls      Stalls
}

// State returns the log's counters. It waits for nobody.
func (l *Log) State() State {
	durable := l.durableSequence.Load()
	visible := l.set.Visible()
	staged := l.stagedSequence.Load()
	s := State{
		Durable: durable, Visible: visible, Staged: staged, TreeSize: staged - l.untreed,
		Identity: l.identity, Incarnation: l.incarnation,
		Rotations: l.stats.rotations.Load(), RoomWaits: l.stats.waits.Load(),
		Sealed: l.stats.sealed.Load(), SealErrors: l.stats.sealErrors.Load(),
		Syncs: l.syncStats.count.Load(), SyncNanos: l.syncStats.nanos.Load(),
		SyncLongest: l.syncStats.longest.Load(), SyncLatency: l.syncStats.latency(),
		Stalls: Stalls{
			Room: l.stats.room.load(), Ahead: l.stats.ahead.load(), Heads: l.stats.heads.load(), Turn: l.stats.turn.load(),
		},
	}
	if cause := l.poisoned.Load(); cause != nil {
		s.Poison = *cause
	}
	return s
}

// counters count since the log began.
type counters struct {
	rotations, waits, sealed, sealErrors atomic.Uint64
	room, ahead, heads, turn             stallCounter
}

// Closing reports whether Close was called.
func (l *Log) Closing() bool { return l.closing.Load() }

// treeSize returns how many events are in the Merkle tree. The caller holds mu.
func (l *Log) treeSize() uint64 { return l.next - 1 - l.untreed }

// Staged returns the highest sequence that was staged.
func (l *Log) Staged() uint64 { return l.stagedSequence.Load() }
