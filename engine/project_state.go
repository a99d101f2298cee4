// States as they are kept: how they are copied, folded on, and encoded. What is kept is changed by nobody: callers and folds get
// copies.

package engine

import (
	"reflect"

	"github.com/batpak/batpak/engine/internal/project"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/internal/payload"
)

// kept is a state in the cache.
type kept[S any] struct {
	value   S
	encoded []byte // in place of value where states are copied by encoding
}

// copyOf returns a copy of a kept state.
func (p *Projection[S]) copyOf(k *kept[S]) (S, error) {
	if hooks.Enabled && hooks.Planted(hooks.CachedStateShared) && k.encoded == nil {
		return k.value, nil
	}
	switch p.copies {
	case copying[S](byValue):
		return k.value, nil
	case copying[S](byClone):
		return p.clone(k.value)
	}
	var value S
	err := project.Guard(func() error { return payload.Decode(payload.MessagePack, k.encoded, &value) })
	return value, err
}

// clone calls the fold's Clone.
func (p *Projection[S]) clone(value S) (copied S, err error) {
	err = project.Guard(func() error {
		copied = p.fold.Clone(value)
		return nil
	})
	return copied, err
}

// initial returns the state before the first event.
func (p *Projection[S]) initial() (state S, err error) {
	if p.fold.Initial == nil {
		return state, nil
	}
	err = project.Guard(func() error {
		state = p.fold.Initial()
		return nil
	})
	return state, err
}

// keep returns a state as it is kept, nil where it can't be, with its bytes, and one for the caller. The given one must not be used
// any more.
func (p *Projection[S]) keep(s *Store, state *S) (k *kept[S], bytes int64, own S, err error) {
	k, own = &kept[S]{value: *state}, *state
	switch p.copies {
	case copying[S](byClone):
		if own, err = p.clone(*state); err != nil {
			return nil, 0, own, err
		}
	case copying[S](byEncoding):
		var none S
		k.value = none
		if k.encoded, err = p.encode(nil, state); err != nil {
			p.tellUnkept(s, err)
			return nil, 0, own, nil // it is made anew each time
		}
	}
	bytes, err = p.size(k, state)
	return k, bytes, own, err
}

// encode appends the encoding of a state, or says why what is decoded from it would be another one: it is too large or too
// deep, say, a method of the user's fails, or parts of it are shared.
func (p *Projection[S]) encode(dst []byte, state *S) ([]byte, error) {
	encoded, err := payload.AppendMessagePack(dst, state)
	if err == nil && p.sharing != nil {
		err = p.sharing.In(reflect.ValueOf(state).Elem())
	}
	return encoded, err
}

// tellUnkept has the log say, once, that states are made anew each time, of all of their events.
func (p *Projection[S]) tellUnkept(s *Store, err error) {
	if s.states.Memory != nil && p.toldUnkept.CompareAndSwap(false, true) {
		s.logger.Warn("states of a projection are not kept, which a Fold.Clone may change", "projection", p.fold.Name, "error", err)
	}
}

// size returns what a kept state takes.
func (p *Projection[S]) size(k *kept[S], state *S) (bytes int64, err error) {
	switch {
	case p.fold.Size != nil:
		err = project.Guard(func() error {
			bytes = max(int64(p.fold.Size(*state)), 0)
			return nil
		})
	case k.encoded != nil:
		bytes = int64(cap(k.encoded)) + int64(reflect.TypeFor[S]().Size())
	default:
		bytes = project.Size(reflect.ValueOf(state).Elem())
	}
	return bytes, err
}

// folder folds one state.
type folder[S any] struct {
	p     *Projection[S]
	store *Store
	state S
	own   S    // the caller's, once ended
	ended bool // End was called and did not fail
}

func (f *folder[S]) Begin(before any) (err error) {
	if before == nil {
		f.state, err = f.p.initial()
	} else {
		f.state, err = f.p.copyOf(before.(*kept[S]))
	}
	return err
}

func (f *folder[S]) Apply(ev *event.Event) error { return f.p.fold.Apply(&f.state, *ev) }

func (f *folder[S]) End() (any, int64, error) {
	k, bytes, own, err := f.p.keep(f.store, &f.state)
	if err != nil {
		return nil, 0, err
	}
	f.own, f.ended = own, true
	if k == nil {
		return nil, 0, nil
	}
	return k, bytes, nil
}

func (f *folder[S]) Encode(dst []byte, before any) ([]byte, error) {
	k := before.(*kept[S])
	if k.encoded != nil {
		return append(dst, k.encoded...), nil
	}
	encoded, err := f.p.encode(dst, &k.value)
	if err != nil && len(encoded) > len(dst) { // it has an encoding, and parts that would come apart, as other states will
		f.p.apart.Store(true)
	}
	return encoded, err
}

func (f *folder[S]) Decode(encoded []byte) (any, int64, error) {
	var state S
	if err := payload.Decode(payload.MessagePack, encoded, &state); err != nil {
		return nil, 0, err
	}
	k := &kept[S]{value: state}
	if f.p.copies == copying[S](byEncoding) {
		var none S
		k.value, k.encoded = none, append([]byte(nil), encoded...)
	}
	bytes, err := f.p.size(k, &state)
	return k, bytes, err
}
