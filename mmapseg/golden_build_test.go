package mmapseg

// The inputs of testdata/segment-v1.golden: one of everything that format version 1 can hold. What comes out again is
// written down by hand in golden_test.go; do not derive one from the other.

import (
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
)

func goldenHeader() Header {
	return Header{
		Number: 7, Hashing: true, Salt: 0x0123456789ABCDEF, Size: MinSize, Created: 1_763_875_200_123_456,
		Origin: Origin{0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8, 0xA9, 0xAA, 0xAB, 0xAC, 0xAD, 0xAE, 0xAF},
	}
}

// goldenFloor is the first sequence of the golden segment, goldenTree the number of events before it.
const (
	goldenFloor = 1001
	goldenTree  = 900
	goldenPlain = 420 // events of no interest that fill a run of the Merkle tree
)

// goldenPen writes the golden segment with a true hash chain.
type goldenPen struct {
	pen
	heads  map[string]event.Hash
	clocks map[string]uint64
}

// add appends an event to the unit; what a commit section would assign follows from its sequence.
func (g *goldenPen) add(d event.Draft, o EventOptions, a Assigned) Encoded {
	sequence := g.next + g.staged()
	entity := d.Coordinate.Entity()
	g.clocks[entity]++
	a.Sequence, a.Clock, a.Timestamp = sequence, g.clocks[entity], 1_763_875_200_000_000+int64(sequence)
	if a.ID.IsZero() {
		a.ID = event.MakeID(1_763_875_200_000, uint32(sequence), 0x0102030405)
	}
	o.Hashing = true
	link := event.Link{
		Prev: g.heads[entity], ID: a.ID, Timestamp: a.Timestamp, Sequence: sequence, Clock: a.Clock, Depth: o.Depth,
		Wall: a.ID.Wall(), Counter: a.ID.Counter(),
	}
	if o.StoresPrevHash {
		link.Prev = a.PrevHash
	}
	if o.Imported {
		link.Wall, link.Counter = a.Wall, a.Counter
	}
	if len(o.Gate) != 0 {
		record, err := event.DecodeGateRecord(o.Gate)
		must(g.tb, err)
		link.Gate = record.Digest()
	}
	link.Digest, _ = event.Digest(nil, &d, event.PayloadHash(d.Payload))
	if o.Tombstone {
		o.PayloadHash, o.PayloadSize = event.PayloadHash(d.Payload), uint32(len(d.Payload))
	}
	if d.Key != "" {
		o.Request = link.Digest
	}
	a.Hash = link.Hash()
	g.heads[entity] = a.Hash
	var e Encoded
	g.unit, e = EncodeEvent(g.unit, &d, &o)
	e.Assign(g.unit, &a, g.s.Salt, g.tail, MakeMark(6, 8192))
	return e
}

// staged counts the events in the unit.
func (g *goldenPen) staged() (events uint64) {
	for at := 0; at < len(g.unit); at += align(int(leWord(g.unit[at:]) >> 32)) {
		if FrameType(g.unit[at+2]) == FrameEvent {
			events++
		}
	}
	return events
}

// one appends an event as a unit of its own.
func (g *goldenPen) one(d event.Draft, o EventOptions, a Assigned) {
	e := g.add(d, o, a)
	g.place([]Encoded{e}, []int{len(d.Payload)})
}

func (g *goldenPen) at() Place { return Place{Salt: g.s.Salt, Offset: g.tail, Mark: MakeMark(6, 8192)} }

func gate(tb tester, record event.GateRecord) []byte {
	tb.Helper()
	b, err := record.AppendBinary(nil)
	must(tb, err)
	return b
}

// goldenSegment builds the file.
func goldenSegment(t *testing.T) []byte {
	t.Helper()
	g := &goldenPen{pen: *newPen(t, vfs.NewMemory(), goldenHeader(), goldenFloor), heads: make(map[string]event.Hash), clocks: make(map[string]uint64)}
	g.s.TreeBase = goldenTree
	g.control(AppendOpen(nil, &OpenFrame{
		Identity: [16]byte{0xB0, 1}, Incarnation: 3, Ahead: 65536, Lost: Range{951, 1000}, LastSequence: 1000, TreeSize: goldenTree,
		Wall: 1_763_875_199_999, Counter: 17, Opened: 1_763_875_200_000_001,
		Ancestors: []Ancestor{{Identity: [16]byte{0xC0}, Parted: 500}, {Identity: [16]byte{0xC1}, Parted: 700}},
	}, g.at()))
	g.events()
	g.gated()
	g.batches()
	for g.next < goldenFloor+goldenPlain {
		g.one(event.Draft{Coordinate: event.MustAt("e", "s"), Kind: event.Data}, EventOptions{}, Assigned{})
	}
	g.control(AppendGap(nil, &GapFrame{Range: Range{800, 899}, Leaves: 90, Reason: 1, Sections: []GapSection{
		{Type: 1, Bytes: []byte("heads")}, {Type: 0xFFFFFFFF, Bytes: []byte{}}, {Type: 2, Bytes: []byte{1, 2, 3, 4, 5, 6, 7, 8}},
	}}, g.at()))
	last, tree := g.next-1, uint64(goldenTree+goldenPlain)
	g.control(AppendClose(nil, &CloseFrame{Identity: [16]byte{0xB0, 1}, Incarnation: 3, LastSequence: last, TreeSize: tree, Wall: 1_763_875_200_000, Counter: 5}, g.at()))
	g.control(AppendOpen(nil, &OpenFrame{Identity: [16]byte{0xB0, 1}, Incarnation: 4, Ahead: 1 << 24, LastSequence: last, TreeSize: tree, Wall: 1_763_875_200_000, Counter: 5}, g.at()))
	g.control(AppendEnd(nil, &EndFrame{LastSequence: last, TreeSize: tree, NextNumber: 9, NextSalt: 0xFEDCBA9876543210, NextGeneration: 2, Reason: EndCut}, g.at()))
	footer, err := g.s.BuildFooter(g.tail, nil, goldenSections)
	must(t, err)
	must(t, g.s.Retire())
	must(t, g.s.Seal(g.tail, footer))
	must(t, g.s.GiveBack(g.tail, g.tail+int64(len(footer))))
	return fileImage(t, g.s)
}

// goldenSections are sections that somebody else would add.
func goldenSections(add func(kind, version uint32, data []byte)) error {
	add(16, 3, []byte("of others"))
	add(4_000_000_000, 1, nil)
	return nil
}

// events appends 1001 to 1005: a plain one, one with every field, an imported one, a tombstone, one of two long names.
func (g *goldenPen) events() {
	alice := event.MustAt("player:alice", "room:dungeon")
	g.one(event.Draft{Coordinate: alice, Kind: 0x1001, Codec: event.CodecMessagePack, Payload: []byte{0x81, 0xA1, 'x', 0x01}}, EventOptions{}, Assigned{})
	g.one(event.Draft{
		Coordinate: alice, Kind: 0xF002, Flags: event.RequiresAck | event.Replay, Codec: event.CodecJSON, Version: 3, Lane: 2,
		Tags: []string{"loot", "größe"}, Metadata: []byte("who=tester"), Key: "key-1", Correlation: event.ID{0xD0, 1}, Cause: event.ID{0xD1, 2},
		Payload: []byte(`{"gold":5}`),
	}, EventOptions{Depth: 4, CauseSequence: 77}, Assigned{})
	g.one(event.Draft{Coordinate: event.MustAt("order/1", "shop"), Kind: 0xC0DE, Payload: []byte("imported")},
		EventOptions{Imported: true}, Assigned{ID: event.ID{0xE0, 0xE1}, Wall: 1_500_000_000_000, Counter: 9})
	g.one(event.Draft{Coordinate: event.MustAt("order/2", "shop"), Kind: 0x1002, Payload: []byte("forgotten")},
		EventOptions{Tombstone: true, StoresPrevHash: true}, Assigned{PrevHash: event.Hash{0xF0}})
	g.one(event.Draft{Coordinate: event.MustAt(long(1024), long(1023)), Kind: 0x1003}, EventOptions{}, Assigned{})
}

// gated appends 1006 and 1007.
func (g *goldenPen) gated() {
	alice := event.MustAt("player:alice", "room:dungeon")
	g.one(event.Draft{Coordinate: alice, Kind: 0x1001, Payload: []byte("passed")},
		EventOptions{Gate: gate(g.tb, event.GateRecord{Outcome: event.GatePassed, Gates: []string{"rate", "quota"}})}, Assigned{})
	g.one(event.Draft{Coordinate: alice, Kind: 0x1001, Payload: []byte("bypassed")},
		EventOptions{Gate: gate(g.tb, event.GateRecord{Outcome: event.GateBypassed, Gates: []string{"rate"}, Reason: "repair", Justification: "ticket 7"})}, Assigned{})
}

// batches appends 1008 and 1009 with a key, the second caused by the first, and 1010 without.
func (g *goldenPen) batches() {
	g.keyed(BatchBegin{Events: 2, FirstSequence: 1008, Key: "batch-key", Request: event.Hash{0xEE}}, func() (frames []Encoded) {
		bob := event.MustAt("player:bob", "room:dungeon")
		frames = append(frames, g.add(event.Draft{Coordinate: bob, Kind: 0x1004, Payload: []byte("first")}, EventOptions{InBatch: true}, Assigned{}))
		return append(frames, g.add(event.Draft{Coordinate: bob, Kind: 0x1005, CauseInBatch: 1, Payload: []byte("second")},
			EventOptions{InBatch: true, Depth: 1}, Assigned{Cause: event.MakeID(1_763_875_200_000, 1008, 0x0102030405), CauseAt: 1008}))
	})
	g.keyed(BatchBegin{Events: 1, FirstSequence: 1010}, func() []Encoded {
		return []Encoded{g.add(event.Draft{Coordinate: event.MustAt("player:bob", "room:dungeon"), Kind: 0x1004}, EventOptions{InBatch: true}, Assigned{})}
	})
}

// keyed appends one batch.
func (g *goldenPen) keyed(begin BatchBegin, items func() []Encoded) {
	header, err := AppendBatchBegin(nil, &begin, g.at())
	must(g.tb, err)
	g.unit = append(g.unit, header...)
	frames := items()
	sum := uint32(0)
	for i := range frames {
		sum = BatchCRC(sum, frames[i].BodyCRC(g.unit))
	}
	begin.Bytes = uint32(len(g.unit) - len(header))
	header, err = AppendBatchBegin(nil, &begin, g.at())
	must(g.tb, err)
	copy(g.unit, header)
	at := g.at()
	at.Offset += int64(len(g.unit))
	g.unit = AppendBatchCommit(g.unit, &BatchCommit{Events: begin.Events, Bytes: begin.Bytes, FirstSequence: begin.FirstSequence, CRC: sum}, at)
	g.place(frames, make([]int, len(frames)))
}
