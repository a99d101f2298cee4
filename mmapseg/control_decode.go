// Decoding of control frames whose checksums are known to be right. What is
// wrong all the same was written so, or forged, and is a [CorruptError].

package mmapseg

import (
	"encoding/binary"

	"github.com/batpak/batpak/event"
)

// fields reads little-endian fields and remembers when there were too few.
type fields struct {
	b     []byte
	short bool
}

func (f *fields) take(n int) []byte {
	if n > len(f.b) {
		f.short, f.b = true, nil
		return make([]byte, min(n, 64))
	}
	out := f.b[:n]
	f.b = f.b[n:]
	return out
}

func (f *fields) u8() uint8   { return f.take(1)[0] }
func (f *fields) u16() uint16 { return binary.LittleEndian.Uint16(f.take(2)) }
func (f *fields) u32() uint32 { return binary.LittleEndian.Uint32(f.take(4)) }
func (f *fields) u64() uint64 { return binary.LittleEndian.Uint64(f.take(8)) }

func (f *fields) bytes16() [16]byte { return [16]byte(f.take(16)) }

// done reports whether the fields ended exactly where the frame does.
func (f *fields) done() bool { return !f.short && len(f.b) == 0 }

func finished(frame *Frame, f *fields, file string, ok bool) error {
	if f.done() && ok {
		return nil
	}
	return contentError(frame, file, "fields out of range or of the wrong length")
}

// DecodeOpen reads an open frame of the file called file.
func DecodeOpen(frame *Frame, file string) (OpenFrame, error) {
	f := fields{b: frame.body()}
	o := OpenFrame{Identity: f.bytes16(), Incarnation: f.u64(), Ahead: f.u64()}
	o.Lost = Range{f.u64(), f.u64()}
	o.LastSequence, o.TreeSize, o.Wall, o.Counter = f.u64(), f.u64(), f.u64(), f.u32()
	ancestors := f.u32()
	o.Opened = int64(f.u64())
	if f.short || ancestors > maxAncestors || int(ancestors)*24 != len(f.b) {
		return OpenFrame{}, contentError(frame, file, "ancestors do not fit the frame")
	}
	for range ancestors {
		o.Ancestors = append(o.Ancestors, Ancestor{Identity: f.bytes16(), Parted: f.u64()})
	}
	lost := o.Lost.IsZero() || o.Lost.First > 0 && o.Lost.First <= o.Lost.Last && o.Lost.Last <= o.LastSequence
	ok := frame.Type == FrameOpen && o.Incarnation > 0 && lost
	return o, finished(frame, &f, file, ok)
}

// DecodeClose reads a close frame.
func DecodeClose(frame *Frame, file string) (CloseFrame, error) {
	f := fields{b: frame.body()}
	c := CloseFrame{Identity: f.bytes16(), Incarnation: f.u64(), LastSequence: f.u64(), TreeSize: f.u64(), Wall: f.u64(), Counter: f.u32()}
	zero := f.u32()
	return c, finished(frame, &f, file, frame.Type == FrameClose && zero == 0)
}

// DecodeEnd reads an end frame.
func DecodeEnd(frame *Frame, file string) (EndFrame, error) {
	f := fields{b: frame.body()}
	e := EndFrame{LastSequence: f.u64(), TreeSize: f.u64(), NextNumber: f.u64(), NextSalt: Salt(f.u64()), NextGeneration: f.u32()}
	e.Reason = EndReason(f.u32())
	ok := frame.Type == FrameEnd && e.NextNumber > 0 && (e.Reason == EndRotated || e.Reason == EndCut)
	return e, finished(frame, &f, file, ok)
}

// DecodeBatchBegin reads the frame that begins a batch.
func DecodeBatchBegin(frame *Frame, file string) (BatchBegin, error) {
	f := fields{b: frame.body()}
	b := BatchBegin{Events: f.u32(), Bytes: f.u32(), FirstSequence: f.u64()}
	if n := int(f.u8()); n > 0 {
		b.Key = string(f.take(n))
		b.Request = event.Hash(f.take(32))
	}
	ok := frame.Type == FrameBatchBegin && b.Events > 0 && b.FirstSequence > 0 && b.Bytes%FrameAlign == 0
	return b, finished(frame, &f, file, ok)
}

// DecodeBatchCommit reads the frame that commits a batch.
func DecodeBatchCommit(frame *Frame, file string) (BatchCommit, error) {
	f := fields{b: frame.body()}
	c := BatchCommit{Events: f.u32(), Bytes: f.u32(), FirstSequence: f.u64(), CRC: f.u32()}
	zero := f.u32()
	return c, finished(frame, &f, file, frame.Type == FrameBatchCommit && zero == 0)
}

// DecodeGap reads a gap frame. Its sections are borrowed from the frame.
func DecodeGap(frame *Frame, file string) (GapFrame, error) {
	f := fields{b: frame.body()}
	g := GapFrame{Range: Range{f.u64(), f.u64()}, Leaves: f.u64(), Reason: f.u32()}
	sections := f.u32()
	if sections > maxSections || int64(sections)*8 > int64(len(f.b)) {
		return GapFrame{}, contentError(frame, file, "more sections than allowed, or than the frame has room for")
	}
	for range sections {
		kind := f.u32()
		length := f.u32()
		if int64(length) > int64(len(f.b)) {
			return GapFrame{}, contentError(frame, file, "a section is longer than the frame")
		}
		g.Sections = append(g.Sections, GapSection{Type: kind, Bytes: f.take(int(length))})
	}
	ok := frame.Type == FrameGap && g.Range.First > 0 && g.Range.First <= g.Range.Last
	return g, finished(frame, &f, file, ok)
}
