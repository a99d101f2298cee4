// Typed kinds: a kind that knows the Go type of its payload, appended and decoded without casts.

package engine

import (
	"fmt"

	"github.com/batpak/batpak/event"
)

// Type is a kind bound to a Go type, a name and a version, made by [Register]. It appends values of
// the Go type and turns payloads of every version back into them:
//
//	registry := engine.NewRegistry()
//	placed := engine.MustRegister[Placed](registry, event.MustKind(1, 1), "order.placed", 2,
//		engine.Upcast(1, func(old PlacedV1) (Placed, error) { ... }))
//	store, err := engine.Open(path, engine.Options{Registry: registry})
//	receipt, err := placed.Append(store, at, Placed{...})
//	value, err := placed.Decode(ev)
//
// Types are small values to be copied; two copies are equal. All methods may be called concurrently. The zero Type is
// of use for nothing: what can fail returns [ErrUnregistered].
type Type[T any] struct {
	of *typed[T]
}

// typed is what a Type stands for.
type typed[T any] struct {
	definition
	coder *coder[T]
	chain []Upcaster // chain[i] goes from version i+1
}

// Kind returns the kind; that of the zero Type is 0.
func (t Type[T]) Kind() event.Kind {
	if t.of == nil {
		return 0
	}
	return t.of.kind
}

// Name returns the name.
func (t Type[T]) Name() string {
	if t.of == nil {
		return ""
	}
	return t.of.name
}

// Version returns the latest version, which is the one that is appended.
func (t Type[T]) Version() uint32 {
	if t.of == nil {
		return 0
	}
	return t.of.version
}

// String returns the name, the version and the kind, as in "order.placed v2 (0x1001)".
func (t Type[T]) String() string {
	if t.of == nil {
		return "unregistered type"
	}
	return fmt.Sprintf("%s v%d (%s)", t.of.name, t.of.version, t.of.kind)
}

// Append stores value as an event of the type's kind and version at the coordinate. It is
// [Store.Append], whose errors it has. In addition it refuses with [ErrUnregistered] the zero Type and a
// store that was not opened with the type's registry.
func (t Type[T]) Append(store *Store, at event.Coordinate, value T) (Receipt, error) {
	return t.AppendWith(store, at, value, AppendOptions{})
}

// AppendWith is [Type.Append] with options. Their Version is 0, or the type's own; another one is [ErrInvalid].
func (t Type[T]) AppendWith(store *Store, at event.Coordinate, value T, options AppendOptions) (Receipt, error) {
	if t.of == nil {
		return Receipt{}, errZeroType()
	}
	if err := t.of.usable(store); err != nil {
		return Receipt{}, err
	}
	options, err := t.of.stamp(options)
	if err != nil {
		return Receipt{}, err
	}
	r := t.of.coder.enter()
	defer t.of.coder.leave(r)
	r.value = value
	data, err := t.of.coder.encode(r)
	if err != nil {
		return Receipt{}, fmt.Errorf("append %q to %s: %w", t.of.name, at, err)
	}
	return store.AppendBytesWith(at, t.of.kind, t.of.coder.codec, data, options)
}

// React is [Type.AppendWith] of an event that the one with the id cause led to: [Store.AppendReaction] tells
// what that means, and has further errors.
func (t Type[T]) React(store *Store, cause event.ID, at event.Coordinate, value T, options AppendOptions) (Receipt, error) {
	if t.of == nil {
		return Receipt{}, errZeroType()
	}
	options, err := store.reacting(cause, options)
	if err != nil {
		return Receipt{}, err
	}
	return t.AppendWith(store, at, value, options)
}

// AddTo adds value to the batch as an event of the type's kind and version. The value is encoded at once, so changing it
// later changes nothing. What is wrong with it, the type (see [Type.Append]), or a Version in the item's options that is not
// the type's, makes [Store.AppendBatch] fail.
func (t Type[T]) AddTo(batch *Batch, at event.Coordinate, value T) *Item {
	if t.of == nil {
		item := batch.AddBytes(at, 0, event.CodecRaw, nil)
		item.err = errZeroType()
		return item
	}
	r := t.of.coder.enter()
	defer t.of.coder.leave(r)
	r.value = value
	data, err := t.of.coder.encode(r)
	item := batch.AddBytes(at, t.of.kind, t.of.coder.codec, append([]byte(nil), data...))
	item.err, item.typed = err, &t.of.definition
	return item.With(AppendOptions{})
}

// Decode returns the event's payload as a value of the type, which shares no memory with
// the event. Payloads of older versions go through the upcasters; an event that has no version, since it
// was not appended by a Type, counts as version 1.
//
// Errors: a [TypeError] that is [ErrOtherKind], [ErrNewerVersion], [event.ErrUndecodable], or what an upcaster
// returned; [event.ErrTombstone] for an event whose payload was dropped; [ErrUnregistered] of the zero Type. The value
// is then the zero value.
func (t Type[T]) Decode(ev event.Event) (T, error) {
	var zero T
	if t.of == nil {
		return zero, errZeroType()
	}
	version := max(ev.Version, 1)
	switch {
	case ev.Kind != t.of.kind:
		return zero, t.of.fail(&ev, 0, ErrOtherKind)
	case ev.Tombstone:
		return zero, &event.TombstoneError{ID: ev.ID, Sequence: ev.Sequence}
	case version > t.of.version:
		return zero, t.of.fail(&ev, 0, ErrNewerVersion)
	case version < t.of.version:
		return t.of.upcast(ev, version)
	}
	value, err := t.of.coder.decode(&ev)
	if err != nil {
		return zero, t.of.fail(&ev, 0, err)
	}
	return value, nil
}

// checkType refuses an item of a typed kind that the store has not, or whose options name another version.
func (i *Item) checkType(s *Store) error {
	if i.typed == nil {
		return nil
	}
	if err := i.typed.usable(s); err != nil {
		return err
	}
	_, err := i.typed.stamp(i.options)
	return err
}
