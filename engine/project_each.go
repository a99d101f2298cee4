// The states of many entities, made in one pass over their events.

package engine

import (
	"context"
	"maps"
	"reflect"

	"github.com/batpak/batpak/cache"
	"github.com/batpak/batpak/engine/internal/project"
	"github.com/batpak/batpak/event"
)

// ProjectEach returns the state of every entity that has events in the region, each as [Project] returns that of the region narrowed
// to the entity, all up to the same sequence. Entities whose events are not of the fold's kinds have none.
//
// It reads the region once, and the next time only what came since: the states are kept together, in memory only, as one
// that takes what all of them do. Each call copies every state. States of entities that events were read of are also
// offered to the cache one by one, for [Project]. Errors are those of Project, whichever entity they are of.
func ProjectEach[S any](ctx context.Context, s *Store, p *Projection[S], region event.Region, fresh Freshness) (map[string]State[S], error) {
	if err := p.check(ctx, s, fresh); err != nil {
		return nil, err
	}
	lost := s.lostFor(&fresh)
	q := p.question(region, fresh)
	q.Key.Region += " by entity"
	q.Of = each[S](p.copies)
	best, enough := s.states.Current(&q)
	if enough {
		states, err := p.giveEach(&best, nil, true)
		return states, joinLost(err, lost)
	}
	f := &eachFolder[S]{p: p, store: s}
	q.Folder = f
	entry, cached, err := s.states.Ask(ctx, &q, best)
	if err != nil {
		return nil, p.failed(err)
	}
	p.offerEach(s, f, region, &entry)
	states, err := p.giveEach(&entry, f, cached)
	return states, joinLost(err, lost)
}

// each tells states of many entities apart from those of one.
type each[S any] uint8

// keptEach are the states of many entities.
type keptEach[S any] map[string]keptOne[S]

// keptOne is one of them.
type keptOne[S any] struct {
	*kept[S]
	last  uint64
	bytes int64
}

// work is a state that is folded.
type work[S any] struct {
	state S
	last  uint64
}

// eachFolder folds many states.
type eachFolder[S any] struct {
	p      *Projection[S]
	store  *Store
	before keptEach[S]
	works  map[string]*work[S] // entities that events came of
	own    map[string]S        // the caller's, once ended
	all    keptEach[S]
}

func (f *eachFolder[S]) Begin(before any) error {
	f.before, _ = before.(keptEach[S])
	f.works = make(map[string]*work[S])
	return nil
}

func (f *eachFolder[S]) Apply(ev *event.Event) (err error) {
	w := f.works[ev.Entity()]
	if w == nil {
		w = new(work[S])
		if one, ok := f.before[ev.Entity()]; ok {
			w.state, err = f.p.copyOf(one.kept)
		} else {
			w.state, err = f.p.initial()
		}
		if err != nil {
			return err
		}
		f.works[ev.Entity()] = w
	}
	w.last = ev.Sequence
	return f.p.fold.Apply(&w.state, *ev)
}

func (f *eachFolder[S]) End() (any, int64, error) {
	all := maps.Clone(f.before)
	if all == nil {
		all = make(keptEach[S], len(f.works))
	}
	own, whole := make(map[string]S, len(f.works)), true
	for name, w := range f.works {
		k, bytes, state, err := f.p.keep(f.store, &w.state)
		if err != nil {
			return nil, 0, err
		}
		own[name] = state
		all[name] = keptOne[S]{kept: k, last: w.last, bytes: bytes}
		whole = whole && k != nil
	}
	f.own, f.all = own, all
	if !whole {
		return nil, 0, nil
	}
	var bytes int64
	for name, one := range all {
		bytes += one.bytes + 2*int64(len(name)) + 2*int64(reflect.TypeFor[keptOne[S]]().Size())
	}
	return all, bytes, nil
}

// States of many entities are not kept in files.
func (f *eachFolder[S]) Encode(dst []byte, _ any) ([]byte, error) { return dst, errNotInFiles }

func (f *eachFolder[S]) Decode([]byte) (any, int64, error) { return nil, 0, errNotInFiles }

// giveEach returns the states of an answer; f is nil, or has some of them for the caller already.
func (p *Projection[S]) giveEach(entry *cache.Entry, f *eachFolder[S], cached bool) (map[string]State[S], error) {
	all, _ := project.Kept(entry).(keptEach[S])
	if f != nil && f.all != nil {
		all = f.all
	}
	states := make(map[string]State[S], len(all))
	for name, one := range all {
		state := State[S]{Sequence: entry.Sequence, Last: one.last, Cached: cached}
		if own, ok := ownOf(f, name); ok {
			state.Value = own
		} else {
			value, err := p.copyOf(one.kept)
			if err != nil {
				return nil, p.failed(err)
			}
			state.Value = value
		}
		states[name] = state
	}
	return states, nil
}

func ownOf[S any](f *eachFolder[S], name string) (state S, ok bool) {
	if f == nil {
		return state, false
	}
	state, ok = f.own[name]
	return state, ok
}

// mostOffered is how many states of one pass are offered to the cache one by one: more would push each other out.
const mostOffered = 4096

// offerEach offers the states that were folded, each for the region of its entity.
func (p *Projection[S]) offerEach(s *Store, f *eachFolder[S], region event.Region, entry *cache.Entry) {
	offered := 0
	for name := range f.own {
		one := f.all[name]
		if one.kept == nil {
			continue
		}
		if offered++; offered > mostOffered {
			return
		}
		key := p.key
		key.Region = region.Entity(name).String() + p.kinds
		s.states.Offer(&key, entry, one.last, p.copies, one.kept, one.bytes)
	}
}
