// Registry: which kinds are bound to which Go types. A registry is open, and takes types,
// until a store is opened with it; from then on it never changes, and is read without a lock.

package engine

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"

	"github.com/batpak/batpak/event"
)

// MaxTypeName is the length of the longest name of a typed kind, in bytes.
const MaxTypeName = 255

// Registry holds typed kinds, each put there by [Register]. The zero value is empty. A store is
// given one in [Options].Registry; several stores may share it. A registry that a store was opened with
// takes no further types. All uses may be concurrent.
type Registry struct {
	mu     sync.Mutex
	frozen bool
	byKind map[event.Kind]*definition
	byName map[string]*definition
	byType map[reflect.Type]*definition
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry { return new(Registry) }

// definition is what is the same for typed kinds of every Go type.
type definition struct {
	registry *Registry
	kind     event.Kind
	name     string
	version  uint32
	goType   reflect.Type

	decode func(event.Event) (any, error) // Type.Decode
	typed  any                            // the *typed[T] that this is a part of
}

// TypeInfo describes a typed kind.
type TypeInfo struct {
	Kind    event.Kind
	Name    string
	Version uint32 // the latest, from 1
	GoType  string // of that version
}

// Types returns the typed kinds of the registry in the order of their kinds.
func (r *Registry) Types() []TypeInfo {
	r.mu.Lock()
	defer r.mu.Unlock()
	types := make([]TypeInfo, 0, len(r.byKind))
	for _, d := range r.byKind {
		types = append(types, TypeInfo{Kind: d.kind, Name: d.name, Version: d.version, GoType: d.goType.String()})
	}
	slices.SortFunc(types, func(a, b TypeInfo) int { return cmp.Compare(a.Kind, b.Kind) })
	return types
}

// Register binds a kind to the Go type T, which is how its payload looks in the given version, to a name
// for people, 1 to [MaxTypeName] bytes of UTF-8, and to what turns payloads of the versions before it into
// T: one [Upcast] from each of the versions 1 to version-1, in any order.
//
// It refuses, with a [RegistrationError] that says which: a nil registry, and one that a store was
// opened with already; a reserved kind; a kind, a name or a Go type that the registry has; version 0; an
// upcaster that is missing, there twice, from a version that is not before version, nil, or whose Go types don't
// follow on each other up to T; and for T an interface, a pointer, or what no codec can carry. Nothing is
// registered then.
//
// T is stored as deterministic MessagePack, see package event, unless it encodes itself both ways: with MarshalMsg and
// UnmarshalMsg, as tinylib/msgp generates them, it is stored as that MessagePack, with AppendBinary and
// UnmarshalBinary as those raw bytes ([event.CodecRaw]). Neither of these reflects or allocates by itself.
func Register[T any](registry *Registry, kind event.Kind, name string, version uint32, upcasters ...Upcaster) (Type[T], error) {
	t := &typed[T]{coder: newCoder[T]()}
	t.definition = definition{registry: registry, kind: kind, name: name, version: version, goType: reflect.TypeFor[T](), typed: t}
	t.decode = func(ev event.Event) (any, error) {
		v, err := Type[T]{t}.Decode(ev)
		if err != nil {
			return nil, err
		}
		return v, nil
	}
	if err := t.check(); err != nil {
		return Type[T]{}, err
	}
	var err error
	if t.chain, err = t.link(upcasters); err != nil {
		return Type[T]{}, err
	}
	if err := registry.add(&t.definition); err != nil {
		return Type[T]{}, err
	}
	return Type[T]{t}, nil
}

// MustRegister is [Register] for variables and tests: it panics where that returns an error.
func MustRegister[T any](registry *Registry, kind event.Kind, name string, version uint32, upcasters ...Upcaster) Type[T] {
	t, err := Register[T](registry, kind, name, version, upcasters...)
	if err != nil {
		panic(err)
	}
	return t
}

// TypeOf returns the typed kind that the Go type T was registered with. The error is [ErrUnregistered].
func TypeOf[T any](registry *Registry) (Type[T], error) {
	goType := reflect.TypeFor[T]()
	if registry != nil {
		registry.mu.Lock()
		defer registry.mu.Unlock()
		if d := registry.byType[goType]; d != nil {
			return Type[T]{d.typed.(*typed[T])}, nil
		}
	}
	return Type[T]{}, &RegistrationError{
		Field: "type", Problem: "no kind is registered for " + goType.String(), Err: ErrUnregistered,
	}
}

// refuse returns the error of a registration.
func (d *definition) refuse(field, format string, args ...any) *RegistrationError {
	e := &RegistrationError{Kind: d.kind, Name: d.name, GoType: d.goType.String(), Field: field, Problem: fmt.Sprintf(format, args...)}
	if len(e.Name) > MaxTypeName {
		e.Name = ""
	}
	return e
}

// check refuses what is wrong whatever else is registered.
func (d *definition) check() error {
	switch {
	case d.registry == nil:
		return d.refuse("registry", "nil")
	case d.kind.Reserved():
		err := d.refuse("kind", "category 0x%X is reserved", d.kind.Category())
		err.Err = event.ErrReservedKind
		return err
	case d.name == "":
		return d.refuse("name", "empty, want 1 to %d bytes", MaxTypeName)
	case len(d.name) > MaxTypeName:
		return d.refuse("name", "%d bytes, at most %d", len(d.name), MaxTypeName)
	case !utf8.ValidString(d.name):
		return d.refuse("name", "not valid UTF-8")
	case d.version == 0:
		return d.refuse("version", "0, versions count from 1")
	case d.goType.Kind() == reflect.Interface:
		return d.refuse("type", "an interface does not say how payloads look")
	}
	if problem := uncarried(d.goType); problem != "" {
		return d.refuse("type", "%s", problem)
	}
	return nil
}

// uncarried says why values of a type can't be payloads; empty: they may.
func uncarried(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return "a pointer, register the type that it points to"
	case reflect.Interface:
		if t.NumMethod() != 0 {
			return "an interface with methods can't be decoded"
		}
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		return "values of kind " + t.Kind().String() + " have no encoding"
	}
	return ""
}

// add puts a typed kind that is sound in itself into the registry.
func (r *Registry) add(d *definition) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.frozen {
		return d.refuse("registry", "a store was opened with it, register before that")
	}
	if other := r.byKind[d.kind]; other != nil {
		return d.refuse("kind", "it is registered as %q (%s)", other.name, other.goType)
	}
	if other := r.byName[d.name]; other != nil {
		return d.refuse("name", "it is that of kind %s (%s)", other.kind, other.goType)
	}
	if other := r.byType[d.goType]; other != nil {
		return d.refuse("type", "it is registered for kind %s as %q", other.kind, other.name)
	}
	if r.byKind == nil {
		r.byKind, r.byName, r.byType = make(map[event.Kind]*definition), make(map[string]*definition), make(map[reflect.Type]*definition)
	}
	r.byKind[d.kind], r.byName[d.name], r.byType[d.goType] = d, d, d
	return nil
}

// freeze ends registration. A nil registry has none.
func (r *Registry) freeze() {
	if r == nil {
		return
	}
	r.mu.Lock()
	r.frozen = true
	r.mu.Unlock()
}

// of returns the typed kind of a frozen registry; nil: none.
func (r *Registry) of(kind event.Kind) *definition {
	if r == nil {
		return nil
	}
	return r.byKind[kind]
}

// Decode decodes the event's payload into a value of the Go type that is registered for its kind
// in [Options].Registry, upcast to the latest version: what [Type.Decode] returns, as an any. The store is not
// read; the event may be one that it yielded or any other.
//
// Errors: those of [Type.Decode]; a [TypeError] that is [ErrUnregistered] for a kind that has no type, also
// where the store was opened without a registry.
func (s *Store) Decode(ev event.Event) (any, error) {
	d := s.registry.of(ev.Kind)
	if d == nil {
		return nil, &TypeError{Sequence: ev.Sequence, ID: ev.ID, Kind: ev.Kind, Version: ev.Version, Err: ErrUnregistered}
	}
	return d.decode(ev)
}

// usable refuses a typed kind of a registry that is not the store's.
func (d *definition) usable(s *Store) error {
	if s.registry == d.registry {
		return nil
	}
	err := d.refuse("registry", "the store was opened with another one")
	if s.registry == nil {
		err.Problem = "the store was opened without one, Options.Registry must be that of the type"
	}
	err.Err = ErrUnregistered
	return err
}

func errZeroType() error {
	return &RegistrationError{Field: "type", Problem: "the zero Type has no kind, make one with Register", Err: ErrUnregistered}
}

// stamp returns the options with the type's version.
func (d *definition) stamp(options AppendOptions) (AppendOptions, error) {
	if options.Version != 0 && options.Version != d.version {
		return options, &OptionError{"Version", options.Version, "0 or " + strconv.FormatUint(uint64(d.version), 10) + ", the version of " + strconv.Quote(d.name)}
	}
	options.Version = d.version
	return options, nil
}
