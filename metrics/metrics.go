// The list of metrics: a name, a unit and a meaning for every number of engine.Stats.

package metrics

import (
	"time"

	"github.com/batpak/batpak/engine"
)

// Kind says how a metric moves.
type Kind uint8

const (
	// Gauge goes up and down.
	Gauge Kind = iota
	// Counter only goes up, from 0 when the store is opened.
	Counter
	// Flag is 0 or 1.
	Flag
)

// Unit is what a metric is a number of.
type Unit uint8

const (
	// Plain is a number of what the name says, or a sequence.
	Plain Unit = iota
	// Bytes are bytes.
	Bytes
	// Nanoseconds are nanoseconds.
	Nanoseconds
)

// Metric is one number of a store.
type Metric struct {
	Name  string // without unit
	Unit  Unit
	Kind  Kind
	Help  string // one sentence
	Value uint64
}

// FullName returns the name with its unit.
func (m *Metric) FullName() string {
	switch m.Unit {
	case Bytes:
		return m.Name + "_bytes"
	case Nanoseconds:
		return m.Name + "_ns"
	}
	return m.Name
}

// Of returns all metrics of a store, in the same order every time. The names of no two are the same.
func Of(s *engine.Stats) []Metric {
	list := make([]Metric, 0, 96)
	for _, part := range []func([]Metric, *engine.Stats) []Metric{ofLog, ofFiles, ofStalls, ofFollowers, ofCache} {
		list = part(list, s)
	}
	return list
}

func ofLog(l []Metric, s *engine.Stats) []Metric {
	return append(l,
		flag("closed", "Whether the store was closed.", s.Closed),
		flag("poisoned", "Whether a failed sync ended all writing until the store is opened again.", s.Poisoned != nil),
		number(Gauge, "incarnation", "Writable openings so far; 0 where it is open for reading only.", s.Incarnation),
		number(Gauge, "events", "Events that are stored, staged ones counted.", s.Events),
		number(Gauge, "staged_sequence", "Highest sequence that is in a mapped file.", s.Staged),
		number(Gauge, "visible_sequence", "Highest sequence that readers see.", s.Visible),
		number(Gauge, "durable_sequence", "Highest sequence that survives a power cut.", s.Durable),
		number(Gauge, "lost_sequences", "Sequences given up by unclean ends.", s.Lost),
		number(Counter, "syncs", "Syncs of files that hold events.", s.Syncs),
		duration(Counter, "sync", "Time spent in syncs.", s.SyncLatency.Total),
		duration(Gauge, "sync_longest", "Longest sync since opening.", s.SyncLatency.Longest),
		duration(Gauge, "sync_p50", "What half of the syncs since opening took at most.", s.SyncLatency.P50),
		duration(Gauge, "sync_p99", "What 99 of 100 syncs since opening took at most.", s.SyncLatency.P99),
	)
}

func ofFiles(l []Metric, s *engine.Stats) []Metric {
	return append(l,
		number(Gauge, "segments", "Segment files, without the prepared one.", s.Segments),
		number(Gauge, "segments_sealed", "Segment files that are sealed.", s.SealedSegments),
		bytes("disk", "Reserved for segments.", s.DiskBytes),
		number(Counter, "rotations", "Changes of segments.", s.Rotations),
		number(Counter, "seals", "Segments that were sealed.", s.Sealed),
		number(Counter, "seal_failures", "Segments that could not be sealed.", s.SealFails),
		number(Gauge, "runs", "Index files over several segments.", s.Runs),
		bytes("runs", "Size of index files over several segments.", s.RunBytes),
		number(Counter, "merges", "Index files that were written.", s.Merges),
		number(Counter, "merge_failures", "Index files that could not be written or removed.", s.MergeFails),
		number(Counter, "footers_rebuilt", "Footers found damaged, whose index was built from the frames.", s.Rebuilt),
		number(Counter, "runs_dropped", "Index files found damaged, or not this store's.", s.Dropped),
		flag("warming", "Whether what lookups of keys begin with is still being read.", s.Warming),
	)
}

func ofStalls(l []Metric, s *engine.Stats) []Metric {
	l = append(l, number(Counter, "room_waits", "Appends that waited for a segment or a sync.", s.RoomWaits))
	for _, r := range []struct {
		name, what string
		stall      engine.Stall
	}{
		{"stall_room", "for the next segment or the sync of the one before", s.Stalls.Room},
		{"stall_ahead", "for a sync, since as much was not durable as may be", s.Stalls.Ahead},
		{"stall_heads", "of 50 microseconds or more for an entity's newest event in earlier segments", s.Stalls.Heads},
		{"stall_turn", "for one that others had overtaken too often", s.Stalls.Turn},
	} {
		l = append(l,
			number(Counter, r.name, "Waits of appends "+r.what+".", r.stall.Count),
			number(Gauge, r.name+"_waiting", "Appends that wait now "+r.what+".", r.stall.Waiting),
			duration(Counter, r.name, "Time that appends waited "+r.what+".", r.stall.Total),
			duration(Gauge, r.name+"_longest", "Longest wait since opening "+r.what+".", r.stall.Longest),
		)
	}
	return l
}

func ofFollowers(l []Metric, s *engine.Stats) []Metric {
	return append(l,
		number(Gauge, "cursors", "Cursors that are open, those of reactors among them.", s.Cursors.Open),
		number(Gauge, "cursors_waiting", "Cursors of which a call waits for an event.", s.Cursors.Waiting),
		number(Gauge, "cursors_lag", "Largest number of sequences that a cursor has not acknowledged.", s.Cursors.Lag),
		number(Counter, "cursor_acks", "Positions of named cursors that were made durable.", s.Cursors.Acks),
		number(Counter, "cursor_ack_failures", "Positions of named cursors that could not be made durable.", s.Cursors.AckFails),
		number(Counter, "cursor_fallbacks", "Openings of named cursors that found one slot damaged.", s.Cursors.Fallbacks),
		number(Gauge, "reactors", "Reactors that run.", s.Reactors),
		number(Gauge, "subscriptions", "Subscriptions that are open.", s.Subscriptions.Open),
		number(Gauge, "subscriptions_waiting", "Subscriptions of which a call waits for an event.", s.Subscriptions.Waiting),
		number(Gauge, "subscriptions_lag", "Largest number of sequences that a subscription has not delivered.", s.Subscriptions.Lag),
		number(Counter, "subscriptions_dropped_events", "Events that subscriptions dropped.", s.Subscriptions.Dropped),
	)
}

func ofCache(l []Metric, s *engine.Stats) []Metric {
	c := &s.Cache
	return append(l,
		number(Counter, "cache_hits", "States of projections found in memory.", c.Hits),
		number(Counter, "cache_misses", "States of projections not found in memory.", c.Misses),
		number(Gauge, "cache_entries", "States in memory.", c.Entries),
		bytes("cache", "What states in memory take.", c.Bytes),
		number(Counter, "cache_dropped", "States not kept since too many came at once.", c.Dropped),
		number(Counter, "cache_rejected", "States not kept since they are too large, or asked for too rarely.", c.Rejected),
		number(Counter, "cache_unkept", "States not kept since their encoding does not come back as what they are.", c.Unkept),
		number(Counter, "cache_older", "States that came when a newer one was kept.", c.Older),
		number(Counter, "cache_evicted", "States that made room for others.", c.Evicted),
		number(Counter, "cache_file_hits", "States found in files.", c.FileHits),
		number(Counter, "cache_file_misses", "States not found in files.", c.FileMisses),
		number(Gauge, "cache_files", "Files with a state.", c.Files),
		bytes("cache_files", "Size of the files with a state.", c.FileBytes),
		number(Counter, "cache_files_written", "Files of states that were written.", c.FilesWritten),
		number(Counter, "cache_files_dropped", "States not written since too many waited.", c.FilesDropped),
		number(Counter, "cache_files_discarded", "Files of states that were not believed.", c.FilesDiscarded),
		number(Counter, "cache_files_failed", "Files of states that could not be read, written or removed.", c.FilesFailed),
		number(Counter, "cache_files_evicted", "Files of states that made room for others.", c.FilesEvicted),
	)
}

// number makes a metric without a unit.
func number[N int | uint64](kind Kind, name, help string, value N) Metric {
	return Metric{Name: name, Kind: kind, Help: help, Value: uint64(max(value, 0))}
}

func bytes(name, help string, value int64) Metric {
	return Metric{Name: name, Unit: Bytes, Help: help, Value: uint64(max(value, 0))}
}

func duration(kind Kind, name, help string, value time.Duration) Metric {
	return Metric{Name: name, Unit: Nanoseconds, Kind: kind, Help: help, Value: uint64(max(value, 0))}
}

func flag(name, help string, set bool) Metric {
	m := Metric{Name: name, Kind: Flag, Help: help}
	if set {
		m.Value = 1
	}
	return m
}
