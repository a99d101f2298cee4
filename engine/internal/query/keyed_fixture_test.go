// A store with keys for the tests of finding them: single events and batches, in segments in every state.

package query

import (
	"fmt"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/mmapseg"
)

// keyedArchive is an archive whose events have keys, some of them more than one after the other, as when keys are
// forgotten.
type keyedArchive struct {
	*archive
	holders map[string][]Holder   // of each key, ascending
	begins  map[uint64]frameRange // begin frames, by the first sequence
	keysOf  map[uint64][]string   // of an event: its own and, of a batch's first one, that of the batch

	segment *mmapseg.Segment
	tail    *index.Tail
	end     int64
}

const manyKeys = 80

// newKeyedArchive makes an archive of some segments with so many units each. All but the last have ended; those for which seal
// says so are sealed.
func newKeyedArchive(t testing.TB, seed uint64, segments, units int, seal func(number int) bool) *keyedArchive {
	t.Helper()
	a := &keyedArchive{
		archive: newArchive(t, seed, 0, 0, all), holders: map[string][]Holder{}, begins: map[uint64]frameRange{}, keysOf: map[uint64][]string{},
	}
	for number := 1; number <= segments; number++ {
		part := a.begin(uint64(number))
		for range units {
			a.addUnit()
		}
		if number < segments {
			a.finish(part, seal(number))
		}
	}
	a.set.SetVisible(uint64(len(a.events)))
	return a
}

// begin makes the next segment.
func (a *keyedArchive) begin(number uint64) *index.Part {
	segment, err := mmapseg.Create(a.dir, mmapseg.Header{Number: number, Salt: mmapseg.Salt(number * 7), Size: 1 << 20, Hashing: true})
	a.must(err)
	first := uint64(len(a.ranges)) + 1
	segment.Activate(first, first-1)
	a.segment, a.tail, a.end = segment, index.NewTail(segment.Size), mmapseg.HeaderSize
	part := index.NewPart(index.Identity{Number: number, Salt: number * 7}, first, a.tail, segment.Read)
	a.index.AddPart(part)
	a.set.Add(segment)
	return part
}

// finish ends the segment, and seals it.
func (a *keyedArchive) finish(part *index.Part, seal bool) {
	last, number := uint64(len(a.ranges)), a.segment.Number
	a.put(mmapseg.AppendEnd(nil, &mmapseg.EndFrame{
		LastSequence: last, TreeSize: last, NextNumber: number + 1, NextSalt: mmapseg.Salt((number + 1) * 7), Reason: mmapseg.EndRotated,
	}, a.place()))
	a.segment.Finish(last)
	if seal {
		a.seal(a.segment, part, a.tail, a.end)
	}
}

func (a *keyedArchive) place() mmapseg.Place {
	return mmapseg.Place{Salt: a.segment.Salt, Offset: a.end}
}

// put stores a frame.
func (a *keyedArchive) put(frame []byte) {
	a.segment.Store(a.end, frame)
	a.end += int64(len(frame))
	a.segment.Publish(a.end)
}

// addUnit adds an event or a batch, and now and then what an opening leaves.
func (a *keyedArchive) addUnit() {
	if a.random.IntN(10) == 0 {
		last := uint64(len(a.events))
		a.put(mmapseg.AppendClose(nil, &mmapseg.CloseFrame{Incarnation: 1, LastSequence: last}, a.place()))
		a.put(mmapseg.AppendOpen(nil, &mmapseg.OpenFrame{Incarnation: 2, LastSequence: last}, a.place()))
	}
	used := map[string]bool{"": true}
	some := func() (key string) {
		if a.random.IntN(2) == 0 {
			key = fmt.Sprint("key", a.random.IntN(manyKeys))
		}
		if used[key] {
			return ""
		}
		used[key] = true
		return key
	}
	if a.random.IntN(3) > 0 {
		a.addKeyed(some(), "", false)
		return
	}
	begin := mmapseg.BatchBegin{Events: 1 + a.random.Uint32N(5), FirstSequence: uint64(len(a.events)) + 1, Key: some()}
	if begin.Key != "" {
		begin.Request = requestOf(begin.Key, begin.FirstSequence)
	}
	frame, err := mmapseg.AppendBatchBegin(nil, &begin, a.place())
	a.must(err)
	a.begins[begin.FirstSequence] = frameRange{a.segment, a.end, a.end + int64(len(frame))}
	a.put(frame)
	key := begin.Key
	for range begin.Events {
		a.addKeyed(some(), key, true)
		key = ""
	}
	if begin.Key != "" {
		wall := a.events[begin.FirstSequence-1].Position.Wall
		a.holders[begin.Key] = append(a.holders[begin.Key], Holder{begin.FirstSequence, begin.Events, begin.Request, wall})
	}
	a.put(mmapseg.AppendBatchCommit(nil, &mmapseg.BatchCommit{Events: begin.Events, FirstSequence: begin.FirstSequence}, a.place()))
}

func requestOf(key string, sequence uint64) event.Hash {
	return event.PayloadHash(fmt.Append(nil, key, sequence))
}

// addKeyed adds an event with a key, and that of the batch that begins with it.
func (a *keyedArchive) addKeyed(key, batch string, inBatch bool) {
	a.addEvent()
	ev := &a.events[len(a.events)-1]
	ev.Key, ev.Imported, ev.Gate = key, false, nil
	ev.ID = event.MakeID(a.wall, a.counter, a.random.Uint64())
	ev.Correlation = ev.ID
	d := event.Draft{Coordinate: ev.Coordinate, Kind: ev.Kind, Tags: ev.Tags, Payload: ev.Payload, Key: key}
	o := mmapseg.EventOptions{Hashing: true, InBatch: inBatch}
	if key != "" {
		o.Request = requestOf(key, ev.Sequence)
		a.holders[key] = append(a.holders[key], Holder{First: ev.Sequence, Request: o.Request, Wall: ev.Position.Wall})
	}
	unit, frame := mmapseg.EncodeEvent(nil, &d, &o)
	assigned := mmapseg.Assigned{Sequence: ev.Sequence, Clock: ev.Position.Clock, ID: ev.ID, Timestamp: ev.Timestamp, Hash: ev.Hash}
	frame.Assign(unit, &assigned, a.segment.Salt, a.end, 0)
	a.segment.Point(ev.Sequence, a.end)
	a.ranges = append(a.ranges, frameRange{a.segment, a.end, a.end + int64(len(unit))})

	var entry index.Entry
	entry.FillEvent(ev)
	a.keysOf[ev.Sequence] = nil
	for _, k := range []string{key, batch} {
		if k != "" {
			a.keysOf[ev.Sequence] = append(a.keysOf[ev.Sequence], k)
		}
	}
	if batch != "" {
		entry.AddKey(batch)
	}
	a.tail.AddFilled(&entry, index.Head{Clock: ev.Position.Clock, Hash: ev.Hash}, index.Place{
		Ordinal: uint32(ev.Sequence - a.segment.Floor), Wall: ev.Position.Wall, Counter: ev.Position.Counter, Timestamp: ev.Timestamp,
	})
	a.put(unit)
}

// holder returns the newest holder of a key up to a sequence.
func (a *keyedArchive) holder(key string, last uint64) (h Holder, found bool) {
	for _, one := range a.holders[key] {
		if one.First <= last {
			h, found = one, true
		}
	}
	return h, found
}

// rebuild has the index of every segment that has ended built anew from its frames.
func (a *keyedArchive) rebuild() {
	parts, segments := a.index.Parts(), a.set.Segments()
	again := new(index.Index)
	for i, p := range parts {
		if i < len(parts)-1 {
			tail, err := a.reader.Rebuild(segments[i], nil)
			a.must(err)
			p = index.NewPart(p.Segment, p.First, tail, segments[i].Read)
		}
		again.AddPart(p)
	}
	a.index = again
	a.reader = New(Config{Set: a.set, Index: a.index, Decoder: a.decoder, Ended: errEnded})
}
