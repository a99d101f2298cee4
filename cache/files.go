// This file holds Files: the tier of one file for each state, in the store's directory.
//
// Files are written by one goroutine at a time, which lives while there is something to write (file_writer.go). What is known
// of the files that there are is in file_known.go: nothing at first, what was read or written later, and everything from the
// first write on.
//
// Two locks: disk is held by who changes the directory, mu by who looks at or changes the fields below it. mu may be
// taken while disk is held, never the other way round, and no file is touched while it is held.

package cache

import (
	"bytes"
	"container/list"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/batpak/batpak/internal/vfs"
)

// MinLimit is the least number of bytes that files can have together.
const MinLimit = 64 << 10

// FilesConfig is what the file tier is told of its store.
type FilesConfig struct {
	// Dir has the files. They must be the only ones there with names that end in .cache and .cache.tmp.
	Dir vfs.Dir
	// Limit is how many bytes all files may have together, each counted in whole blocks of 4096; MinLimit or more. One
	// more file is there while it is written.
	Limit int64
	// Origin is that of the store, Identity that of this copy of it.
	Origin, Identity [16]byte
	// Holds reports whether a state of an identity and a sequence is one of this store's: of this copy or of one that it goes
	// back to, not ahead of the log, and not in what was lost. It must not use the Files.
	Holds func(identity [16]byte, sequence uint64) bool
	// ReadOnly reads files, and neither writes nor removes any: they are another process's.
	ReadOnly bool
	// Go begins a goroutine, or reports false, after which Close does its work; nil: a go statement does. A Go that calls the function
	// itself makes Put write before it returns.
	Go     func(work func()) bool
	Logger *slog.Logger // nil: silent
}

// Files holds encoded states. All methods may be called concurrently.
type Files struct {
	FilesConfig

	disk   sync.Mutex
	listed bool // everything in the directory is known; changed with mu held, too

	mu      sync.Mutex
	idle    sync.Cond // that nobody writes; on mu
	over    bool
	running bool // somebody writes, or is about to
	waiting map[string]*waiting
	order   []*waiting // in which they came, without the one that is being written
	bytes   int64      // of those in order

	known    map[string]*known
	editions uint64
	used     list.List       // of *known, the one used last in front; not of those that can't be removed
	silent   map[string]bool // operations and names of files of which nothing more is logged
	stats    fileCounters
}

// FileState is an encoded state.
type FileState struct {
	Sequence, Last uint64 // up to which it goes, and the newest event in it
	Encoded        []byte
}

// OpenFiles returns the tier of a directory, in which it changes nothing yet. The error says what is wrong with the
// configuration.
func OpenFiles(c FilesConfig) (*Files, error) {
	switch {
	case c.Dir == nil || c.Holds == nil:
		return nil, errors.New("batpak: a cache in files without a directory or without Holds")
	case c.Limit < MinLimit:
		return nil, fmt.Errorf("batpak: a cache in files of %d bytes: want %d or more", c.Limit, MinLimit)
	}
	if c.Go == nil {
		c.Go = func(work func()) bool {
			go work()
			return true
		}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	f := &Files{FilesConfig: c, waiting: map[string]*waiting{}, known: map[string]*known{}, silent: map[string]bool{}}
	f.idle.L = &f.mu
	return f, nil
}

// Get returns the encoded state of a key, in memory of the caller's. It reads the file, and waits for nobody who writes one,
// unless the file is not believed: it is then removed. Whatever can't be had is counted and logged, and not there.
func (f *Files) Get(key *Key) (state FileState, ok bool) {
	name := fileName(key)
	f.mu.Lock()
	if w := f.waiting[name]; w != nil && !f.over && w.key == *key {
		f.stats.hits.Add(1)
		state = w.state
		f.mu.Unlock()
		state.Encoded = bytes.Clone(state.Encoded)
		return state, true
	}
	before := f.known[name]
	if f.over || before == nil && f.listed {
		f.stats.misses.Add(1)
		f.mu.Unlock()
		return FileState{}, false
	}
	var edition uint64
	if before != nil {
		edition = before.edition
	}
	f.mu.Unlock()

	state, size, err := readFile(&f.FilesConfig, key, name)
	var reason *disbelief
	if errors.As(err, &reason) {
		f.discard(name, before, edition, reason.reason)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case err == nil:
		f.stats.hits.Add(1)
		delete(f.silent, "read")
		if f.unchanged(name, before, edition) {
			f.knowState(name, size, state.Sequence)
		}
		return state, true
	case f.over || reason != nil: // the directory may be closed
	case !isMissing(err):
		f.failed("read", name, err)
	case before != nil && f.unchanged(name, before, edition):
		f.forget(before)
	}
	f.stats.misses.Add(1)
	return FileState{}, false
}

// Discard removes the file of a key whose state, as Get returned it, turned out not to be one of this store's, and what waits to be
// written in its place. The problem is logged; it names no content.
func (f *Files) Discard(key *Key, problem string) {
	name := fileName(key)
	f.mu.Lock()
	if w := f.waiting[name]; w != nil {
		f.drop(w)
	}
	f.mu.Unlock()
	f.disk.Lock() // whoever was writing it is done then
	defer f.disk.Unlock()
	f.remove(name, problem)
}

// discard removes a file that is not believed, unless it was written again since it was known as before, of an edition.
func (f *Files) discard(name string, before *known, edition uint64, reason string) {
	f.disk.Lock()
	defer f.disk.Unlock()
	f.mu.Lock()
	unchanged := f.unchanged(name, before, edition)
	f.mu.Unlock()
	if unchanged {
		f.remove(name, reason)
	}
}

// remove removes a file that is not believed. disk is held.
func (f *Files) remove(name, reason string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over || f.known[name] == nil && f.listed {
		return
	}
	f.stats.discarded.Add(1)
	if !f.silent[name] {
		f.Logger.Warn("the file of a projection's state is not believed", "file", name, "problem", reason)
	}
	if f.ReadOnly {
		f.hush(name)
		return
	}
	f.mu.Unlock()
	err := f.Dir.Remove(name)
	f.mu.Lock()
	if err != nil && !isMissing(err) {
		f.failed("remove", name, err)
		f.hush(name)
		if now := f.known[name]; now != nil {
			now.read = false // whatever is written in its place is better
		}
		return
	}
	if now := f.known[name]; now != nil {
		f.forget(now)
	}
}

// failed counts what a call on a file failed with, and logs the first of its kind since one of that kind succeeded. mu is held.
func (f *Files) failed(operation, name string, err error) {
	f.stats.failed.Add(1)
	if f.over || f.silent[operation] {
		return
	}
	f.silent[operation] = true
	f.Logger.Warn("a step with the file of a projection's state failed, more of these are counted, not told", "step", operation, "file", name, "error", err)
}

// hush has nothing more logged of a name. mu is held.
func (f *Files) hush(name string) {
	if len(f.silent) > 1000 { // of names of others: they are told again
		clear(f.silent)
	}
	f.silent[name] = true
}

// Stats returns the counters, each as of some moment during the call. It takes no lock.
func (f *Files) Stats() FileStats {
	c := &f.stats
	return FileStats{
		Hits: c.hits.Load(), Misses: c.misses.Load(), Written: c.written.Load(), Dropped: c.dropped.Load(), Older: c.older.Load(),
		Discarded: c.discarded.Load(), Failed: c.failed.Load(), Evicted: c.evicted.Load(), Files: c.files.Load(), Bytes: c.bytes.Load(),
	}
}

// fileCounters are what FileStats are read from. Only files and bytes need mu to be stored.
type fileCounters struct {
	hits, misses, written, dropped, older, discarded, failed, evicted, files atomic.Uint64
	bytes                                                                    atomic.Int64
}

// FileStats count since the files were opened.
type FileStats struct {
	Hits, Misses uint64 // of Get
	Written      uint64
	Dropped      uint64 // states not written, since too many waited, or they are too large
	Older        uint64 // states not written, since a newer one is there
	Discarded    uint64 // files that could not be believed
	Failed       uint64 // files that could not be listed, read, written or removed
	Evicted      uint64 // files removed to make room
	Files        uint64 // that are known to be there: what was read or written, and everything once one was written
	Bytes        int64  // of these, in whole blocks of 4096
}
