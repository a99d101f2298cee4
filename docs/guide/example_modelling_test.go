// Modelling: coordinates, kinds, and the regions that select by them.

package guide_test

import (
	"fmt"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func Example_coordinates() {
	store, done := newStore(engine.Options{})
	defer done()

	alice, err := event.At("player:alice", "room:dungeon")
	check(err)
	joined, moved := event.MustKind(0x1, 0x001), event.MustKind(0x1, 0x002)

	_, err = store.Append(alice, joined, nil)
	check(err)
	_, err = store.Append(event.MustAt("player:bob", "room:dungeon"), joined, nil)
	check(err)
	receipt, err := store.Append(alice, moved, map[string]int{"x": 10, "y": 20})
	check(err)
	fmt.Println("sequence", receipt.Sequence, "clock", receipt.Position.Clock)
	// Output:
	// sequence 3 clock 2
}

func Example_typedKinds() {
	type Moved struct {
		X int `msgpack:"x"`
		Y int `msgpack:"y"`
	}
	registry := engine.NewRegistry()
	moved := engine.MustRegister[Moved](registry, event.MustKind(0x1, 0x002), "player.moved", 1)

	store, done := newStore(engine.Options{Registry: registry})
	defer done()

	_, err := moved.Append(store, event.MustAt("player:alice", "room:dungeon"), Moved{X: 10, Y: 20})
	check(err)
	for ev, err := range store.Query(event.OfKind(moved.Kind()), engine.ReadOptions{}) {
		check(err)
		to, err := moved.Decode(ev) // a Moved, without a cast
		check(err)
		fmt.Println(moved.Name(), to.X, to.Y)
	}
	// Output:
	// player.moved 10 20
}

func Example_versions() {
	type MovedV1 struct{ X, Y int }
	type Moved struct{ X, Y, Floor int }

	registry := engine.NewRegistry()
	moved := engine.MustRegister[Moved](registry, event.MustKind(0x1, 0x002), "player.moved", 2,
		engine.Upcast(1, func(old MovedV1) (Moved, error) {
			return Moved{X: old.X, Y: old.Y, Floor: 0}, nil // there was one floor
		}))

	store, done := newStore(engine.Options{Registry: registry})
	defer done()
	alice := event.MustAt("player:alice", "room:dungeon")
	_, err := store.AppendWith(alice, moved.Kind(), MovedV1{X: 1, Y: 2}, engine.AppendOptions{Version: 1})
	check(err)
	_, err = moved.Append(store, alice, Moved{X: 1, Y: 2, Floor: 3})
	check(err)

	for ev, err := range store.Stream("player:alice", engine.ReadOptions{}) {
		check(err)
		to, err := moved.Decode(ev)
		check(err)
		fmt.Printf("stored as version %d: %+v\n", ev.Version, to)
	}
	// Output:
	// stored as version 1: {X:1 Y:2 Floor:0}
	// stored as version 2: {X:1 Y:2 Floor:3}
}

func Example_regions() {
	moved, fought := event.MustKind(0x1, 0x002), event.MustKind(0x1, 0x003)

	fmt.Println(event.Entity("player:alice").Kind(moved))
	fmt.Println(event.Scope("room:dungeon").Tags("boss").Sequences(100, 0))
	fmt.Println(event.Union(event.EntityPrefix("player:").Kind(fought), event.Entity("monster:7")))
	// Output:
	// entity "player:alice" and kind 0x1002
	// scope "room:dungeon" and tag "boss" and sequence 100..
	// entity "player:"... and kind 0x1003 or entity "monster:7"
}

func Example_refusedNames() {
	_, err := event.At("", "room:dungeon")
	fmt.Println(err)
	_, err = event.NewKind(0xD, 0x001)
	fmt.Println(err)                               // is event.ErrReservedKind
	fmt.Println(event.Entity("").Kind(event.Data)) // a forgotten name does not select everything
	// Output:
	// batpak: invalid entity: empty, want 1 to 1024 bytes
	// batpak: invalid kind: 0xD001 is of a reserved category, want 0x1 to 0xC, 0xE or 0xF
	// nothing
}
