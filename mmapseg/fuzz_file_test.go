package mmapseg

// Fuzzing of what reads whole files: footers, scanning, reading. Half of the inputs get right checksums, so that
// mutations come further than to the first of them.

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"github.com/batpak/batpak/internal/vfs"
)

// resum gives a file's trailer, directory and sections right checksums, as far as they are where they could be.
func resum(b []byte, h *Header) {
	le := binary.LittleEndian
	if len(b) < trailerSize {
		return
	}
	trailer := b[len(b)-trailerSize:]
	copy(trailer, footerMagic[:])
	count, at := int64(le.Uint32(trailer[12:])), int64(le.Uint64(trailer[16:]))
	if count <= maxSections && at >= 0 && at <= int64(len(b)) && at+count*directoryEntrySize <= int64(len(b)) {
		directory := b[at : at+count*directoryEntrySize]
		for ; len(directory) > 0; directory = directory[directoryEntrySize:] {
			offset, length := int64(le.Uint64(directory[8:])), int64(le.Uint64(directory[16:]))
			if offset >= 0 && offset <= int64(len(b)) && length >= 0 && length <= int64(len(b))-offset {
				le.PutUint32(directory[24:], crc(0, b[offset:offset+length]))
			}
		}
		le.PutUint32(trailer[52:], crc(0, b[at:at+count*directoryEntrySize]))
	}
	le.PutUint32(trailer[92:], crc(uint32(h.Salt), trailer[:92]))
}

func FuzzReadFooter(f *testing.F) {
	h := testHeader(4, MinSize)
	_, image, _ := sealedSegment(f, vfs.NewMemory(), h, 1, 0, 30)
	f.Add(image[HeaderSize:], false)
	f.Add(image[HeaderSize:], true)
	forged := newForgedFooter().plain()
	f.Add(forged.file(unchanged)[HeaderSize:], true)
	overlapping := newForgedFooter().plain()
	for kind := range uint32(200) {
		again := overlapping.b.sections[0]
		again.kind = FirstForeignSection + kind
		overlapping.b.sections = append(overlapping.b.sections, again)
	}
	f.Add(overlapping.file(unchanged)[HeaderSize:], true)
	f.Fuzz(func(t *testing.T, tail []byte, right bool) {
		b := append(make([]byte, HeaderSize), tail...)
		if right {
			resum(b, &h)
		}
		var footer *Footer
		bounded(t, len(b), func() {
			var reason string
			var err error
			footer, reason, err = readBytes(b, &h)
			if err != nil || footer != nil && reason != "" {
				t.Errorf("%v %q %v", footer, reason, err)
			}
		})
		if footer == nil {
			return
		}
		if footer.FramesEnd < HeaderSize || footer.FramesEnd > int64(len(b)) {
			t.Errorf("frames end at %d of %d", footer.FramesEnd, len(b))
		}
		readOpened(t, b, footer)
		footer.Whole()
	})
}

// readOpened reads what a believed footer says, through a segment.
func readOpened(t *testing.T, b []byte, footer *Footer) {
	dir := vfs.NewMemory()
	h := testHeader(4, MinSize)
	file, err := dir.Create(h.Name())
	must(t, err)
	_, err = file.WriteAt(b, 0)
	must(t, err)
	must(t, file.Close())
	s, err := Open(dir, h, Contents{Floor: footer.Summary.First, End: footer.FramesEnd, Footer: footer})
	must(t, err)
	defer func() { must(t, s.Close()) }()
	for _, sequence := range []uint64{0, 1, footer.Summary.First, footer.Summary.Last, math.MaxUint64} {
		s.points.Load().before(sequence)
		s.points.Load().after(sequence, math.MaxUint64)
	}
	for _, part := range footer.sections {
		data, _, ok := s.Section(part.kind)
		if !ok || data.Len() != part.length {
			t.Errorf("section %d of %d bytes: %d, %v", part.kind, part.length, data.Len(), ok)
		}
		must(t, s.Read(func() { _, _ = data.At(0, data.Len()) }))
	}
	_, _, _ = s.TreeNodes(nil)
}

// reheader gives every place that begins like a frame a sound header, and every second one a sound body.
func reheader(image []byte, salt Salt) {
	for offset := int64(HeaderSize); offset+framePrefix <= int64(len(image)); offset += FrameAlign {
		b := image[offset:]
		first := leWord(b)
		if uint16(first) != frameMagic {
			continue
		}
		kind, flags, length := FrameType(first>>16), uint8(first>>24), int(first>>32)
		body := uint32(leWord(b[16:]))
		if length >= framePrefix && align(length) <= len(b) && offset&FrameAlign == 0 {
			_, seed := salt.seeds(offset)
			whole := b[:align(length)]
			body = crc(seed, whole[framePrefix:])
			if fixed := eventFixed; kind == FrameEvent && len(whole) > fixed {
				fixed = min(len(whole), fixed+int(assignedSize[whole[66]&15]))
				body = crc(seed^crc(0, whole[fixed:]), whole[framePrefix:fixed])
			}
		}
		putPrefix(b[:framePrefix], kind, flags, length, Mark(leWord(b[8:])), body, salt, offset)
	}
}

func FuzzScanner(f *testing.F) {
	image, salt := sampleSegment(f)
	f.Add(image[HeaderSize:], false, uint32(len(image)))
	f.Add(image[HeaderSize:], true, uint32(len(image)))
	for _, hostile := range hostileImages(HeaderSize+2000, salt) {
		f.Add(hostile[HeaderSize:], false, uint32(HeaderSize+1500))
		f.Add(hostile[HeaderSize:], true, uint32(HeaderSize+2000))
	}
	f.Fuzz(func(t *testing.T, frames []byte, right bool, limit uint32) {
		image := append(make([]byte, HeaderSize), frames...)
		if right {
			reheader(image, salt)
		}
		size := int64(len(image))
		window := &countingWindow{Window: newFileWindow(bytes.NewReader(image), size)}
		var found [2]int
		bounded(t, len(image), func() {
			scanner := NewScanner(window, salt, "x.seg", HeaderSize, int64(limit))
			found[0] = walkFuzzed(t, scanner)
		})
		if limit := 8 * (resyncWork + 6) * size; window.asked > limit {
			t.Errorf("%d bytes were asked for in an image of %d", window.asked, size)
		}
		scanner := NewScanner(Memory(image), salt, "x.seg", HeaderSize, int64(limit))
		found[1] = walkFuzzed(t, scanner)
		if found[0] != found[1] {
			t.Errorf("%d frames through a file window, %d in memory", found[0], found[1])
		}
		last := int64(0)
		scanner.MoveTo(HeaderSize)
		must(t, scanner.Headers(func(s Sighting) bool {
			if s.Offset <= last || s.Offset%FrameAlign != 0 || s.Offset+int64(align(s.Length)) > min(size, int64(limit)) || s.Length < framePrefix {
				t.Errorf("sighting %+v behind %d", s, last)
			}
			last = s.Offset
			return true
		}))
	})
}

// walkFuzzed goes through an image and past frames of later versions.
func walkFuzzed(t *testing.T, scanner *Scanner) (frames int) {
	for {
		before := scanner.Offset()
		f, ok, err := scanner.Next()
		if err == nil && ok {
			if frames++; f.Offset != before || scanner.Offset() <= before {
				t.Fatalf("frame at %d, scanner went from %d to %d", f.Offset, before, scanner.Offset())
			}
			continue
		}
		if err != nil && !errors.Is(err, ErrVersion) {
			t.Fatal(err)
		}
		more, err := scanner.resync()
		must(t, err)
		if !more {
			return frames
		}
		if scanner.Offset() <= before {
			t.Fatalf("resync went from %d to %d", before, scanner.Offset())
		}
	}
}

// FuzzReading reads a segment whose bytes are anything, through points that are anything.
func FuzzReading(f *testing.F) {
	image, _ := sampleSegment(f)
	salt := testSaltOf(1)
	f.Add(image[HeaderSize:], true, []byte{0, 2, 0, 0})
	reheader(image, salt)
	f.Add(image[HeaderSize:], false, []byte{0, 2, 0, 0, 9, 2, 0, 0})
	f.Add(make([]byte, 1000), false, []byte{})
	f.Fuzz(func(t *testing.T, frames []byte, right bool, table []byte) {
		image := append(make([]byte, HeaderSize), frames[:min(len(frames), 20000)]...)
		image = image[:len(image)&^7]
		if right {
			reheader(image, salt)
		}
		dir := vfs.NewMemory()
		s, err := Create(dir, testHeader(1, MinSize))
		must(t, err)
		overwrite(t, s, HeaderSize, image[HeaderSize:])
		s.Activate(1, 0)
		s.points.Store(&points{first: 1, stride: 1, sealed: table})
		s.Publish(int64(len(image)))
		var set Set
		set.Add(s)
		defer func() { must(t, set.Close()) }()
		set.SetVisible(40)
		for _, check := range []bool{true, false} {
			for _, r := range []interface {
				Next() (Frame, *Segment, bool, error)
				Close()
			}{set.Reader(3, 40, check), set.Backward(1, 40, check)} {
				for steps := 0; ; steps++ {
					f, _, ok, err := r.Next()
					if !ok && (err == nil || !IsDamage(err)) {
						break
					}
					if ok && int64(f.Length) > int64(len(image)) || steps > 100 {
						t.Fatalf("step %d: frame of %d", steps, f.Length)
					}
				}
				r.Close()
			}
			for sequence := range uint64(42) {
				_, _, _, _ = set.Find(sequence, nil, check)
			}
		}
	})
}
