package mmapseg

// What scanning costs, counted in bytes and not in time: linear, whatever the bytes hold.

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
)

// countingWindow counts the bytes that a scanner asks for: no fewer than it checksums.
type countingWindow struct {
	Window
	asked int64
}

func (w *countingWindow) Bytes(offset int64, n int) ([]byte, error) {
	w.asked += int64(n)
	return w.Window.Bytes(offset, n)
}

// countingReader counts the bytes that are read from a file.
type countingReader struct {
	*bytes.Reader
	read int64
}

func (r *countingReader) ReadAt(p []byte, offset int64) (int, error) {
	r.read += int64(len(p))
	return r.Reader.ReadAt(p, offset)
}

// forgeHeader writes a sound header for a frame of length bytes whose body is not sound.
func forgeHeader(image []byte, offset int64, kind FrameType, length int, salt Salt) {
	putPrefix(image[offset:offset+framePrefix], kind, 0, length, 0, 0xDEADBEEF, salt, offset)
}

// forgeEvent writes a sound event frame of 80 bytes.
func forgeEvent(image []byte, offset int64, sequence uint64, salt Salt) {
	d := event.Draft{Coordinate: event.MustAt("a", "b"), Kind: 0x1001, Payload: make([]byte, 6)}
	_, e := EncodeEvent(image[:offset:offset+80], &d, &EventOptions{})
	e.Assign(image, &Assigned{Sequence: sequence, ID: event.ID{1}}, salt, 0, 0)
}

// hostileImages returns images of about size bytes that are made to cost time, and how many sound frames they hold.
func hostileImages(size int64, salt Salt) map[string][]byte {
	build := func(step int64, forge func(image []byte, offset int64)) []byte {
		image := make([]byte, size)
		for offset := int64(HeaderSize); offset+step <= size; offset += step {
			forge(image, offset)
		}
		return image
	}
	rest := func(offset int64) int { return int(size - offset) }
	return map[string][]byte{
		"headers of frames up to the end": build(24, func(image []byte, offset int64) {
			forgeHeader(image, offset, FrameEvent, rest(offset), salt)
		}),
		"headers of frames of a control type": build(24, func(image []byte, offset int64) {
			forgeHeader(image, offset, FrameGap, rest(offset), salt)
		}),
		"headers of frames without a body": build(24, func(image []byte, offset int64) {
			forgeHeader(image, offset, FrameGap, framePrefix, salt)
		}),
		"headers of middling frames": build(24, func(image []byte, offset int64) {
			forgeHeader(image, offset, FrameGap, min(rest(offset), 5000), salt)
		}),
		"lengths that creep up": build(24, func(image []byte, offset int64) {
			forgeHeader(image, offset, FrameGap, min(rest(offset), int(offset)/2), salt)
		}),
		"lengths beyond a window that creep up": build(24, func(image []byte, offset int64) {
			forgeHeader(image, offset, FrameGap, min(rest(offset), windowSize+int(offset)), salt)
		}),
		"nothing but magic": build(8, func(image []byte, offset int64) {
			image[offset], image[offset+1] = frameMagic&0xFF, frameMagic>>8
		}),
		"sound events between headers up to the end": build(104, func(image []byte, offset int64) {
			forgeEvent(image, offset, uint64(offset), salt)
			forgeHeader(image, offset+80, FrameEvent, rest(offset+80), salt)
		}),
		"zeros": build(size, func([]byte, int64) {}),
	}
}

// walkWhole goes through a scanner with Next and resync to the end and returns how many sound frames it met.
func walkWhole(tb tester, scanner *Scanner) (frames int) {
	tb.Helper()
	for {
		_, ok, err := scanner.Next()
		must(tb, err)
		if ok {
			frames++
			continue
		}
		more, err := scanner.resync()
		must(tb, err)
		if !more {
			return frames
		}
	}
}

func TestScanningHostileBytesIsLinear(t *testing.T) {
	salt := testSaltOf(5)
	const small = 128 << 10
	for name := range hostileImages(small, salt) {
		var asked, read [2]int64
		for i, size := range []int64{small, 2 * small} {
			image := hostileImages(size, salt)[name]
			window := &countingWindow{Window: Memory(image)}
			walkWhole(t, NewScanner(window, salt, "x.seg", HeaderSize, size))
			asked[i] = window.asked
			// Each byte is looked at for headers once, each forged body costs what the budget allows, and reading
			// 24 bytes of a header at each multiple of 8 costs three times the size.
			if limit := (resyncWork + 6) * size; asked[i] > limit {
				t.Errorf("%s, %d bytes: %d bytes were asked for, at most %d", name, size, asked[i], limit)
			}
			file := &countingReader{Reader: bytes.NewReader(image)}
			walkWhole(t, NewScanner(newFileWindow(file, size), salt, "x.seg", HeaderSize, size))
			read[i] = file.read
		}
		if asked[1] > 5*asked[0]/2 || read[1] > 5*read[0]/2 {
			t.Errorf("%s: twice the bytes cost %d in place of %d, and %d in place of %d read from the file", name, asked[1], asked[0], read[1], read[0])
		}
	}
}

// TestAFileIsReadAFewTimesAtMost looks at files larger than a window, where going back and forth would cost most.
func TestAFileIsReadAFewTimesAtMost(t *testing.T) {
	salt := testSaltOf(5)
	const size = 5 << 20
	for name, image := range hostileImages(size, salt) {
		file := &countingReader{Reader: bytes.NewReader(image)}
		walkWhole(t, NewScanner(newFileWindow(file, size), salt, "x.seg", HeaderSize, size))
		if limit := int64(2*(resyncWork+3)) * size; file.read > limit {
			t.Errorf("%s: %d bytes read of a file of %d", name, file.read, size)
		}
		file.read = 0
		scanner := NewScanner(newFileWindow(file, size), salt, "x.seg", HeaderSize, size)
		must(t, scanner.Headers(func(Sighting) bool { return true }))
		if file.read > size+8*windowSize/1024 {
			t.Errorf("%s: looking at headers read %d bytes of a file of %d", name, file.read, size)
		}
	}
}

// TestHostileFilesDoNotFillTheMemory holds the bound of twice the input and a MiB.
func TestHostileFilesDoNotFillTheMemory(t *testing.T) {
	salt := testSaltOf(5)
	const size = 5 << 20
	for name, image := range hostileImages(size, salt) {
		t.Run(name, func(t *testing.T) {
			bounded(t, size, func() {
				walkWhole(t, NewScanner(newFileWindow(bytes.NewReader(image), size), salt, "x.seg", HeaderSize, size))
			})
		})
	}
	hostileFooters(t)
	sections := make([]GapSection, maxSections)
	gap := parsed(t, AppendGap(nil, &GapFrame{Range: Range{1, 1}, Sections: sections}, controlPlace))
	bounded(t, gap.Length, func() {
		if g, err := DecodeGap(gap, ""); err != nil || len(g.Sections) != maxSections {
			t.Error(err)
		}
	})
}

// hostileFooters reads footers that are as large as they can be.
func hostileFooters(t *testing.T) {
	f := newForgedFooter()
	f.contents[sectionTree] = make([]byte, 8+32*200_000) // not read at opening
	file := f.plain().file(unchanged)
	bounded(t, 0, func() {
		if footer, reason, err := readBytes(file, &f.h); footer == nil || err != nil {
			t.Errorf("%q %v", reason, err)
		}
	})
	f = newForgedFooter() // control frames without end
	f.b.start, f.contents[sectionControl] = 10<<20, nil
	for at := uint32(HeaderSize); at <= 10<<20-minControlFrame; at += minControlFrame {
		f.contents[sectionControl] = binary.LittleEndian.AppendUint32(f.contents[sectionControl], at/FrameAlign)
	}
	file = append(make([]byte, f.b.start), f.plain().b.finish(&f.h)...)
	bounded(t, len(file), func() {
		if footer, reason, err := readBytes(file, &f.h); footer == nil || err != nil || len(footer.Control()) < 300_000 {
			t.Errorf("%q %v", reason, err)
		}
	})
}

// TestDamageThatNobodyForgedNeverEndsTheSearch damages every frame but a few: the budget is for forgeries.
func TestDamageThatNobodyForgedNeverEndsTheSearch(t *testing.T) {
	p := newPen(t, vfs.NewMemory(), testHeader(5, 1<<20), 1)
	p.events(1500, 400)
	image := p.image()[:p.tail]
	keep := map[uint64]bool{1: true, 700: true, 701: true, 1499: true, 1500: true}
	for sequence, offset := range p.offsets {
		if !keep[sequence] {
			image[offset+200] ^= 4
		}
	}
	for name, window := range map[string]Window{"memory": Memory(image), "file": newFileWindow(bytes.NewReader(image), int64(len(image)))} {
		if n := walkWhole(t, NewScanner(window, p.s.Salt, "x.seg", HeaderSize, p.tail)); n != len(keep) {
			t.Errorf("%s: %d sound frames found, want %d", name, n, len(keep))
		}
	}
}

// TestReadingHostileBytesIsLinear reads a segment of forged frames as a store would.
func TestReadingHostileBytesIsLinear(t *testing.T) {
	work := func(size int64) uint64 {
		dir := vfs.NewMemory()
		h := testHeader(5, size)
		s, err := Create(dir, h)
		must(t, err)
		image := hostileImages(size, h.Salt)["sound events between headers up to the end"]
		overwrite(t, s, HeaderSize, image[HeaderSize:])
		s.Activate(1, 0)
		s.Publish(size)
		var set Set
		set.Add(s)
		set.SetVisible(uint64(size))
		defer func() { must(t, set.Close()) }()
		r := set.Reader(1, uint64(size), true)
		defer r.Close()
		for {
			_, _, ok, err := r.Next()
			if !ok && err == nil {
				return uint64(r.spent)
			}
			if err != nil && !IsDamage(err) {
				t.Fatal(err)
			}
		}
	}
	for _, size := range []int64{MinSize, 4 * MinSize} {
		if spent := work(size); spent > uint64(3*resyncWork*size) {
			t.Errorf("%d bytes of unsound bodies were checked in a segment of %d", spent, size)
		}
	}
}
