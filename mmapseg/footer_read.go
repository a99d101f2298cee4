// Opening a footer: the end of the file is read and verified, from the checks on.

package mmapseg

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/internal/checked"
)

// footerRead is how much of a file's end is read at once to open its footer, in bytes:
// enough for the checks of a footer of 7 MiB.
const footerRead = 8 << 10

// ReadFooter reads the footer of a segment file of size bytes, as far as opening a segment
// needs it, and verifies that: not what lies in front of the checks. A nil footer without
// an error means that there is none that can be trusted: the segment is not sealed, or
// its footer is damaged, which reason then says. A footer is never needed, frames tell
// everything.
//
// It takes one read of 8 KiB, for large footers a second one.
func ReadFooter(file io.ReaderAt, size int64, h *Header) (footer *Footer, reason string, err error) {
	if size < HeaderSize+trailerSize {
		return nil, "", nil
	}
	tail := fileTail{file: file, start: size}
	b, err := tail.from(size - min(size, footerRead))
	if err != nil {
		return nil, "", fmt.Errorf("read footer of %s: %w", h.Name(), err)
	}
	t := b[len(b)-trailerSize:]
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
	if count > maxSections || framesEnd < HeaderSize || framesEnd%FrameAlign != 0 || framesEnd > at || at > math.MaxInt64 ||
		int64(at)+int64(count)*directoryEntrySize != size-trailerSize {
		return nil, "the trailer's bounds are wrong", nil
	}
	if b, err = tail.from(int64(at)); err != nil {
		return nil, "", fmt.Errorf("read footer of %s: %w", h.Name(), err)
	}
	directory := b[:count*directoryEntrySize]
	if crc(0, directory) != le.Uint32(t[52:]) {
		return nil, "the directory's checksum is wrong", nil
	}
	footer = &Footer{FramesEnd: int64(framesEnd), size: size}
	behind, reason := footer.place(directory, int64(at))
	if reason == "" {
		reason, err = footer.verify(behind, &tail)
	}
	if err != nil {
		return nil, "", fmt.Errorf("read footer of %s: %w", h.Name(), err)
	}
	if reason != "" {
		return nil, reason, nil
	}
	return footer, "", nil
}

// fileTail is the end of a file, as much of it as was read.
type fileTail struct {
	file  io.ReaderAt
	start int64 // offset of b[0]
	b     []byte
}

// from returns the file's bytes from offset up to its end.
func (t *fileTail) from(offset int64) ([]byte, error) {
	if more := t.start - offset; more > 0 {
		b := make([]byte, more, more+int64(len(t.b)))
		if _, err := t.file.ReadAt(b, offset); err != nil {
			return nil, err
		}
		t.start, t.b = offset, append(b, t.b...)
	}
	return t.b[offset-t.start:], nil
}

// place reads the directory, which lies at limit, and returns the sections from the
// checks on.
func (f *Footer) place(directory []byte, limit int64) (behind []section, reason string) {
	le := binary.LittleEndian
	all := make([]section, 0, len(directory)/directoryEntrySize)
	split := -1
	for free := f.FramesEnd; len(directory) > 0; directory = directory[directoryEntrySize:] {
		s := section{
			kind: le.Uint32(directory), version: le.Uint32(directory[4:]), offset: int64(le.Uint64(directory[8:])),
			length: int64(le.Uint64(directory[16:])), crc: le.Uint32(directory[24:]),
		}
		// In order and apart from each other, so that no byte is read twice.
		if s.offset < free || s.offset%FrameAlign != 0 || s.length < 0 || s.length > limit-s.offset {
			return nil, fmt.Sprintf("section %d lies outside its place in the footer", s.kind)
		}
		if slices.ContainsFunc(all, func(other section) bool { return other.kind == s.kind }) {
			return nil, fmt.Sprintf("section %d is there twice", s.kind)
		}
		if free = s.end(); s.kind == sectionChecks {
			split = len(all)
		}
		all = append(all, s)
	}
	if split < 0 {
		return nil, missingSection(sectionChecks)
	}
	f.sections, f.checks = slices.Clone(all[:split]), all[split]
	if f.checks.length != checked.SumsSize(f.checks.offset-f.FramesEnd) {
		return nil, "the checks are not those of what is in front of them"
	}
	return all[split:], f.placedOwn()
}

func missingSection(kind uint32) string {
	return fmt.Sprintf("section %d is missing, or not the version or in the place that is known", kind)
}

// placedOwn looks at the sections of this package in front of the checks.
func (f *Footer) placedOwn() (reason string) {
	points, ok := f.section(sectionPoints)
	if !ok || points.version != sectionVersions[sectionPoints] {
		return missingSection(sectionPoints)
	}
	tree, ok := f.section(sectionTree)
	if points.length%pointSize != 0 || ok && tree.version == sectionVersions[sectionTree] && (tree.length < 8 || tree.length%32 != 8) {
		return "the points or the tree have a length that they can't have"
	}
	return ""
}

// verify reads the sections from the checks on.
func (f *Footer) verify(behind []section, tail *fileTail) (reason string, err error) {
	b, err := tail.from(f.checks.offset)
	if err != nil {
		return "", err
	}
	seen := 0
	for _, s := range behind {
		own := s.kind == sectionChecks || s.kind == sectionControl || s.kind == sectionRange
		if !own || s.version != sectionVersions[s.kind] {
			continue
		}
		data := b[s.offset-f.checks.offset:][:s.length]
		if hooks.Enabled && hooks.Planted(hooks.FooterUnchecked) {
			s.crc = crc(0, data)
		}
		if crc(0, data) != s.crc || !f.decode(s.kind, data) {
			return fmt.Sprintf("section %d is damaged", s.kind), nil
		}
		seen |= 1 << s.kind
	}
	for _, kind := range []uint32{sectionChecks, sectionControl, sectionRange} {
		if seen>>kind&1 == 0 {
			return missingSection(kind), nil
		}
	}
	return "", nil
}

// decode reads a section behind the checks. Those are compared with their blocks later.
func (f *Footer) decode(kind uint32, data []byte) (ok bool) {
	switch kind {
	case sectionControl:
		f.control, ok = decodeControl(data, f.FramesEnd)
	case sectionRange:
		f.Summary, f.stride, ok = decodeSummary(data)
	case sectionChecks:
		ok = true
	}
	return ok
}
