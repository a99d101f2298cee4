// This file holds questions: how new a state must be, and when one that is kept will do.

package project

import (
	"context"
	"math"
	"sync/atomic"
	"time"

	"github.com/batpak/batpak/cache"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/index"
)

// Need says how new a state must be. The zero value wants all that is visible.
type Need struct {
	Kind     NeedKind
	Age      time.Duration
	Sequence uint64
}

// NeedKind is a way to say it.
type NeedKind uint8

const (
	Consistent NeedKind = iota // with all that is visible when the question is asked
	MayBeStale                 // or that was so no longer ago than Age
	AtLeast                    // with all up to Sequence
)

// Question asks for a state.
type Question struct {
	Key    cache.Key
	Region event.Region
	// Kinds narrow the region; nil: all.
	Kinds []event.Kind
	Need  Need
	// Of tells states apart that can't take each other's place though their keys are equal, such as those of two types of one
	// name; it can be compared.
	Of any
	// Folder makes the state if none is kept that is new enough. It belongs to this question.
	Folder Folder
	// InFiles says that the state is kept in files too, where there are any.
	InFiles bool
	// Known is an answer to the same question that the asker kept; the zero Entry: none.
	Known cache.Entry

	landed uint64 // flights when it was looked for
}

// selected returns the region of the events that are folded.
func (q *Question) selected() event.Region {
	if len(q.Kinds) == 0 {
		return q.Region
	}
	return q.Region.Kind(q.Kinds...)
}

// Folder makes a state of events. Its errors, and those of the functions of the user's that it calls, end the question.
type Folder interface {
	// Begin begins with what End returned for an earlier question, or another Folder, and which it must not change; nil:
	// with the state before the first event.
	Begin(kept any) error
	// Apply takes the next event, which is valid until it returns.
	Apply(ev *event.Event) error
	// End returns what is to be kept, which nobody may change any more, and its bytes; nil: it can't be kept.
	End() (kept any, bytes int64, err error)
	// Encode appends what is kept to a file's bytes; Decode does the reverse.
	Encode(dst []byte, kept any) ([]byte, error)
	Decode(encoded []byte) (kept any, bytes int64, err error)
}

// held is the value of an entry. It never changes but for the watch, which is made when it is first of use.
type held struct {
	of    any
	kept  any
	watch atomic.Pointer[index.Watch]
	files int // events folded since it was written to its file
	filed bool
}

// owns reports whether an entry is an answer to the question.
func (q *Question) owns(e *cache.Entry) bool {
	h, ok := e.Value.(*held)
	return ok && h.of == q.Of
}

// heldBytes is what an entry takes beside what the Folder keeps: itself and the watch.
const heldBytes = 320

// Kept returns what a Folder's End, or Decode, returned for the entry.
func Kept(e *cache.Entry) any {
	if h, ok := e.Value.(*held); ok {
		return h.kept
	}
	return nil
}

// never is the AsOf of an entry that nobody knows the age of.
const never = math.MinInt64

// lagging is by how many sequences an entry that is up to date may say that it is older, before it is put anew.
const lagging = 64

// Current returns the best entry that is kept, its Value nil where there is none, and whether it answers the question at
// once. It allocates nothing. The question's Folder may be nil.
func (s *States) Current(q *Question) (best cache.Entry, enough bool) {
	t := s.tiers()
	q.landed = s.landed.Load()
	best, found := t.get(&q.Key)
	if !found || !q.owns(&best) {
		best = cache.Entry{}
	}
	if q.Known.Value != nil && (best.Value == nil || q.Known.Sequence > best.Sequence) {
		best = q.Known
	}
	return best, best.Value != nil && s.suffices(t, q, &best)
}

// suffices reports whether an entry is new enough, which it may be found to be up to a later sequence than it says.
func (s *States) suffices(t *tiers, q *Question, e *cache.Entry) bool {
	asOf := s.now()
	switch q.Need.Kind {
	case MayBeStale:
		if e.AsOf != never && asOf-e.AsOf <= int64(q.Need.Age) {
			return true
		}
	case AtLeast:
		if e.Sequence >= q.Need.Sequence {
			return true
		}
	}
	visible := s.Visible()
	if e.Sequence >= visible {
		return q.Need.Kind != AtLeast
	}
	if q.Need.Kind == AtLeast && visible < q.Need.Sequence {
		return false
	}
	h := e.Value.(*held)
	watch := h.watch.Load()
	if watch == nil {
		watch = index.NewWatch(q.selected())
		h.watch.Store(watch)
	}
	if s.MayHave(watch, e.Sequence, visible) {
		return false
	}
	behind := visible - e.Sequence
	e.Sequence, e.AsOf = visible, asOf
	if behind > lagging {
		t.put(&q.Key, *e)
	}
	return true
}

// Ask answers a question that Current did not, with what that found. Nothing had to be read where cached is true. The entry's Value is
// nil where the Folder's state can't be kept; Folder has it then.
func (s *States) Ask(ctx context.Context, q *Question, best cache.Entry) (entry cache.Entry, cached bool, err error) {
	if q.Need.Kind == AtLeast && s.Visible() < q.Need.Sequence {
		if _, err := s.Await(ctx, s.everything, q.Need.Sequence-1); err != nil {
			return cache.Entry{}, false, err
		}
	}
	t := s.tiers()
	if best.Value == nil && q.InFiles && t.files != nil {
		if best = s.fromFile(t, q); best.Value != nil && s.suffices(t, q, &best) {
			return best, true, nil
		}
	}
	if t.memory == nil {
		entry, err := s.fold(ctx, t, q, best, moment{s.now(), s.Visible()})
		return entry, false, err
	}
	entry, err = s.together(ctx, t, q, best)
	return entry, false, err
}
