// Benchmarks of typed kinds: types that encode themselves, types that are reflected on, and the same bytes
// without a type.

package engine_test

import (
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// plainPoint is a point without methods.
type plainPoint struct {
	X int64 `codec:"x"`
	Y int64 `codec:"y"`
}

func BenchmarkTypedAppend(b *testing.B) {
	kinds := newTypedKinds()
	plain := engine.MustRegister[plainPoint](kinds.registry, otherKind, "plain point", 1)
	s := benchStore(b, engine.Options{Sync: engine.SyncManual(), Registry: kinds.registry})
	bytes, err := point{1, 2}.AppendBinary(nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name string
		call func() error
	}{
		{"bytes", func() error { _, err := s.AppendBytes(here, pointKind, event.CodecRaw, bytes); return err }},
		{"raw", func() error { _, err := kinds.point.Append(s, here, point{1, 2}); return err }},
		{"msgp", func() error { _, err := kinds.packed.Append(s, here, packed{1, 2}); return err }},
		{"reflected", func() error { _, err := plain.Append(s, here, plainPoint{1, 2}); return err }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := c.call(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkTypedDecode(b *testing.B) {
	kinds := newTypedKinds()
	plain := engine.MustRegister[plainPoint](kinds.registry, otherKind, "plain point", 1)
	s := benchStore(b, engine.Options{Sync: engine.SyncManual(), Registry: kinds.registry})
	var events []event.Event
	for _, call := range []func() (engine.Receipt, error){
		func() (engine.Receipt, error) { return kinds.point.Append(s, here, point{1, 2}) },
		func() (engine.Receipt, error) { return kinds.packed.Append(s, here, packed{1, 2}) },
		func() (engine.Receipt, error) { return plain.Append(s, here, plainPoint{1, 2}) },
		func() (engine.Receipt, error) {
			return s.AppendWith(here, orderKind, orderV1{"tea", 1}, engine.AppendOptions{Version: 1})
		},
	} {
		r, err := call()
		if err != nil {
			b.Fatal(err)
		}
		events = append(events, mustBeAt(b, s, r.Sequence))
	}
	for _, c := range []struct {
		name string
		call func() error
	}{
		{"raw", func() error { _, err := kinds.point.Decode(events[0]); return err }},
		{"msgp", func() error { _, err := kinds.packed.Decode(events[1]); return err }},
		{"reflected", func() error { _, err := plain.Decode(events[2]); return err }},
		{"upcast", func() error { _, err := kinds.order.Decode(events[3]); return err }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := c.call(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
