// Options of a store and of its calls. Zero values are safe.

package engine

import (
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/gate"
	"github.com/batpak/batpak/hooks"
)

// SyncPolicy says what an append waits for, and who syncs. The zero value is
// [SyncEveryAppend]. Values can be compared.
type SyncPolicy struct {
	kind     policyKind
	events   int
	interval time.Duration
}

type policyKind uint8

const (
	everyAppend policyKind = iota
	everySoOften
	manual
)

// Limits of [SyncEvery].
const (
	// MaxSyncEvents is the largest number of events between two syncs.
	MaxSyncEvents = 1 << 30
	// MinSyncInterval and MaxSyncInterval bound the time between two syncs.
	MinSyncInterval = time.Millisecond
	MaxSyncInterval = 24 * time.Hour
)

// SyncEveryAppend makes every append return when its own sync did. Appends that
// run at the same time share syncs. Readers see an event when it is durable.
func SyncEveryAppend() SyncPolicy { return SyncPolicy{} }

// SyncEvery makes appends return when they are in the mapped file, where they survive
// the end of the process but not of the machine, and readers see them then. A sync
// begins in the background when so many events are not durable, 1 to [MaxSyncEvents], or
// when the oldest of them is so old, [MinSyncInterval] to [MaxSyncInterval], whichever comes first; 0
// leaves that bound out, and one of the two must be given. Appends wait when twice the number is not
// durable, so that a power cut loses at most that, or what came within the interval and one
// sync, and of batches only those that have not returned. A store of which everything is durable wakes nobody, but for a timer that may still be running
// out.
func SyncEvery(events int, interval time.Duration) SyncPolicy {
	return SyncPolicy{kind: everySoOften, events: events, interval: interval}
}

// SyncManual makes appends return when they are in the mapped file, where they
// survive the end of the process but not of the machine, and readers see them
// then. [Store.Sync], [Store.WaitDurable], an append that waits and [Store.Close] make them
// durable.
func SyncManual() SyncPolicy { return SyncPolicy{kind: manual} }

// String names the policy.
func (p SyncPolicy) String() string {
	switch {
	case p.kind == everyAppend:
		return "every append"
	case p.kind == manual:
		return "manual"
	case p.events == 0:
		return fmt.Sprintf("every %v", p.interval)
	case p.interval == 0:
		return fmt.Sprintf("every %d events", p.events)
	}
	return fmt.Sprintf("every %d events or %v", p.events, p.interval)
}

// check refuses a policy that can't be kept.
func (p SyncPolicy) check() error {
	if p.kind != everySoOften {
		return nil
	}
	switch {
	case p.events < 0 || p.events > MaxSyncEvents:
		return &OptionError{"Sync", p, fmt.Sprintf("a number of events from 1 to %d, or 0 for no such bound", MaxSyncEvents)}
	case p.interval < 0 || p.interval > MaxSyncInterval || p.interval > 0 && p.interval < MinSyncInterval:
		return &OptionError{"Sync", p, fmt.Sprintf("an interval from %v to %v, or 0 for no such bound", MinSyncInterval, MaxSyncInterval)}
	case p.events == 0 && p.interval == 0:
		return &OptionError{"Sync", p, "a number of events or an interval; SyncManual is the policy without either"}
	}
	return nil
}

// SyncMode says with which call a sync is made.
type SyncMode uint8

const (
	// SyncData uses fdatasync: contents, and what is needed to read them.
	SyncData SyncMode = iota
	// SyncAll uses fsync: times and all other metadata too.
	SyncAll
)

// Hashing says whether events carry the hash chain. It is chosen when a store is
// created and kept with it.
type Hashing uint8

const (
	// HashingStored takes the store as it was created, and creates one with
	// hashing.
	HashingStored Hashing = iota
	// HashingOn refuses a store that was created without.
	HashingOn
	// HashingOff creates a store without, and refuses one that was created with.
	HashingOff
)

// Limits and defaults of [Options], in bytes.
const (
	DefaultSegmentSize = 64 << 20
	MinSegmentSize     = 64 << 10
	MaxSegmentSize     = 4 << 30
)

// Limits and defaults of batches and keys.
const (
	DefaultBatchEvents = 256
	MaxBatchEvents     = 4096
	DefaultBatchBytes  = 1 << 20
	MinBatchBytes      = 4 << 10
	MaxBatchBytes      = 16 << 20
	MinKeyRetention    = time.Second
)

// Options are given to [Open]. The zero value is a durable store with hashing.
type Options struct {
	// Sync is what appends wait for; zero: SyncEveryAppend.
	Sync SyncPolicy
	// SyncMode is the call behind it; zero: SyncData.
	SyncMode SyncMode
	// SegmentSize is the size of the largest ordinary segment file in bytes, a
	// multiple of 4096 from MinSegmentSize to MaxSegmentSize; 0: 64 MiB. The
	// first segment has 4 MiB or SegmentSize, whichever is less, and each has
	// twice the size of the one before until SegmentSize. An event that is
	// larger gets a segment of its own; where the disk is too full for the size
	// that is due, a smaller one is made. Sealing cuts a file to its frames and their
	// footer, which beside small events of many entities or tags can make it up to a
	// quarter larger than this. The heap holds about 30 bytes for every event and 100
	// for every entity of the segment being written and of those that are not sealed
	// yet, at least 100 KiB a segment.
	SegmentSize int64
	// MaxPayload is the longest payload as stored, in bytes, 1 to 64 MiB;
	// 0: 16 MiB.
	MaxPayload int
	// Hashing is the choice of the hash chain; zero: as the store has it.
	Hashing Hashing
	// ReadOnly opens an existing store without writing anything, together with
	// other readers, while no process has it open for writing. (A copy without
	// its lock file is opened without a lock.) Damaged stores can be opened too:
	// what is sound can be read, what is not is ErrCorrupt where it is met, and
	// listed in [Store.Report].
	ReadOnly bool
	// Rebuild ignores everything that is derived from events (footers of segments,
	// index files), reads every frame and builds it all anew: for a store whose
	// derived files are in doubt. Opening takes as long as reading the store, and the
	// heap holds what SegmentSize says for every segment until its new footer is
	// written, in the background; Close waits for that. Events that turn out to be
	// damaged are listed in [Store.Report]; since they may be any entity's newest, and
	// have any key, appends to entities without a later event, appends with a key that is not
	// known to be newer, and conditions that reach back there are refused with ErrCorrupt, which
	// they are not while the old footers are believed.
	Rebuild bool
	// MaxBatchEvents is how many events a batch may have, 1 to 4,096; 0: 256.
	MaxBatchEvents int
	// MaxBatchBytes is how many bytes the events of a batch may take in a segment, as
	// encoded, 4,096 bytes to 16 MiB; 0: 1 MiB.
	MaxBatchBytes int
	// KeyRetention is how long an idempotency key is remembered, from the hybrid logical
	// clock of the event that has it, at least a second; 0: forever. A key that
	// is older counts as new.
	KeyRetention time.Duration
	// Cache is how states of projections are kept.
	Cache CacheOptions
	// Registry holds the types of kinds, for [Store.Decode] and for the appends of each [Type] in
	// it; nil: none. It may be that of other stores, too; from the first opening on it takes no further types.
	Registry *Registry
	// Clock gives the time; nil: time.Now. It is called once at opening and once
	// for every append, by the goroutine that appends, so at the same time as
	// others. It may go backwards; the hybrid logical clock of the store does
	// not, and a reading far in the future moves that for good.
	Clock func() time.Time
	// Random is read at opening, for identities, salts and ids; nil:
	// crypto/rand.
	Random io.Reader
	// Hooks are what tests make fail, wait or crash, in a build with the tag
	// dangerous_test_hooks; nil, and every build without the tag: nothing.
	Hooks *hooks.Set
	// Logger gets the lines below; nil: silent. No event, append or read is worth one. Each has the attribute "directory", which
	// is the store's. Names of files are without it; "first" and "last" are sequences, "bytes" a size, "took" a
	// duration, "problem" a text, "error" an error. What a call returns is not logged by it.
	//
	// Its handler is called by whoever has something to say, without locks that appending, reading or Stats take; it must not
	// call Close, nor project where states are kept in files.
	//
	//	INFO   store opened: events last segments incarnation read_only created clean took
	//	INFO   store closed: events last took
	//	WARN   store closed, not everything in order: last durable took error
	//	ERROR  store poisoned: error
	//	DEBUG  segment rotated: segment next last bytes
	//	DEBUG  segment sealed: segment events bytes
	//	WARN   segment not sealed: segment error
	//	ERROR  next segment not prepared: segment bytes error
	//	WARN   segment not populated: segment from to error
	//	WARN   small pages not asked for: segment error
	//	WARN   pages not unloaded: segment error
	//	WARN   unused segment not discarded: segment error
	//	WARN   copy-on-write file system: the disk can be full in spite of preallocation: file_system
	//
	// What opening finds:
	//
	//	WARN   not closed in order: last
	//	WARN   torn tail: segment offset bytes problem
	//	WARN   sequences given up, since the store was not closed in order: first last
	//	ERROR  damage: segment offset first last problem
	//	WARN   header mended by its copy: segment
	//	WARN   footer ignored: segment problem
	//	INFO   file ignored: file
	//
	// What is derived, and made anew:
	//
	//	WARN   the index of a segment was rebuilt from its events: segment events unreadable error
	//	WARN   the index of a segment could not be rebuilt: segment error
	//	WARN   footer just written can't be opened: segment error
	//	WARN   run can't be used and will be made anew: file error
	//	WARN   run of another store is left alone: file error
	//	WARN   a step of making or removing a run failed: step file error
	//	WARN   the file of a projection's state is not believed: file problem
	//	WARN   a step with the file of a projection's state failed, more of these are counted, not told: step file error
	//	WARN   a state can't be kept in a file: projection error
	//	WARN   states of a projection can't be kept in files: projection error
	//	WARN   states of a projection are not kept, which a Fold.Clone may change: projection error
	//	WARN   states of projections are not kept in memory: error
	//	WARN   states of projections are not kept in files: error
	//	WARN   files of states not ended in order: error
	//
	// What follows:
	//
	//	WARN   cursor goes on from its other slot: cursor file acked error
	//	WARN   unfinished cursor files not removed: error
	//	WARN   reactor: attempt failed: reactor sequence attempt backoff error
	//	WARN   reactor: event parked: reactor sequence attempts error
	//	WARN   reactor: events were lost in an unclean end: reactor first last position
	//	ERROR  reactor stopped: reactor error
	Logger *slog.Logger
}

// Limits and defaults of [CacheOptions], in bytes.
const (
	DefaultCacheBytes = 64 << 20
	MinCacheBytes     = 64 << 10
	MinCacheFileBytes = 1 << 20
)

// CacheOptions are how states of projections are kept. The zero value keeps them in memory only.
type CacheOptions struct {
	// Bytes is how much the states in memory may take, at least MinCacheBytes; 0: 64 MiB. It is as exact as their sizes are, of
	// which those of large states are estimated; see Fold.Size. What callers were given is not in it.
	Bytes int64
	// Off keeps nothing: every projection reads all of its events.
	Off bool
	// FileBytes is how much states may take that are kept in files of the store's directory too, so that they outlive the
	// process, at least MinCacheFileBytes; 0: none are. They are derived: removing them costs time only.
	FileBytes int64
	// FileEvents is after how many further events a state is written to its file again; 0: 256.
	FileEvents int
}

// complete returns the options with defaults in place of zero values.
func (o CacheOptions) complete() (CacheOptions, error) {
	if o.Bytes == 0 {
		o.Bytes = DefaultCacheBytes
	}
	if o.FileEvents == 0 {
		o.FileEvents = 256
	}
	switch {
	case o.Bytes < MinCacheBytes:
		return o, &OptionError{"Cache.Bytes", o.Bytes, fmt.Sprintf("at least %d bytes, or 0", MinCacheBytes)}
	case o.FileBytes != 0 && o.FileBytes < MinCacheFileBytes:
		return o, &OptionError{"Cache.FileBytes", o.FileBytes, fmt.Sprintf("at least %d bytes, or 0 (none)", MinCacheFileBytes)}
	case o.FileEvents < 0:
		return o, &OptionError{"Cache.FileEvents", o.FileEvents, "1 or more, or 0"}
	case o.Off && o.FileBytes != 0:
		return o, &OptionError{"Cache.FileBytes", o.FileBytes, "0 where the cache is off"}
	}
	return o, nil
}

// complete returns the options with defaults in place of zero values.
func (o Options) complete() (Options, error) {
	if o.SegmentSize == 0 {
		o.SegmentSize = DefaultSegmentSize
	}
	if o.MaxPayload == 0 {
		o.MaxPayload = event.DefaultMaxPayload
	}
	if o.MaxBatchEvents == 0 {
		o.MaxBatchEvents = DefaultBatchEvents
	}
	if o.MaxBatchBytes == 0 {
		o.MaxBatchBytes = DefaultBatchBytes
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	var err error
	if o.Cache, err = o.Cache.complete(); err != nil {
		return o, err
	}
	switch {
	case o.Sync.check() != nil:
		return o, o.Sync.check()
	case o.SyncMode > SyncAll:
		return o, &OptionError{"SyncMode", o.SyncMode, "SyncData or SyncAll"}
	case o.SegmentSize < MinSegmentSize || o.SegmentSize > MaxSegmentSize || o.SegmentSize%4096 != 0:
		return o, &OptionError{"SegmentSize", o.SegmentSize, fmt.Sprintf("a multiple of 4096 from %d to %d bytes, or 0", MinSegmentSize, int64(MaxSegmentSize))}
	case o.MaxPayload < 1 || o.MaxPayload > event.MaxPayload:
		return o, &OptionError{"MaxPayload", o.MaxPayload, fmt.Sprintf("from 1 to %d bytes, or 0", event.MaxPayload)}
	case o.MaxBatchEvents < 1 || o.MaxBatchEvents > MaxBatchEvents:
		return o, &OptionError{"MaxBatchEvents", o.MaxBatchEvents, fmt.Sprintf("from 1 to %d events, or 0", MaxBatchEvents)}
	case o.MaxBatchBytes < MinBatchBytes || o.MaxBatchBytes > MaxBatchBytes:
		return o, &OptionError{"MaxBatchBytes", o.MaxBatchBytes, fmt.Sprintf("from %d to %d bytes, or 0", MinBatchBytes, MaxBatchBytes)}
	case o.KeyRetention != 0 && o.KeyRetention < MinKeyRetention:
		return o, &OptionError{"KeyRetention", o.KeyRetention, fmt.Sprintf("at least %v, or 0 (forever)", MinKeyRetention)}
	case o.Hashing > HashingOff:
		return o, &OptionError{"Hashing", o.Hashing, "HashingStored, HashingOn or HashingOff"}
	}
	return o, nil
}

// bounds of what may be staged beyond what is durable, in events: limit is where appends
// wait, and ahead is what an unclean end gives up: a batch of more events than limit may be beyond that.
func (p SyncPolicy) bounds() (limit, ahead uint64) {
	const least = 1 << 16
	switch {
	case p.kind == everyAppend:
		return least, least
	case p.kind == everySoOften && p.events > 0:
		return 2 * uint64(p.events), max(least, 2*uint64(p.events))
	}
	return 1 << 24, 1 << 24
}

// Wait says what one append waits for. The zero value is [WaitPolicy].
type Wait uint8

const (
	// WaitPolicy waits for what the store's policy says.
	WaitPolicy Wait = iota
	// WaitDurable waits until the event is durable, whatever the policy is.
	WaitDurable
	// WaitStaged returns when the event is in the mapped file, whatever the policy is. Under
	// SyncEveryAppend a sync begins in the background, readers see the event when that is
	// done, and [Store.WaitDurable] waits for it: that is how one goroutine keeps the disk busy.
	WaitStaged
)

// AppendOptions are what an append may say beside what it stores. The zero value
// says nothing.
type AppendOptions struct {
	// Tags are up to 16 labels of 1 to 128 bytes of UTF-8.
	Tags []string
	// Metadata is up to 4 KiB of the caller's.
	Metadata []byte
	// Flags are stored as given.
	Flags event.Flags
	// Version is the payload's schema version; 0: none.
	Version uint32
	// Correlation names what the event belongs to; zero: the event itself.
	Correlation event.ID
	// Cause is the event that caused this one, which must be visible; zero:
	// none.
	Cause event.ID
	// Lane is the caller's number of a branch.
	Lane uint32
	// Key makes the append one that is stored once, however often it is made: an
	// idempotency key of 1 to 255 bytes, global to the store; empty: none. An append with
	// a key that an event or a batch has already stores nothing. If it is the same request
	// (coordinate, kind, payload and all else but expectations, conditions and gate are equal)
	// it returns the first receipt, marked Duplicate; otherwise it is
	// [ErrIdempotencyConflict]. Keys are judged before expectations, so that a
	// conditional append can be made again.
	Key string
	// Expect is what must be true of the entity that is appended to; zero: nothing.
	Expect Expectation
	// Conditions must all hold, about any entities and regions; nil: none.
	Conditions []Condition
	// Gate is the receipt of the gates that let this event pass, or were bypassed; nil: it did not come
	// through gates. What they said is stored with the event; see [event.Event].Gate and
	// [event.Region.FromGate]. The receipt is used up when nothing is wrong with the event as such and its key is
	// not known, before expectations and conditions are judged. It says what the gates were shown, not what is
	// appended: AppendProposal takes both from the receipt.
	Gate gate.Evidence
	// Wait is what this append waits for; zero: what the policy says.
	Wait Wait
}

// Direction is the order of an iteration.
type Direction uint8

const (
	// Forward goes from the lowest sequence to the highest.
	Forward Direction = iota
	// Backward goes from the highest to the lowest.
	Backward
)

// ReadOptions are how to read, not what. The zero value reads all, forwards,
// checked.
type ReadOptions struct {
	// Direction is the order of the events.
	Direction Direction
	// Limit ends the iteration after so many events; 0: no limit. Negative
	// values are refused.
	Limit int
	// SkipChecks leaves the checksums of what is read unverified.
	SkipChecks bool
}

func (o *ReadOptions) check() error {
	switch {
	case o.Direction > Backward:
		return &OptionError{"Direction", o.Direction, "Forward or Backward"}
	case o.Limit < 0:
		return &OptionError{"Limit", o.Limit, "0 (no limit) or more"}
	}
	return nil
}
