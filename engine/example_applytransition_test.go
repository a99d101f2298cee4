// ApplyTransition: states that are types, and transitions that are events.

package engine_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/typestate"
)

func ExampleApplyTransition() {
	store, done := exampleStore(engine.Options{})
	defer done()

	type off struct{}
	type on struct{ Watts int }
	type switchOn struct {
		Watts int `codec:"watts"`
	}
	light := typestate.MustNew(event.MustKind(0x1, 0x001), "light", func(_ off, s switchOn) on { return on(s) })
	darken := typestate.MustNew[on, off, struct{}](event.MustKind(0x1, 0x002), "darken", nil)
	lifecycle, err := typestate.NewLifecycle(off{}, light, darken)
	if err != nil {
		log.Fatal(err)
	}

	lamp := event.MustAt("lamp-1", "hall")
	isOff, err := typestate.Start(lamp, off{})
	if err != nil {
		log.Fatal(err)
	}
	isOn, receipt, err := engine.ApplyTransition(store, isOff, light, switchOn{Watts: 40}, engine.AppendOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(isOn.State(), "at clock", receipt.Position.Clock)
	// engine.ApplyTransition(store, isOff, darken, ...) does not compile: darken leaves on.

	_, _, err = engine.ApplyTransition(store, isOff, light, switchOn{Watts: 60}, engine.AppendOptions{})
	fmt.Println(errors.Is(err, typestate.ErrMachineUsed))

	loaded, err := lifecycle.Load(lamp, store.Stream(lamp.Entity(), engine.ReadOptions{}))
	if err != nil {
		log.Fatal(err)
	}
	if found, ok := typestate.As[on](loaded); ok {
		fmt.Println("found with", found.State().Watts, "watts")
	}
	// Output:
	// {40} at clock 1
	// true
	// found with 40 watts
}
