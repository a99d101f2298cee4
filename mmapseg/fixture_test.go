package mmapseg

// Segments for the tests of this package, filled as the commit section fills them.

import (
	"encoding/binary"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
)

// tester is what testing.TB and rapid.T have in common.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// must ends the test unless err is nil.
func must(tb tester, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatalf("%v", err)
	}
}

// testHeader returns the header of a segment of a store with hashing; each number has a salt of its own.
func testHeader(number uint64, size int64) Header {
	return Header{
		Number: number, Hashing: true, Salt: Salt(number*0x9E3779B97F4A7C15 + 0x1F83D9ABFB41BD6B), Size: size,
		Origin: Origin{1, 2, 3}, Created: 1_763_875_200_000_000,
	}
}

// diskDir is a real directory; with the race detector its mappings are heap memory.
func diskDir(t *testing.T) vfs.Dir {
	t.Helper()
	dir, err := vfs.OpenDir(t.TempDir(), true)
	must(t, err)
	t.Cleanup(func() { must(t, dir.Close()) })
	return dir
}

// pen writes frames into one segment.
type pen struct {
	tb      tester
	s       *Segment
	tail    int64
	next    uint64
	hashing bool
	offsets map[uint64]int64 // of the events' frames
	sizes   map[uint64]int   // of the events' payloads
	unit    []byte
}

// newPen creates a segment whose first event will be floor.
func newPen(tb tester, dir vfs.Dir, h Header, floor uint64) *pen {
	tb.Helper()
	s, err := Create(dir, h)
	must(tb, err)
	tb.Cleanup(func() { _ = s.Close() })
	s.Activate(floor, floor-1)
	return &pen{tb: tb, s: s, tail: HeaderSize, next: floor, hashing: h.Hashing, offsets: make(map[uint64]int64), sizes: make(map[uint64]int)}
}

var testEntities = [...]event.Coordinate{
	event.MustAt("player:alice", "room:dungeon"), event.MustAt("player:bob", "room:dungeon"), event.MustAt("order/1", "shop"),
}

// testPayload is what the event with this sequence holds.
func testPayload(sequence uint64, size int) []byte {
	payload := make([]byte, size)
	for i := range payload {
		payload[i] = byte(sequence*7 + uint64(i)*13 + uint64(i)>>8)
	}
	return payload
}

// testHash stands for the event hash of this sequence.
func testHash(sequence uint64) event.Hash {
	return event.PayloadHash(binary.LittleEndian.AppendUint64(nil, sequence))
}

func testTime(sequence uint64) int64 { return 1_763_875_200_000_000 + int64(sequence)*1000 }

// encode appends the frame of an event with a payload of size bytes to the pen's unit.
func (p *pen) encode(sequence uint64, size int, inBatch bool) Encoded {
	draft := event.Draft{
		Coordinate: testEntities[sequence%3], Kind: 0x1001, Codec: event.CodecRaw, Payload: testPayload(sequence, size),
	}
	var e Encoded
	p.unit, e = EncodeEvent(p.unit, &draft, &EventOptions{Hashing: p.hashing, InBatch: inBatch})
	e.Assign(p.unit, &Assigned{
		Sequence: sequence, Clock: sequence/3 + 1, Timestamp: testTime(sequence),
		ID: event.MakeID(uint64(testTime(sequence))/1000, 0, sequence), Hash: testHash(sequence),
	}, p.s.Salt, p.tail, MakeMark(p.s.Number, p.tail))
	return e
}

// place stores the unit behind the tail, notes its events and lets readers read it.
func (p *pen) place(frames []Encoded, sizes []int) {
	p.s.Store(p.tail, p.unit)
	for i := range frames {
		offset := p.tail + int64(frames[i].Start)
		p.offsets[p.next], p.sizes[p.next] = offset, sizes[i]
		p.s.Point(p.next, offset)
		p.next++
	}
	p.tail += int64(len(p.unit))
	p.s.Publish(p.tail)
	p.unit = p.unit[:0]
}

// event appends one event and returns its sequence.
func (p *pen) event(size int) uint64 {
	e := p.encode(p.next, size, false)
	p.place([]Encoded{e}, []int{size})
	return p.next - 1
}

// smallest appends one event with names of one byte.
func (p *pen) smallest(size int) {
	draft := event.Draft{Coordinate: event.MustAt("e", "s"), Kind: 0x1001, Payload: testPayload(p.next, size)}
	var e Encoded
	p.unit, e = EncodeEvent(p.unit, &draft, &EventOptions{Hashing: p.hashing})
	e.Assign(p.unit, &Assigned{Sequence: p.next, ID: event.ID{1}, Hash: testHash(p.next)}, p.s.Salt, p.tail, 0)
	p.place([]Encoded{e}, []int{size})
}

// events appends n events with payloads of size bytes.
func (p *pen) events(n, size int) {
	for range n {
		p.event(size)
	}
}

// batch appends one batch.
func (p *pen) batch(sizes ...int) { p.keyedBatch("", sizes...) }

// keyedBatch appends one batch with a key, whose request digest is the hash of its first sequence.
func (p *pen) keyedBatch(key string, sizes ...int) {
	begin := BatchBegin{Events: uint32(len(sizes)), FirstSequence: p.next, Key: key}
	if key != "" {
		begin.Request = testHash(p.next)
	}
	place := Place{Salt: p.s.Salt, Offset: p.tail, Mark: MakeMark(p.s.Number, p.tail)}
	header, err := AppendBatchBegin(nil, &begin, place)
	must(p.tb, err)
	p.unit = append(p.unit, header...)
	var frames []Encoded
	sum := uint32(0)
	for i, size := range sizes {
		frames = append(frames, p.encode(p.next+uint64(i), size, true))
		sum = BatchCRC(sum, frames[i].BodyCRC(p.unit))
	}
	begin.Bytes = uint32(len(p.unit) - len(header))
	header, err = AppendBatchBegin(nil, &begin, place)
	must(p.tb, err)
	copy(p.unit, header)
	place.Offset += int64(len(p.unit))
	p.unit = AppendBatchCommit(p.unit, &BatchCommit{Events: begin.Events, Bytes: begin.Bytes, FirstSequence: p.next, CRC: sum}, place)
	p.place(frames, sizes)
}

// control stores a control frame.
func (p *pen) control(frame []byte) {
	p.s.Store(p.tail, frame)
	p.tail += int64(len(frame))
	p.s.Publish(p.tail)
}

// here is the place of the next frame.
func (p *pen) here() Place {
	return Place{Salt: p.s.Salt, Offset: p.tail, Mark: MakeMark(p.s.Number, p.tail)}
}

// end ends the segment.
func (p *pen) end() {
	next := testHeader(p.s.Number+1, MinSize)
	p.control(AppendEnd(nil, &EndFrame{
		LastSequence: p.next - 1, TreeSize: p.next - 1, NextNumber: next.Number, NextSalt: next.Salt, Reason: EndRotated,
	}, p.here()))
	p.s.Finish(p.next - 1)
}

// seal ends and seals the segment and returns the size of its file.
func (p *pen) seal() int64 {
	p.tb.Helper()
	p.end()
	must(p.tb, p.s.Retire())
	must(p.tb, p.s.Sync(false))
	footer, err := p.s.BuildFooter(p.tail, nil, nil)
	must(p.tb, err)
	must(p.tb, p.s.Seal(p.tail, footer))
	must(p.tb, p.s.Sync(false))
	size := p.tail + int64(len(footer))
	must(p.tb, p.s.GiveBack(p.tail, size))
	return size
}

// image returns the bytes of the segment's file.
func (p *pen) image() []byte {
	p.tb.Helper()
	return fileImage(p.tb, p.s)
}

// fileImage returns the bytes of a segment's file.
func fileImage(tb tester, s *Segment) []byte {
	tb.Helper()
	size, err := s.file.Size()
	must(tb, err)
	b := make([]byte, size)
	_, err = s.file.ReadAt(b, 0)
	must(tb, err)
	return b
}

// damage flips one bit of the segment's file, which its mapping shows.
func damage(tb tester, s *Segment, offset int64, bit int) {
	tb.Helper()
	var b [1]byte
	_, err := s.file.ReadAt(b[:], offset)
	must(tb, err)
	b[0] ^= 1 << bit
	overwrite(tb, s, offset, b[:])
}

// overwrite writes b into the segment's file, which its mapping shows.
func overwrite(tb tester, s *Segment, offset int64, b []byte) {
	tb.Helper()
	_, err := s.file.WriteAt(b, offset)
	must(tb, err)
}

// checkEvent compares a frame with what the pen wrote.
func checkEvent(tb tester, d *Decoder, f *Frame, sequence uint64, size int) {
	tb.Helper()
	var ev event.Event
	must(tb, d.Event(f, "test", &ev))
	if ev.Sequence != sequence || ev.Coordinate != testEntities[sequence%3] || ev.Timestamp != testTime(sequence) {
		tb.Fatalf("read %v, want sequence %d", ev, sequence)
	}
	if string(ev.Payload) != string(testPayload(sequence, size)) {
		tb.Fatalf("event %d has another payload", sequence)
	}
}

// frameSpans returns offset and aligned length of all frames of an image.
func frameSpans(tb tester, image []byte, salt Salt, limit int64) (spans [][2]int64) {
	tb.Helper()
	scanner := NewScanner(Memory(image), salt, "test", HeaderSize, limit)
	for {
		f, ok, err := scanner.Next()
		must(tb, err)
		if !ok {
			return spans
		}
		spans = append(spans, [2]int64{f.Offset, f.End() - f.Offset})
	}
}
