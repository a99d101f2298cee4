// Registration: everything that is wrong is refused there, by name, and changes nothing.

package engine_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func same[T any](v T) (T, error) { return v, nil }

func TestRegistrationRefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	type (
		v1    struct{ A int }
		v2    struct{ B int }
		v3    struct{ C int }
		other struct{ D int }
	)
	up12 := engine.Upcast(1, func(v v1) (v2, error) { return v2{v.A}, nil })
	up23 := engine.Upcast(2, func(v v2) (v3, error) { return v3{v.B}, nil })
	kind := event.MustKind(2, 1)
	for _, c := range []struct {
		name     string
		register func(r *engine.Registry) error
		field    string
		problem  string
	}{
		{"a system kind", register[v1](event.SystemInit, "x", 1), "kind", "category 0x0 is reserved"},
		{"the zero kind", register[v1](0, "x", 1), "kind", "category 0x0 is reserved"},
		{"an effect kind", register[v1](event.EffectAck, "x", 1), "kind", "category 0xD is reserved"},
		{"no name", register[v1](kind, "", 1), "name", "empty"},
		{"a long name", register[v1](kind, strings.Repeat("x", 256), 1), "name", "256 bytes, at most 255"},
		{"a name that is no text", register[v1](kind, "\xff", 1), "name", "not valid UTF-8"},
		{"version 0", register[v1](kind, "x", 0), "version", "0, versions count from 1"},
		{"an interface", register[any](kind, "x", 1), "type", "an interface does not say"},
		{"a pointer", register[*v1](kind, "x", 1), "type", "a pointer, register the type"},
		{"a channel", register[chan int](kind, "x", 1), "type", "kind chan have no encoding"},
		{"a function", register[func()](kind, "x", 1), "type", "kind func have no encoding"},
		{"no upcaster", register[v2](kind, "x", 2), "upcaster", "there is none from version 1"},
		{"a gap at the front", register[v3](kind, "x", 3, up23), "upcaster", "there is none from version 1"},
		{"a gap at the end", register[v3](kind, "x", 3, up12), "upcaster", "there is none from version 2"},
		{"a version far away", register[v3](kind, "x", 1<<32-1, up12), "upcaster", "there is none from version 2"},
		{"the same upcaster twice", register[v3](kind, "x", 3, up12, up23, up12), "upcaster", "there are two from version 1"},
		{"an upcaster of the latest version", register[v1](kind, "x", 1, up12), "upcaster", "from version 1, there is nothing behind version 1"},
		{"an upcaster of a later version", register[v2](kind, "x", 2, up12, up23), "upcaster", "from version 2, there is nothing behind version 2"},
		{"an upcaster from version 0", register[v2](kind, "x", 2, engine.Upcast(0, same[v2])), "upcaster", "from version 0"},
		{"the zero upcaster", register[v2](kind, "x", 2, engine.Upcaster{}), "upcaster", "number 1 of 1 is the zero Upcaster"},
		{"a nil function", register[v2](kind, "x", 2, engine.Upcast[v1, v2](1, nil)), "upcaster", "from version 1 is a nil function"},
		{"an upcaster to another type", register[other](kind, "x", 2, up12), "upcaster", "that from version 1 gives engine_test.v2, version 2 is engine_test.other"},
		{"upcasters that don't fit", register[v3](kind, "x", 3, engine.Upcast(1, same[v1]), up23), "upcaster", "that from version 1 gives engine_test.v1, version 2 is engine_test.v2"},
		{"an upcaster from an interface", register[v1](kind, "x", 2, engine.Upcast(1, func(fmt.Stringer) (v1, error) { return v1{}, nil })), "upcaster", "an interface with methods can't be decoded"},
		{"a kind that is taken", register[v1](orderKind, "x", 1), "kind", `it is registered as "order" (engine_test.order)`},
		{"a name that is taken", register[v1](kind, "order", 1), "name", "it is that of kind 0x1001 (engine_test.order)"},
		{"a Go type that is taken", register[order](kind, "x", 1), "type", `it is registered for kind 0x1001 as "order"`},
	} {
		kinds := newTypedKinds()
		before := kinds.registry.Types()
		err := c.register(kinds.registry)
		var refused *engine.RegistrationError
		if !errors.As(err, &refused) || !errors.Is(err, engine.ErrInvalid) || refused.Field != c.field || !strings.Contains(err.Error(), c.problem) {
			t.Errorf("%s: got %v", c.name, err)
		}
		if got := errors.Is(err, event.ErrReservedKind); got != strings.Contains(c.problem, "reserved") {
			t.Errorf("%s: it is ErrReservedKind: %v", c.name, got)
		}
		if !reflect.DeepEqual(kinds.registry.Types(), before) {
			t.Errorf("%s: the registry changed", c.name)
		}
	}
	if err := register[v1](kind, "x", 1)(nil); !errors.Is(err, engine.ErrInvalid) || !strings.Contains(err.Error(), "registry: nil") {
		t.Errorf("a nil registry: %v", err)
	}
}

// register returns a call of Register that returns its error.
func register[T any](kind event.Kind, name string, version uint32, upcasters ...engine.Upcaster) func(*engine.Registry) error {
	return func(r *engine.Registry) error {
		t, err := engine.Register[T](r, kind, name, version, upcasters...)
		if err != nil && t != (engine.Type[T]{}) {
			return fmt.Errorf("a type beside the error: %s", t)
		}
		return err
	}
}

func TestMustRegisterPanicsWithTheError(t *testing.T) {
	t.Parallel()
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, event.ErrReservedKind) {
			t.Errorf("got %v", err)
		}
	}()
	engine.MustRegister[point](engine.NewRegistry(), event.SystemInit, "x", 1)
}

func TestARegistryTakesNoTypesOnceAStoreIsOpenedWithIt(t *testing.T) {
	t.Parallel()
	_, kinds := typedStore(t, engine.Options{})
	_, err := engine.Register[orderV1](kinds.registry, otherKind, "other", 1)
	var refused *engine.RegistrationError
	if !errors.As(err, &refused) || refused.Field != "registry" || !strings.Contains(err.Error(), "a store was opened with it") {
		t.Errorf("got %v", err)
	}
	if _, err := engine.TypeOf[orderV1](kinds.registry); !errors.Is(err, engine.ErrUnregistered) {
		t.Errorf("it was registered all the same: %v", err)
	}
}

func TestStoresMayShareARegistry(t *testing.T) {
	t.Parallel()
	kinds := newTypedKinds()
	for range 2 {
		s := quickStore(t, engine.Options{Registry: kinds.registry, Sync: engine.SyncManual()})
		if _, err := kinds.point.Append(s, here, point{1, 2}); err != nil {
			t.Fatal(err)
		}
		if v, err := s.Decode(mustBeAt(t, s, 1)); err != nil || v != (point{1, 2}) {
			t.Errorf("got %v %v", v, err)
		}
	}
}

func TestARegistryListsItsTypesInTheOrderOfTheirKinds(t *testing.T) {
	t.Parallel()
	want := []engine.TypeInfo{
		{orderKind, "order", 3, "engine_test.order"}, {pointKind, "point", 1, "engine_test.point"}, {packedKind, "packed point", 1, "engine_test.packed"},
	}
	if got := newTypedKinds().registry.Types(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	if got := new(engine.Registry).Types(); len(got) != 0 {
		t.Errorf("an empty one: %v", got)
	}
}

func TestRegistrationMayBeConcurrent(t *testing.T) {
	t.Parallel()
	r := new(engine.Registry)
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() {
			// All ask for the same name, with kinds of their own.
			_, errs[i] = engine.Register[order](r, event.MustKind(3, uint16(i)), "one", 3, engine.Upcast(1, orderFromV1), engine.Upcast(2, orderFromV2))
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !errors.Is(err, engine.ErrInvalid) {
			t.Error(err)
		}
	}
	if won != 1 || len(r.Types()) != 1 {
		t.Errorf("%d registered, the registry has %v", won, r.Types())
	}
}
