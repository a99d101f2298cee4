// Store: opening, and the way to the parts that do the work.

package engine

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/batpak/batpak/engine/internal/chain"
	"github.com/batpak/batpak/engine/internal/commit"
	"github.com/batpak/batpak/engine/internal/follow"
	"github.com/batpak/batpak/engine/internal/merge"
	"github.com/batpak/batpak/engine/internal/project"
	"github.com/batpak/batpak/engine/internal/query"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/internal/seam"
	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
	"github.com/batpak/batpak/recovery"
)

// Store is an open event store, made by [Open]. All methods may be called concurrently; those
// that append wait for each other briefly, readers wait for nobody.
type Store struct {
	dir     vfs.Dir
	lock    vfs.Lock
	set     *mmapseg.Set
	index   *index.Index
	log     *commit.Log // nil when open for reading only
	reader  *query.Reader
	chain   *chain.Chain
	merger  *merge.Merger
	hub     *follow.Hub    // wakes who follows
	crew    follow.Crew    // goroutines that call functions of the user's
	cursors cursorRegistry // cursors that are open
	// subscriptions are those that are not over.
	subscriptions subscriptionRegistry
	states        *project.States
	logger        *slog.Logger
	identity      [16]byte
	ancestors     []mmapseg.Ancestor
	lost          []mmapseg.Range
	report        recovery.Report
	hashing       bool
	maxPayload    int
	registry      *Registry // of typed kinds; nil: none
	// Limits of a batch.
	maxBatchEvents, maxBatchBytes int
	encodings                     sync.Pool // *[]byte: for encoded values

	closing  atomic.Bool // Close was called
	closed   sync.Once
	closeErr error
}

// Open opens the store in the directory at path, or creates it there, and takes
// its lock. It returns when the store is recovered: nothing that was acknowledged
// as durable is missing, or the error says what is.
//
// Errors: [OptionError]; [ErrLocked] while another process has it open; [ErrCorrupt]
// when acknowledged events are damaged (open it with ReadOnly to read the rest);
// [ErrVersion] and [ErrForeign] for files that are not this store's or not this
// version's; [ErrHashing]; [ErrNoSpace]; [ErrLimit]; [ErrNoStore] where ReadOnly finds nothing;
// and the file system's, which name the path.
func Open(path string, options Options) (*Store, error) {
	options, err := options.complete()
	if err != nil {
		return nil, err
	}
	dir, err := vfs.OpenDir(path, !options.ReadOnly)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", noStore(err, options))
	}
	return openDir(dir, options)
}

// openDir opens the store in dir, which it closes when it fails.
func openDir(dir vfs.Dir, options Options) (*Store, error) {
	dir = hooked(dir, options.Hooks)
	began := time.Now() // for the log only
	options.Logger = options.Logger.With("directory", dir.Path())
	lock, err := dir.Lock(recovery.LockName, !options.ReadOnly)
	if options.ReadOnly && errors.Is(err, fs.ErrNotExist) {
		lock, err = noLock{}, nil // a copy without its lock file: no writer has it open
	}
	if err != nil {
		return nil, fmt.Errorf("open store: %w", errors.Join(err, dir.Close()))
	}
	s := &Store{
		dir: dir, lock: lock, set: new(mmapseg.Set), index: new(index.Index), logger: options.Logger, maxPayload: options.MaxPayload,
		registry: options.Registry, maxBatchEvents: options.MaxBatchEvents, maxBatchBytes: options.MaxBatchBytes,
	}
	if fs, cow := dir.CopyOnWrite(); cow {
		options.Logger.Warn("copy-on-write file system: the disk can be full in spite of preallocation", "file_system", fs)
	}
	if err := s.recover(options); err != nil {
		return nil, fmt.Errorf("open store %s: %w", dir.Path(), errors.Join(err, s.release()))
	}
	s.registry.freeze()
	s.tellOpened(began)
	return s, nil
}

// tellOpened logs what was opened.
func (s *Store) tellOpened(began time.Time) {
	stats := s.Stats()
	s.logger.Info("store opened", "events", stats.Events, "last", stats.Staged, "segments", stats.Segments, "incarnation", stats.Incarnation,
		"read_only", s.log == nil, "created", s.report.Created, "clean", s.report.Created || s.report.Clean, "took", time.Since(began))
}

// recover turns what is in the directory into an open store.
func (s *Store) recover(options Options) error {
	decoder := mmapseg.NewDecoder()
	unsealed := newTails(decoder)
	state, err := recovery.Load(s.dir, recovery.Options{
		IgnoreFooters: options.Rebuild, Event: unsealed.add, Batch: unsealed.batch, Logger: options.Logger, Hooks: options.Hooks,
	})
	if err != nil {
		return err
	}
	if err := s.checkHashing(state, options.Hashing); err != nil {
		return err
	}
	s.reader = query.New(query.Config{
		Set: s.set, Index: s.index, Decoder: decoder, Ended: ErrClosed, Damage: state.Damage, Logger: options.Logger,
		Damaged: func(run *index.Run, cause error) { s.merger.Damaged(run, cause) },
	})
	s.hub = follow.New(follow.Config{Visible: s.set.Visible, Index: s.index, Ended: ErrClosed, Static: static(options)})
	if options.ReadOnly {
		return s.openForReading(state, decoder, unsealed, options)
	}
	return s.openForWriting(state, decoder, unsealed, options)
}

// noStore adds ErrNoStore to the error of a directory or a lock that only an opening
// for writing would have made.
func noStore(err error, options Options) error {
	if options.ReadOnly && errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", ErrNoStore, err)
	}
	return err
}

// noLock stands for the lock of a store that has no lock file.
type noLock struct{}

func (noLock) Unlock() error { return nil }

func (s *Store) checkHashing(state *recovery.State, want Hashing) error {
	s.hashing = want != HashingOff
	if !state.Exists {
		return nil
	}
	s.hashing = state.Hashing
	if want == HashingOn && !state.Hashing || want == HashingOff && state.Hashing {
		return fmt.Errorf("%w: the store was created with hashing %s", ErrHashing, map[bool]string{true: "on", false: "off"}[state.Hashing])
	}
	return nil
}

func (s *Store) openForReading(state *recovery.State, decoder *mmapseg.Decoder, unsealed *tails, options Options) error {
	if !state.Exists {
		return ErrNoStore
	}
	segments, err := state.Open(s.dir)
	if err != nil {
		return err
	}
	for _, segment := range segments {
		s.set.Add(segment)
	}
	s.set.SetVisible(state.LastSequence)
	s.identity, s.ancestors, s.lost, s.report = state.Identity, state.Ancestors, state.Lost, state.Report
	if err := s.addParts(state, segments, unsealed); err != nil {
		return err
	}
	s.startChain(state.Origin, decoder, state)
	s.states = s.newStates(state.Origin, options)
	return s.startMerging(state.Origin, options)
}

// addParts adds the index of every segment that recovery found: the footers of those that are sealed, what
// was built from the frames of the others.
func (s *Store) addParts(state *recovery.State, segments []*mmapseg.Segment, unsealed *tails) error {
	for i, found := range state.Segments {
		segment := segments[i]
		if !found.Sealed {
			s.index.AddPart(commit.NewPart(segment, unsealed.of(found)))
			continue
		}
		table, err := index.OpenTable(uint32(found.Events), segment.Section)
		if err == nil {
			s.index.AddPart(index.NewSealedPart(commit.IdentityOf(segment), segment.Floor, table, segment.Read))
			continue
		}
		tail, err := s.reader.Rebuild(segment, err)
		if err != nil {
			return err
		}
		s.index.AddPart(commit.NewPart(segment, tail))
	}
	return nil
}

func (s *Store) openForWriting(state *recovery.State, decoder *mmapseg.Decoder, unsealed *tails, options Options) error {
	var seed [32]byte
	if _, err := io.ReadFull(options.Random, seed[:]); err != nil {
		return fmt.Errorf("read random seed: %w", err)
	}
	limit, ahead := options.Sync.bounds()
	r, err := state.Resume(s.dir, recovery.Resumption{
		SegmentSize: options.SegmentSize, Ahead: ahead, SyncAll: options.SyncMode == SyncAll,
		Now: options.Clock().UnixMicro(), Random: options.Random, Hashing: s.hashing, Hooks: options.Hooks,
	})
	if err != nil {
		return err
	}
	for _, segment := range r.Segments {
		s.set.Add(segment)
	}
	if err := s.addParts(state, r.Segments, unsealed); err != nil {
		return err
	}
	active := r.Segments[len(r.Segments)-1]
	if len(r.Segments) > len(state.Segments) { // recovery made it
		s.index.AddPart(commit.NewPart(active, index.NewTail(active.Size)))
	}
	s.identity, s.ancestors, s.report, s.lost = r.Identity, r.Ancestors, r.Report, state.Lost
	if !r.Lost.IsZero() {
		s.logger.Warn("sequences given up, since the store was not closed in order", "first", r.Lost.First, "last", r.Lost.Last)
		s.lost = append(s.lost[:len(s.lost):len(s.lost)], r.Lost)
	}
	config := commit.Config{
		Dir: s.dir, Set: s.set, Index: s.index, Head: s.reader.Head, Sealed: s.sealed,
		ByKey: s.byKey, Occurs: s.occurs, Newest: s.newest, KeyRetention: options.KeyRetention, Published: s.hub.Notify, Poisoned: s.hub.Stop, EveryAppend: options.Sync.kind == everyAppend, SyncAll: options.SyncMode == SyncAll,
		Hashing: s.hashing, SegmentSize: options.SegmentSize, Limit: limit, SyncEvents: uint64(options.Sync.events), SyncInterval: options.Sync.interval, Clock: options.Clock, Seed: seed,
		Origin: r.Origin, Logger: options.Logger, Hooks: options.Hooks,
		Start: commit.Start{
			Identity: r.Identity, Incarnation: r.Incarnation, Tail: r.Tail, Durable: r.Mark, Next: r.Next,
			TreeSize: r.TreeSize, Wall: r.Wall, Counter: r.Counter,
		},
	}
	parts := s.index.Parts()
	for _, u := range r.Unsealed {
		part := parts[slices.Index(r.Segments, u.Segment)]
		config.Unsealed = append(config.Unsealed, commit.Retired{Segment: u.Segment, Part: part, End: u.FramesEnd})
	}
	if err := s.startMerging(r.Origin, options); err != nil {
		return err
	}
	s.log = commit.New(config)
	s.startChain(r.Origin, decoder, state)
	s.states = s.newStates(r.Origin, options)
	return nil
}

// startMerging takes the runs that are there and, where the store is open for writing, goes on with merging.
func (s *Store) startMerging(origin mmapseg.Origin, options Options) error {
	s.merger = merge.New(merge.Config{
		Dir: s.dir, Index: s.index, Origin: origin, ReadOnly: options.ReadOnly, Rebuild: options.Rebuild, Logger: options.Logger,
		DamagedPart: s.reader.DamagedPart, Hooks: options.Hooks,
	})
	return s.merger.Load()
}

// sealed lets readers use the footer of a segment that was just sealed.
func (s *Store) sealed(r *commit.Retired) {
	table, err := index.OpenTable(r.Part.Tail().Events(), r.Segment.Section)
	if err != nil {
		s.logger.Warn("footer just written can't be opened", "segment", r.Segment.Name(), "error", err)
		return
	}
	r.Part.Seal(table)
	s.merger.Kick()
}

// Close makes everything durable, gives the directory back, and returns every
// failure on the way. It waits for appends that are under way; afterwards every
// call returns [ErrClosed], and iterators end with it. Further calls, also
// concurrent ones, return the same.
func (s *Store) Close() error {
	s.closing.Store(true)
	s.closed.Do(func() {
		began := time.Now() // for the log only
		err := s.endFollowing()
		if s.log != nil {
			err = errors.Join(err, s.log.Close())
		}
		s.closeErr = errors.Join(err, s.release())
		s.tellClosed(began)
	})
	return s.closeErr
}

// tellClosed logs the end.
func (s *Store) tellClosed(began time.Time) {
	stats := s.Stats()
	if s.closeErr != nil {
		s.logger.Warn("store closed, not everything in order", "last", stats.Staged, "durable", stats.Durable, "took", time.Since(began), "error", s.closeErr)
		return
	}
	s.logger.Info("store closed", "events", stats.Events, "last", stats.Staged, "took", time.Since(began))
}

// release lets go of all that opening took.
func (s *Store) release() error {
	var err error
	if s.reader != nil {
		s.reader.Close()
	}
	if s.merger != nil {
		err = s.merger.Close()
	}
	return errors.Join(err, s.set.Close(), s.lock.Unlock(), s.dir.Close())
}

// Report returns what opening found and did.
func (s *Store) Report() recovery.Report { return s.report }

// openIn opens a store in a directory that is open already, and that it closes, also when it fails.
func openIn(dir vfs.Dir, options Options) (*Store, error) {
	options, err := options.complete()
	if err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	return openDir(dir, options)
}

func init() {
	seam.OpenStore = func(dir vfs.Dir, options any) (any, error) { return openIn(dir, options.(Options)) }
	seam.FindKey = func(store any, key string) (uint64, bool, error) {
		s := store.(*Store)
		holder, found, err := s.byKey(key, s.set.Visible())
		return holder.First, found, err
	}
}
