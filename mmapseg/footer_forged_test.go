package mmapseg

// Footers with right checksums that no build of this version writes.

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
)

// forgedFooter is a footer whose parts can be changed before their checksums are made.
type forgedFooter struct {
	h        Header
	b        footerBuilder
	contents map[uint32][]byte
}

const forgedEnd = HeaderSize + 800 // where the frames of a forged file end

// The places of the sections of a forged footer.
var forgedOrder = []uint32{sectionPoints, sectionTree, sectionChecks, sectionControl, sectionRange}

func newForgedFooter() *forgedFooter {
	summary := Summary{First: 1, Last: 1, Events: 1}
	return &forgedFooter{h: testHeader(4, MinSize), b: footerBuilder{start: forgedEnd}, contents: map[uint32][]byte{
		sectionPoints:  binary.LittleEndian.AppendUint32(nil, HeaderSize/FrameAlign),
		sectionTree:    make([]byte, 8+64),
		sectionControl: binary.LittleEndian.AppendUint32(nil, HeaderSize/FrameAlign+20),
		sectionRange:   summary.encode(PointStride),
	}}
}

// add adds the sections in this order.
func (f *forgedFooter) add(order ...uint32) *forgedFooter {
	for _, kind := range order {
		if kind == sectionChecks {
			f.b.sums()
			continue
		}
		f.b.own(kind, f.contents[kind])
	}
	return f
}

func (f *forgedFooter) plain() *forgedFooter { return f.add(forgedOrder...) }

// file returns the whole file, its trailer changed by change and checksummed again.
func (f *forgedFooter) file(change func(trailer []byte)) []byte {
	b := append(make([]byte, forgedEnd), f.b.finish(&f.h)...)
	trailer := b[len(b)-trailerSize:]
	change(trailer)
	binary.LittleEndian.PutUint32(trailer[92:], crc(uint32(f.h.Salt), trailer[:92]))
	return b
}

func unchanged([]byte) {}

// refuted expects that the file's footer is not believed, and that it is said why.
func refuted(t *testing.T, what string, file []byte) {
	t.Helper()
	footer, reason, err := readBytes(file, &newForgedFooter().h)
	if footer != nil || reason == "" || err != nil {
		t.Errorf("%s: %+v, %q, %v", what, footer, reason, err)
	}
}

func TestForgedTrailersAreNotBelieved(t *testing.T) {
	le := binary.LittleEndian
	for what, change := range map[string]func(b []byte){
		"a later version":               func(b []byte) { b[8] = 2 },
		"frames that end in the header": func(b []byte) { le.PutUint64(b[40:], HeaderSize-8) },
		"frames that end behind it":     func(b []byte) { le.PutUint64(b[40:], 1<<20) },
		"frames that end nowhere":       func(b []byte) { le.PutUint64(b[40:], 1<<63+HeaderSize) },
		"frames that end between":       func(b []byte) { le.PutUint64(b[40:], forgedEnd-4) },
		"a directory elsewhere":         func(b []byte) { le.PutUint64(b[16:], le.Uint64(b[16:])-32) },
		"a directory nowhere":           func(b []byte) { le.PutUint64(b[16:], 1<<63) },
		"more sections":                 func(b []byte) { b[12]++ },
		"most sections":                 func(b []byte) { le.PutUint32(b[12:], 1<<32-1) },
	} {
		refuted(t, what, newForgedFooter().plain().file(change))
	}
}

func TestForgedDirectoriesAreNotBelieved(t *testing.T) {
	without := func(kind uint32) []uint32 {
		return slices.DeleteFunc(slices.Clone(forgedOrder), func(k uint32) bool { return k == kind })
	}
	for _, kind := range []uint32{sectionPoints, sectionChecks, sectionControl, sectionRange} {
		refuted(t, "without a section", newForgedFooter().add(without(kind)...).file(unchanged))
		other := newForgedFooter().plain()
		for i := range other.b.sections {
			if other.b.sections[i].kind == kind {
				other.b.sections[i].version++
			}
		}
		refuted(t, "a section of a later version", other.file(unchanged))
	}
	refuted(t, "points behind the checks", newForgedFooter().add(sectionTree, sectionChecks, sectionPoints, sectionControl, sectionRange).file(unchanged))
	refuted(t, "a range in front of them", newForgedFooter().add(sectionPoints, sectionRange, sectionChecks, sectionControl).file(unchanged))
	repeated := newForgedFooter().plain()
	for kind := range uint32(maxSections) {
		repeated.b.add(FirstForeignSection+kind, 1, nil)
	}
	refuted(t, "261 sections", repeated.file(unchanged))
	for what, change := range map[string]func(s []section) []section{
		"a section before the footer":   func(s []section) []section { s[0].offset = HeaderSize; return s },
		"a section behind the footer":   func(s []section) []section { s[4].offset += 4096; return s },
		"a negative offset":             func(s []section) []section { s[1].offset = -8; return s },
		"a negative length":             func(s []section) []section { s[1].length = -8; return s },
		"the greatest length":           func(s []section) []section { s[1].length = 1<<63 - 1; return s },
		"sections one over the other":   func(s []section) []section { s[1].offset = s[0].offset; return s },
		"the same section twice":        func(s []section) []section { return append(s, s[4]) },
		"two sections of a type":        func(s []section) []section { s[0].kind = sectionTree; return s },
		"a section between":             func(s []section) []section { s[1].offset += 4; s[1].length -= 4; return s },
		"a section that is not checked": func(s []section) []section { s[4].crc++; return s },
		"too few checks":                func(s []section) []section { s[2].length -= 4; return s },
		"too many checks":               func(s []section) []section { s[2].length += 4; return s },
		"checks of more":                func(s []section) []section { s[2].offset += 8; s[2].length -= 8; return s },
	} {
		f := newForgedFooter().plain()
		f.b.sections = change(f.b.sections)
		refuted(t, what, f.file(unchanged))
	}
}

func TestForgedSectionsAreNotBelieved(t *testing.T) {
	le := binary.LittleEndian
	control := func(offsets ...uint32) (b []byte) {
		for _, at := range offsets {
			b = le.AppendUint32(b, at/FrameAlign)
		}
		return b
	}
	summary := func(change func(s *Summary)) []byte {
		s := Summary{First: 7, Last: 9, Events: 3, FirstWall: 5, LastWall: 5, FirstCounter: 1, LastCounter: 2}
		change(&s)
		return s.encode(PointStride)
	}
	good := newForgedFooter()
	good.contents[sectionRange] = summary(func(*Summary) {})
	good.contents[sectionControl] = control(HeaderSize, HeaderSize+32, forgedEnd-32)
	if footer, reason, err := readBytes(good.plain().file(unchanged), &good.h); footer == nil || err != nil || footer.Whole() ||
		!slices.Equal(footer.Control(), []int64{HeaderSize, HeaderSize + 32, forgedEnd - 32}) {
		t.Fatalf("not forged: %+v %q %v", footer, reason, err)
	}
	for what, forged := range map[string]struct {
		kind uint32
		data []byte
	}{
		"stride 0":                  {sectionRange, new(Summary).encode(0)},
		"a huge stride":             {sectionRange, new(Summary).encode(maxStride + 1)},
		"not zero where it must be": {sectionRange, append(new(Summary).encode(1)[:124], 0, 0, 0, 1)},
		"a last one before a first": {sectionRange, summary(func(s *Summary) { s.Last = 6 })},
		"more events than places":   {sectionRange, summary(func(s *Summary) { s.Events = 4 })},
		"most events":               {sectionRange, summary(func(s *Summary) { s.Events = 1<<64 - 1 })},
		"no events between two":     {sectionRange, summary(func(s *Summary) { s.Events = 0 })},
		"an event of sequence 0":    {sectionRange, summary(func(s *Summary) { s.First = 0 })},
		"times the wrong way round": {sectionRange, summary(func(s *Summary) { s.LowestTime = 1 })},
		"clocks the wrong way":      {sectionRange, summary(func(s *Summary) { s.FirstWall = 6 })},
		"counters the wrong way":    {sectionRange, summary(func(s *Summary) { s.FirstCounter = 3 })},
		"control in the header":     {sectionControl, control(HeaderSize - 8)},
		"control behind the frames": {sectionControl, control(forgedEnd)},
		"control over their end":    {sectionControl, control(forgedEnd - 24)},
		"control twice":             {sectionControl, control(HeaderSize, HeaderSize)},
		"control within control":    {sectionControl, control(HeaderSize, HeaderSize+24)},
		"control backwards":         {sectionControl, control(HeaderSize+32, HeaderSize)},
		"control far too often":     {sectionControl, make([]byte, 4096)},
	} {
		f := newForgedFooter()
		f.contents[forged.kind] = forged.data
		refuted(t, what, f.plain().file(unchanged))
	}
}

func TestSectionsOfTheWrongLengthAreNotBelieved(t *testing.T) {
	good := newForgedFooter()
	for kind, content := range good.contents {
		for n := range len(content) + 40 {
			f := newForgedFooter()
			f.contents[kind] = append(bytes.Clone(content), make([]byte, 40)...)[:n]
			fits := n == len(content) || kind == sectionPoints && n%pointSize == 0 || kind == sectionTree && n%32 == 8 ||
				kind == sectionControl && n == 0
			footer, reason, err := readBytes(f.plain().file(unchanged), &f.h)
			if (footer != nil) != fits || (reason == "") != fits || err != nil {
				t.Errorf("section %d of %d bytes: %v %q %v", kind, n, footer != nil, reason, err)
			}
		}
	}
}

// TestUnknownSectionsAreSkipped: wherever they stand, and also a tree of another version.
func TestUnknownSectionsAreSkipped(t *testing.T) {
	f := newForgedFooter()
	f.b.add(77, 9, []byte("from the future"))
	f.add(sectionPoints, sectionTree, sectionChecks)
	f.b.add(78, 9, []byte("from the future"))
	f.b.sections[len(f.b.sections)-1].crc = 0 // what is not understood is not checked either
	f.add(sectionControl, sectionRange)
	f.b.sections[2].version = 2
	f.b.sections[2].length = 3
	footer, reason, err := readBytes(f.file(unchanged), &f.h)
	if footer == nil || reason != "" || err != nil {
		t.Fatalf("%v %q %v", footer, reason, err)
	}
	if footer.Summary.Last != 1 || !footer.Whole() || len(footer.Control()) != 1 {
		t.Errorf("read %+v", footer)
	}
}
