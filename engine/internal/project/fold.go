// This file holds folding: from a state that is kept, or from nothing, over the events that came since.

package project

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/batpak/batpak/cache"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/hooks"
)

// moment is when a fold begins: the time, and the watermark read after it.
type moment struct {
	now     int64
	visible uint64
}

// Failure says that a function of the user's failed.
type Failure struct {
	ID       event.ID // of the event; zero: it was not about one
	Sequence uint64
	Entity   string
	Cause    error
	Stack    []byte // of a panic
}

// Error names the sequence and the cause.
func (f *Failure) Error() string { return fmt.Sprintf("fold at sequence %d: %v", f.Sequence, f.Cause) }

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Cause }

// PanicError is what a function of the user's panicked with.
type PanicError struct{ Value any }

// Error prints the value.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Guard calls a function of the user's, or one that calls such, and makes a Failure of its error or panic.
func Guard(call func() error) (err error) {
	done := false
	defer func() {
		if done {
			return
		}
		if value := recover(); value != nil { // nil: the goroutine ends
			err = &Failure{Cause: &PanicError{value}, Stack: debug.Stack()}
		}
	}()
	err = call()
	done = true
	if err != nil {
		err = &Failure{Cause: err}
	}
	return err
}

// looks is after how many events a fold looks whether its context has ended.
const looks = 1024

// fold makes a state of the entry, or of nothing, and the events up to the moment, and keeps it.
func (s *States) fold(ctx context.Context, t *tiers, q *Question, from cache.Entry, now moment) (cache.Entry, error) {
	before, _ := from.Value.(*held) // the question's, by now
	var kept any
	if before != nil {
		kept = before.kept
	}
	r := run{ctx: ctx, folder: q.Folder, kept: kept, last: from.Last}
	if now.visible > from.Sequence {
		first := from.Sequence + 1
		if hooks.Enabled && hooks.Planted(hooks.DeltaSkipsOne) && before != nil {
			first++
		}
		if err := r.over(s.Query(q.selected().Sequences(first, now.visible))); err != nil {
			if hooks.Enabled && hooks.Planted(hooks.FailedStateKept) && r.events > 0 {
				if kept, bytes, e := q.Folder.End(); e == nil && kept != nil {
					s.Offer(&q.Key, &cache.Entry{Sequence: now.visible, AsOf: now.now}, r.last, q.Of, kept, bytes)
				}
			}
			return cache.Entry{}, err
		}
	}
	entry := cache.Entry{Sequence: max(from.Sequence, now.visible), Last: r.last, AsOf: now.now, Value: from.Value, Bytes: from.Bytes}
	if r.events == 0 && before != nil {
		t.put(&q.Key, entry)
		return entry, nil
	}
	if err := r.begin(); err != nil {
		return cache.Entry{}, err
	}
	kept, bytes, err := q.Folder.End()
	if err != nil {
		return cache.Entry{}, err
	}
	if kept == nil {
		if t.memory != nil {
			s.unkept.Add(1)
		}
		entry.Value = nil
		return entry, nil
	}
	h := &held{of: q.Of, kept: kept, files: r.events}
	if before != nil {
		h.watch.Store(before.watch.Load())
		h.filed, h.files = before.filed, before.files+r.events
	}
	entry.Value, entry.Bytes = h, bytes+heldBytes
	s.file(t, q, h, &entry)
	t.put(&q.Key, entry)
	return entry, nil
}

// Offer keeps a state that a Folder made beside the one that was asked for.
func (s *States) Offer(key *cache.Key, beside *cache.Entry, last uint64, of, kept any, bytes int64) {
	s.tiers().put(key, cache.Entry{
		Sequence: beside.Sequence, Last: last, AsOf: beside.AsOf, Value: &held{of: of, kept: kept}, Bytes: bytes + heldBytes,
	})
}

// run is one pass over events.
type run struct {
	ctx    context.Context
	folder Folder
	kept   any
	begun  bool
	events int
	last   uint64

	current  event.Event // the last one
	applying bool        // it is in the Folder's hands
}

func (r *run) begin() error {
	if r.begun {
		return nil
	}
	r.begun = true
	return r.folder.Begin(r.kept)
}

// over folds the events. A panic of the Folder is its error, one of anything else goes on.
func (r *run) over(events func(yield func(event.Event, error) bool)) (err error) {
	defer func() {
		if !r.applying {
			return
		}
		if value := recover(); value != nil { // nil: the goroutine ends
			err = r.fail(&PanicError{value}, debug.Stack())
		}
	}()
	for ev, err := range events {
		if err != nil {
			return err
		}
		if r.events%looks == 0 {
			if err := r.ctx.Err(); err != nil {
				return err
			}
		}
		if err := r.begin(); err != nil {
			return err
		}
		r.current, r.applying = ev, true
		err := r.folder.Apply(&r.current)
		r.applying = false
		if err != nil {
			return r.fail(err, nil)
		}
		r.events++
		r.last = ev.Sequence
	}
	return nil
}

// fail returns the error of the present event, also where Apply called another function of the user's.
func (r *run) fail(cause error, stack []byte) error {
	if f, ok := cause.(*Failure); ok {
		cause, stack = f.Cause, f.Stack
	}
	return &Failure{ID: r.current.ID, Sequence: r.current.Sequence, Entity: r.current.Entity(), Cause: cause, Stack: stack}
}
