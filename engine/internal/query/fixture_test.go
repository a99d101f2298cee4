// A store for the tests of this package: segments on disk in every state, the index of each, and the events that are in
// them.

package query

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/internal/anyregion"
	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
)

// archive is a set of segments with random events.
type archive struct {
	t       testing.TB
	dir     *vfs.Memory
	set     *mmapseg.Set
	index   *index.Index
	decoder *mmapseg.Decoder
	reader  *Reader
	random  *rand.Rand
	links   *rand.Rand // for causes and correlations

	events  []event.Event // by sequence - 1
	ranges  []frameRange  // the same, of those that are stored
	clocks  map[string]uint64
	wall    uint64
	counter uint32
}

// frameRange is where the frame of an event stands.
type frameRange struct {
	segment  *mmapseg.Segment
	from, to int64
}

// newArchive makes an archive of some segments with so many events each. All but the last have ended; those for which seal
// says so are sealed.
func newArchive(t testing.TB, seed uint64, segments, events int, seal func(number int) bool) *archive {
	t.Helper()
	a := unstored(t, seed, segments*events)
	a.storeAll(segments, events, seal)
	return a
}

// unstored makes an archive with events that are not stored yet.
func unstored(t testing.TB, seed uint64, events int) *archive {
	a := &archive{
		t: t, dir: vfs.NewMemory(), set: new(mmapseg.Set), index: new(index.Index), decoder: mmapseg.NewDecoder(),
		random: rand.New(rand.NewPCG(seed, 2)), links: rand.New(rand.NewPCG(seed, 3)), clocks: map[string]uint64{}, wall: 1_763_875_200_000,
	}
	for range events {
		a.addEvent()
	}
	return a
}

// storeAll stores the events, so many in each segment.
func (a *archive) storeAll(segments, events int, seal func(number int) bool) {
	for number := 1; number <= segments; number++ {
		a.addSegment(uint64(number), events, number < segments, number < segments && seal(number), func(uint64) {})
	}
	a.set.SetVisible(uint64(len(a.events)))
	a.reader = New(Config{Set: a.set, Index: a.index, Decoder: a.decoder, Ended: errEnded})
	a.t.Cleanup(func() {
		a.must(a.set.Close())
	})
}

func (a *archive) must(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

// addSegment makes a segment, its index, and stores the next events in it, each of which stored is told of.
func (a *archive) addSegment(number uint64, events int, end, seal bool, stored func(sequence uint64)) {
	segment, err := mmapseg.Create(a.dir, mmapseg.Header{Number: number, Salt: mmapseg.Salt(number * 7), Size: 16 << 20, Hashing: true})
	a.must(err)
	first := uint64(len(a.ranges)) + 1
	segment.Activate(first, first-1)
	tail := index.NewTail(segment.Size)
	part := index.NewPart(index.Identity{Number: number, Salt: number * 7}, first, tail, segment.Read)
	a.index.AddPart(part)
	a.set.Add(segment)
	at := int64(mmapseg.HeaderSize)
	var entry index.Entry
	for range events {
		ev := &a.events[len(a.ranges)]
		at = a.store(segment, at, ev)
		entry.FillEvent(ev)
		tail.Resolve(&entry)
		entry.Head = index.Head{Clock: ev.Position.Clock - 1}
		*tail.Enter(&entry) = index.Head{Clock: ev.Position.Clock, Hash: ev.Hash}
		tail.Add(&entry, index.Place{
			Ordinal: uint32(ev.Sequence - first), Wall: ev.Position.Wall, Counter: ev.Position.Counter, Timestamp: ev.Timestamp,
		})
		segment.Publish(at)
		stored(ev.Sequence)
	}
	if !end {
		return
	}
	last := uint64(len(a.ranges))
	frame := mmapseg.AppendEnd(nil, &mmapseg.EndFrame{
		LastSequence: last, TreeSize: last, NextNumber: number + 1, NextSalt: mmapseg.Salt((number + 1) * 7), Reason: mmapseg.EndRotated,
	}, mmapseg.Place{Salt: segment.Salt, Offset: at})
	segment.Store(at, frame)
	segment.Finish(last)
	if seal {
		a.seal(segment, part, tail, at+int64(len(frame)))
	}
}

// seal seals a segment as the sealer does.
func (a *archive) seal(segment *mmapseg.Segment, part *index.Part, tail *index.Tail, end int64) {
	a.must(segment.Retire())
	footer, err := segment.BuildFooter(end, func() {}, tail.Encode)
	a.must(err)
	a.must(segment.Seal(end, footer))
	a.must(segment.GiveBack(end, end+int64(len(footer))))
	table, err := index.OpenTable(tail.Events(), segment.Section)
	a.must(err)
	part.Seal(table)
}

// reopen opens the sealed segments anew, so that nothing of them is verified yet, after flip has changed their files.
func (a *archive) reopen() {
	old, parts := a.set.Segments(), a.index.Parts()
	a.set, a.index = new(mmapseg.Set), new(index.Index)
	for i, segment := range old {
		if !segment.Sealed() {
			a.set.Add(segment)
			a.index.AddPart(parts[i])
			continue
		}
		c := mmapseg.Contents{Floor: segment.Floor, TreeBase: segment.TreeBase, End: segment.Footer().FramesEnd}
		a.must(segment.Close())
		file, err := a.dir.Open(segment.Name(), false)
		a.must(err)
		footer, reason, err := mmapseg.ReadFooter(file, segment.DiskSize(), &segment.Header)
		a.must(errors.Join(err, file.Close()))
		if footer == nil {
			a.t.Fatal(reason)
		}
		c.Footer = footer
		again, err := mmapseg.Open(a.dir, segment.Header, c)
		a.must(err)
		again.Finish(footer.Summary.Last)
		a.set.Add(again)
		table, err := index.OpenTable(uint32(footer.Summary.Events), again.Section)
		a.must(err)
		a.index.AddPart(index.NewSealedPart(parts[i].Segment, parts[i].First, table, again.Read))
	}
	a.set.SetVisible(uint64(len(a.events)))
	a.reader = New(Config{Set: a.set, Index: a.index, Decoder: a.decoder, Ended: errEnded})
}

// addEvent makes up an event, to be stored later, with frequent and rare names.
func (a *archive) addEvent() {
	r := a.random
	rare := func(n int) int { return r.IntN(1 + r.IntN(n)) }
	if r.IntN(3) == 0 {
		a.wall, a.counter = a.wall+1+r.Uint64N(5), 0
	} else {
		a.counter++
	}
	ev := event.Event{Coordinate: event.MustAt(fmt.Sprintf("%c:%d", 'a'+r.IntN(3), rare(100)), fmt.Sprint("scope", rare(5)))}
	ev.Sequence, ev.ID = uint64(len(a.events))+1, event.MakeID(a.wall, a.counter, r.Uint64())
	ev.Kind = event.MustKind(1+uint16(rare(3)), uint16(rare(20)))
	ev.Timestamp = int64(a.wall)*1000 + r.Int64N(20000)
	a.clocks[ev.Entity()]++
	ev.Position = event.Position{Clock: a.clocks[ev.Entity()], Wall: a.wall, Counter: a.counter}
	for tag := range 3 {
		if rare(4) == 0 {
			ev.Tags = append(ev.Tags, fmt.Sprint("tag", tag, rare(10)))
		}
	}
	if outcome := rare(20); outcome == 3 || outcome == 4 {
		if ev.Gate = (&event.GateRecord{Outcome: event.GatePassed, Gates: []string{"gate"}}); outcome == 4 {
			*ev.Gate = event.GateRecord{Outcome: event.GateBypassed, Reason: "reason", Justification: "because", Gates: ev.Gate.Gates}
		}
	}
	if r.IntN(20) == 0 {
		ev.ID, ev.Imported = event.MakeID(a.wall+r.Uint64N(500)-250, uint32(r.Uint64N(4)), r.Uint64()), true
	}
	ev.Correlation = ev.ID
	a.link(&ev)
	ev.Payload = make([]byte, rare(200))
	for i := range ev.Payload {
		ev.Payload[i] = byte(r.Uint32())
	}
	ev.Hash = event.PayloadHash(ev.ID[:])
	a.events = append(a.events, ev)
}

// link gives an event a cause, often an early one or one of the last, and a correlation: its cause's, that of an event that
// may have another one itself, or one that is no event's id.
func (a *archive) link(ev *event.Event) {
	r := a.links
	if n := len(a.events); n > 0 && r.IntN(4) != 0 {
		at := n - 1 - r.IntN(min(n, 20))
		if r.IntN(3) == 0 {
			at = r.IntN(1 + r.IntN(n))
		}
		cause := &a.events[at]
		ev.Cause, ev.CauseSequence, ev.Position.Depth = cause.ID, cause.Sequence, cause.Position.Depth+1
		if r.IntN(4) != 0 {
			ev.Correlation = cause.Correlation
		}
	}
	switch n := len(a.events); r.IntN(20) {
	case 0:
		ev.Correlation = event.MakeID(1+r.Uint64N(2), 0, 7)
	case 1:
		if n > 0 {
			ev.Correlation = a.events[r.IntN(1+r.IntN(n))].ID
		}
	}
}

// store stores an event and returns where the next one goes.
func (a *archive) store(segment *mmapseg.Segment, at int64, ev *event.Event) int64 {
	d := event.Draft{Coordinate: ev.Coordinate, Kind: ev.Kind, Tags: ev.Tags, Payload: ev.Payload, Cause: ev.Cause}
	if ev.Correlation != ev.ID {
		d.Correlation = ev.Correlation
	}
	o := mmapseg.EventOptions{Hashing: true, Imported: ev.Imported, CauseSequence: ev.CauseSequence, Depth: ev.Position.Depth}
	if ev.Gate != nil {
		var err error
		o.Gate, err = ev.Gate.AppendBinary(nil)
		a.must(err)
	}
	unit, frame := mmapseg.EncodeEvent(nil, &d, &o)
	assigned := mmapseg.Assigned{
		Sequence: ev.Sequence, Clock: ev.Position.Clock, ID: ev.ID, Timestamp: ev.Timestamp, Hash: ev.Hash,
		Wall: ev.Position.Wall, Counter: ev.Position.Counter,
	}
	frame.Assign(unit, &assigned, segment.Salt, at, 0)
	segment.Store(at, unit)
	segment.Point(ev.Sequence, at)
	end := at + int64(len(unit))
	a.ranges = append(a.ranges, frameRange{segment, at, end})
	return end
}

// damageEvent makes the frame of an event unsound.
func (a *archive) damageEvent(sequence uint64) {
	at := a.ranges[sequence-1]
	a.flip(at.segment, at.from+40)
}

// flip changes a byte of a segment's file.
func (a *archive) flip(segment *mmapseg.Segment, offset int64) {
	file, err := a.dir.Open(segment.Name(), true)
	a.must(err)
	var b [1]byte
	_, err = file.ReadAt(b[:], offset)
	a.must(err)
	b[0] ^= 0x10
	_, err = file.WriteAt(b[:], offset)
	a.must(err)
	a.must(file.Close())
}

// region returns a random region; most of them select something.
func (a *archive) region() event.Region { return anyregion.Of(a.random, a.events) }

// selected is the linear scan: the sequences of the events that a region selects.
func (a *archive) selected(region event.Region, visible uint64, o Options) []uint64 {
	var sequences []uint64
	for i := range a.events[:visible] {
		if region.Matches(&a.events[i]) {
			sequences = append(sequences, a.events[i].Sequence)
		}
	}
	if o.Backward {
		slices.Reverse(sequences)
	}
	if o.Limit > 0 && len(sequences) > o.Limit {
		sequences = sequences[:o.Limit]
	}
	return sequences
}
