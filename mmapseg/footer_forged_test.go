package mmapseg

// Footers with right checksums that no build of this version writes.

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// forgedFooter is a footer whose parts can be changed before their checksums are made.
type forgedFooter struct {
	h      Header
	b      footerBuilder
	points []byte
}

const forgedEnd = HeaderSize + 800 // where the frames of a forged file end

func newForgedFooter() *forgedFooter {
	f := &forgedFooter{h: testHeader(4, MinSize), b: footerBuilder{start: forgedEnd}}
	f.points = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint64(nil, 1), PointStride)
	f.points = binary.LittleEndian.AppendUint32(f.points, 0)
	f.points = binary.LittleEndian.AppendUint32(f.points, HeaderSize/FrameAlign)
	return f
}

func (f *forgedFooter) summary() []byte {
	s := Summary{First: 1, Last: 1, Events: 1}
	return s.encode()
}

// plain adds the sections that a footer must have.
func (f *forgedFooter) plain() *forgedFooter {
	f.b.add(sectionPoints, f.points)
	f.b.add(sectionRange, f.summary())
	return f
}

// file returns the whole file, its trailer changed by change and checksummed again.
func (f *forgedFooter) file(change func(trailer []byte)) []byte {
	b := append(make([]byte, forgedEnd), f.b.finish(&f.h)...)
	trailer := b[len(b)-trailerSize:]
	change(trailer)
	binary.LittleEndian.PutUint32(trailer[92:], crc(uint32(f.h.Salt), trailer[:92]))
	return b
}

func unchanged([]byte) {}

func TestForgedFootersAreNotBelieved(t *testing.T) {
	le := binary.LittleEndian
	section := func(change func(f *forgedFooter)) []byte {
		f := newForgedFooter().plain()
		change(f)
		return f.file(unchanged)
	}
	trailer := func(change func(b []byte)) []byte { return newForgedFooter().plain().file(change) }
	repeated := newForgedFooter().plain()
	for range maxSections {
		repeated.b.add(9, nil)
	}
	short := newForgedFooter()
	short.b.add(sectionRange, short.summary())
	pointless := newForgedFooter()
	pointless.b.add(sectionPoints, pointless.points)
	for what, file := range map[string][]byte{
		"a later version":               trailer(func(b []byte) { b[8] = 2 }),
		"frames that end in the header": trailer(func(b []byte) { le.PutUint64(b[40:], HeaderSize-8) }),
		"frames that end behind it":     trailer(func(b []byte) { le.PutUint64(b[40:], 1<<20) }),
		"frames that end nowhere":       trailer(func(b []byte) { le.PutUint64(b[40:], 1<<63+HeaderSize) }),
		"a directory elsewhere":         trailer(func(b []byte) { le.PutUint64(b[16:], le.Uint64(b[16:])-32) }),
		"a directory nowhere":           trailer(func(b []byte) { le.PutUint64(b[16:], 1<<63) }),
		"more sections":                 trailer(func(b []byte) { b[12]++ }),
		"most sections":                 trailer(func(b []byte) { le.PutUint32(b[12:], 1<<32-1) }),
		"257 sections":                  repeated.file(unchanged),
		"no points":                     short.file(unchanged),
		"no range":                      pointless.file(unchanged),
		"a section before the footer":   section(func(f *forgedFooter) { f.b.sections[0].offset = HeaderSize }),
		"a section behind the footer":   section(func(f *forgedFooter) { f.b.sections[1].offset += 4096 }),
		"a negative offset":             section(func(f *forgedFooter) { f.b.sections[1].offset = -8 }),
		"a negative length":             section(func(f *forgedFooter) { f.b.sections[1].length = -8 }),
		"the greatest length":           section(func(f *forgedFooter) { f.b.sections[1].length = 1<<63 - 1 }),
		"sections one over the other":   section(func(f *forgedFooter) { f.b.sections[1].offset = f.b.sections[0].offset }),
		"the same section twice":        section(func(f *forgedFooter) { f.b.sections = append(f.b.sections, f.b.sections[1]) }),
		"points of stride 0":            section(func(f *forgedFooter) { changePoints(f, func(b []byte) { clear(b[8:12]) }) }),
		"points of a huge stride":       section(func(f *forgedFooter) { changePoints(f, func(b []byte) { b[11] = 1 }) }),
		"a range of another version":    section(func(f *forgedFooter) { f.b.sections[1].version = 2 }),
	} {
		footer, reason, err := readBytes(file, &newForgedFooter().h)
		if footer != nil || reason == "" || err != nil {
			t.Errorf("%s: %+v, %q, %v", what, footer, reason, err)
		}
	}
}

// changePoints changes the points where they stand, and their checksum.
func changePoints(f *forgedFooter, change func(b []byte)) {
	s := &f.b.sections[0]
	data := f.b.b[s.offset-f.b.start:][:s.length]
	change(data)
	s.crc = crc(0, data)
}

func TestSectionsOfTheWrongLengthAreNotBelieved(t *testing.T) {
	good := newForgedFooter()
	contents := map[uint32][]byte{sectionPoints: good.points, sectionRange: good.summary(), sectionTree: make([]byte, 8+64)}
	for kind := range contents {
		for n := range len(contents[kind]) + 40 {
			f := newForgedFooter()
			for other := uint32(sectionPoints); other <= sectionTree; other++ {
				data := contents[other]
				if other == kind {
					data = append(bytes.Clone(data), make([]byte, 40)...)[:n]
				}
				f.b.add(other, data)
			}
			fits := n == len(contents[kind]) || kind == sectionPoints && n >= pointsHeader && n%pointSize == 0 ||
				kind == sectionTree && n%32 == 8
			footer, reason, err := readBytes(f.file(unchanged), &f.h)
			if (footer != nil) != fits || (reason == "") != fits || err != nil {
				t.Errorf("section %d of %d bytes: %v %q %v", kind, n, footer != nil, reason, err)
			}
		}
	}
}

func TestUnknownSectionsAreSkipped(t *testing.T) {
	f := newForgedFooter()
	f.b.add(77, []byte("from the future"))
	f.plain()
	f.b.add(sectionTree, make([]byte, 8))
	f.b.sections[len(f.b.sections)-1].version = 2
	f.b.sections[0].crc = 0 // what is not understood is not checked either
	footer, reason, err := readBytes(f.file(unchanged), &f.h)
	if footer == nil || reason != "" || err != nil {
		t.Fatalf("%v %q %v", footer, reason, err)
	}
	if footer.Summary.Last != 1 || footer.Points() != 1 || !footer.Whole() || footer.TreeNodes != nil {
		t.Errorf("read %+v", footer)
	}
}
