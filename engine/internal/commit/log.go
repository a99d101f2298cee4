// Log: the state that the commit section guards, and its beginning and end.
//
// States of a log: open, closing (appends are refused), closed; and, beside them,
// poisoned: a sync failed, or a store into the mapping faulted. Close sets
// closing and closed, poisonLocked sets poisoned; no function takes one back.

package commit

import (
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
)

// The errors that appending can give beside those of its input and of vfs.
var (
	// ErrClosed says that the log is closed or being closed.
	ErrClosed = errors.New("batpak: store is closed")
	// ErrPoisoned says that an earlier sync failed, or a store into a mapped
	// file faulted: what is on disk is not known any more, and nothing can be
	// written until the store is opened again. Reads go on.
	ErrPoisoned = errors.New("batpak: store is poisoned by a failed sync, open it again")
	// ErrIndeterminate says that the outcome is unknown: the event was staged,
	// the sync that should have made it durable failed.
	ErrIndeterminate = errors.New("batpak: outcome unknown")
	// ErrFull says that the sequences are used up.
	ErrFull = errors.New("batpak: no sequence left")
)

// Config is what a log needs to know. All fields must be set but Logger, Hooks and, for units that ask nothing, those that judging calls.
type Config struct {
	Dir         vfs.Dir
	Set         *mmapseg.Set // the last segment is the active one
	Index       *index.Index // its last part is that of the active segment, whose tail the log adds to from then on
	EveryAppend bool         // policy: Append returns when its sync did
	SyncAll     bool         // fsync in place of fdatasync
	Hashing     bool
	SegmentSize int64 // largest ordinary segment
	// Limit is how many events may be staged beyond what is durable: appends wait there.
	Limit uint64
	// SyncEvents and SyncInterval begin a sync in the background when so many events are staged
	// beyond what is durable, or when the oldest of them is so old; 0: they don't.
	SyncEvents   uint64
	SyncInterval time.Duration
	Clock        func() time.Time
	Hooks        *hooks.Set // nil: none
	Seed         [32]byte   // of ids and salts
	Origin       mmapseg.Origin
	Logger       *slog.Logger

	// Head finds the state of an entity before the events of a tail, of which every part
	// before is complete. It runs in the goroutine that appends, outside the section.
	Head func(entity string, hash uint64, tail *index.Tail) (index.Head, error)
	// ByKey finds who has a key among the events up to a sequence, the newest of several. As Head, and as the two below, it
	// runs in the goroutine that appends, outside the section; the sequence is one that is visible.
	ByKey func(key string, last uint64) (Holder, bool, error)
	// Occurs finds the first event of a region from one sequence to another.
	Occurs func(region event.Region, first, last uint64) (Occurrence, bool, error)
	// Newest finds the newest event of an entity up to a sequence; zero: there is none.
	Newest func(entity string, last uint64) (Occurrence, error)
	// KeyRetention is how long a key is remembered; 0: forever.
	KeyRetention time.Duration
	// Sealed is called by the sealer for every segment that got its footer.
	Sealed func(*Retired)
	// Published is called after the visible watermark moved, by who moved it, outside the section: it must not block.
	Published func()
	// Poisoned is called once, when nothing can be added any more, in the section: it must not block.
	Poisoned func(cause error)

	Start    Start
	Unsealed []Retired // ended segments that have no footer yet
}

// Start is where the log goes on.
type Start struct {
	Identity    [16]byte
	Incarnation uint64
	Tail        int64        // in the active segment
	Durable     mmapseg.Mark // up to which all is durable
	Next        uint64       // sequence of the next event
	TreeSize    uint64
	Wall        uint64 // HLC
	Counter     uint32
}

// Retired is a segment that ended and is on its way to be sealed.
type Retired struct {
	Segment *mmapseg.Segment
	Part    *index.Part // with a tail, to which nothing is added any more
	End     int64       // behind its end frame
	Last    uint64      // its highest sequence
}

// Log is the writing half of a store. All methods may be called concurrently.
type Log struct {
	dir         vfs.Dir
	set         *mmapseg.Set
	everyAppend bool
	syncAll     bool
	hashing     bool
	segmentSize int64
	limit       uint64
	syncEvents  uint64
	// syncInterval is the policy's; 0: none.
	syncInterval time.Duration
	// syncsItself: the policy begins syncs for which nobody waits.
	syncsItself bool
	// smallPages: syncs are expected to cover few bytes, so that large pages would multiply what they write.
	smallPages  bool
	hooks       *hooks.Set
	clock       func() time.Time
	origin      mmapseg.Origin
	identity    [16]byte
	incarnation uint64
	logger      *slog.Logger
	index       *index.Index
	head        func(entity string, hash uint64, tail *index.Tail) (index.Head, error)
	slowHead    time.Duration // how long that takes at least where it is counted
	judging     judging
	sealed      func(*Retired)
	published   func()
	poisonTold  func(cause error)
	units       sync.Pool

	// indexing is the tail of the active segment. It is stored in the commit section
	// and loaded anywhere.
	indexing atomic.Pointer[index.Tail]

	// mu is the commit section. Everything down to the blank line belongs to it.
	mu         sync.Mutex
	active     *mmapseg.Segment
	tail       int64 // where the next unit goes in active
	next       uint64
	wall       uint64
	counter    uint32
	part       *index.Part   // of active
	before     *index.Tail   // of the segment before active; nil: none since the log began
	random     *rand.ChaCha8 // of ids
	salts      *rand.ChaCha8 // of segments, whose making takes none of the ids' random numbers away
	control    []byte        // scratch for end frames
	retired    *Retired      // the segment before active while it is not synced
	prepared   *mmapseg.Segment
	spare      *index.Tail // for prepared
	preparedTo int64       // pages of prepared below it are populated
	preparing  error       // why there is no prepared segment; nil: none failed
	need       int64       // smallest size that the next segment must have
	populated  int64       // pages of active below it were brought in
	// writable and protected bound the pages that were brought in and that a sync has write-protected since, so
	// that storing to them takes a fault: from writable to protected; none unless that is more.
	writable, protected int64
	// rewrite is how many bytes ahead of the tail are made writable again; synced is the tail as of the
	// sync before, from which it follows.
	rewrite, synced int64
	// populateAhead is how many bytes ahead of the tail are kept populated.
	populateAhead int64
	kickAt        int64 // tail at which the preparer has something to do
	sealQueue     []*Retired
	poison        error         // the failure; nil: none
	untold        error         // the same until it is logged
	rotated       []rotation    // that were not logged yet
	notUnloaded   []notUnloaded // the same
	// exclusive is the unit that alone may be placed, since others came between too often; nil: all may.
	exclusive *Unit
	room      *sync.Cond // on mu: prepared, retired, preparing, exclusive, poison or closing changed

	// durable is the mark up to which syncs succeeded: stored under syncing,
	// read by the commit section for the frames that it writes.
	durable atomic.Uint64
	// durableSequence follows durable, stored after it.
	durableSequence atomic.Uint64
	// closing: Close was called. It is set in the commit section, and loaded anywhere.
	closing atomic.Bool
	// Copies of what the commit section guards, for those who do not enter it: the highest sequence that was
	// staged, and the poison.
	stagedSequence atomic.Uint64
	poisoned       atomic.Pointer[error]
	// untreed is how many of the sequences up to any staged one have no event; the others are in the Merkle tree.
	untreed uint64
	// syncing is held by who syncs a file that holds frames, so that such syncs
	// are serial in the whole store. It is taken before mu.
	syncing sync.Mutex
	// unloaded says up to where the pages of a segment were unloaded for a sync. It belongs to who holds syncing.
	unloaded struct {
		segment *mmapseg.Segment
		to      int64
	}
	syncStats syncCounters
	stats     counters

	group    group          // who waits for syncs
	flushers sync.WaitGroup // at most one goroutine, and those that are about to end

	armed    atomic.Bool // the timer runs
	timerMu  sync.Mutex
	timer    *time.Timer // nil until it is first armed; guarded by timerMu
	disarmed bool        // for good; guarded by timerMu

	// mapping keeps populating and unloading pages of a segment apart from unmapping it for writing.
	mapping sync.Mutex

	prepareKick chan struct{}
	createKick  chan struct{}
	sealKick    chan struct{}
	stop        chan struct{}
	background  sync.WaitGroup
	closed      sync.Once
	closeErr    error
}

// New returns a running log. Its goroutines end with Close.
func New(c Config) *Log {
	segments := c.Set.Segments()
	active := segments[len(segments)-1]
	parts := c.Index.Parts()
	random := rand.NewChaCha8(c.Seed)
	var salts [32]byte
	_, _ = random.Read(salts[:]) // never fails
	l := &Log{
		dir: c.Dir, set: c.Set, everyAppend: c.EveryAppend, syncAll: c.SyncAll, hashing: c.Hashing,
		segmentSize: c.SegmentSize, limit: c.Limit, syncEvents: c.SyncEvents, syncInterval: c.SyncInterval, hooks: c.Hooks,
		smallPages:  wantsSmallPages(c.EveryAppend, c.SyncEvents),
		syncsItself: c.EveryAppend || c.SyncEvents > 0 || c.SyncInterval > 0, clock: c.Clock, origin: c.Origin,
		identity: c.Start.Identity, incarnation: c.Start.Incarnation, logger: c.Logger,
		active: active, tail: c.Start.Tail, next: c.Start.Next,
		wall: c.Start.Wall, counter: c.Start.Counter, random: random, salts: rand.NewChaCha8(salts),
		index: c.Index, head: c.Head, slowHead: slowHead, sealed: c.Sealed, published: c.Published, poisonTold: c.Poisoned, judging: judging{c.ByKey, c.Occurs, c.Newest, uint64(c.KeyRetention.Milliseconds())}, part: parts[len(parts)-1],
		control:       make([]byte, 0, mmapseg.EndSize),
		populateAhead: populateAhead,
		prepareKick:   make(chan struct{}, 1),
		createKick:    make(chan struct{}, 1),
		sealKick:      make(chan struct{}, 1),
		stop:          make(chan struct{}),
	}
	l.room = sync.NewCond(&l.mu)
	l.group.idle = sync.NewCond(&l.group.mu)
	l.indexing.Store(l.part.Tail())
	l.durable.Store(uint64(c.Start.Durable))
	l.durableSequence.Store(c.Start.Next - 1)
	l.group.covered.Store(c.Start.Next - 1)
	l.stagedSequence.Store(c.Start.Next - 1)
	l.untreed = c.Start.Next - 1 - c.Start.TreeSize
	l.populated = c.Start.Tail
	active.Publish(c.Start.Tail)
	c.Set.SetVisible(c.Start.Next - 1)
	for _, r := range c.Unsealed {
		l.sealQueue = append(l.sealQueue, &r)
	}
	l.advise(active)
	wake(l.prepareKick)
	l.background.Add(3)
	go l.loop(l.prepareKick, l.prepareStep)
	go l.loop(l.createKick, l.createStep)
	go l.loop(l.sealKick, l.sealStep)
	return l
}

// refusal says why nothing can be appended. The caller holds mu.
func (l *Log) refusal() error {
	if hooks.Enabled && hooks.Planted(hooks.PoisonIgnored) {
		if !l.closing.Load() {
			return nil
		}
	}
	switch {
	case l.closing.Load():
		return ErrClosed
	case l.poison != nil:
		return &PoisonError{Cause: l.poison}
	}
	return nil
}

// PoisonError is [ErrPoisoned] with the failure that poisoned the store.
type PoisonError struct{ Cause error }

// Error gives the cause too.
func (e *PoisonError) Error() string { return ErrPoisoned.Error() + ": " + e.Cause.Error() }

// Is reports whether target is [ErrPoisoned], or the failure is.
func (e *PoisonError) Is(target error) bool { return target == ErrPoisoned || isCause(e.Cause, target) }

// As finds target in the failure.
func (e *PoisonError) As(target any) bool { return errors.As(e.Cause, target) }

// isCause is errors.Is without the errors that promise that nothing was stored: a sync can fail
// with them, too, and then the promise does not hold.
func isCause(cause, target error) bool {
	return target != vfs.ErrNoSpace && target != vfs.ErrLimit && errors.Is(cause, target)
}

// IndeterminateError is [ErrIndeterminate] with the failure of the sync, or the end of the wait for it.
type IndeterminateError struct {
	Sequence uint64 // of the event, which may or may not survive; 0: several
	Cause    error

	cancelled bool // nothing failed: the wait ended
}

// Error gives the cause too.
func (e *IndeterminateError) Error() string {
	what := ": sync failed: "
	if e.cancelled {
		what = ": the wait for its sync ended: "
	}
	return ErrIndeterminate.Error() + what + e.Cause.Error()
}

// Is reports whether target is [ErrIndeterminate], or the failure of the sync or the error of the
// context is.
func (e *IndeterminateError) Is(target error) bool {
	return target == ErrIndeterminate || isCause(e.Cause, target)
}

// As finds target in the failure.
func (e *IndeterminateError) As(target any) bool { return errors.As(e.Cause, target) }

// poisonLocked ends all writing. The caller holds mu.
func (l *Log) poisonLocked(cause error) {
	if l.poison == nil {
		l.poison, l.untold = cause, cause
		l.poisoned.Store(&cause)
		l.poisonTold(&PoisonError{Cause: cause})
	}
	l.room.Broadcast()
}

// rotation is a change of segments.
type rotation struct {
	from, to string // names of the files
	bytes    int64  // of from that hold something
	last     uint64 // its highest sequence
}

// tell logs what can't be logged where it happens, since locks are held there: a poisoning, rotations, pages that were not unloaded. It is called where
// no lock is held: a handler may be slow, and may ask the store.
func (l *Log) tell() {
	l.mu.Lock()
	cause, rotated, loaded := l.untold, l.rotated, l.notUnloaded
	l.untold, l.rotated, l.notUnloaded = nil, nil, nil
	l.mu.Unlock()
	for i := range rotated {
		r := &rotated[i]
		l.logger.Debug("segment rotated", "segment", r.from, "next", r.to, "last", r.last, "bytes", r.bytes)
	}
	for _, f := range loaded {
		l.logger.Warn("pages not unloaded", "segment", f.segment, "error", f.err)
	}
	if cause != nil {
		l.logger.Error("store poisoned", "error", cause)
	}
}
