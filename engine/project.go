// Projections: states that are folded from events.

package engine

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/batpak/batpak/cache"
	"github.com/batpak/batpak/engine/internal/project"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/internal/payload"
)

// MaxFoldName is the longest name of a [Fold], in bytes.
const MaxFoldName = 255

// Fold defines a projection: how the events of a region become a state. Its functions are called by whoever asks for a state, by
// one goroutine at a time for one state, but by many for many; a panic of any of them is returned as a [FoldError].
type Fold[S any] struct {
	// Name and Version are what kept states go by, with the type of the state and the kinds: a name of 1 to MaxFoldName bytes
	// of valid UTF-8, and any version. A fold that changes what it makes of events gets another version, or states of the old
	// one are taken for its own; so does one that only has the name of another.
	Name    string
	Version uint32
	// Kinds are those of the events that are folded; none: all kinds.
	Kinds []event.Kind
	// Initial returns the state before the first event; nil: the zero value.
	Initial func() S
	// Apply changes the state by one event, which is valid until it returns. It must depend on nothing but the
	// two, and begin no projection of the same state. An error, or a panic, ends the projection with a [FoldError], and the
	// state is thrown away.
	Apply func(state *S, ev event.Event) error
	// Clone returns a copy that shares nothing with the state that can be changed; it changes nothing, since others may be
	// copying the same state. nil: values without pointers, maps, slices and the like are copied as they are, others by
	// encoding and decoding them as MessagePack.
	//
	// A state that would not come back from that as it was needs a Clone. One of a type with unexported fields, interfaces,
	// functions, maps that "omitempty" leaves out, or keys that are times is refused by [NewProjection] without it. Other
	// states are looked at one by one: a state in which two pointers, maps or slices lead to the same object or array, as
	// an index and a list of the same orders do, or that has no encoding, as one nested deeper than 100 arrays and maps, one
	// longer than 64 MiB, or one whose own method to encode it fails, is given to the caller as it is and not kept:
	// each call reads the events again. The log says so once for a projection, and [CacheStats] counts it. With a
	// Clone such states are kept in memory, and not in files.
	//
	// What is not told is little: a time comes back without its location and its monotonic reading, an empty slice that
	// "omitempty" leaves out comes back as nil, a slice comes back without what is between its length and its
	// capacity, and a type with methods of its own to encode and decode it as they make it, whatever is shared inside of it.
	Clone func(state S) S
	// Size returns what a state takes in the cache, in bytes, with all that it refers to; nil: what is encoded is
	// measured, and other states are walked through, each object that pointers lead to counted once, up to 65,536 elements and
	// objects. What is larger is estimated from a sample, and can be far off where its parts differ much in size, or share
	// much: such a state needs a Size, or it takes much more memory than [CacheOptions.Bytes] says.
	Size func(state S) int
}

// Projection is a fold that was checked. It is made by [NewProjection] and may be used with any number of stores and
// goroutines.
type Projection[S any] struct {
	fold    Fold[S]
	key     cache.Key // but for the region
	kinds   string    // what goes behind the region's text in a key
	copies  copying[S]
	encodes error            // why states can't be kept in files; nil: they can
	sharing *payload.Sharing // nil: no two parts of a state can be shared, or it is never encoded

	told       atomic.Bool // that states can't be kept in files
	toldUnkept atomic.Bool // that some aren't kept at all
	apart      atomic.Bool // states that have a Clone have shared parts, so that they are not kept in files
}

// copying is how a state is given to several. Values of different S are different when they are compared as any.
type copying[S any] uint8

const (
	byValue copying[struct{}] = iota
	byClone
	byEncoding
)

// NewProjection checks a fold. What is wrong with it is an [OptionError], which is [ErrInvalid]: the name, no Apply, or a type of
// state that needs a Clone and has none.
func NewProjection[S any](fold Fold[S]) (*Projection[S], error) {
	switch {
	case fold.Name == "" || len(fold.Name) > MaxFoldName:
		return nil, &OptionError{"Fold.Name", fmt.Sprintf("of %d bytes", len(fold.Name)), fmt.Sprintf("of 1 to %d bytes", MaxFoldName)}
	case !utf8.ValidString(fold.Name):
		return nil, &OptionError{"Fold.Name", fmt.Sprintf("%q", fold.Name), "valid UTF-8"}
	case fold.Apply == nil:
		return nil, &OptionError{"Fold.Apply", "nil", "a function"}
	}
	t := reflect.TypeFor[S]()
	p := &Projection[S]{fold: fold, encodes: payload.Faithful(t)}
	p.key = cache.Key{Projection: fold.Name, Version: fold.Version, Type: project.Fingerprint(t)}
	if hooks.Enabled && hooks.Planted(hooks.StateVersionIgnored) {
		p.key.Version = 0
	}
	switch {
	case fold.Clone != nil:
		p.copies = copying[S](byClone)
	case project.Plain(t):
		p.copies = copying[S](byValue)
	case p.encodes == nil:
		p.copies = copying[S](byEncoding)
	default:
		return nil, &OptionError{"Fold.Clone", "nil", fmt.Sprintf("a function: states of type %s can't be copied by encoding them (%v)", t, p.encodes)}
	}
	if p.encodes == nil && p.copies != copying[S](byValue) {
		p.sharing = payload.SharingOf(t)
	}
	p.fold.Kinds = slices.Compact(slices.Sorted(slices.Values(fold.Kinds)))
	if len(p.fold.Kinds) > 0 {
		names := make([]string, len(p.fold.Kinds))
		for i, kind := range p.fold.Kinds {
			names[i] = kind.String()
		}
		p.kinds = " of kind " + strings.Join(names, "|") // nothing that the text of a region goes on with
	}
	return p, nil
}

// MustProjection is [NewProjection] that panics, for package variables.
func MustProjection[S any](fold Fold[S]) *Projection[S] {
	p, err := NewProjection(fold)
	if err != nil {
		panic(err)
	}
	return p
}

// Freshness says how new a state must be. The zero value is [Consistent].
type Freshness struct {
	need project.Need
}

// Consistent asks for a state of everything that is visible when the call begins.
func Consistent() Freshness { return Freshness{} }

// MayBeStale takes a kept state that was consistent no longer ago than age, at least 0; otherwise it is Consistent. Ages
// are measured by the process's own clock, which never goes backwards, not by that of the store's options. A state from a file
// counts as older than any.
func MayBeStale(age time.Duration) Freshness {
	return Freshness{project.Need{Kind: project.MayBeStale, Age: age}}
}

// AtLeast asks for a state of everything up to a sequence, which is waited for until it is visible, however long that is: also
// one that was not given yet. A kept state that is as new is taken, so that 0 takes any. It is how one reads what one has
// written: with the sequence of the receipt.
func AtLeast(sequence uint64) Freshness {
	return Freshness{project.Need{Kind: project.AtLeast, Sequence: sequence}}
}

// State is what a projection made of the events of a region.
type State[S any] struct {
	Value S // the caller's own
	// Sequence is the one up to which every event of the region is in it.
	Sequence uint64
	// Last is the sequence of the newest event that is in it; 0: there is none.
	Last uint64
	// Cached says that no event had to be read.
	Cached bool
}

// Project returns the state of a region: of one entity, with event.Entity, or of any other. It begins with a state that is kept,
// if there is one, and reads what came since; those who ask for the same state at the same time wait for one of them, who reads.
// It may be called concurrently, and looks whether ctx has ended every 1,024 events.
//
// Errors: a [FoldError] of the fold; [ErrCorrupt] when events of the region are damaged, so that there is no such state;
// [ErrMapFault]; the error of ctx; [ErrClosed]; [ErrInvalid] for what is nil or out of its range; [ErrReadOnly] and
// [ErrPoisoned] where AtLeast would wait and nothing is appended, or nothing any more. Nothing is kept of what fails.
// [ErrLost], as a [LossError], is the one that comes with a state: the sequence that AtLeast names was given up in an unclean end,
// and the state is that of everything visible.
func Project[S any](ctx context.Context, s *Store, p *Projection[S], region event.Region, fresh Freshness) (State[S], error) {
	if err := p.check(ctx, s, fresh); err != nil {
		return State[S]{}, err
	}
	lost := s.lostFor(&fresh)
	state, _, err := p.answer(ctx, s, p.question(region, fresh))
	return state, joinLost(err, lost)
}

// lostFor makes a need that can't be met, since its sequence was lost, one for everything, and returns the loss.
func (s *Store) lostFor(fresh *Freshness) error {
	if fresh.need.Kind != project.AtLeast {
		return nil
	}
	lost := s.lostAt(fresh.need.Sequence)
	if lost == nil {
		return nil
	}
	*fresh = Consistent()
	return &LossError{Position: lost.Sequence, First: lost.First, Last: lost.Last}
}

// check refuses what can't be asked.
func (p *Projection[S]) check(ctx context.Context, s *Store, fresh Freshness) error {
	switch {
	case ctx == nil:
		return fmt.Errorf("%w: the context is nil", ErrInvalid)
	case s == nil:
		return fmt.Errorf("%w: the store is nil", ErrInvalid)
	case p == nil || p.fold.Apply == nil:
		return fmt.Errorf("%w: the projection was not made by NewProjection", ErrInvalid)
	case fresh.need.Age < 0:
		return &OptionError{"MayBeStale", fresh.need.Age, "0 or more"}
	}
	if err := s.hub.Ended(); err != nil {
		return err
	}
	return ctx.Err()
}

// question returns what is asked of the store's states, without a Folder.
func (p *Projection[S]) question(region event.Region, fresh Freshness) project.Question {
	q := project.Question{Key: p.key, Region: region, Kinds: p.fold.Kinds, Need: fresh.need, Of: p.copies}
	q.Key.Region = region.String() + p.kinds
	return q
}

// answer returns the state that is asked for, the caller's own, and the entry that it is of.
func (p *Projection[S]) answer(ctx context.Context, s *Store, q project.Question) (State[S], cache.Entry, error) {
	best, enough := s.states.Current(&q)
	if !enough {
		return p.ask(ctx, s, q, best)
	}
	state, err := p.give(&best)
	state.Cached = err == nil
	return state, best, err
}

// ask has the state folded on from the best that is kept, as far as need be.
func (p *Projection[S]) ask(ctx context.Context, s *Store, q project.Question, best cache.Entry) (State[S], cache.Entry, error) {
	f := &folder[S]{p: p, store: s}
	q.Folder, q.InFiles = f, p.inFiles(s)
	entry, cached, err := s.states.Ask(ctx, &q, best)
	if err != nil {
		return State[S]{}, cache.Entry{}, p.failed(err)
	}
	state := State[S]{Value: f.own, Sequence: entry.Sequence, Last: entry.Last}
	if !f.ended {
		state, err = p.give(&entry)
	}
	state.Cached = cached
	return state, entry, err
}

// give returns a copy of a kept state.
func (p *Projection[S]) give(entry *cache.Entry) (State[S], error) {
	value, err := p.copyOf(project.Kept(entry).(*kept[S]))
	if err != nil {
		return State[S]{}, p.failed(err)
	}
	return State[S]{Value: value, Sequence: entry.Sequence, Last: entry.Last}, nil
}

// inFiles reports whether states are kept in files too. Where they should be and can't, the log says why, once.
func (p *Projection[S]) inFiles(s *Store) bool {
	if s.states.Files == nil {
		return false
	}
	if p.encodes != nil && p.told.CompareAndSwap(false, true) {
		s.logger.Warn("states of a projection can't be kept in files", "projection", p.fold.Name, "error", p.encodes)
	}
	return p.encodes == nil && !p.apart.Load()
}
