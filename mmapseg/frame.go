// The first 24 bytes of every frame, and its two checksums.

package mmapseg

import (
	"encoding/binary"
	"fmt"

	"github.com/batpak/batpak/hooks"
)

// Mark is a durable position: everything below it had survived a sync when it
// was written. Marks compare like numbers. 0 is before everything.
type Mark uint64

// MakeMark returns the mark of a byte offset in a segment, whose number is [MaxNumber] at most.
func MakeMark(segment uint64, offset int64) Mark {
	return Mark(segment<<32 | uint64(offset/FrameAlign)&0xFFFFFFFF)
}

// Segment returns the segment's number.
func (m Mark) Segment() uint32 { return uint32(m >> 32) }

// Offset returns the byte offset in the segment.
func (m Mark) Offset() int64 { return int64(uint32(m)) * FrameAlign }

// prefix is the decoded beginning of a frame.
type prefix struct {
	kind    FrameType
	flags   uint8
	length  int // with the prefix, without padding
	mark    Mark
	bodyCRC uint32
}

func (p *prefix) aligned() int { return align(p.length) }

// problem says why bytes are no sound frame; empty when they are one.
type problem string

const (
	problemNone    problem = ""
	problemZero    problem = "no frame where one is expected"
	problemMagic   problem = "not a frame"
	problemHeader  problem = "the frame header's checksum is wrong"
	problemLength  problem = "the frame is longer than what remains"
	problemBody    problem = "the frame's checksum is wrong"
	problemContent problem = "the frame's checksum is right but its content is not"
)

// parsePrefix checks the frame header that begins at b, which lies at offset in
// a segment with this salt; room is how many bytes the frame may have.
func parsePrefix(b []byte, salt Salt, offset, room int64) (prefix, problem) {
	if len(b) < framePrefix || room < framePrefix {
		return prefix{}, problemLength
	}
	le := binary.LittleEndian
	first := le.Uint64(b)
	if first == 0 {
		return prefix{}, problemZero
	}
	if uint16(first) != frameMagic {
		return prefix{}, problemMagic
	}
	seed, _ := salt.seeds(offset)
	sum := crc(seed, b[:prefixChecked])
	if hooks.Enabled && hooks.Planted(hooks.FrameHeaderUnchecked) {
		sum = le.Uint32(b[prefixChecked:])
	}
	if sum != le.Uint32(b[prefixChecked:]) {
		return prefix{}, problemHeader
	}
	p := prefix{
		kind:    FrameType(first >> 16),
		flags:   uint8(first >> 24),
		length:  int(first >> 32),
		mark:    Mark(le.Uint64(b[8:])),
		bodyCRC: le.Uint32(b[16:]),
	}
	if p.length < framePrefix || p.length > maxFrameLength || int64(p.aligned()) > room {
		return p, problemLength
	}
	return p, problemNone
}

// checkBody checks the CRC of a whole frame with its padding.
func checkBody(kind FrameType, want uint32, frame []byte, salt Salt, offset int64) problem {
	_, seed := salt.seeds(offset)
	if kind != FrameEvent {
		if crc(seed, frame[framePrefix:]) != want {
			return problemBody
		}
		return problemNone
	}
	if len(frame) < minEventLength {
		return problemContent
	}
	if hooks.Enabled && hooks.Planted(hooks.PayloadUnchecked) {
		return problemNone
	}
	fixed := eventFixed + int(assignedSize[frame[66]&15])
	if fixed > len(frame) {
		return problemBody
	}
	if crc(seed^crc(0, frame[fixed:]), frame[framePrefix:fixed]) != want {
		return problemBody
	}
	return problemNone
}

// putPrefix writes the first 24 bytes of a frame whose body is complete.
func putPrefix(frame []byte, kind FrameType, flags uint8, length int, mark Mark, bodyCRC uint32, salt Salt, offset int64) {
	le := binary.LittleEndian
	le.PutUint64(frame, uint64(frameMagic)|uint64(kind)<<16|uint64(flags)<<24|uint64(length)<<32)
	le.PutUint64(frame[8:], uint64(mark))
	le.PutUint32(frame[16:], bodyCRC)
	seed, _ := salt.seeds(offset)
	le.PutUint32(frame[prefixChecked:], crc(seed, frame[:prefixChecked]))
}

// Frame is one sound frame of a segment. Bytes is borrowed from what was scanned.
type Frame struct {
	Type   FrameType
	Offset int64 // from the start of the file
	Length int   // bytes with its header, without padding
	Mark   Mark  // durable position at the moment it was written
	Bytes  []byte
	crc    uint32
	flags  uint8
}

// End returns the offset behind the frame and its padding.
func (f *Frame) End() int64 { return f.Offset + int64(align(f.Length)) }

// InBatch reports whether the frame is an event of a batch.
func (f *Frame) InBatch() bool { return f.flags&frameInBatch != 0 }

// BodyCRC returns the frame's checksum, which a batch's commit frame covers.
func (f *Frame) BodyCRC() uint32 { return f.crc }

// body returns what lies behind the frame's first 24 bytes, without padding.
func (f *Frame) body() []byte { return f.Bytes[framePrefix:f.Length] }

// parseFrame checks one whole frame at the beginning of b.
func parseFrame(b []byte, salt Salt, offset, room int64) (f Frame, bad problem) {
	bad = f.read(b, salt, offset, room)
	return f, bad
}

// read makes f the whole frame at the beginning of b, in place: many are read one after the other. After a problem f is as before.
func (f *Frame) read(b []byte, salt Salt, offset, room int64) problem {
	p, bad := parsePrefix(b, salt, offset, room)
	if bad != problemNone {
		return bad
	}
	return p.into(f, b, salt, offset)
}

// frame checks the rest of the frame whose sound header p is.
func (p *prefix) frame(b []byte, salt Salt, offset int64) (f Frame, bad problem) {
	bad = p.into(&f, b, salt, offset)
	return f, bad
}

// into is frame in place.
func (p *prefix) into(f *Frame, b []byte, salt Salt, offset int64) problem {
	n := p.aligned()
	if n > len(b) {
		return problemLength
	}
	if bad := checkBody(p.kind, p.bodyCRC, b[:n], salt, offset); bad != problemNone {
		return bad
	}
	f.Type, f.Offset, f.Length, f.Mark, f.Bytes, f.crc, f.flags = p.kind, offset, p.length, p.mark, b[:n], p.bodyCRC, p.flags
	return problemNone
}

// known refuses frames and flags of a later version.
func (f *Frame) known(file string) error {
	if f.Type == FrameEvent && f.flags&^frameInBatch == 0 {
		return nil // as nearly all are
	}
	return f.ofVersion(file)
}

func (f *Frame) ofVersion(file string) error {
	if !f.Type.known() {
		return &VersionError{File: file, What: "frame type", Found: uint64(f.Type), Known: uint64(FrameGap)}
	}
	if f.flags&^frameInBatch != 0 || f.flags != 0 && f.Type != FrameEvent {
		return &VersionError{File: file, What: "frame flags", Found: uint64(f.flags), Known: frameInBatch}
	}
	return nil
}

// contentError is the error for a frame whose checksum is right and whose
// content is not: written so, or forged.
func contentError(f *Frame, file, detail string) error {
	return &CorruptError{Segment: file, Offset: f.Offset, Problem: fmt.Sprintf("%s frame: %s", f.Type, detail)}
}

// uncheckedFrame describes a frame whose checksum nobody asked for. Its length
// was checked against the bytes.
func uncheckedFrame(b []byte, offset int64, length int) (f Frame) {
	f.unchecked(b, offset, length)
	return f
}

// unchecked is uncheckedFrame in place.
func (f *Frame) unchecked(b []byte, offset int64, length int) {
	first := leWord(b)
	f.Type, f.Offset, f.Length, f.Mark, f.Bytes = FrameType(first>>16), offset, length, Mark(leWord(b[8:])), b
	f.crc, f.flags = binary.LittleEndian.Uint32(b[16:]), uint8(first>>24)
}

func leWord(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }
