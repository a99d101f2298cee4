// This file holds what writers append: everything about an event follows from its stamp, which is stored with it, so that
// an event tells by itself whether it is what somebody appended.

package crash

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/mmapseg"
)

// A stamp names one append. No two of a chain have the same.
type stamp struct {
	Lane    uint32 // life and writer, see laneOf
	Version uint32 // the writer's appends, counted from 1
}

// size says how large the payloads of a life are.
type size uint32

const (
	small size = iota // seldom more than 100 bytes
	mixed             // some of up to 3,000
	large             // all of up to 3,000
	sizes
)

// lanes is how many writers a life can have.
const lanes = 16

// laneOf returns the lane of a writer. Lives are counted from 1, so that it is never 0.
func laneOf(life uint32, s size, writer int) uint32 {
	return life<<6 | uint32(s)<<4 | uint32(writer)
}

// entities is how many entities there are, which all writers append to.
const entities = 6

var coordinates = func() (all [entities]event.Coordinate) {
	for i := range all {
		all[i] = event.MustAt(fmt.Sprint("entity-", i), "crash")
	}
	return all
}()

// maxPayload is the longest payload in bytes.
const maxPayload = 3000

// noise is what payloads are cut from.
var noise = func() []byte {
	b := make([]byte, 1<<20)
	source := rand.NewChaCha8([32]byte{1})
	_, _ = source.Read(b) // never fails
	return b
}()

// mix spreads a stamp over 64 bits.
func (s stamp) mix() uint64 {
	x := uint64(s.Lane)<<32 | uint64(s.Version)
	x ^= x >> 31
	x *= 0x9E3779B97F4A7C15
	x ^= x >> 29
	x *= 0xBF58476D1CE4E5B9
	return x ^ x>>32
}

func (s stamp) entity() int { return int(s.mix() % entities) }

func (s stamp) kind() event.Kind { return event.Data + event.Kind(s.mix()>>8%3) }

// payload returns the bytes, which must not be changed.
func (s stamp) payload() []byte {
	x := s.mix()
	limit := uint64(100)
	switch pick := x >> 16 % 20; {
	case size(s.Lane>>4&3) == large, size(s.Lane>>4&3) == mixed && pick == 0:
		limit = maxPayload
	case size(s.Lane>>4&3) == mixed && pick < 6:
		limit = 600
	}
	n := x >> 24 % (limit + 1)
	from := x >> 30 % uint64(len(noise)-maxPayload)
	return noise[from : from+n]
}

var someTags = []string{"blue", "green"}

func (s stamp) tags() []string {
	if s.mix()>>56%4 != 0 {
		return nil
	}
	return someTags
}

// options returns what the append says beside coordinate, kind and payload.
func (s stamp) options(wait engine.Wait, cause event.ID) engine.AppendOptions {
	return engine.AppendOptions{Tags: s.tags(), Version: s.Version, Lane: s.Lane, Wait: wait, Cause: cause}
}

// append appends the event.
func (s stamp) append(store *engine.Store, wait engine.Wait, cause event.ID) (engine.Receipt, error) {
	return store.AppendBytesWith(coordinates[s.entity()], s.kind(), event.CodecRaw, s.payload(), s.options(wait, cause))
}

// frame returns the bytes that the event takes in a segment, without a cause.
func (s stamp) frame(hashing bool) int64 {
	draft := event.Draft{
		Coordinate: coordinates[s.entity()], Kind: s.kind(), Version: s.Version, Lane: s.Lane, Tags: s.tags(), Payload: s.payload(),
	}
	_, encoded := mmapseg.EncodeEvent(nil, &draft, &mmapseg.EventOptions{Hashing: hashing})
	return int64(encoded.Size())
}

// stampOf returns the stamp that an event carries.
func stampOf(ev *event.Event) stamp { return stamp{ev.Position.Lane, ev.Version} }

// check returns what is wrong with an event's content; empty: it is what was appended.
func (s stamp) check(ev *event.Event) string {
	switch {
	case ev.Coordinate != coordinates[s.entity()]:
		return fmt.Sprintf("is at %s, appended was %s", ev.Coordinate, coordinates[s.entity()])
	case ev.Kind != s.kind():
		return fmt.Sprintf("is a %s, appended was %s", ev.Kind, s.kind())
	case ev.Codec != event.CodecRaw || ev.Flags != 0 || len(ev.Metadata) != 0 || ev.Key != "" || ev.Gate != nil || ev.Tombstone || ev.Imported:
		return "has fields that nobody gave it"
	case !slices.Equal(ev.Tags, s.tags()):
		return fmt.Sprintf("has the tags %q, appended were %q", ev.Tags, s.tags())
	case !bytes.Equal(ev.Payload, s.payload()):
		return fmt.Sprintf("has a payload of %d bytes that is not what was appended, %d bytes", len(ev.Payload), len(s.payload()))
	}
	return ""
}
