// cursorRegistry: which cursors a store has open, and how they end with it.

package engine

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/batpak/batpak/engine/internal/cursorfile"
)

// CursorStats are the counters of a store's cursors since it was opened.
type CursorStats struct {
	Open      int    // cursors, with and without names
	Acks      uint64 // positions of named ones that were made durable
	AckFails  uint64 // that could not be
	Fallbacks uint64 // openings that found one slot damaged, and went on from the other
}

// cursorRegistry holds all cursors that are open. The zero registry is empty. All methods may be called concurrently.
type cursorRegistry struct {
	mu    sync.Mutex
	over  bool
	calls sync.WaitGroup // calls that use the directory; none begins once it is over
	open  map[*Cursor]struct{}
	taken map[string]*Cursor // by the name of the file; nil: it is being opened, reset or removed

	swept                     sync.Once
	acks, failures, fallbacks atomic.Uint64
}

// enter begins a call that the store's end waits for; leave ends it.
func (r *cursorRegistry) enter() (leave func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return nil, ErrClosed
	}
	r.calls.Add(1)
	return r.calls.Done, nil
}

// reserve takes a name, until free.
func (r *cursorRegistry) reserve(name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	file := cursorfile.FileName(name)
	if _, taken := r.taken[file]; taken {
		return fmt.Errorf("%w: %q", ErrCursorInUse, name)
	}
	if r.taken == nil {
		r.taken = make(map[string]*Cursor)
	}
	r.taken[file] = nil
	return nil
}

// free gives a name back.
func (r *cursorRegistry) free(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.taken, cursorfile.FileName(name))
}

// user returns who uses a file; nil where it is being opened, reset or removed.
func (r *cursorRegistry) user(file string) (c *Cursor, taken bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, taken = r.taken[file]
	return c, taken
}

// add takes a cursor in, whose name is reserved.
func (r *cursorRegistry) add(c *Cursor) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == nil {
		r.open = make(map[*Cursor]struct{})
	}
	r.open[c] = struct{}{}
	if c.name != "" {
		r.taken[cursorfile.FileName(c.name)] = c
	}
}

// remove takes a cursor out, whose name stays taken.
func (r *cursorRegistry) remove(c *Cursor) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, c)
}

// close ends all cursors, and returns when no call on them and their files is under way. The hub is closed: none waits.
func (r *cursorRegistry) close() error {
	r.mu.Lock()
	r.over = true
	r.mu.Unlock()
	r.calls.Wait()
	r.mu.Lock()
	open := r.open
	r.open = nil
	r.mu.Unlock()
	var err error
	for c := range open {
		err = errors.Join(err, c.close())
	}
	return err
}

// sweep removes, at its first call, what is left of files whose making was not finished.
func (r *cursorRegistry) sweep(s *Store) {
	r.swept.Do(func() {
		if err := cursorfile.Sweep(s.dir); err != nil {
			s.logger.Warn("remove unfinished cursor files", "error", err)
		}
	})
}

// wrote counts a position that was to be made durable.
func (r *cursorRegistry) wrote(err error) {
	if err != nil {
		r.failures.Add(1)
		return
	}
	r.acks.Add(1)
}

// fellBack counts a slot that was found damaged.
func (r *cursorRegistry) fellBack() { r.fallbacks.Add(1) }

// stats returns the counters.
func (r *cursorRegistry) stats() CursorStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return CursorStats{Open: len(r.open), Acks: r.acks.Load(), AckFails: r.failures.Load(), Fallbacks: r.fallbacks.Load()}
}
