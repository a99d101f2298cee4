// Store: opening, and the way to the parts that do the work.

package engine

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"github.com/batpak/batpak/engine/internal/commit"
	"github.com/batpak/batpak/engine/internal/query"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
	"github.com/batpak/batpak/recovery"
)

// Store is an open event store, made by [Open]. All methods may be called concurrently; those
// that append wait for each other briefly, readers wait for nobody.
type Store struct {
	dir        vfs.Dir
	lock       vfs.Lock
	set        *mmapseg.Set
	log        *commit.Log // nil when open for reading only
	reader     *query.Reader
	identity   [16]byte
	lost       []mmapseg.Range
	report     recovery.Report
	hashing    bool
	maxPayload int
	encodings  sync.Pool // *[]byte: for encoded values

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
// version's; [ErrHashing]; [ErrNoSpace]; [ErrNoStore] where ReadOnly finds nothing;
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
	lock, err := dir.Lock(recovery.LockName, !options.ReadOnly)
	if options.ReadOnly && errors.Is(err, fs.ErrNotExist) {
		lock, err = noLock{}, nil // a copy without its lock file: no writer has it open
	}
	if err != nil {
		return nil, fmt.Errorf("open store: %w", errors.Join(err, dir.Close()))
	}
	s := &Store{dir: dir, lock: lock, set: new(mmapseg.Set), maxPayload: options.MaxPayload}
	if fs, cow := dir.CopyOnWrite(); cow {
		options.Logger.Warn("copy-on-write file system: the disk can be full in spite of preallocation", "path", dir.Path(), "filesystem", fs)
	}
	decoder := mmapseg.NewDecoder()
	heads := make(commit.Heads)
	state, err := recovery.Load(dir, recovery.Options{Event: headsOf(decoder, heads), Logger: options.Logger})
	if err == nil {
		err = s.checkHashing(state, options.Hashing)
	}
	if err == nil && options.ReadOnly {
		err = s.openForReading(state)
	} else if err == nil {
		err = s.openForWriting(state, options, heads)
	}
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", dir.Path(), errors.Join(err, s.set.Close(), lock.Unlock(), dir.Close()))
	}
	s.reader = query.New(s.set, decoder, ErrClosed, state.Damage)
	return s, nil
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

// headsOf returns what collects the newest event of every entity.
func headsOf(decoder *mmapseg.Decoder, heads commit.Heads) func(*recovery.Segment, *mmapseg.Frame) error {
	var ev event.Event
	var segment *recovery.Segment
	var name string
	return func(s *recovery.Segment, f *mmapseg.Frame) error {
		if s != segment {
			segment, name = s, s.Header.Name()
		}
		if err := decoder.Event(f, name, &ev); err != nil {
			return err
		}
		head := heads[ev.Entity()]
		if head == nil {
			head = new(commit.Head)
			heads[ev.Entity()] = head
		}
		head.Clock, head.Hash = ev.Position.Clock, ev.Hash
		return nil
	}
}

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

func (s *Store) openForReading(state *recovery.State) error {
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
	s.identity, s.lost, s.report = state.Identity, state.Lost, state.Report
	return nil
}

func (s *Store) openForWriting(state *recovery.State, options Options, heads commit.Heads) error {
	var seed [32]byte
	if _, err := io.ReadFull(options.Random, seed[:]); err != nil {
		return fmt.Errorf("read random seed: %w", err)
	}
	r, err := state.Resume(s.dir, recovery.Resumption{
		SegmentSize: options.SegmentSize, Ahead: options.ahead(), SyncAll: options.SyncMode == SyncAll,
		Now: options.Clock().UnixMicro(), Random: options.Random, Hashing: s.hashing,
	})
	if err != nil {
		return err
	}
	for _, segment := range r.Segments {
		s.set.Add(segment)
	}
	s.identity, s.report, s.lost = r.Identity, r.Report, state.Lost
	if !r.Lost.IsZero() {
		s.lost = append(s.lost[:len(s.lost):len(s.lost)], r.Lost)
	}
	config := commit.Config{
		Dir: s.dir, Set: s.set, Heads: heads, EveryAppend: !options.Sync.manual, SyncAll: options.SyncMode == SyncAll,
		Hashing: s.hashing, SegmentSize: options.SegmentSize, Ahead: options.ahead(), Clock: options.Clock, Seed: seed,
		Origin: r.Origin, Logger: options.Logger,
		Start: commit.Start{
			Identity: r.Identity, Incarnation: r.Incarnation, Tail: r.Tail, Durable: r.Mark, Next: r.Next,
			TreeSize: r.TreeSize, Wall: r.Wall, Counter: r.Counter,
		},
	}
	for _, u := range r.Unsealed {
		config.Unsealed = append(config.Unsealed, commit.Retired{Segment: u.Segment, End: u.FramesEnd})
	}
	s.log = commit.New(config)
	return nil
}

// Close makes everything durable, gives the directory back, and returns every
// failure on the way. It waits for appends that are under way; afterwards every
// call returns [ErrClosed], and iterators end with it. Further calls, also
// concurrent ones, return the same.
func (s *Store) Close() error {
	s.closed.Do(func() {
		var err error
		if s.log != nil {
			err = s.log.Close()
		}
		s.reader.Close()
		s.closeErr = errors.Join(err, s.set.Close(), s.lock.Unlock(), s.dir.Close())
	})
	return s.closeErr
}

// Report returns what opening found and did.
func (s *Store) Report() recovery.Report { return s.report }
