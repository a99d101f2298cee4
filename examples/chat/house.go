// This file holds the rooms: speaking, and listening.

package main

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// message is the payload of everything that is said.
type message struct {
	From string `codec:"from"`
	Text string `codec:"text"`
}

// kinds are the typed kinds of the house.
type kinds struct {
	registry *engine.Registry
	said     engine.Type[message]
}

func newKinds() kinds {
	r := engine.NewRegistry()
	return kinds{registry: r, said: engine.MustRegister[message](r, event.MustKind(0xC, 1), "chat.said", 1)}
}

// house is the program's state.
type house struct {
	store    *engine.Store
	said     engine.Type[message]
	messages int // of every speaker
	out      io.Writer
	wrong    bool
}

// room returns where the messages of a room stand.
func room(name string) event.Coordinate { return event.MustAt("room:"+name, "house") }

// speak says so many messages.
func (h *house) speak(name, who string, messages int) error {
	for i := range messages {
		if _, err := h.said.Append(h.store, room(name), message{who, fmt.Sprintf("%d of %d", i+1, messages)}); err != nil {
			return fmt.Errorf("%s speaks: %w", who, err)
		}
	}
	return nil
}

// member is one who listens to a room, and what he heard.
type member struct {
	name string
	room string
	sub  *engine.Subscription

	heard   []uint64 // the clocks of the messages
	foreign int      // messages of other rooms
	from    map[string]int
	missed  uint64
	marks   int // of history's end
	history int // messages that came before it
}

// enter makes a member of a room.
func (h *house) enter(name, where string, options engine.SubscribeOptions) (*member, error) {
	sub, err := h.store.SubscribeLossy(event.Entity(room(where).Entity()), options)
	if err != nil {
		return nil, fmt.Errorf("%s enters: %w", name, err)
	}
	return &member{name: name, room: where, sub: sub, from: make(map[string]int)}, nil
}

// take notes a delivery.
func (m *member) take(h *house, d engine.Delivery) error {
	m.missed += d.Dropped
	if d.CaughtUp {
		m.marks++
		m.history = len(m.heard)
		return nil
	}
	if d.Event.Entity() != room(m.room).Entity() {
		m.foreign++
	}
	said, err := h.said.Decode(d.Event)
	if err != nil {
		return fmt.Errorf("%s listens: %w", m.name, err)
	}
	m.heard = append(m.heard, d.Event.Position.Clock)
	m.from[said.From]++
	return nil
}

// listen hears messages until Take ends it, or an error.
func (m *member) listen(ctx context.Context, h *house) error {
	for d, err := range m.sub.All(ctx) {
		if err != nil {
			return fmt.Errorf("%s listens: %w", m.name, err)
		}
		if err := m.take(h, d); err != nil {
			return err
		}
	}
	return nil
}

// contiguous reports whether the clocks of what was heard follow each other without a gap.
func (m *member) contiguous() bool {
	for i, clock := range m.heard {
		if clock != m.heard[0]+uint64(i) {
			return false
		}
	}
	return true
}

// crowd is people who do something at the same time.
type crowd struct {
	group sync.WaitGroup
	mu    sync.Mutex
	first error
}

func (c *crowd) do(work func() error) {
	c.group.Go(func() {
		if err := work(); err != nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.first == nil {
				c.first = err
			}
		}
	})
}

// wait returns when all are done, with the first error.
func (c *crowd) wait() error {
	c.group.Wait()
	return c.first
}
