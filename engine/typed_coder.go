// Values of one Go type to payloads and back: by the type's own methods where it has them, else by
// reflection. Variables that methods are called on are used again, so that neither way allocates by itself.

package engine

import (
	"sync"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/payload"
)

// coder encodes and decodes values of type T. It may be used concurrently.
type coder[T any] struct {
	own   bool        // T encodes itself
	codec event.Codec // of what encode returns
	rooms sync.Pool   // *room[T]
}

// room is a variable of type T on the heap, with the memory for its encoding.
type room[T any] struct {
	value T
	self  any // &value
	buf   []byte
}

func newCoder[T any]() *coder[T] {
	c := &coder[T]{codec: event.CodecMessagePack}
	if codec, own := payload.Own(new(T)); own {
		c.own, c.codec = true, event.Codec(codec)
	}
	return c
}

// enter returns a room that holds the zero value.
func (c *coder[T]) enter() *room[T] {
	if r, _ := c.rooms.Get().(*room[T]); r != nil {
		return r
	}
	r := new(room[T])
	r.self = &r.value
	return r
}

// leave gives a room back. Nothing of the value stays reachable.
func (c *coder[T]) leave(r *room[T]) {
	var zero T
	r.value = zero
	if cap(r.buf) > 1<<20 {
		r.buf = nil
	}
	c.rooms.Put(r)
}

// encode returns the encoding of the room's value, in the room's memory.
func (c *coder[T]) encode(r *room[T]) ([]byte, error) {
	var data []byte
	var err error
	if c.own {
		data, err = payload.EncodeOwn(r.buf, r.self)
	} else {
		data, err = payload.AppendMessagePack(r.buf[:0], r.self)
	}
	if err != nil {
		return nil, err
	}
	r.buf = data[:0]
	return data, nil
}

// decode returns the value of an event's payload, by the codec that the event has.
func (c *coder[T]) decode(ev *event.Event) (T, error) {
	r := c.enter()
	var err error
	if c.own && ev.Codec == c.codec {
		err = payload.DecodeOwn(payload.Codec(ev.Codec), ev.Payload, r.self)
	} else {
		err = ev.Decode(r.self)
	}
	var value T
	if err == nil {
		value = r.value
	}
	c.leave(r)
	return value, err
}
