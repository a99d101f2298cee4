// Upcasting: payloads of every version become values of the latest.

package engine_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func TestPayloadsOfEveryVersionDecode(t *testing.T) {
	t.Parallel()
	path := quickDir(t)
	values := []struct {
		version uint32
		value   any
		want    order
	}{
		{0, orderV1{"tea", 2.5}, order{[]string{"tea"}, 250}},
		{1, orderV1{"tea+cup", 12.5}, order{[]string{"tea", "cup"}, 1250}},
		{2, orderV2{"tea+cup", 7}, order{[]string{"tea", "cup"}, 7}},
		{3, order{[]string{"tea"}, -1}, order{[]string{"tea"}, -1}},
	}
	s := mustOpen(t, path, engine.Options{}) // the program of before, which knew no types
	for _, v := range values {
		if _, err := s.AppendWith(here, orderKind, v.value, engine.AppendOptions{Version: v.version}); err != nil {
			t.Fatal(err)
		}
	}
	mustClose(t, s)
	kinds := newTypedKinds()
	s = mustOpen(t, path, engine.Options{Registry: kinds.registry})
	defer mustClose(t, s)
	for i, v := range values {
		ev := mustBeAt(t, s, uint64(i+1))
		if got, err := kinds.order.Decode(ev); err != nil || !reflect.DeepEqual(got, v.want) {
			t.Errorf("version %d by its type: %+v %v", v.version, got, err)
		}
		if got, err := s.Decode(ev); err != nil || !reflect.DeepEqual(got, v.want) {
			t.Errorf("version %d by the store: %+v %v", v.version, got, err)
		}
	}
}

func TestANewerVersionIsRefused(t *testing.T) {
	t.Parallel()
	s, kinds := typedStore(t, engine.Options{Sync: engine.SyncManual()})
	if _, err := s.AppendWith(here, orderKind, order{}, engine.AppendOptions{Version: 4}); err != nil {
		t.Fatal(err)
	}
	ev := mustBeAt(t, s, 1)
	_, byType := kinds.order.Decode(ev)
	_, byStore := s.Decode(ev)
	for _, err := range []error{byType, byStore} {
		var typed *engine.TypeError
		if !errors.Is(err, engine.ErrNewerVersion) || !errors.As(err, &typed) || typed.Version != 4 || typed.Known != 3 {
			t.Errorf("got %v", err)
		}
	}
}

func TestFailuresOfUpcastersAreErrors(t *testing.T) {
	t.Parallel()
	s, kinds := typedStore(t, engine.Options{Sync: engine.SyncManual()})
	for i, c := range []struct {
		old     orderV1
		problem string
		is      error
	}{
		{orderV1{"tea", -1}, `as "order": upcaster from version 1: negative price`, errNegative},
		{orderV1{"panic", 1}, "upcaster from version 1: panic: negative price", errNegative},
		{orderV1{"panic with a text", 1}, "upcaster from version 1: panic: on purpose", nil},
	} {
		if _, err := s.AppendWith(here, orderKind, c.old, engine.AppendOptions{Version: 1}); err != nil {
			t.Fatal(err)
		}
		got, err := kinds.order.Decode(mustBeAt(t, s, uint64(i+1)))
		var typed *engine.TypeError
		if !errors.As(err, &typed) || typed.Upcaster != 1 || typed.Sequence != uint64(i+1) || !strings.Contains(err.Error(), c.problem) || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%+v: %v", c.old, err)
		}
		if !reflect.DeepEqual(got, order{}) {
			t.Errorf("%+v: a value beside the error: %+v", c.old, got)
		}
	}
}

func TestAnOldVersionNeedsNoGoTypeOfItsOwn(t *testing.T) {
	t.Parallel()
	type now struct{ Name string }
	r := engine.NewRegistry()
	names := engine.MustRegister[now](r, otherKind, "name", 3,
		engine.Upcast(1, func(old any) (map[string]any, error) { return map[string]any{"name": old}, nil }),
		engine.Upcast(2, func(old map[string]any) (now, error) {
			name, _ := old["name"].(string)
			return now{name}, nil
		}))
	s := quickStore(t, engine.Options{Registry: r, Sync: engine.SyncManual()})
	for i, c := range []struct {
		version uint32
		value   any
		want    string
	}{{1, "ann", "ann"}, {1, nil, ""}, {2, map[string]any{"name": "bob"}, "bob"}, {3, now{"eve"}, "eve"}} {
		if _, err := s.AppendWith(here, otherKind, c.value, engine.AppendOptions{Version: c.version}); err != nil {
			t.Fatal(err)
		}
		if got, err := names.Decode(mustBeAt(t, s, uint64(i+1))); err != nil || got.Name != c.want {
			t.Errorf("version %d of %v: %+v %v", c.version, c.value, got, err)
		}
	}
}

func TestOldVersionsMayEncodeThemselves(t *testing.T) {
	t.Parallel()
	type size struct{ Width, Height int64 }
	r := engine.NewRegistry()
	sizes := engine.MustRegister[size](r, otherKind, "size", 3,
		engine.Upcast(1, func(p point) (packed, error) { return packed{uint64(p.X), uint64(p.Y)}, nil }),
		engine.Upcast(2, func(p packed) (size, error) { return size{int64(p.X), int64(p.Y)}, nil }))
	raw, _ := point{1, 2}.AppendBinary(nil)
	message, _ := (&packed{3, 4}).MarshalMsg(nil)
	for _, c := range []struct {
		version uint32
		codec   event.Codec
		payload []byte
		want    size
	}{{1, event.CodecRaw, raw, size{1, 2}}, {2, event.CodecMessagePack, message, size{3, 4}}} {
		ev := event.Event{Header: event.Header{Kind: otherKind, Version: c.version, Codec: c.codec}, Payload: c.payload}
		if got, err := sizes.Decode(ev); err != nil || got != c.want {
			t.Errorf("version %d: %+v %v", c.version, got, err)
		}
	}
}

func TestUpcastingAgreesWithConvertingByHand(t *testing.T) {
	t.Parallel()
	s, kinds := typedStore(t, engine.Options{Sync: engine.SyncManual()})
	rapid.Check(t, func(t *rapid.T) {
		v1 := orderV1{rapid.String().Draw(t, "item"), float64(rapid.Uint32().Draw(t, "cents")) / 100}
		if strings.HasPrefix(v1.Item, "panic") {
			return
		}
		v2, err := orderFromV1(v1)
		if err != nil {
			t.Fatal(err)
		}
		v3, err := orderFromV2(v2)
		if err != nil {
			t.Fatal(err)
		}
		for version, value := range []any{v1, v1, v2, v3} {
			r, err := s.AppendWith(here, orderKind, value, engine.AppendOptions{Version: uint32(version)})
			if err != nil {
				t.Fatal(err)
			}
			ev := mustBeAt(t, s, r.Sequence)
			got, err := kinds.order.Decode(ev)
			if err != nil || !reflect.DeepEqual(got, v3) {
				t.Fatalf("version %d: got %+v, want %+v (%v)", version, got, v3, err)
			}
		}
	})
}

func FuzzTypedDecode(f *testing.F) {
	kinds := newTypedKinds()
	raw, _ := point{1, 2}.AppendBinary(nil)
	message, _ := (&packed{3, 4}).MarshalMsg(nil)
	f.Add(uint32(3), uint8(2), []byte("\x82\xa5cents\x01\xa5items\x91\xa3tea"))
	f.Add(uint32(2), uint8(2), []byte("\x82\xa5cents\x01\xa4item\xa3tea"))
	f.Add(uint32(1), uint8(2), []byte("\x82\xa4item\xa5panic\xa5price\x01"))
	f.Add(uint32(0), uint8(1), []byte(`{"item":"tea","price":-1}`))
	f.Add(uint32(1), uint8(0), raw)
	f.Add(uint32(1), uint8(2), message)
	f.Add(uint32(4), uint8(3), []byte(nil))
	f.Fuzz(func(t *testing.T, version uint32, codec uint8, payload []byte) {
		for _, kind := range []event.Kind{orderKind, pointKind, packedKind} {
			ev := event.Event{Header: event.Header{Sequence: 1, Kind: kind, Version: version, Codec: event.Codec(codec)}, Payload: payload}
			_, byOrder := kinds.order.Decode(ev)
			_, byPoint := kinds.point.Decode(ev)
			_, byPacked := kinds.packed.Decode(ev)
			for own, err := range map[event.Kind]error{orderKind: byOrder, pointKind: byPoint, packedKind: byPacked} {
				var typed *engine.TypeError
				switch {
				case err != nil && !errors.As(err, &typed):
					t.Errorf("%s: not a TypeError: %v", own, err)
				case own != kind && !errors.Is(err, engine.ErrOtherKind):
					t.Errorf("%s decoded %s: %v", own, kind, err)
				case own == kind && own != orderKind && version > 1 && !errors.Is(err, engine.ErrNewerVersion):
					t.Errorf("%s decoded version %d: %v", own, version, err)
				}
			}
		}
	})
}
