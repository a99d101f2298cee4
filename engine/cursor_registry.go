// cursorRegistry: which cursors a store has open, and how they end with it.

package engine

import (
	"errors"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"

	"github.com/batpak/batpak/engine/internal/cursorfile"
)

// CursorStats are the counters of a store's cursors, those of reactors among them.
type CursorStats struct {
	Open      int    // with and without names
	Waiting   int    // of them, for an event
	Lag       uint64 // the largest, see Follower.Lag; 0: nobody is behind
	Acks      uint64 // positions of named ones that were made durable
	AckFails  uint64 // that could not be
	Fallbacks uint64 // openings that found one slot damaged, and went on from the other; as the two before since the store was opened
}

// cursorRegistry holds all cursors that are open. The zero registry is empty. All methods may be called concurrently.
type cursorRegistry struct {
	mu    sync.Mutex
	over  bool
	calls sync.WaitGroup     // calls that use the directory; none begins once it is over
	open  sync.Map           // of *Cursor; changed with mu held, read without
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
	r.open.Store(c, nil)
	if c.name != "" {
		r.taken[cursorfile.FileName(c.name)] = c
	}
}

// remove takes a cursor out, whose name stays taken.
func (r *cursorRegistry) remove(c *Cursor) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open.Delete(c)
}

// close ends all cursors, and returns when no call on them and their files is under way. The hub is closed: none waits.
func (r *cursorRegistry) close() error {
	r.mu.Lock()
	r.over = true
	r.mu.Unlock()
	r.calls.Wait()
	var err error
	for c := range r.each() {
		err = errors.Join(err, c.close())
		r.remove(c)
	}
	return err
}

// each yields the cursors that are open. It takes no lock.
func (r *cursorRegistry) each() iter.Seq[*Cursor] {
	return func(yield func(*Cursor) bool) {
		for key := range r.open.Range {
			if !yield(key.(*Cursor)) {
				return
			}
		}
	}
}

// sweep removes, at its first call, what is left of files whose making was not finished.
func (r *cursorRegistry) sweep(s *Store) {
	r.swept.Do(func() {
		if err := cursorfile.Sweep(s.dir); err != nil {
			s.logger.Warn("unfinished cursor files not removed", "error", err)
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

// stats returns what is counted here.
func (r *cursorRegistry) stats() CursorStats {
	return CursorStats{Acks: r.acks.Load(), AckFails: r.failures.Load(), Fallbacks: r.fallbacks.Load()}
}
