// This file holds what is shown, one after the other.

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/batpak/batpak/engine"
)

// live has two rooms, with two speakers in each, and members who listen meanwhile.
func (h *house) live(ctx context.Context) error {
	fmt.Fprintln(h.out, "Two rooms, four people who speak at once, three members who listen:")
	all := 2 * h.messages
	// What can be said at most fits into the buffer, so that nothing is dropped however late somebody is scheduled.
	options := engine.SubscribeOptions{Take: all, Buffer: all}
	var members []*member
	for _, who := range []struct{ name, room string }{{"ann", "tea"}, {"bob", "tea"}, {"eve", "garden"}} {
		m, err := h.enter(who.name, who.room, options)
		if err != nil {
			return err
		}
		members = append(members, m)
	}
	var people crowd
	for _, m := range members {
		people.do(func() error { return m.listen(ctx, h) })
	}
	for _, where := range []string{"tea", "garden"} {
		for _, who := range []string{"kim", "lee"} {
			people.do(func() error { return h.speak(where, who, h.messages) })
		}
	}
	if err := people.wait(); err != nil {
		return err
	}
	for _, m := range members {
		h.claim(len(m.heard) == all && m.contiguous() && m.missed == 0, "%s heard all %d messages of the %s room, in order", m.name, all, m.room)
		h.claim(m.foreign == 0 && m.from["kim"] == h.messages && m.from["lee"] == h.messages, "of the two who spoke there, and of nobody else")
	}
	return nil
}

// slowBuffer is for how many messages the slow member has room.
const slowBuffer = 5

// slow has a member who does not listen while much is said.
func (h *house) slow(ctx context.Context) error {
	fmt.Fprintf(h.out, "A member who does not listen for a while, with room for %d messages:\n", slowBuffer)
	slow, err := h.enter("sam", "tea", engine.SubscribeOptions{Buffer: slowBuffer})
	if err != nil {
		return err
	}
	quick, err := h.enter("ann", "tea", engine.SubscribeOptions{Buffer: h.messages, Take: h.messages})
	if err != nil {
		return err
	}
	var people crowd
	people.do(func() error { return quick.listen(ctx, h) })
	people.do(func() error { return h.speak("tea", "kim", h.messages) })
	if err := people.wait(); err != nil {
		return err
	}
	first, err := slow.sub.Next(ctx)
	if err != nil {
		return err
	}
	missed := uint64(h.messages - slowBuffer)
	h.claim(first.Dropped == missed && slow.sub.Dropped() == missed, "with the next message he is told that he missed %d", missed)
	if err := slow.take(h, first); err != nil {
		return err
	}
	for {
		d, ok, err := slow.sub.Poll()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if err := slow.take(h, d); err != nil {
			return err
		}
	}
	newest, err := h.store.Clock(room("tea").Entity())
	if err != nil {
		return err
	}
	h.claim(len(slow.heard) == slowBuffer && slow.contiguous() && slow.heard[slowBuffer-1] == newest, "he heard the newest %d, in order", slowBuffer)
	h.claim(uint64(len(slow.heard))+slow.missed == uint64(h.messages), "heard and missed are together all that was said")
	h.claim(len(quick.heard) == h.messages && quick.missed == 0, "ann, who listened, missed nothing")
	return nil
}

// late has a member who comes when much was said already.
func (h *house) late(ctx context.Context) error {
	fmt.Fprintln(h.out, "A member who comes late, while people go on speaking:")
	before, err := h.store.Clock(room("tea").Entity())
	if err != nil {
		return err
	}
	all := int(before) + 2*h.messages
	m, err := h.enter("joe", "tea", engine.SubscribeOptions{Start: engine.FromBeginning(), Buffer: engine.MaxSubscriptionBuffer})
	if err != nil {
		return err
	}
	caughtUp := make(chan struct{})
	goOn := sync.OnceFunc(func() { close(caughtUp) })
	var people crowd
	people.do(func() error { return h.speak("tea", "kim", h.messages) }) // meanwhile
	people.do(func() error {
		<-caughtUp // so that something is said afterwards too
		return h.speak("tea", "lee", h.messages)
	})
	people.do(func() error {
		defer goOn() // whatever happens
		for d, err := range m.sub.All(ctx) {
			if err != nil {
				return err
			}
			if err := m.take(h, d); err != nil {
				return err
			}
			if d.CaughtUp {
				goOn()
			}
			if len(m.heard) == all {
				return nil
			}
		}
		return nil
	})
	if err := people.wait(); err != nil {
		return err
	}
	h.claim(len(m.heard) == all && m.heard[0] == 1 && m.contiguous(), "he heard everything that was ever said there, in order and each message once")
	h.claim(m.marks == 1 && m.history >= int(before) && m.history < all, "he was told once that he had caught up: behind all that had been said before he came")
	h.claim(m.missed == 0, "and missed nothing")
	return nil
}

// leave has members who go.
func (h *house) leave(ctx context.Context) error {
	fmt.Fprintln(h.out, "Members who go:")
	m, err := h.enter("ann", "tea", engine.SubscribeOptions{})
	if err != nil {
		return err
	}
	listening, leave := context.WithCancel(ctx)
	defer leave()
	messages := m.sub.Channel(listening)
	if err := h.speak("tea", "kim", 1); err != nil {
		return err
	}
	d := <-messages
	if err := m.take(h, d); err != nil {
		return err
	}
	leave()
	_, open := <-messages
	h.claim(!open && errors.Is(m.sub.Err(), context.Canceled) && len(m.heard) == 1, "the channel of one whose context ended is closed, and says why")
	if err := m.sub.Close(); err != nil {
		return err
	}
	_, err = m.sub.Next(ctx)
	h.claim(errors.Is(err, engine.ErrClosed), "one who closed his subscription hears nothing more")
	return nil
}
