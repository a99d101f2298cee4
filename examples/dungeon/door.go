// This file holds the door: its states, its transitions, and its lifecycle.

package main

import (
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/typestate"
)

// The states of a door. Each knows how often the door was opened.
type (
	locked struct{ opened int }
	closed struct{ opened int }
	open   struct{ opened int }
)

// The payloads of the transitions.
type (
	key struct {
		Owner string `codec:"owner"`
	}
	push struct {
		By string `codec:"by"`
	}
)

// The transitions. Each leads from one state to another one, and is an event of its own kind.
var (
	unlock = typestate.MustNew(event.MustKind(0x1, 1), "unlock", func(d locked, _ key) closed { return closed(d) })
	enter  = typestate.MustNew(event.MustKind(0x1, 2), "open", func(d closed, _ push) open { return open{d.opened + 1} })
	shut   = typestate.MustNew(event.MustKind(0x1, 3), "shut", func(d open, _ push) closed { return closed(d) })
	lock   = typestate.MustNew(event.MustKind(0x1, 4), "lock", func(d closed, _ key) locked { return locked(d) })
)

// lifecycle finds a door in its events. It begins locked.
func lifecycle() (*typestate.Lifecycle, error) {
	return typestate.NewLifecycle(locked{}, unlock, enter, shut, lock)
}

// names of the transitions, by their kinds.
var names = map[event.Kind]string{
	unlock.Kind(): unlock.Name(), enter.Kind(): enter.Name(), shut.Kind(): shut.Name(), lock.Kind(): lock.Name(),
}
