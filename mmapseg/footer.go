// The footer of a sealed segment: typed sections behind the end frame, their
// directory, and a trailer in the last 96 bytes of the file, by which the footer
// is found. Everything in it is derived from the frames.
//
//	frames end                                                               file size
//	+--------+------+-------------+--------+---------+-------+-----------+---------+
//	| points | tree | of others   | checks | control | range | directory | trailer |
//	+--------+------+-------------+--------+---------+-------+-----------+---------+
//	|<- not read at opening ----->|<- read and verified at opening -------------->|
//
// Sections and directory begin at multiples of 8, the bytes between them are zero. A
// directory entry:
//
//	 0 u32 type   4 u32 version of the section   8 u64 offset   16 u64 length
//	24 u32 CRC32C of the section; 0 in front of the checks, which cover those
//	28 u32 zero
//
// Sections are listed in the order of their offsets, do not overlap, and no type is
// there twice. A reader skips types that it does not know. The trailer:
//
//	 0 8 magic "BPKFOOT1"   8 u32 format version   12 u32 sections
//	16 u64 directory offset 24 u64 segment number  32 u64 salt
//	40 u64 frames end       48 u32 generation      52 u32 directory CRC
//	56 zeros                92 u32 CRC of the 92 bytes before it, seeded with the
//	                               low half of the salt
//
// The sections of this package, in the order in which they stand; types from 16 on are
// those of others, opaque here, and stand between tree and checks:
//
//	1 points   version 2: u32 offset / 8 of the events first, first + stride,
//	           first + 2*stride ...; first and stride are told by the range section
//	3 tree     version 1, only with hashing: u64 number of the first node, then 32
//	           bytes a node: the roots of the aligned runs of 256 leaves that lie
//	           wholly in the segment (node n covers the leaves 256n to 256n+255)
//	5 checks   version 1: u32 CRC32C of each block of 4,096 bytes, counted from frames
//	           end, of what lies between frames end and this section; the last
//	           block may be shorter
//	4 control  version 1: u32 offset / 8 of every open, close and gap frame, in order
//	2 range    version 2: u64 first, u64 last sequence (0, 0: no events), u64 events,
//	           u64 events in the Merkle tree before the segment's first,
//	           i64 lowest, i64 highest timestamp, 16 first, 16 last id,
//	           u64 first, u64 last HLC wall ms, u32 first, u32 last HLC counter,
//	           u32 stride of the points, u32 zero
//
// What stands in front of the checks grows with the events; it is verified block by
// block when it is first read, and its pages are not touched before. What stands behind
// is small enough that reading the last 8 KiB of the file usually opens a footer.
//
// Version 1 of points and range, and footers without checks, were never released; a
// footer with them is one that can't be used.

package mmapseg

import (
	"encoding/binary"

	"github.com/batpak/batpak/event"
)

var footerMagic = [8]byte{'B', 'P', 'K', 'F', 'O', 'O', 'T', '1'}

const (
	trailerSize        = 96
	directoryEntrySize = 32
	maxSections        = 256
	maxStride          = 1 << 16

	sectionPoints  = 1
	sectionRange   = 2
	sectionTree    = 3
	sectionControl = 4
	sectionChecks  = 5

	// FirstForeignSection is the lowest type of a section that is not this package's.
	FirstForeignSection = 16

	// TreeRun is how many leaves of the Merkle tree a node in a footer covers.
	TreeRun = 256
)

// sectionVersions are the versions of this package's sections that it writes, and the
// only ones that it reads.
var sectionVersions = [...]uint32{sectionPoints: 2, sectionRange: 2, sectionTree: 1, sectionControl: 1, sectionChecks: 1}

// Summary is what the range section tells about a segment.
type Summary struct {
	First, Last               uint64 // sequences; 0, 0: the segment holds no events
	Events                    uint64
	TreeBase                  uint64
	LowestTime, HighestTime   int64 // microseconds since the Unix epoch
	FirstID, LastID           event.ID
	FirstWall, LastWall       uint64 // HLC of the first and of the last event, milliseconds
	FirstCounter, LastCounter uint32 // and its counter
}

// section says where in the file a section lies.
type section struct {
	kind, version uint32
	offset        int64
	length        int64
	crc           uint32
}

func (s *section) end() int64 { return s.offset + s.length }

// Footer is what is known of a footer when it is opened. Of the sections in front of the
// checks that is where they lie.
type Footer struct {
	FramesEnd int64
	Summary   Summary

	size     int64     // of the file
	sections []section // in front of the checks
	checks   section
	control  []int64
	stride   uint64 // of the points
}

// Control returns the offsets of the segment's open, close and gap frames, in order. The
// slice is not to be changed.
func (f *Footer) Control() []int64 { return f.control }

// Whole reports whether there is an offset for every stride of the events.
func (f *Footer) Whole() bool {
	points, ok := f.section(sectionPoints)
	return ok && uint64(points.length/pointSize) == (f.Summary.Events+f.stride-1)/f.stride
}

// section returns a section in front of the checks.
func (f *Footer) section(kind uint32) (section, bool) {
	for _, s := range f.sections {
		if s.kind == kind {
			return s, true
		}
	}
	return section{}, false
}

func (s *Summary) encode(stride uint32) []byte {
	le := binary.LittleEndian
	var b []byte
	for _, v := range []uint64{s.First, s.Last, s.Events, s.TreeBase, uint64(s.LowestTime), uint64(s.HighestTime)} {
		b = le.AppendUint64(b, v)
	}
	b = append(b, s.FirstID[:]...)
	b = append(b, s.LastID[:]...)
	b = le.AppendUint64(b, s.FirstWall)
	b = le.AppendUint64(b, s.LastWall)
	for _, v := range []uint32{s.FirstCounter, s.LastCounter, stride, 0} {
		b = le.AppendUint32(b, v)
	}
	return b
}

func decodeSummary(b []byte) (s Summary, stride uint64, ok bool) {
	f := fields{b: b}
	s = Summary{First: f.u64(), Last: f.u64(), Events: f.u64(), TreeBase: f.u64()}
	s.LowestTime, s.HighestTime = int64(f.u64()), int64(f.u64())
	s.FirstID, s.LastID = f.bytes16(), f.bytes16()
	s.FirstWall, s.LastWall, s.FirstCounter, s.LastCounter = f.u64(), f.u64(), f.u32(), f.u32()
	stride = uint64(f.u32())
	zero := f.u32()
	ok = f.done() && zero == 0 && stride > 0 && stride <= maxStride && s.sensible()
	return s, stride, ok
}

// sensible reports whether the fields can be those of one segment.
func (s *Summary) sensible() bool {
	if s.Events == 0 {
		return *s == Summary{TreeBase: s.TreeBase}
	}
	return s.First > 0 && s.First <= s.Last && s.Events-1 <= s.Last-s.First && s.LowestTime <= s.HighestTime &&
		(s.FirstWall < s.LastWall || s.FirstWall == s.LastWall && s.FirstCounter <= s.LastCounter)
}

// add takes an event frame into the summary.
func (s *Summary) add(f *Frame) {
	at := f.Timestamp()
	wall, counter := f.HLC()
	if s.Events == 0 {
		s.First, s.FirstID = f.Sequence(), f.ID()
		s.FirstWall, s.FirstCounter = wall, counter
		s.LowestTime, s.HighestTime = at, at
	}
	s.Events++
	s.Last, s.LastID = f.Sequence(), f.ID()
	s.LastWall, s.LastCounter = wall, counter
	s.LowestTime, s.HighestTime = min(s.LowestTime, at), max(s.HighestTime, at)
}

// decodeControl reads a control section: offsets of frames, which ascend and lie between
// the header and framesEnd.
func decodeControl(b []byte, framesEnd int64) ([]int64, bool) {
	if len(b)%4 != 0 || int64(len(b)/4) > framesEnd/minControlFrame {
		return nil, false
	}
	control := make([]int64, 0, len(b)/4)
	for least := int64(HeaderSize); len(b) > 0; b = b[4:] {
		at := int64(binary.LittleEndian.Uint32(b)) * FrameAlign
		if at < least || at > framesEnd-minControlFrame {
			return nil, false
		}
		control, least = append(control, at), at+minControlFrame
	}
	return control, true
}
