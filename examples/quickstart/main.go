// This file holds the whole program.

package main

import (
	"errors"
	"fmt"
	"log"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() (err error) {
	store, err := engine.Open("batpak-data", engine.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()

	at, err := event.At("player:alice", "room:dungeon")
	if err != nil {
		return err
	}
	moved := event.MustKind(0xF, 1)
	receipt, err := store.Append(at, moved, map[string]int{"x": 10, "y": 20})
	if err != nil {
		return err
	}
	fmt.Printf("stored %s at %d\n", receipt.ID, receipt.Sequence)

	for ev, err := range store.Query(event.Entity("player:alice").Kind(moved), engine.ReadOptions{}) {
		if err != nil {
			return err
		}
		value, err := ev.Value()
		if err != nil {
			return err
		}
		fmt.Println(ev.Sequence, ev.Kind, ev.Coordinate, value)
	}
	return nil
}
