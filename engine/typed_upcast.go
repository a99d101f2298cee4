// Upcasting: payloads of old versions, turned step by step into values of the latest one.

package engine

import (
	"fmt"
	"reflect"

	"github.com/batpak/batpak/event"
)

// Upcaster turns the payload of one version of a typed kind into that of the next. [Upcast]
// makes one; the zero value is refused by [Register].
type Upcaster struct {
	from           uint32
	source, target reflect.Type
	decode         func(event.Event) (any, error)
	apply          func(any) (any, error) // nil: Upcast was given a nil function
}

// Upcast makes an upcaster of a function that turns a value of version from, which a payload of
// that version is decoded into, into the value of version from+1. From and To are the Go types of these
// versions; they may be the same. The function is called for each event of an old version that
// is decoded, at the same time by several goroutines; an error of it, and a panic, is that of
// decoding. The same event must give the same value each time.
//
// For a version whose Go type is not to be kept, From can be map[string]any or any, which
// then holds what [event.Event.Value] returns.
func Upcast[From, To any](from uint32, convert func(From) (To, error)) Upcaster {
	c := newCoder[From]()
	u := Upcaster{
		from: from, source: reflect.TypeFor[From](), target: reflect.TypeFor[To](),
		decode: func(ev event.Event) (any, error) {
			v, err := c.decode(&ev)
			return v, err
		},
	}
	if convert != nil {
		u.apply = func(v any) (_ any, err error) {
			defer func() {
				if cause := recover(); cause != nil {
					err = upcastPanic(cause)
				}
			}()
			source, _ := v.(From) // registration saw to it that v is one; a nil any is the zero any
			return convert(source)
		}
	}
	return u
}

// upcastPanic returns the error for a panic of an upcaster.
func upcastPanic(cause any) error {
	if err, ok := cause.(error); ok {
		return fmt.Errorf("panic: %w", err)
	}
	return fmt.Errorf("panic: %v", cause)
}

// link puts upcasters in the order of their versions and checks that they lead from
// version 1 to the type itself.
func (d *definition) link(upcasters []Upcaster) ([]Upcaster, error) {
	for i, u := range upcasters {
		switch {
		case u.source == nil:
			return nil, d.refuse("upcaster", "number %d of %d is the zero Upcaster, make one with Upcast", i+1, len(upcasters))
		case u.from == 0:
			return nil, d.refuse("upcaster", "from version 0, versions count from 1")
		case u.from >= d.version:
			return nil, d.refuse("upcaster", "from version %d, there is nothing behind version %d", u.from, d.version)
		case u.apply == nil:
			return nil, d.refuse("upcaster", "that from version %d is a nil function", u.from)
		}
		if problem := uncarried(u.source); problem != "" {
			return nil, d.refuse("upcaster", "from version %d, %s: %s", u.from, u.source, problem)
		}
	}
	var chain []Upcaster
	for from := uint32(1); from < d.version; from++ {
		var found *Upcaster
		for i := range upcasters {
			if upcasters[i].from != from {
				continue
			}
			if found != nil {
				return nil, d.refuse("upcaster", "there are two from version %d", from)
			}
			found = &upcasters[i]
		}
		if found == nil {
			return nil, d.refuse("upcaster", "there is none from version %d", from)
		}
		chain = append(chain, *found)
	}
	for i, u := range chain {
		next := d.goType
		if i+1 < len(chain) {
			next = chain[i+1].source
		}
		if u.target != next {
			return nil, d.refuse("upcaster", "that from version %d gives %s, version %d is %s", u.from, u.target, u.from+1, next)
		}
	}
	return chain, nil
}

// upcast decodes an event of an old version and takes it up to the latest.
func (t *typed[T]) upcast(ev event.Event, version uint32) (T, error) {
	var zero T
	v, err := t.chain[version-1].decode(ev)
	if err != nil {
		return zero, t.fail(&ev, 0, err)
	}
	for _, u := range t.chain[version-1:] {
		if v, err = u.apply(v); err != nil {
			return zero, t.fail(&ev, u.from, err)
		}
	}
	return v.(T), nil
}

// fail returns the error for an event that does not become a value.
func (d *definition) fail(ev *event.Event, upcaster uint32, err error) error {
	return &TypeError{
		Sequence: ev.Sequence, ID: ev.ID, Kind: ev.Kind, Version: ev.Version, Name: d.name, Known: d.version,
		Upcaster: upcaster, Err: err,
	}
}
