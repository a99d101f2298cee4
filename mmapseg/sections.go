// The footer of a segment that is open: its sections, read in place.

package mmapseg

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/checked"
	"github.com/batpak/batpak/internal/mmap"
)

// openFooter is the footer of a sealed segment that is open.
type openFooter struct {
	*Footer
	blocks  *checked.Bytes // what stands in front of the checks
	points  *points
	frames  *populated    // of the mapping through which frames are read
	mapping *mmap.Mapping // where the footer has one of its own, else nil
}

// openFooter makes the segment's footer readable. It reads nothing of it.
func (s *Segment) openFooter(f *Footer) (*openFooter, error) {
	o := &openFooter{Footer: f, frames: newPopulated(s.read, &s.disk)}
	pages, base, b := o.frames, int64(0), s.read.Bytes()
	if f.size > int64(len(b)) {
		// Sealing made the file larger than it was reserved.
		mapping, err := s.file.Map(f.size, mmap.ReadOnly)
		switch {
		case err == nil:
			o.mapping, pages, b = mapping, newPopulated(mapping, &s.disk), mapping.Bytes()
		case errors.Is(err, errors.ErrUnsupported): // memory in a mapping's place, which can't grow
			if b, err = s.footerCopy(f); err != nil {
				return nil, err
			}
			pages, base = nil, f.FramesEnd
		default:
			return nil, fmt.Errorf("map the footer of %s: %w", s.name, err)
		}
	}
	part := func(from, to int64) []byte { return b[from-base : to-base : to-base] }
	bring := func(from, to int) {
		pages.bring(f.FramesEnd+int64(from), f.FramesEnd+int64(to))
		sums := f.checks.offset + int64(from)/checked.BlockSize*4
		pages.bring(sums, min(sums+checked.SumsSize(int64(to-from)), f.checks.end()))
	}
	var err error
	o.blocks, err = checked.New(part(f.FramesEnd, f.checks.offset), part(f.checks.offset, f.checks.end()), bring)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("footer of %s: %w", s.name, err), o.unmap())
	}
	table, _ := f.section(sectionPoints) // else there were no footer
	o.points = &points{
		first: f.Summary.First, stride: f.stride, sealed: part(table.offset, table.end()), pages: pages, offset: table.offset,
	}
	return o, nil
}

// footerCopy reads the footer into memory.
func (s *Segment) footerCopy(f *Footer) ([]byte, error) {
	b := make([]byte, f.size-f.FramesEnd)
	if _, err := s.file.ReadAt(b, f.FramesEnd); err != nil {
		return nil, fmt.Errorf("read the footer of %s: %w", s.name, err)
	}
	return b, nil
}

// unmap ends a mapping of the footer's own.
func (o *openFooter) unmap() error {
	if o.mapping == nil {
		return nil
	}
	return o.mapping.Unmap()
}

// seal makes the segment a sealed one, for readers too.
func (s *Segment) seal(o *openFooter) {
	s.points.Store(o.points)
	s.pages.Store(o.frames)
	s.footer.Store(o)
}

// Sealed reports whether the segment has its footer.
func (s *Segment) Sealed() bool { return s.footer.Load() != nil }

// Footer returns the footer of a sealed segment, else nil.
func (s *Segment) Footer() *Footer {
	if o := s.footer.Load(); o != nil {
		return o.Footer
	}
	return nil
}

// Section returns a section of a sealed segment's footer that stands in front of its
// checks, and its version; ok is false when there is none, and as long as the segment is
// not sealed. The bytes are read inside [Segment.Read] only, where each block is verified
// when it is first read.
func (s *Segment) Section(kind uint32) (data checked.Range, version uint32, ok bool) {
	o := s.footer.Load()
	if o == nil {
		return checked.Range{}, 0, false
	}
	at, ok := o.section(kind)
	if !ok {
		return checked.Range{}, 0, false
	}
	data, err := o.blocks.Range(at.offset-o.FramesEnd, at.end()-o.FramesEnd)
	return data, at.version, err == nil
}

// TreeNodes appends the nodes of the store's Merkle tree that a sealed segment's footer
// holds, each the root of an aligned run of [TreeRun] leaves, and returns the number of
// the first. Without an error and without nodes: the segment is not sealed, has no whole
// run, or no hashes. Errors: a *[checked.DamageError]; [ErrSegmentClosed]; fault.ErrMapFault.
func (s *Segment) TreeNodes(dst []event.Hash) (nodes []event.Hash, first uint64, err error) {
	data, version, ok := s.Section(sectionTree)
	if !ok || version != sectionVersions[sectionTree] {
		return dst, 0, nil
	}
	fault := s.Read(func() {
		var b []byte
		if b, err = data.At(0, data.Len()); err != nil {
			return
		}
		first = binary.LittleEndian.Uint64(b)
		for b = b[8:]; len(b) > 0; b = b[32:] {
			dst = append(dst, event.Hash(b))
		}
	})
	if fault != nil {
		err = fault
	} else if err != nil {
		err = fmt.Errorf("tree of %s: %w", s.name, err)
	}
	return dst, first, err
}
