package mmapseg

// Reading segments with damage: what is sound is read, what is not is named.

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/batpak/batpak/internal/vfs"
)

// drawDamage changes random bytes of a segment below its last frame's end.
func drawDamage(t *rapid.T, p *pen) {
	image := p.image()
	span := int(p.tail - HeaderSize)
	if span == 0 {
		return
	}
	for range rapid.IntRange(0, 6).Draw(t, "damages") {
		at := int64(HeaderSize + rapid.IntRange(0, span-1).Draw(t, "at"))
		n := rapid.OneOf(rapid.IntRange(1, 40), rapid.IntRange(1, 5000)).Draw(t, "bytes")
		part := bytes.Clone(image[at:min(p.tail, at+int64(n))])
		switch rapid.IntRange(0, 4).Draw(t, "way") {
		case 0:
			clear(part)
		case 1, 2:
			part = part[:1]
			part[0] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		case 3:
			part = part[:copy(part, rapid.SliceOfN(rapid.Byte(), 1, 30).Draw(t, "noise"))]
		case 4: // a sector from elsewhere
			at = max(HeaderSize, at&^511)
			from := int64(HeaderSize + rapid.IntRange(0, span-1).Draw(t, "from"))
			part = bytes.Clone(image[from&^511 : min(p.tail, from&^511+512)])
			part = part[:min(int64(len(part)), p.tail-at)]
		}
		overwrite(t, p.s, at, part)
	}
}

// brokenEvents returns the visible events whose frames are not as they were.
func (m *model) brokenEvents(before map[*pen][]byte) map[uint64]bool {
	broken := make(map[uint64]bool)
	for _, p := range m.pens {
		after := p.image()
		for sequence, offset := range p.offsets {
			end := offset + int64(align(int(leWord(before[p][offset:])>>32)))
			if !bytes.Equal(before[p][offset:end], after[offset:end]) && sequence <= m.set.Visible() {
				broken[sequence] = true
			}
		}
	}
	return broken
}

// checkDamage reads a range with check and compares with what is sound and what is broken.
func (m *model) checkDamage(tb tester, first, last uint64, broken map[uint64]bool) {
	tb.Helper()
	var sound, lost []uint64
	for _, sequence := range m.want(first, last) {
		if broken[sequence] {
			lost = append(lost, sequence)
		} else {
			sound = append(sound, sequence)
		}
	}
	for _, backward := range []bool{false, true} {
		r := frames(m.set.Reader(first, last, true))
		if backward {
			r = m.set.Backward(first, last, true)
		}
		got := m.read(tb, r, 0)
		var named []uint64
		for _, missing := range got.broken {
			for sequence := missing.First; sequence <= missing.Last; sequence++ {
				named = append(named, sequence)
			}
			if backward {
				slices.Reverse(named[len(named)-int(missing.Last-missing.First+1):])
			}
		}
		if backward {
			slices.Reverse(got.read)
			slices.Reverse(named)
		}
		if !slices.Equal(got.read, sound) {
			tb.Fatalf("%d to %d, backward %v: read %v, sound are %v", first, last, backward, got.read, sound)
		}
		if !slices.Equal(named, lost) {
			tb.Fatalf("%d to %d, backward %v: errors name %v, broken are %v", first, last, backward, named, lost)
		}
	}
}

func TestDamageTakesOnlyTheEventsThatItHits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t, vfs.NewMemory())
		for _, s := range m.set.Segments() { // as a reopened store has it: writable, to be damaged
			file, err := m.dir.Open(s.Name(), true)
			must(t, err)
			t.Cleanup(func() { _ = file.Close() })
			m.pens[slices.Index(m.set.Segments(), s)].s = &Segment{Header: s.Header, name: s.name, file: file}
		}
		before := make(map[*pen][]byte)
		for _, p := range m.pens {
			before[p] = p.image()
			drawDamage(t, p)
		}
		broken := m.brokenEvents(before)
		m.checkDamage(t, 0, math.MaxUint64, broken)
		low := m.set.Segments()[0].Floor
		for range rapid.IntRange(1, 6).Draw(t, "ranges") {
			first, last := rapid.Uint64Range(low, m.next).Draw(t, "first"), rapid.Uint64Range(low, m.next).Draw(t, "last")
			m.checkDamage(t, first, last, broken)
		}
		for sequence := low; sequence < m.next; sequence++ {
			m.checkFindDamaged(t, sequence, broken)
		}
	})
}

// checkFindDamaged looks for one event, which may be broken.
func (m *model) checkFindDamaged(tb tester, sequence uint64, broken map[uint64]bool) {
	tb.Helper()
	if !broken[sequence] {
		m.checkFind(tb, sequence, true)
		return
	}
	_, _, _, err := m.set.Find(sequence, nil, true)
	var corrupt *CorruptError
	if !errors.As(err, &corrupt) || !errors.Is(err, ErrCorrupt) {
		tb.Fatalf("broken event %d: %v", sequence, err)
	}
	if sequence < corrupt.First || sequence > corrupt.Last {
		tb.Fatalf("broken event %d: the error names %d to %d", sequence, corrupt.First, corrupt.Last)
	}
	for hit := corrupt.First; hit <= corrupt.Last; hit++ {
		if !broken[hit] && hit <= m.set.Visible() {
			tb.Fatalf("broken event %d: the error names %d to %d, and %d is sound", sequence, corrupt.First, corrupt.Last, hit)
		}
	}
}

// TestReadingWithoutChecksEndsWhateverTheBytesAre damages frames and reads without checksums: what comes is anybody's
// guess, but it ends, within bounds.
func TestReadingWithoutChecksEndsWhateverTheBytesAre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(vfs.NewMemory())
		for range rapid.IntRange(1, 3).Draw(t, "segments") {
			p := m.segment(t, 256<<10, 0)
			drawPayloads(t, p)
			m.filled(p)
			drawDamage(t, p)
			p.end()
		}
		for _, r := range []frames{m.set.Reader(1, math.MaxUint64, false), m.set.Backward(1, math.MaxUint64, false)} {
			for steps := uint64(0); ; steps++ {
				f, _, ok, err := r.Next()
				if err != nil && !IsDamage(err) {
					t.Fatalf("%v", err)
				}
				if !ok && err == nil {
					break
				}
				if ok && f.Length > 1<<20 || steps > 3*m.next+10 {
					t.Fatalf("step %d: a frame of %d bytes", steps, f.Length)
				}
			}
			r.Close()
		}
		for sequence := range m.next {
			if _, _, _, err := m.set.Find(sequence, nil, false); err != nil && !IsDamage(err) && !errors.Is(err, ErrNotFound) {
				t.Fatalf("%v", err)
			}
		}
	})
}

// oneSegment is a store of one segment with n events of size bytes.
func oneSegment(tb tester, n, size int) (*model, *pen) {
	m := newModel(vfs.NewMemory())
	p := m.segment(tb, SizeFor(n*(size+200)), 0)
	p.events(n, size)
	m.filled(p)
	return m, p
}

func TestEveryFlippedBitTakesOneEventAndNoOther(t *testing.T) {
	for _, sealed := range []bool{false, true} {
		m, p := oneSegment(t, 9, 11)
		if sealed {
			p.seal()
		}
		last := p.offsets[9] + p.offsets[9] - p.offsets[8]
		for offset := int64(HeaderSize); offset < last; offset++ {
			hit := uint64(1)
			for hit < 9 && p.offsets[hit+1] <= offset {
				hit++
			}
			for bit := range 8 {
				if raceEnabled && bit != int(offset%8) {
					continue
				}
				damage(t, p.s, offset, bit)
				m.checkDamage(t, 1, 9, map[uint64]bool{hit: true})
				m.checkFindDamaged(t, hit, map[uint64]bool{hit: true})
				m.checkFind(t, hit%9+1, true)
				damage(t, p.s, offset, bit)
			}
		}
		m.checkRange(t, 1, 9, 0, true)
	}
}

// TestDamageBeforeTheRangeIsNotReported: the way to an event leads over others, whose damage is not its own.
func TestDamageBeforeTheRangeIsNotReported(t *testing.T) {
	for _, stride := range []uint64{1, 2, 4, 12} {
		m, p := oneSegment(t, 12, 50)
		p.restride(stride)
		broken := map[uint64]bool{5: true, 6: true}
		damage(t, p.s, p.offsets[5]+40, 0)
		damage(t, p.s, p.offsets[6]+40, 0)
		for first := uint64(1); first <= 12; first++ {
			m.checkDamage(t, first, 12, broken)
			m.checkDamage(t, first, first, broken)
		}
	}
}

// TestDamageToControlFramesTakesNoEvent damages what stands between events.
func TestDamageToControlFramesTakesNoEvent(t *testing.T) {
	m := newModel(vfs.NewMemory())
	p := m.segment(t, MinSize, 2)
	p.batch(10, 20)
	p.events(2, 10)
	p.control(AppendOpen(nil, &OpenFrame{Incarnation: 1}, p.here()))
	p.batch(0)
	p.events(1, 5)
	m.filled(p)
	p.end()
	scanner := NewScanner(Memory(p.image()), p.s.Salt, "x.seg", HeaderSize, p.tail)
	for {
		f, ok, err := scanner.Next()
		must(t, err)
		if !ok {
			break
		}
		if f.Type == FrameEvent {
			continue
		}
		for _, at := range []int64{f.Offset, f.Offset + 5, f.Offset + 23, f.End() - 1} {
			damage(t, p.s, at, 3)
			for first := p.s.Floor; first < p.next; first++ {
				m.checkDamage(t, first, math.MaxUint64, nil)
				m.checkDamage(t, 1, first, nil)
				m.checkFind(t, first, true)
			}
			damage(t, p.s, at, 3)
		}
	}
}

// TestAnEventIsFoundBehindOneThatTookItsName: a flipped bit in the sequence of event 5 makes it 7.
func TestAnEventIsFoundBehindOneThatTookItsName(t *testing.T) {
	for size := range 20 {
		m, p := oneSegment(t, 12, size)
		p.restride(uint64(1 + size%5))
		for from := uint64(1); from <= 12; from++ {
			for bit := range 4 {
				damage(t, p.s, p.offsets[from]+24, bit)
				m.checkFind(t, from%12+1, true)
				for to := uint64(1); to <= 12; to++ {
					m.checkFindDamaged(t, to, map[uint64]bool{from: true})
				}
				damage(t, p.s, p.offsets[from]+24, bit)
			}
		}
	}
}

// TestALengthThatLeavesLessThanAHeaderEndsReading makes event 3 reach almost to the end: 8 or 16 bytes that are left are
// no frame, checked or not.
func TestALengthThatLeavesLessThanAHeaderEndsReading(t *testing.T) {
	for _, check := range []bool{false, true} {
		for short := int64(8); short <= 40; short += 8 {
			m, p := oneSegment(t, 4, 50)
			length := p.tail - p.offsets[3] - short
			overwrite(t, p.s, p.offsets[3]+4, []byte{byte(length), byte(length >> 8)})
			for _, r := range []frames{m.set.Reader(3, 4, check), m.set.Backward(1, 4, check)} {
				steps := 0
				for _, _, ok, err := r.Next(); ok || err != nil; _, _, ok, err = r.Next() {
					if steps++; steps > 5 {
						t.Fatalf("check %v, %d bytes short: reading goes on and on", check, short)
					}
				}
				r.Close()
			}
		}
	}
}

// TestDamageAtTheEndOfASegmentLeavesTheNextOneReadable damages all from some event to the end of the segment.
func TestDamageAtTheEndOfASegmentLeavesTheNextOneReadable(t *testing.T) {
	for from := uint64(1); from <= 11; from++ {
		m := newModel(vfs.NewMemory())
		for range 3 {
			p := m.segment(t, MinSize, 3)
			p.events(10, 30)
			m.filled(p)
			p.end()
		}
		p := m.pens[1]
		broken := make(map[uint64]bool)
		offset := p.tail
		for sequence := p.s.Floor + from - 1; sequence < p.next; sequence++ {
			broken[sequence] = true
			offset = min(offset, p.offsets[sequence])
		}
		if from == 11 { // the end frame only
			offset = p.tail - EndSize
		}
		overwrite(t, p.s, offset, make([]byte, p.tail-offset))
		m.checkDamage(t, 1, math.MaxUint64, broken)
		for first := p.s.Floor - 4; first < p.next+4; first++ {
			m.checkDamage(t, first, math.MaxUint64, broken)
			m.checkDamage(t, 1, first, broken)
		}
	}
}
