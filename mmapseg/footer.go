// The footer of a sealed segment: typed sections behind the end frame, their
// directory, and a trailer in the last 96 bytes of the file, by which the footer
// is found. Everything in it is derived from the frames.
//
//	frames end                                                      file size
//	+-----------+-----------+--- ... ---+------------------+---------+
//	| section   | section   |           | directory        | trailer |
//	+-----------+-----------+--- ... ---+------------------+---------+
//
// Sections and directory begin at multiples of 8. A directory entry:
//
//	 0 u32 type   4 u32 version of the section   8 u64 offset   16 u64 length
//	24 u32 CRC32C of the section                28 u32 zero
//
// Sections are listed in the order of their offsets and do not overlap. A reader
// skips types that it does not know. The trailer:
//
//	 0 8 magic "BPKFOOT1"   8 u32 format version   12 u32 sections
//	16 u64 directory offset 24 u64 segment number  32 u64 salt
//	40 u64 frames end       48 u32 generation      52 u32 directory CRC
//	56 zeros                92 u32 CRC of the 92 bytes before it, seeded with the
//	                               low half of the salt
//
// Sections of this version:
//
//	1 points  u64 first sequence, u32 stride, u32 zero, then u32 offset / 8 of the
//	          events first, first + stride, first + 2*stride ...
//	2 range   u64 first, u64 last sequence (0, 0: no events), u64 events,
//	          u64 events in the Merkle tree before the segment's first,
//	          i64 lowest, i64 highest timestamp, 16 first, 16 last id
//	3 tree    u64 number of the first node, then 32 bytes a node: the roots of the
//	          aligned runs of 256 leaves that lie wholly in the segment
//	          (node n covers the leaves 256n to 256n+255)

package mmapseg

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/batpak/batpak/event"
)

var footerMagic = [8]byte{'B', 'P', 'K', 'F', 'O', 'O', 'T', '1'}

const (
	trailerSize        = 96
	directoryEntrySize = 32
	maxSections        = 256
	maxStride          = 1 << 16

	sectionPoints = 1
	sectionRange  = 2
	sectionTree   = 3

	// TreeRun is how many leaves of the Merkle tree a node in a footer covers.
	TreeRun = 256
)

// Summary is what the range section tells about a segment.
type Summary struct {
	First, Last             uint64 // sequences; 0, 0: the segment holds no events
	Events                  uint64
	TreeBase                uint64
	LowestTime, HighestTime int64 // microseconds since the Unix epoch
	FirstID, LastID         event.ID
}

// section says where in the file a section lies.
type section struct {
	kind, version uint32
	offset        int64
	length        int64
	crc           uint32
}

// Footer is a verified footer.
type Footer struct {
	FramesEnd int64
	Summary   Summary
	TreeFirst uint64 // number of the first node
	TreeNodes []event.Hash
	points    section
	stride    uint64
}

// Points returns how many sparse offsets the footer holds.
func (f *Footer) Points() int { return int(f.points.length-pointsHeader) / pointSize }

// Whole reports whether there is an offset for every stride of the events.
func (f *Footer) Whole() bool {
	return uint64(f.Points()) == (f.Summary.Events+f.stride-1)/f.stride
}

// table returns the sparse offsets, read in place from the mapped file; nil when
// they lie beyond what is mapped.
func (f *Footer) table(mapped []byte) *points {
	from, to := f.points.offset+pointsHeader, f.points.offset+f.points.length
	if to > int64(len(mapped)) {
		return nil
	}
	return &points{first: f.Summary.First, stride: f.stride, mapped: mapped[from:to]}
}

// footerBuilder lays out sections behind the frames.
type footerBuilder struct {
	start    int64
	b        []byte
	sections []section
}

func (f *footerBuilder) add(kind uint32, data []byte) {
	f.sections = append(f.sections, section{
		kind: kind, version: 1, offset: f.start + int64(len(f.b)), length: int64(len(data)), crc: crc(0, data),
	})
	f.b = append(f.b, data...)
	f.b = append(f.b, make([]byte, align(len(data))-len(data))...)
}

func (f *footerBuilder) finish(h *Header) []byte {
	le := binary.LittleEndian
	at := len(f.b)
	for _, s := range f.sections {
		f.b = le.AppendUint32(f.b, s.kind)
		f.b = le.AppendUint32(f.b, s.version)
		f.b = le.AppendUint64(f.b, uint64(s.offset))
		f.b = le.AppendUint64(f.b, uint64(s.length))
		f.b = le.AppendUint32(f.b, s.crc)
		f.b = le.AppendUint32(f.b, 0)
	}
	var t [trailerSize]byte
	copy(t[:], footerMagic[:])
	le.PutUint32(t[8:], FormatVersion)
	le.PutUint32(t[12:], uint32(len(f.sections)))
	le.PutUint64(t[16:], uint64(f.start)+uint64(at))
	le.PutUint64(t[24:], h.Number)
	le.PutUint64(t[32:], uint64(h.Salt))
	le.PutUint64(t[40:], uint64(f.start))
	le.PutUint32(t[48:], h.Generation)
	le.PutUint32(t[52:], crc(0, f.b[at:]))
	le.PutUint32(t[92:], crc(uint32(h.Salt), t[:92]))
	return append(f.b, t[:]...)
}

func (s *Summary) encode() []byte {
	le := binary.LittleEndian
	var b []byte
	for _, v := range []uint64{s.First, s.Last, s.Events, s.TreeBase, uint64(s.LowestTime), uint64(s.HighestTime)} {
		b = le.AppendUint64(b, v)
	}
	b = append(b, s.FirstID[:]...)
	return append(b, s.LastID[:]...)
}

func decodeSummary(b []byte) (Summary, bool) {
	f := fields{b: b}
	s := Summary{First: f.u64(), Last: f.u64(), Events: f.u64(), TreeBase: f.u64()}
	s.LowestTime, s.HighestTime = int64(f.u64()), int64(f.u64())
	s.FirstID, s.LastID = f.bytes16(), f.bytes16()
	return s, f.done() && s.First <= s.Last
}

// ReadFooter reads and verifies the footer of a segment file of size bytes. A nil
// footer without an error means that there is none that can be trusted: the
// segment is not sealed, or its footer is damaged, which reason then says. A
// footer is never needed, frames tell everything.
func ReadFooter(file io.ReaderAt, size int64, h *Header) (footer *Footer, reason string, err error) {
	if size < HeaderSize+trailerSize {
		return nil, "", nil
	}
	var t [trailerSize]byte
	if _, err := file.ReadAt(t[:], size-trailerSize); err != nil {
		return nil, "", fmt.Errorf("read footer of %s: %w", h.Name(), err)
	}
	le := binary.LittleEndian
	if [8]byte(t[:8]) != footerMagic {
		return nil, "", nil
	}
	if crc(uint32(h.Salt), t[:92]) != le.Uint32(t[92:]) || le.Uint64(t[24:]) != h.Number ||
		le.Uint64(t[32:]) != uint64(h.Salt) || le.Uint32(t[48:]) != h.Generation {
		return nil, "the trailer is damaged or another segment's", nil
	}
	if v := le.Uint32(t[8:]); v != FormatVersion {
		return nil, fmt.Sprintf("the footer has version %d", v), nil
	}
	count, at, framesEnd := le.Uint32(t[12:]), le.Uint64(t[16:]), le.Uint64(t[40:])
	if count > maxSections || framesEnd < HeaderSize || framesEnd > at || at > math.MaxInt64 ||
		int64(at)+int64(count)*directoryEntrySize != size-trailerSize {
		return nil, "the trailer's bounds are wrong", nil
	}
	directory := make([]byte, count*directoryEntrySize)
	if _, err := file.ReadAt(directory, int64(at)); err != nil {
		return nil, "", fmt.Errorf("read footer of %s: %w", h.Name(), err)
	}
	if crc(0, directory) != le.Uint32(t[52:]) {
		return nil, "the directory's checksum is wrong", nil
	}
	footer = &Footer{FramesEnd: int64(framesEnd)}
	reason, err = footer.readSections(file, directory, int64(at))
	if err != nil || reason != "" {
		return nil, reason, err
	}
	return footer, "", nil
}

func (f *Footer) readSections(file io.ReaderAt, directory []byte, limit int64) (reason string, err error) {
	le := binary.LittleEndian
	seen, free := 0, f.FramesEnd
	for ; len(directory) > 0; directory = directory[directoryEntrySize:] {
		s := section{
			kind: le.Uint32(directory), version: le.Uint32(directory[4:]), offset: int64(le.Uint64(directory[8:])),
			length: int64(le.Uint64(directory[16:])), crc: le.Uint32(directory[24:]),
		}
		// In order and apart from each other, so that no byte is read twice.
		if s.offset < free || s.length < 0 || s.length > limit-s.offset {
			return fmt.Sprintf("section %d lies outside its place in the footer", s.kind), nil
		}
		free = s.offset + s.length
		if s.kind < sectionPoints || s.kind > sectionTree || s.version != 1 {
			continue
		}
		data := make([]byte, s.length)
		if _, err := file.ReadAt(data, s.offset); err != nil {
			return "", err
		}
		if crc(0, data) != s.crc || !f.decodeSection(s, data) {
			return fmt.Sprintf("section %d is damaged", s.kind), nil
		}
		seen |= 1 << s.kind
	}
	if seen&(1<<sectionPoints) == 0 || seen&(1<<sectionRange) == 0 {
		return "a section is missing", nil
	}
	return "", nil
}

func (f *Footer) decodeSection(s section, data []byte) bool {
	switch s.kind {
	case sectionPoints:
		f.points = s
		if len(data) < pointsHeader || len(data)%pointSize != 0 {
			return false
		}
		f.stride = uint64(binary.LittleEndian.Uint32(data[8:]))
		return f.stride > 0 && f.stride <= maxStride
	case sectionRange:
		var ok bool
		f.Summary, ok = decodeSummary(data)
		return ok
	}
	if len(data) < 8 || len(data)%32 != 8 {
		return false
	}
	f.TreeFirst = binary.LittleEndian.Uint64(data)
	f.TreeNodes = make([]event.Hash, 0, len(data)/32)
	for data = data[8:]; len(data) > 0; data = data[32:] {
		f.TreeNodes = append(f.TreeNodes, event.Hash(data))
	}
	return true
}
