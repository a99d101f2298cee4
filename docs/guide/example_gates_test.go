// Gates and machines: policy before anything is stored, and states that are types.

package guide_test

import (
	"errors"
	"fmt"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/gate"
	"github.com/batpak/batpak/typestate"
)

// order is what the gates are to judge, with all they have to know for it.
type order struct {
	Article string
	Units   int
	InStock int `msgpack:"-"`
	Hour    int `msgpack:"-"`
}

// shopGates are the gates of the shop.
func shopGates() *gate.Set[order] {
	stock := gate.New("stock", func(o order) error {
		if o.Units > o.InStock {
			return gate.Deny("OUT_OF_STOCK", "not enough is left").With("left", o.InStock)
		}
		return nil
	})
	hours := gate.New("hours", func(o order) error {
		if o.Hour < 8 || o.Hour >= 20 {
			return gate.Deny("CLOSED", "open from 8 to 20")
		}
		return nil
	})
	gates, err := gate.NewSet(stock, hours)
	check(err)
	return gates
}

func Example_gates() {
	store, done := newStore(engine.Options{})
	defer done()

	type order struct {
		Article string
		Units   int
		InStock int `msgpack:"-"` // looked up before, for the gates to know
	}
	stock := gate.New("stock", func(o order) error {
		if o.Units > o.InStock {
			return gate.Deny("OUT_OF_STOCK", "not enough is left").With("left", o.InStock)
		}
		return nil
	})
	gates, err := gate.NewSet(stock)
	check(err)

	placed, at := event.MustKind(0x3, 0x001), event.MustAt("order:1", "shop")
	wanted := order{Article: "tea", Units: 2, InStock: 10}
	receipt, err := gate.Evaluate(gates, wanted, gate.Propose(wanted))
	check(err)
	_, err = engine.AppendProposal(store, at, placed, receipt, engine.AppendOptions{})
	check(err)
	ev, err := store.At(1)
	check(err)
	fmt.Println(ev.Gate.Outcome, ev.Gate.Gates)

	_, err = engine.AppendProposal(store, at, placed, receipt, engine.AppendOptions{})
	fmt.Println("used before:", errors.Is(err, gate.ErrReceiptUsed))
	// Output:
	// passed [stock]
	// used before: true
}

func Example_denials() {
	gates := shopGates()

	wanted := order{Article: "tea", Units: 12, InStock: 10, Hour: 22}
	_, err := gate.EvaluateAll(gates, wanted, gate.Propose(wanted))
	var denials gate.Denials
	if errors.As(err, &denials) {
		for _, denial := range denials {
			fmt.Println(denial.Gate, denial.Code, denial.Message, denial.Context)
		}
	}
	// Output:
	// stock OUT_OF_STOCK not enough is left [{left 10}]
	// hours CLOSED open from 8 to 20 []
}

func Example_bypass() {
	store, done := newStore(engine.Options{})
	defer done()
	gates := shopGates()
	placed, at := event.MustKind(0x3, 0x001), event.MustAt("order:1", "shop")

	wanted := order{Article: "tea", Units: 1, InStock: 10, Hour: 22}
	receipt, err := gate.Bypass(gates, gate.Propose(wanted), "a regular", "the manager said so")
	check(err)
	_, err = engine.AppendProposal(store, at, placed, receipt, engine.AppendOptions{})
	check(err)

	for ev, err := range store.Query(event.Everything().FromGate(event.GateBypassed), engine.ReadOptions{}) {
		check(err)
		fmt.Println(ev.Coordinate, ev.Gate.Gates, ev.Gate.Reason, "/", ev.Gate.Justification)
	}
	// Output:
	// order:1@shop [stock hours] a regular / the manager said so
}

func Example_machine() {
	store, done := newStore(engine.Options{})
	defer done()

	type Locked struct{}
	type Open struct{ By string }
	type Key struct{ Holder string }
	unlock := typestate.MustNew(event.MustKind(0x6, 1), "unlock", func(_ Locked, k Key) Open { return Open{By: k.Holder} })
	lock := typestate.MustNew[Open, Locked, struct{}](event.MustKind(0x6, 2), "lock", nil)
	lifecycle, err := typestate.NewLifecycle(Locked{}, unlock, lock)
	check(err)

	door := event.MustAt("door:1", "castle")
	locked, err := typestate.Start(door, Locked{})
	check(err)
	open, _, err := engine.ApplyTransition(store, locked, unlock, Key{Holder: "alice"}, engine.AppendOptions{})
	check(err)
	fmt.Println("opened by", open.State().By) // unlocking an open door does not compile

	_, _, err = engine.ApplyTransition(store, locked, unlock, Key{Holder: "bob"}, engine.AppendOptions{})
	fmt.Println(errors.Is(err, typestate.ErrMachineUsed))

	loaded, err := lifecycle.Load(door, store.Stream("door:1", engine.ReadOptions{}))
	check(err)
	fmt.Printf("%+v at clock %d\n", loaded.State(), loaded.Clock())
	// Output:
	// opened by alice
	// true
	// {By:alice} at clock 1
}
