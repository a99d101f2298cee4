package mmapseg

// Golden files: the bytes of format version 1, and what they mean. A change here is a change of the format.
//
// The footer of the golden segment was changed once, before any release: with the index came the sections control and
// checks, those of others, and version 2 of points and range. The frames are what they were.

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares b with a file of testdata, or writes it, and returns the file.
func golden(t *testing.T, name string, b []byte) []byte {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		must(t, os.WriteFile(path, b, 0o644))
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if !bytes.Equal(b, want) {
		at := 0
		for at < len(b) && at < len(want) && b[at] == want[at] {
			at++
		}
		t.Errorf("%s: %d bytes, want %d; they differ from byte %d on", name, len(b), len(want), at)
	}
	return want
}

func TestTheGoldenSegmentIsWrittenByteForByte(t *testing.T) {
	golden(t, "segment-v1.golden", goldenSegment(t))
}

// goldenID is the id that the store gave the event with this sequence.
func goldenID(sequence uint32) event.ID { return event.MakeID(1763875200000, sequence, 0x0102030405) }

// goldenEvents are the events of the golden segment that have something to show.
func goldenEvents() []event.Event {
	alice, bob := event.MustAt("player:alice", "room:dungeon"), event.MustAt("player:bob", "room:dungeon")
	assigned := func(sequence uint32, clock uint64) event.Header {
		return event.Header{
			ID: goldenID(sequence), Sequence: uint64(sequence), Timestamp: 1763875200000000 + int64(sequence), Correlation: goldenID(sequence),
			Position: event.Position{Clock: clock, Wall: 1763875200000, Counter: sequence},
		}
	}
	var events []event.Event
	add := func(e event.Event, h event.Header, change func(e *event.Event)) {
		e.Header = h
		change(&e)
		events = append(events, e)
	}
	add(event.Event{Coordinate: alice, Payload: []byte("\x81\xa1x\x01")}, assigned(1001, 1), func(e *event.Event) {
		e.Kind, e.Codec = 0x1001, 2
	})
	add(event.Event{Coordinate: alice, Payload: []byte(`{"gold":5}`), Tags: []string{"loot", "größe"}, Metadata: []byte("who=tester"), Key: "key-1"},
		assigned(1002, 2), func(e *event.Event) {
			e.Kind, e.Codec, e.Flags, e.Version = 0xF002, 1, 0x09, 3
			e.Correlation, e.Cause, e.CauseSequence = event.ID{0xD0, 1}, event.ID{0xD1, 2}, 77
			e.Position.Depth, e.Position.Lane = 4, 2
		})
	add(event.Event{Coordinate: event.MustAt("order/1", "shop"), Payload: []byte("imported")}, assigned(1003, 1), func(e *event.Event) {
		e.Kind, e.Imported, e.ID, e.Correlation = 0xC0DE, true, event.ID{0xE0, 0xE1}, event.ID{0xE0, 0xE1}
		e.Position.Wall, e.Position.Counter = 1500000000000, 9
	})
	add(event.Event{Coordinate: event.MustAt("order/2", "shop")}, assigned(1004, 1), func(e *event.Event) { e.Kind, e.Tombstone = 0x1002, true })
	add(event.Event{Coordinate: event.MustAt(long(1024), long(1023))}, assigned(1005, 1), func(e *event.Event) { e.Kind = 0x1003 })
	add(event.Event{Coordinate: alice, Payload: []byte("passed"), Gate: &event.GateRecord{Outcome: 1, Gates: []string{"rate", "quota"}}},
		assigned(1006, 3), func(e *event.Event) { e.Kind = 0x1001 })
	add(event.Event{Coordinate: alice, Payload: []byte("bypassed"), Gate: &event.GateRecord{Outcome: 2, Gates: []string{"rate"}, Reason: "repair", Justification: "ticket 7"}},
		assigned(1007, 4), func(e *event.Event) { e.Kind = 0x1001 })
	add(event.Event{Coordinate: bob, Payload: []byte("first")}, assigned(1008, 1), func(e *event.Event) { e.Kind = 0x1004 })
	add(event.Event{Coordinate: bob, Payload: []byte("second")}, assigned(1009, 2), func(e *event.Event) {
		e.Kind, e.CauseInBatch, e.Cause, e.CauseSequence, e.Position.Depth = 0x1005, 1, goldenID(1008), 1008, 1
	})
	add(event.Event{Coordinate: bob}, assigned(1010, 3), func(e *event.Event) { e.Kind = 0x1004 })
	add(event.Event{Coordinate: event.MustAt("e", "s")}, assigned(1011, 1), func(e *event.Event) { e.Kind = 0x1000 })
	return events
}

// readGolden returns the header, footer and frames of the golden segment.
func readGolden(t *testing.T) (Header, *Footer, []Frame) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "segment-v1.golden"))
	must(t, err)
	h, err := DecodeHeader("00000000000000000007-00000.seg", b)
	must(t, err)
	footer, reason, err := readBytes(b, &h)
	must(t, err)
	if footer == nil {
		t.Fatal(reason)
	}
	scanner := NewScanner(Memory(b), h.Salt, "golden", HeaderSize, footer.FramesEnd)
	var frames []Frame
	for {
		f, ok, err := scanner.Next()
		must(t, err)
		if !ok {
			break
		}
		frames = append(frames, f)
	}
	if scanner.Offset() != footer.FramesEnd {
		t.Fatalf("frames end at %d, the footer says %d", scanner.Offset(), footer.FramesEnd)
	}
	return h, footer, frames
}

func TestTheGoldenSegmentMeansWhatItDid(t *testing.T) {
	h, footer, frames := readGolden(t)
	if h != (Header{
		Number: 7, Hashing: true, Salt: 0x0123456789ABCDEF, Size: 65536, Created: 1763875200123456,
		Origin: [16]byte{160, 161, 162, 163, 164, 165, 166, 167, 168, 169, 170, 171, 172, 173, 174, 175},
	}) {
		t.Errorf("header %+v", h)
	}
	if s := footer.Summary; s != (Summary{
		First: 1001, Last: 1420, Events: 420, TreeBase: 900, LowestTime: 1763875200001001, HighestTime: 1763875200001420,
		FirstID: goldenID(1001), LastID: goldenID(1420), FirstWall: 1763875200000, LastWall: 1763875200000, FirstCounter: 1001, LastCounter: 1420,
	}) {
		t.Errorf("summary %+v", s)
	}
	want := goldenEvents()
	decoder := NewDecoder()
	hashes, n := make(map[string]event.Hash), 0
	var leaves []event.Hash
	for i := range frames {
		if frames[i].Mark != MakeMark(6, 8192) {
			t.Errorf("frame at %d has mark %x", frames[i].Offset, uint64(frames[i].Mark))
		}
		if frames[i].Type != FrameEvent {
			continue
		}
		var got event.Event
		must(t, decoder.Event(&frames[i], "golden", &got))
		leaves = append(leaves, got.Hash)
		checkGoldenChain(t, &got, hashes)
		if n < len(want) {
			want[n].Hash = got.Hash // checked along the chain
			if !reflect.DeepEqual(got.Clone(), want[n].Clone()) {
				t.Errorf("event %d:\n%+v\nwant\n%+v", got.Sequence, got, want[n])
			}
		}
		if n++; frames[i].InBatch() != (n >= 8 && n <= 10) {
			t.Errorf("event %d: in a batch: %v", got.Sequence, frames[i].InBatch())
		}
	}
	checkGoldenFooter(t, &h, footer, frames, leaves)
}

// checkGoldenFooter looks at what of the footer is read in place.
func checkGoldenFooter(t *testing.T, h *Header, footer *Footer, frames []Frame, leaves []event.Hash) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "segment-v1.golden"))
	must(t, err)
	dir := vfs.NewMemory()
	file, err := dir.Create(h.Name())
	must(t, err)
	_, err = file.WriteAt(b, 0)
	must(t, err)
	must(t, file.Close())
	s, err := Open(dir, *h, Contents{Floor: 1001, TreeBase: 900, End: footer.FramesEnd, Footer: footer})
	must(t, err)
	defer func() { must(t, s.Close()) }()
	nodes, first, err := s.TreeNodes(nil)
	must(t, err)
	if first != 4 || len(nodes) != 1 || nodes[0] != naiveRoot(leaves[1024-900:1280-900]) {
		t.Errorf("%d nodes of the tree from %d", len(nodes), first)
	}
	data, version, ok := s.Section(16)
	must(t, s.Read(func() {
		if b, err := data.At(0, data.Len()); err != nil || string(b) != "of others" || version != 3 || !ok {
			t.Errorf("section 16, version %d: %q %v", version, b, err)
		}
	}))
	if data, version, ok := s.Section(4_000_000_000); data.Len() != 0 || version != 1 || !ok {
		t.Errorf("an empty section: %d bytes, version %d, %v", data.Len(), version, ok)
	}
	var control []int64
	table, events := s.points.Load(), uint64(0)
	for i := range frames {
		switch frames[i].Type {
		case FrameOpen, FrameClose, FrameGap:
			control = append(control, frames[i].Offset)
		case FrameEvent:
			if at := table.at(events); at != frames[i].Offset {
				t.Errorf("point of event %d: %d, it stands at %d", events, at, frames[i].Offset)
			}
			events++
		}
	}
	if !slices.Equal(footer.Control(), control) || len(control) != 4 {
		t.Errorf("control frames at %v, want %v", footer.Control(), control)
	}
}

// checkGoldenChain computes the event's hash from what was read and the entity's hash before it.
func checkGoldenChain(t *testing.T, got *event.Event, hashes map[string]event.Hash) {
	t.Helper()
	draft := got.Draft()
	payload, prev := event.PayloadHash(got.Payload), hashes[got.Entity()]
	if got.Tombstone {
		payload, prev = event.PayloadHash([]byte("forgotten")), event.Hash{0xF0}
	}
	digest, _ := event.Digest(nil, &draft, payload)
	link := linkOf(got, prev, digest)
	if link.Hash() != got.Hash {
		t.Errorf("event %d: the hash is not that of its content", got.Sequence)
	}
	hashes[got.Entity()] = got.Hash
}

func TestTheGoldenControlFramesMeanWhatTheyDid(t *testing.T) {
	_, _, frames := readGolden(t)
	want := []any{
		OpenFrame{
			Identity: [16]byte{0xB0, 1}, Incarnation: 3, Ahead: 65536, Lost: Range{951, 1000}, LastSequence: 1000, TreeSize: 900,
			Wall: 1763875199999, Counter: 17, Opened: 1763875200000001,
			Ancestors: []Ancestor{{[16]byte{0xC0}, 500}, {[16]byte{0xC1}, 700}},
		},
		BatchBegin{Events: 2, Bytes: 304, FirstSequence: 1008, Key: "batch-key", Request: event.Hash{0xEE}},
		BatchCommit{Events: 2, Bytes: 304, FirstSequence: 1008},
		BatchBegin{Events: 1, Bytes: 128, FirstSequence: 1010},
		BatchCommit{Events: 1, Bytes: 128, FirstSequence: 1010},
		GapFrame{Range: Range{800, 899}, Leaves: 90, Reason: 1, Sections: []GapSection{{1, []byte("heads")}, {0xFFFFFFFF, []byte{}}, {2, []byte{1, 2, 3, 4, 5, 6, 7, 8}}}},
		CloseFrame{Identity: [16]byte{0xB0, 1}, Incarnation: 3, LastSequence: 1420, TreeSize: 1320, Wall: 1763875200000, Counter: 5},
		OpenFrame{Identity: [16]byte{0xB0, 1}, Incarnation: 4, Ahead: 1 << 24, LastSequence: 1420, TreeSize: 1320, Wall: 1763875200000, Counter: 5},
		EndFrame{LastSequence: 1420, TreeSize: 1320, NextNumber: 9, NextSalt: 0xFEDCBA9876543210, NextGeneration: 2, Reason: EndCut},
	}
	sum, n := uint32(0), 0
	for i := range frames {
		f := &frames[i]
		if f.Type == FrameEvent {
			sum = BatchCRC(sum, f.BodyCRC())
			continue
		}
		got, err := decodeAny(f)
		must(t, err)
		if f.Type == FrameBatchBegin {
			sum = 0
		}
		if commit, ok := got.(BatchCommit); ok {
			if commit.CRC != sum {
				t.Errorf("commit frame at %d: CRC %08x, its events have %08x", f.Offset, commit.CRC, sum)
			}
			commit.CRC = 0
			got = commit
		}
		if n >= len(want) || !reflect.DeepEqual(got, want[n]) {
			t.Errorf("control frame %d:\n%+v\nwant\n%+v", n, got, want[min(n, len(want)-1)])
		}
		n++
	}
	if n != len(want) {
		t.Errorf("%d control frames, want %d", n, len(want))
	}
}

// TestTheGoldenHeadersOfTheFutureAreRefused holds what a later version looks like to this one.
func TestTheGoldenHeadersOfTheFutureAreRefused(t *testing.T) {
	h := goldenHeader()
	for name, c := range map[string]struct {
		page []byte
		want VersionError
	}{
		"header-version-2.golden": {rewritten(&h, func(p []byte) { p[8] = 2 }), VersionError{What: "format version", Found: 2, Known: 1}},
		"header-feature.golden":   {rewritten(&h, func(p []byte) { p[12] = 4 }), VersionError{What: "feature flags", Found: 4, Known: 0}},
	} {
		_, err := DecodeHeader(h.Name(), golden(t, name, c.page))
		c.want.File = h.Name()
		var version *VersionError
		if !errors.Is(err, ErrVersion) || !errors.As(err, &version) || *version != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
