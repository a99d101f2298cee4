package mmapseg

// Walking frames, finding them again behind damage, and windows over files.

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/batpak/batpak/internal/vfs"
)

// sampleSegment returns the image of an unfinished segment of mixed frames, cut behind its last one, and its salt.
func sampleSegment(tb tester) ([]byte, Salt) {
	tb.Helper()
	p := newPen(tb, vfs.NewMemory(), testHeader(5, MinSize), 1)
	p.control(AppendOpen(nil, &OpenFrame{Incarnation: 1}, p.here()))
	p.events(3, 5)
	p.batch(0, 33, 400)
	p.events(2, 1000)
	p.batch(7)
	p.control(AppendGap(nil, &GapFrame{Range: Range{1, 2}}, p.here()))
	p.events(3, 64)
	return p.image()[:p.tail], p.s.Salt
}

func TestAScannerWalksAllFramesInOrder(t *testing.T) {
	image, salt := sampleSegment(t)
	want := []FrameType{FrameOpen, 1, 1, 1, FrameBatchBegin, 1, 1, 1, FrameBatchCommit, 1, 1, FrameBatchBegin, 1, FrameBatchCommit, FrameGap, 1, 1, 1}
	scanner := NewScanner(Memory(image), salt, "x.seg", HeaderSize, 1<<40)
	var got []FrameType
	for next := int64(HeaderSize); ; {
		f, ok, err := scanner.Next()
		must(t, err)
		if !ok {
			break
		}
		if f.Offset != next || scanner.Offset() != f.End() {
			t.Fatalf("frame at %d, want %d; scanner at %d", f.Offset, next, scanner.Offset())
		}
		next, got = f.End(), append(got, f.Type)
	}
	if !slices.Equal(got, want) {
		t.Errorf("walked %v, want %v", got, want)
	}
	if scanner.Offset() != int64(len(image)) || scanner.Problem() != "the file ends" {
		t.Errorf("stopped at %d of %d: %s", scanner.Offset(), len(image), scanner.Problem())
	}
	if more, err := scanner.resync(); more || err != nil || scanner.Offset() != int64(len(image)) {
		t.Errorf("resync at the end: %v %v, now at %d", more, err, scanner.Offset())
	}
}

func TestAScannerStopsBeforeAnythingThatIsNoFrame(t *testing.T) {
	image, salt := sampleSegment(t)
	spans := frameSpans(t, image, salt, int64(len(image)))
	for _, span := range spans {
		for what, change := range map[string]func(b []byte){
			string(problemZero):   func(b []byte) { clear(b) },
			string(problemMagic):  func(b []byte) { b[0] ^= 1 },
			string(problemHeader): func(b []byte) { b[21] ^= 1 },
			string(problemBody):   func(b []byte) { b[len(b)-1] ^= 1 },
		} {
			damaged := bytes.Clone(image)
			change(damaged[span[0] : span[0]+span[1]])
			scanner := NewScanner(Memory(damaged), salt, "x.seg", HeaderSize, int64(len(damaged)))
			for {
				_, ok, err := scanner.Next()
				must(t, err)
				if !ok {
					break
				}
			}
			if scanner.Offset() != span[0] || scanner.Problem() != what {
				t.Errorf("frame at %d with %q: stopped at %d with %q", span[0], what, scanner.Offset(), scanner.Problem())
			}
		}
	}
}

func TestALimitInsideAFrameStopsBeforeTheFrame(t *testing.T) {
	image, salt := sampleSegment(t)
	spans := frameSpans(t, image, salt, int64(len(image)))
	for limit := int64(0); limit <= int64(len(image)); limit++ {
		want := 0
		for want < len(spans) && spans[want][0]+spans[want][1] <= limit {
			want++
		}
		if got := len(frameSpans(t, image, salt, limit)); got != want {
			t.Fatalf("limit %d: %d frames, want %d", limit, got, want)
		}
	}
}

// TestResyncFindsExactlyTheNextSoundFrame damages random places of a segment in random ways and compares with a
// search that tries every offset.
func TestResyncFindsExactlyTheNextSoundFrame(t *testing.T) {
	image, salt := sampleSegment(t)
	rapid.Check(t, func(t *rapid.T) {
		b := bytes.Clone(image)
		for range rapid.IntRange(1, 8).Draw(t, "damages") {
			at := rapid.IntRange(HeaderSize, len(b)-1).Draw(t, "at")
			part := b[at:min(len(b), at+rapid.IntRange(1, 700).Draw(t, "bytes"))]
			switch rapid.IntRange(0, 3).Draw(t, "way") {
			case 0:
				clear(part)
			case 1:
				part[0] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			case 2:
				copy(part, rapid.SliceOfN(rapid.Byte(), 1, 50).Draw(t, "noise"))
			case 3: // other frames where none belongs
				copy(part, image[HeaderSize+rapid.IntRange(0, 200).Draw(t, "from")&^7:])
			}
		}
		limit := int64(rapid.IntRange(HeaderSize, len(b)).Draw(t, "limit"))
		if rapid.Bool().Draw(t, "whole") {
			limit = int64(len(b))
		}
		windows := map[string]Window{"memory": Memory(b), "file": newFileWindow(bytes.NewReader(b), int64(len(b)))}
		for name, window := range windows {
			resyncLikeTheOracle(t, name, NewScanner(window, salt, "x.seg", HeaderSize, limit), b, salt, limit)
		}
	})
}

// resyncLikeTheOracle walks the image to its end with Next and resync.
func resyncLikeTheOracle(t *rapid.T, name string, scanner *Scanner, b []byte, salt Salt, limit int64) {
	soundFrom := func(offset int64) int64 {
		for ; offset < limit; offset += FrameAlign {
			if _, bad := parseFrame(b[offset:limit], salt, offset, limit-offset); bad == problemNone {
				return offset
			}
		}
		return -1
	}
	for {
		offset := scanner.Offset()
		f, ok, err := scanner.Next()
		must(t, err)
		if want := soundFrom(offset); ok != (want == offset && want >= 0) {
			t.Fatalf("%s: frame at %d: %v, next sound one at %d", name, offset, ok, want)
		}
		if ok {
			if f.Offset != offset {
				t.Fatalf("%s: frame of %d at %d", name, offset, f.Offset)
			}
			continue
		}
		more, err := scanner.resync()
		must(t, err)
		want := soundFrom(offset + FrameAlign)
		if more != (want >= 0) || more && scanner.Offset() != want || !more && scanner.Offset() != offset {
			t.Fatalf("%s: resync behind %d: %v at %d, want %d", name, offset, more, scanner.Offset(), want)
		}
		if !more {
			return
		}
	}
}

func TestResyncFindsAFrameEightBytesAhead(t *testing.T) {
	image, salt := sampleSegment(t)
	for _, span := range frameSpans(t, image, salt, int64(len(image))) {
		scanner := NewScanner(Memory(image), salt, "x.seg", span[0]-FrameAlign, int64(len(image)))
		if more, err := scanner.resync(); !more || err != nil || scanner.Offset() != span[0] {
			t.Errorf("from %d: %v %v, now at %d", span[0]-FrameAlign, more, err, scanner.Offset())
		}
	}
}

func TestHeadersShowsEverySoundHeaderOnceAndStopsWhenTold(t *testing.T) {
	image, salt := sampleSegment(t)
	spans := frameSpans(t, image, salt, int64(len(image)))
	b := bytes.Clone(image)
	b[spans[2][0]+30] ^= 1 // damaged body: the header alone proves its mark
	b[spans[4][0]+2] ^= 1  // damaged header
	for name, window := range map[string]Window{"memory": Memory(b), "file": newFileWindow(bytes.NewReader(b), int64(len(b)))} {
		for stop := 1; stop <= len(spans); stop++ {
			scanner := NewScanner(window, salt, "x.seg", HeaderSize, int64(len(b)))
			var got []int64
			must(t, scanner.Headers(func(s Sighting) bool {
				if s.Mark != MakeMark(5, s.Offset) && s.Mark.Segment() != 5 {
					t.Errorf("%s: mark %x at %d", name, uint64(s.Mark), s.Offset)
				}
				if _, bad := parsePrefix(b[s.Offset:], salt, s.Offset, int64(len(b))-s.Offset); bad != problemNone {
					t.Errorf("%s: sighted at %d: %s", name, s.Offset, bad)
				}
				got = append(got, s.Offset)
				return len(got) < stop
			}))
			var want []int64
			for i, span := range spans {
				if i != 4 && len(want) < stop {
					want = append(want, span[0])
				}
			}
			if !slices.Equal(got, want) || scanner.Offset() != HeaderSize {
				t.Fatalf("%s: sighted %v, want %v; scanner at %d", name, got, want, scanner.Offset())
			}
		}
	}
}

// brokenReader fails at and behind an offset.
type brokenReader struct {
	io.ReaderAt
	from int64
}

var errBroken = errors.New("broken")

func (r brokenReader) ReadAt(p []byte, offset int64) (int, error) {
	if offset+int64(len(p)) > r.from {
		return 0, errBroken
	}
	return r.ReaderAt.ReadAt(p, offset)
}

func TestAFailedReadIsAnErrorAndNotTheEnd(t *testing.T) {
	image, salt := sampleSegment(t)
	scanner := NewScanner(newFileWindow(brokenReader{bytes.NewReader(image), 5000}, int64(len(image))), salt, "x.seg", HeaderSize, int64(len(image)))
	if _, ok, err := scanner.Next(); ok || !errors.Is(err, errBroken) {
		t.Errorf("next: %v %v", ok, err)
	}
	if more, err := scanner.resync(); more || !errors.Is(err, errBroken) {
		t.Errorf("resync: %v %v", more, err)
	}
	if err := scanner.Headers(func(Sighting) bool { return true }); !errors.Is(err, errBroken) {
		t.Errorf("headers: %v", err)
	}
	if problem := scanner.Problem(); problem == "" || problem == "the file ends" {
		t.Errorf("problem: %q", problem)
	}
}

func TestAFileThatBecameShorterEndsTheScan(t *testing.T) {
	image, salt := sampleSegment(t)
	spans := frameSpans(t, image, salt, int64(len(image)))
	for cut := int64(0); cut <= int64(len(image)); cut += 40 {
		window := newFileWindow(bytes.NewReader(image[:cut]), int64(len(image)))
		scanner := NewScanner(window, salt, "x.seg", HeaderSize, int64(len(image)))
		n := 0
		for {
			_, ok, err := scanner.Next()
			must(t, err)
			if !ok {
				break
			}
			n++
		}
		want := 0
		for want < len(spans) && spans[want][0]+spans[want][1] <= cut {
			want++
		}
		if more, err := scanner.resync(); n != want || more || err != nil {
			t.Fatalf("cut at %d: %d frames, want %d; resync %v %v", cut, n, want, more, err)
		}
	}
}

func TestAFileWindowShowsWhatMemoryShows(t *testing.T) {
	// More than a window, so that pieces are read and read again.
	b := make([]byte, 3*windowSize+123)
	for i := range b {
		b[i] = byte(i*7 + i>>11)
	}
	rapid.Check(t, func(t *rapid.T) {
		size := int64(rapid.IntRange(0, len(b)).Draw(t, "size"))
		window := newFileWindow(bytes.NewReader(b), size)
		if window.Size() != size {
			t.Fatalf("size %d, want %d", window.Size(), size)
		}
		for range rapid.IntRange(1, 12).Draw(t, "reads") {
			offset := int64(rapid.IntRange(0, len(b)+100).Draw(t, "offset"))
			n := rapid.OneOf(rapid.IntRange(0, 100), rapid.IntRange(0, 2*windowSize)).Draw(t, "n")
			got, err := window.Bytes(offset, n)
			must(t, err)
			want := Memory(b[:size])
			whole, err := want.Bytes(offset, n)
			must(t, err)
			if len(got) < min(n, len(whole)) || len(got) > len(whole) || !bytes.Equal(got, whole[:len(got)]) {
				t.Fatalf("%d bytes at %d of %d: got %d, memory has %d", n, offset, size, len(got), len(whole))
			}
		}
	})
}

func TestFramesLargerThanTheWindowAreScanned(t *testing.T) {
	p := newPen(t, vfs.NewMemory(), testHeader(5, 16<<20), 1)
	for _, size := range []int{10, windowSize - 200, 5, windowSize, windowSize + 1, 3*windowSize + 77, 100} {
		p.event(size)
	}
	image := p.image()
	for name, window := range map[string]Window{"memory": Memory(image), "file": newFileWindow(bytes.NewReader(image), int64(len(image)))} {
		scanner := NewScanner(window, p.s.Salt, "x.seg", HeaderSize, p.tail)
		decoder := NewDecoder()
		for sequence := uint64(1); sequence < p.next; sequence++ {
			f, ok, err := scanner.Next()
			must(t, err)
			if !ok {
				t.Fatal(fmt.Sprint(name, " stopped at ", scanner.Offset(), ": ", scanner.Problem()))
			}
			checkEvent(t, decoder, &f, sequence, p.sizes[sequence])
		}
	}
}
