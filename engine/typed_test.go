// Typed kinds: what is appended comes back, and what doesn't fit is refused by name.

package engine_test

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func TestATypedValueComesBack(t *testing.T) {
	t.Parallel()
	s, kinds := typedStore(t, engine.Options{})
	want := order{Items: []string{"tea", "cup"}, Cents: 1250}
	receipt, err := kinds.order.Append(s, here, want)
	if err != nil {
		t.Fatal(err)
	}
	ev := mustBeAt(t, s, receipt.Sequence)
	if ev.Kind != orderKind || ev.Version != 3 || ev.Codec != event.CodecMessagePack || ev.ID != receipt.ID {
		t.Errorf("stored as %s version %d codec %s", ev.Kind, ev.Version, ev.Codec)
	}
	if got, err := kinds.order.Decode(ev); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("by its type: %+v %v", got, err)
	}
	if got, err := s.Decode(ev); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("by the store: %+v %v", got, err)
	}
}

func TestATypedAppendStoresWhatAppendWouldStore(t *testing.T) {
	t.Parallel()
	s, kinds := typedStore(t, engine.Options{Sync: engine.SyncManual()})
	value := order{Items: []string{"tea"}, Cents: 3}
	options := engine.AppendOptions{Tags: []string{"a"}, Metadata: []byte("m"), Flags: event.RequiresAck, Lane: 7}
	if _, err := kinds.order.AppendWith(s, here, value, options); err != nil {
		t.Fatal(err)
	}
	options.Version = 3
	if _, err := s.AppendWith(here, orderKind, value, options); err != nil {
		t.Fatal(err)
	}
	a, b := mustBeAt(t, s, 1), mustBeAt(t, s, 2)
	if !bytes.Equal(a.Payload, b.Payload) || a.Version != b.Version || a.Codec != b.Codec || !reflect.DeepEqual(a.Tags, b.Tags) ||
		!bytes.Equal(a.Metadata, b.Metadata) || a.Flags != b.Flags || a.Position.Lane != b.Position.Lane {
		t.Errorf("typed %+v, untyped %+v", a, b)
	}
}

func TestTypesThatEncodeThemselvesAreStoredAsTheyEncode(t *testing.T) {
	t.Parallel()
	s, kinds := typedStore(t, engine.Options{Sync: engine.SyncManual()})
	if _, err := kinds.point.Append(s, here, point{1, -2}); err != nil {
		t.Fatal(err)
	}
	if _, err := kinds.packed.Append(s, here, packed{3, 4}); err != nil {
		t.Fatal(err)
	}
	raw, message := mustBeAt(t, s, 1), mustBeAt(t, s, 2)
	if want, _ := (point{1, -2}).AppendBinary(nil); raw.Codec != event.CodecRaw || !bytes.Equal(raw.Payload, want) {
		t.Errorf("raw: %s %x", raw.Codec, raw.Payload)
	}
	if want, _ := (&packed{3, 4}).MarshalMsg(nil); message.Codec != event.CodecMessagePack || !bytes.Equal(message.Payload, want) {
		t.Errorf("MessagePack: %s %x", message.Codec, message.Payload)
	}
	if got, err := kinds.point.Decode(raw); err != nil || got != (point{1, -2}) {
		t.Errorf("raw: %+v %v", got, err)
	}
	if got, err := kinds.packed.Decode(message); err != nil || got != (packed{3, 4}) {
		t.Errorf("MessagePack: %+v %v", got, err)
	}
	// Without the type both can still be read.
	var p point
	if err := raw.Decode(&p); err != nil || p != (point{1, -2}) {
		t.Errorf("raw by its codec: %+v %v", p, err)
	}
	if v, err := message.Value(); err != nil || !reflect.DeepEqual(v, []any{int64(3), int64(4)}) {
		t.Errorf("MessagePack by its codec: %+v %v", v, err)
	}
}

func TestPayloadsOfAnotherCodecAreDecodedByTheirCodec(t *testing.T) {
	t.Parallel()
	s, kinds := typedStore(t, engine.Options{Sync: engine.SyncManual()})
	version := engine.AppendOptions{Version: 3}
	if _, err := s.AppendBytesWith(here, orderKind, event.CodecJSON, []byte(`{"Items":["tea"],"Cents":5}`), version); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Append(here, pointKind, point{1, 2}); err != nil { // bytes in MessagePack, without a version
		t.Fatal(err)
	}
	if got, err := kinds.order.Decode(mustBeAt(t, s, 1)); err != nil || !reflect.DeepEqual(got, order{[]string{"tea"}, 5}) {
		t.Errorf("JSON: %+v %v", got, err)
	}
	if got, err := kinds.point.Decode(mustBeAt(t, s, 2)); err != nil || got != (point{1, 2}) {
		t.Errorf("bytes in MessagePack: %+v %v", got, err)
	}
}

func TestADecodedValueHasNothingOfTheOneBefore(t *testing.T) {
	t.Parallel()
	s, kinds := typedStore(t, engine.Options{Sync: engine.SyncManual()})
	if _, err := kinds.order.Append(s, here, order{Items: []string{"tea"}, Cents: 5}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.AppendWith(here, orderKind, map[string]any{}, engine.AppendOptions{Version: 3}); err != nil {
		t.Fatal(err)
	}
	full, empty := mustBeAt(t, s, 1), mustBeAt(t, s, 2)
	for range 10 {
		first, err := kinds.order.Decode(full)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := kinds.order.Decode(empty); err != nil || got.Items != nil || got.Cents != 0 {
			t.Fatalf("a payload without fields: %+v %v", got, err)
		}
		if second, err := kinds.order.Decode(full); err != nil || &second.Items[0] == &first.Items[0] {
			t.Fatalf("two values share memory (%v)", err)
		}
	}
}

func TestAnEventOfAnotherKindIsRefused(t *testing.T) {
	t.Parallel()
	s, kinds := typedStore(t, engine.Options{Sync: engine.SyncManual()})
	r, err := kinds.point.Append(s, here, point{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = kinds.order.Decode(mustBeAt(t, s, r.Sequence))
	var typed *engine.TypeError
	if !errors.Is(err, engine.ErrOtherKind) || !errors.As(err, &typed) || typed.Sequence != 1 || typed.ID != r.ID || typed.Kind != pointKind || typed.Name != "order" {
		t.Errorf("got %v", err)
	}
	want := "batpak: event 1 (" + r.ID.String() + ", kind 0x1002, version 1) as \"order\" version 3: batpak: event is of another kind"
	if err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
}

func TestAKindWithoutATypeIsRefused(t *testing.T) {
	t.Parallel()
	s, _ := typedStore(t, engine.Options{Sync: engine.SyncManual()})
	if _, err := s.Append(here, otherKind, 1); err != nil {
		t.Fatal(err)
	}
	ev := mustBeAt(t, s, 1)
	without := quickStore(t, engine.Options{})
	for name, store := range map[string]*engine.Store{"a registry without the kind": s, "no registry": without} {
		_, err := store.Decode(ev)
		var typed *engine.TypeError
		if !errors.Is(err, engine.ErrUnregistered) || !errors.As(err, &typed) || typed.Kind != otherKind || typed.Name != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAPayloadThatDoesNotFitIsAnErrorThatNamesTheEvent(t *testing.T) {
	t.Parallel()
	s, kinds := typedStore(t, engine.Options{Sync: engine.SyncManual()})
	for _, c := range []struct {
		kind    event.Kind
		codec   event.Codec
		payload string
		version uint32
		decode  func(event.Event) error
	}{
		{orderKind, event.CodecMessagePack, "\xc1", 3, func(ev event.Event) error { _, err := kinds.order.Decode(ev); return err }},
		{orderKind, event.CodecMessagePack, "\x01", 1, func(ev event.Event) error { _, err := kinds.order.Decode(ev); return err }},
		{orderKind, event.CodecRaw, "x", 3, func(ev event.Event) error { _, err := kinds.order.Decode(ev); return err }},
		{pointKind, event.CodecRaw, "too short", 1, func(ev event.Event) error { _, err := kinds.point.Decode(ev); return err }},
		{packedKind, event.CodecMessagePack, "\xc0", 1, func(ev event.Event) error { _, err := kinds.packed.Decode(ev); return err }},
	} {
		r, err := s.AppendBytesWith(here, c.kind, c.codec, []byte(c.payload), engine.AppendOptions{Version: c.version})
		if err != nil {
			t.Fatal(err)
		}
		ev := mustBeAt(t, s, r.Sequence)
		var typed *engine.TypeError
		for _, err := range []error{c.decode(ev), func() error { _, err := s.Decode(ev); return err }()} {
			if !errors.Is(err, event.ErrUndecodable) || !errors.As(err, &typed) || typed.Sequence != r.Sequence || typed.Known == 0 {
				t.Errorf("%s %q: %v", c.kind, c.payload, err)
			}
		}
	}
}

func TestATombstoneIsNoValue(t *testing.T) {
	t.Parallel()
	kinds := newTypedKinds()
	ev := event.Event{Header: event.Header{Sequence: 5, Kind: pointKind, Version: 1, Tombstone: true}}
	if _, err := kinds.point.Decode(ev); !errors.Is(err, event.ErrTombstone) {
		t.Errorf("got %v", err)
	}
}

func TestAVersionThatIsNotTheTypesIsRefused(t *testing.T) {
	t.Parallel()
	s, kinds := typedStore(t, engine.Options{Sync: engine.SyncManual()})
	_, err := kinds.order.AppendWith(s, here, order{}, engine.AppendOptions{Version: 2})
	var option *engine.OptionError
	if !errors.As(err, &option) || option.Field != "Version" || !strings.Contains(err.Error(), `option Version is 2, must be 0 or 3, the version of "order"`) {
		t.Errorf("got %v", err)
	}
	if _, err := kinds.order.AppendWith(s, here, order{}, engine.AppendOptions{Version: 3}); err != nil {
		t.Errorf("the type's own version: %v", err)
	}
	if got := s.Stats().Staged; got != 1 {
		t.Errorf("%d events are stored", got)
	}
}

func TestAValueThatCannotBeEncodedIsRefused(t *testing.T) {
	t.Parallel()
	r := engine.NewRegistry()
	calls := engine.MustRegister[struct{ Call func() }](r, otherKind, "call", 1)
	s := quickStore(t, engine.Options{Registry: r})
	_, err := calls.Append(s, here, struct{ Call func() }{})
	if !errors.Is(err, event.ErrUnencodable) || !errors.Is(err, engine.ErrInvalid) || !strings.Contains(err.Error(), `append "call" to entity@scope`) {
		t.Errorf("got %v", err)
	}
	if got := s.Stats().Staged; got != 0 {
		t.Errorf("%d events are stored", got)
	}
}

func TestTheZeroTypeIsRefusedEverywhere(t *testing.T) {
	t.Parallel()
	s, _ := typedStore(t, engine.Options{})
	var zero engine.Type[order]
	var batch engine.Batch
	zero.AddTo(&batch, here, order{})
	for name, call := range map[string]func() error{
		"Append":     func() error { _, err := zero.Append(s, here, order{}); return err },
		"AppendWith": func() error { _, err := zero.AppendWith(s, here, order{}, engine.AppendOptions{}); return err },
		"React": func() error {
			_, err := zero.React(s, event.MakeID(1, 1, 1), here, order{}, engine.AppendOptions{})
			return err
		},
		"AddTo":  func() error { _, err := s.AppendBatch(&batch); return err },
		"Decode": func() error { _, err := zero.Decode(event.Event{}); return err },
	} {
		if err := call(); !errors.Is(err, engine.ErrUnregistered) || !errors.Is(err, engine.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if zero.Kind() != 0 || zero.Name() != "" || zero.Version() != 0 || zero.String() != "unregistered type" {
		t.Errorf("it is %s, %q, %d, %s", zero.Kind(), zero.Name(), zero.Version(), zero)
	}
}

func TestATypeIsRefusedByAStoreWithoutItsRegistry(t *testing.T) {
	t.Parallel()
	kinds := newTypedKinds()
	for name, c := range map[string]struct {
		registry *engine.Registry
		problem  string
	}{
		"none":    {nil, "the store was opened without one"},
		"another": {newTypedKinds().registry, "the store was opened with another one"},
	} {
		s := quickStore(t, engine.Options{Registry: c.registry})
		_, err := kinds.order.Append(s, here, order{})
		var registration *engine.RegistrationError
		if !errors.Is(err, engine.ErrUnregistered) || !errors.As(err, &registration) || registration.Field != "registry" || !strings.Contains(err.Error(), c.problem) {
			t.Errorf("%s: %v", name, err)
		}
		var batch engine.Batch
		kinds.order.AddTo(&batch, here, order{})
		_, err = s.AppendBatch(&batch)
		var failed *engine.BatchError
		if !errors.Is(err, engine.ErrUnregistered) || !errors.As(err, &failed) || failed.Item != 0 || failed.Stage != engine.StageValidate {
			t.Errorf("%s, batch: %v", name, err)
		}
	}
}

func TestATypeSaysWhatItIs(t *testing.T) {
	t.Parallel()
	kinds := newTypedKinds()
	if o := kinds.order; o.Kind() != orderKind || o.Name() != "order" || o.Version() != 3 || o.String() != "order v3 (0x1001)" {
		t.Errorf("it is %s, %q, %d, %s", o.Kind(), o.Name(), o.Version(), o)
	}
	if again, err := engine.TypeOf[order](kinds.registry); err != nil || again != kinds.order {
		t.Errorf("by its Go type: %v %v", again, err)
	}
	for _, r := range []*engine.Registry{nil, new(engine.Registry)} {
		if _, err := engine.TypeOf[order](r); !errors.Is(err, engine.ErrUnregistered) {
			t.Errorf("of an empty registry: %v", err)
		}
	}
}
