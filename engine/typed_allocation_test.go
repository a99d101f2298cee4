//go:build !race

// What typed kinds allocate: nothing of their own. The race detector allocates by itself.

package engine_test

import (
	"runtime/debug"
	"testing"

	"github.com/batpak/batpak/engine"
)

// Not parallel: what others allocate would be counted.

func TestTypesThatEncodeThemselvesAllocateNothing(t *testing.T) {
	s, kinds := typedStore(t, engine.Options{Sync: engine.SyncManual()})
	// A collection would empty the pools of variables, which are then made again.
	percent := debug.SetGCPercent(-1)
	defer debug.SetGCPercent(percent)
	options := engine.AppendOptions{Tags: []string{"a"}, Lane: 1}
	for name, call := range map[string]func() error{
		"append raw":         func() error { _, err := kinds.point.Append(s, here, point{1, 2}); return err },
		"append MessagePack": func() error { _, err := kinds.packed.AppendWith(s, here, packed{1, 2}, options); return err },
	} {
		if got := testing.AllocsPerRun(500, func() {
			if err := call(); err != nil {
				t.Fatal(err)
			}
		}); got != 0 {
			t.Errorf("%s: %.0f allocations", name, got)
		}
	}
	first, err := kinds.point.Append(s, here, point{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	second, err := kinds.packed.Append(s, here, packed{3, 4})
	if err != nil {
		t.Fatal(err)
	}
	raw, message := mustBeAt(t, s, first.Sequence), mustBeAt(t, s, second.Sequence)
	if got := testing.AllocsPerRun(500, func() {
		a, err1 := kinds.point.Decode(raw)
		b, err2 := kinds.packed.Decode(message)
		if err1 != nil || err2 != nil || a != (point{1, 2}) || b != (packed{3, 4}) {
			t.Fatal(a, b, err1, err2)
		}
	}); got != 0 {
		t.Errorf("decode: %.0f allocations", got)
	}
}

func TestTypesWithoutMethodsAllocateWhatTheirValueTakes(t *testing.T) {
	type plain struct {
		A int64 `codec:"a"`
		B bool  `codec:"b"`
	}
	r := engine.NewRegistry()
	kind := engine.MustRegister[plain](r, otherKind, "plain", 1)
	s := quickStore(t, engine.Options{Registry: r, Sync: engine.SyncManual()})
	percent := debug.SetGCPercent(-1)
	defer debug.SetGCPercent(percent)
	if got := testing.AllocsPerRun(500, func() {
		if _, err := kind.Append(s, here, plain{1, true}); err != nil {
			t.Fatal(err)
		}
	}); got != 0 {
		t.Errorf("append: %.0f allocations", got)
	}
	ev := mustBeAt(t, s, 1)
	if got := testing.AllocsPerRun(500, func() {
		if v, err := kind.Decode(ev); err != nil || v != (plain{1, true}) {
			t.Fatal(v, err)
		}
	}); got > 1 {
		t.Errorf("decode: %.0f allocations", got)
	}
}
