// This file holds what writers append: everything about an event follows from its stamp, which is stored with it, so that
// an event tells by itself whether it is what somebody appended.

package crash

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"

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

// keyedLane is set in the lane of units with keys: they may be appended again, so that their order is any. bulkyLane is set in
// that of batches which are longer than a segment.
const (
	keyedLane = 1 << 6
	bulkyLane = 1 << 7
)

// laneOf returns the lane of a writer. Lives are counted from 1, so that it is never 0.
func laneOf(life uint32, s size, writer int) uint32 {
	return life<<8 | uint32(s)<<4 | uint32(writer)
}

// ordered reports whether the events of the lane come in the order of their versions, and none is left out.
func (s stamp) ordered() bool { return s.Lane&(keyedLane|bulkyLane|reactionLane) == 0 }

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
	limit, least := uint64(100), uint64(0)
	switch pick := x >> 16 % 20; {
	case s.Lane&bulkyLane != 0:
		limit, least = maxPayload, maxPayload-200
	case size(s.Lane>>4&3) == large, size(s.Lane>>4&3) == mixed && pick == 0:
		limit = maxPayload
	case size(s.Lane>>4&3) == mixed && pick < 6:
		limit = 600
	}
	n := least + x>>24%(limit-least+1)
	from := x >> 30 % uint64(len(noise)-maxPayload)
	return noise[from : from+n]
}

var someTags = [8][]string{{"blue", "green"}, {"blue"}, {"green"}}

func (s stamp) tags() []string { return someTags[s.mix()>>56%8] }

func (s stamp) tagged(tag string) bool { return slices.Contains(s.tags(), tag) }

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

// check returns what is wrong with an event's content; empty: it is what was appended. It reads the event's label into l.
func (s stamp) check(ev *event.Event, l *label) string {
	if !l.decode(ev.Metadata, s) {
		return fmt.Sprintf("has metadata of %d bytes that nobody gave it", len(ev.Metadata))
	}
	payload, codec, key := s.payload(), event.CodecRaw, ""
	if l.is(reacts) && !l.is(inBatch) {
		codec = event.CodecMessagePack
	}
	if l.is(itemKeyed) {
		key = keyName{Stamp: s}.key()
	}
	switch {
	case ev.Coordinate != coordinates[s.entity()]:
		return fmt.Sprintf("is at %s, appended was %s", ev.Coordinate, coordinates[s.entity()])
	case ev.Kind != s.kind():
		return fmt.Sprintf("is a %s, appended was %s", ev.Kind, s.kind())
	case ev.Codec != codec || ev.Flags != 0 || ev.Gate != nil || ev.Tombstone || ev.Imported:
		return "has fields that nobody gave it"
	case ev.Key != key:
		return fmt.Sprintf("has the key %q, appended was %q", ev.Key, key)
	case ev.CauseInBatch != uint16(l.cause):
		return fmt.Sprintf("names item %d of its batch as its cause, appended was %d", ev.CauseInBatch, l.cause)
	case !slices.Equal(ev.Tags, s.tags()):
		return fmt.Sprintf("has the tags %q, appended were %q", ev.Tags, s.tags())
	case codec == event.CodecRaw && !bytes.Equal(ev.Payload, payload), codec != event.CodecRaw && !isPacked(ev.Payload, payload):
		return fmt.Sprintf("has a payload of %d bytes that is not what was appended, %d bytes", len(ev.Payload), len(payload))
	}
	return ""
}

// isPacked reports whether b is the MessagePack of bytes.
func isPacked(b, bytesOf []byte) bool {
	n := len(bytesOf)
	head := []byte{0xc4, byte(n)}
	if n > 0xff {
		head = []byte{0xc5, byte(n >> 8), byte(n)}
	}
	return len(b) == len(head)+n && bytes.HasPrefix(b, head) && bytes.Equal(b[len(head):], bytesOf)
}
