package mmapseg

// Sections of others, and how a footer is opened.

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/batpak/batpak/internal/checked"
	"github.com/batpak/batpak/internal/vfs"
)

// sealWith ends and seals the pen's segment with sections of others.
func (p *pen) sealWith(extra func(add func(kind, version uint32, data []byte)) error) {
	p.tb.Helper()
	p.end()
	must(p.tb, p.s.Retire())
	footer, err := p.s.BuildFooter(p.tail, nil, extra)
	must(p.tb, err)
	must(p.tb, p.s.Seal(p.tail, footer))
	must(p.tb, p.s.GiveBack(p.tail, p.tail+int64(len(footer))))
}

// checkSection compares a section with what it should hold.
func checkSection(t *testing.T, s *Segment, kind, version uint32, want []byte) {
	t.Helper()
	data, found, ok := s.Section(kind)
	if !ok || found != version || data.Len() != int64(len(want)) {
		t.Fatalf("section %d: %d bytes of version %d, %v", kind, data.Len(), found, ok)
	}
	must(t, s.Read(func() {
		b, err := data.At(0, data.Len())
		if err != nil || !bytes.Equal(b, want) {
			t.Errorf("section %d differs: %v", kind, err)
		}
	}))
	if at, _ := s.Footer().section(kind); at.offset%FrameAlign != 0 {
		t.Errorf("section %d is not aligned", kind)
	}
}

func TestSectionsOfOthersAreReadInPlace(t *testing.T) {
	for name, dir := range map[string]vfs.Dir{"disk": diskDir(t), "memory": vfs.NewMemory()} {
		// The last is larger than all that the segment was reserved for.
		for _, size := range []int{0, 5, 5000, 3 * MinSize} {
			m := newModel(dir)
			p := m.segment(t, MinSize, 0)
			p.events(30, 100)
			m.filled(p)
			content := testPayload(9, size)
			p.sealWith(func(add func(kind, version uint32, data []byte)) error {
				scratch := bytes.Clone(content)
				add(300, 7, scratch)
				clear(scratch) // add has copied it
				add(16, 1, []byte("next"))
				return nil
			})
			for _, reopened := range []bool{false, true} {
				if reopened {
					m.reopen(t, 0)
				}
				checkSection(t, p.s, 300, 7, content)
				checkSection(t, p.s, 16, 1, []byte("next"))
				m.checkRange(t, 1, math.MaxUint64, 0, true)
				for _, kind := range []uint32{0, 17, sectionChecks, sectionControl, sectionRange} {
					if _, _, ok := p.s.Section(kind); ok {
						t.Errorf("%s: there is a section %d", name, kind)
					}
				}
			}
			must(t, p.s.Close())
			if err := p.s.Read(func() { t.Error("read a closed segment") }); !errors.Is(err, ErrSegmentClosed) {
				t.Errorf("%v", err)
			}
			must(t, dir.Remove(p.s.Name()))
		}
	}
}

func TestASegmentHasNoSectionsBeforeItIsSealed(t *testing.T) {
	_, p := oneSegment(t, 9, 20)
	if _, _, ok := p.s.Section(sectionPoints); ok || p.s.Sealed() || p.s.Footer() != nil {
		t.Error("there are sections")
	}
	if nodes, _, err := p.s.TreeNodes(nil); nodes != nil || err != nil {
		t.Errorf("%d nodes, %v", len(nodes), err)
	}
	p.seal()
	if footer := p.s.Footer(); !p.s.Sealed() || footer.Summary.Events != 9 || footer.FramesEnd != p.tail {
		t.Errorf("sealed with %+v", footer)
	}
}

func TestSectionsThatCannotBeAddedAreRefused(t *testing.T) {
	failure := errors.New("no index")
	for want, extra := range map[string]func(add func(kind, version uint32, data []byte)) error{
		"section of type 15":      func(add func(kind, version uint32, data []byte)) error { add(15, 1, nil); return nil },
		"two sections of type 20": func(add func(kind, version uint32, data []byte)) error { add(20, 1, nil); add(20, 2, nil); return nil },
		"no index":                func(func(kind, version uint32, data []byte)) error { return failure },
		"more than 256 sections": func(add func(kind, version uint32, data []byte)) error {
			for kind := range uint32(252) {
				add(FirstForeignSection+kind, 1, nil)
			}
			return nil
		},
	} {
		_, p := oneSegment(t, 9, 20)
		p.end()
		footer, err := p.s.BuildFooter(p.tail, nil, extra)
		if footer != nil || err == nil || !strings.Contains(err.Error(), want) || errors.Is(err, failure) != (want == "no index") {
			t.Errorf("%d bytes, %v, want: %s", len(footer), err, want)
		}
	}
	_, p := oneSegment(t, 9, 20) // as many as there may be
	p.sealWith(func(add func(kind, version uint32, data []byte)) error {
		for kind := range uint32(251) {
			add(FirstForeignSection+kind, 1, nil)
		}
		return nil
	})
	checkSection(t, p.s, FirstForeignSection+250, 1, nil)
}

// readLog notes what is read of a file.
type readLog struct {
	*bytes.Reader
	reads [][2]int64
}

func (r *readLog) ReadAt(p []byte, offset int64) (int, error) {
	r.reads = append(r.reads, [2]int64{offset, offset + int64(len(p))})
	return r.Reader.ReadAt(p, offset)
}

// TestOpeningAFooterReadsTheEndOfTheFile: once, or twice where the footer is large, and never what grows with events.
func TestOpeningAFooterReadsTheEndOfTheFile(t *testing.T) {
	for size, want := range map[int]int{0: 1, 100: 1, 6 << 20: 1, 12 << 20: 2} {
		_, p := oneSegment(t, 500, 20)
		p.sealWith(func(add func(kind, version uint32, data []byte)) error {
			add(40, 1, make([]byte, size))
			return nil
		})
		image := p.image()
		file := &readLog{Reader: bytes.NewReader(image)}
		footer, reason, err := ReadFooter(file, int64(len(image)), &p.s.Header)
		if footer == nil || err != nil {
			t.Fatalf("%q %v", reason, err)
		}
		least := min(footer.checks.offset, int64(len(image))-footerRead)
		if len(file.reads) != want || file.reads[want-1][0] != least {
			t.Errorf("a section of %d bytes: read %v, the checks begin at %d of %d", size, file.reads, footer.checks.offset, len(image))
		}
	}
}

// TestRotIsFoundAtFirstUse damages the file behind the back of a segment that is open.
func TestRotIsFoundAtFirstUse(t *testing.T) {
	m, p := oneSegment(t, 9, 20)
	content := testPayload(1, 5*checked.BlockSize)
	p.sealWith(func(add func(kind, version uint32, data []byte)) error {
		add(16, 1, content)
		return nil
	})
	s, err := OpenEnded(m.dir, p.s.Header, Contents{Floor: 1, End: p.tail, Footer: p.s.Footer()}, 0)
	must(t, err)
	must(t, p.s.Close())
	defer func() { must(t, s.Close()) }()
	s.Finish(9)
	p.s = s
	list := []*Segment{s}
	m.set.list.Store(&list)
	data, _, _ := s.Section(16)
	at := func(from, to int64) (err error) {
		must(t, p.s.Read(func() { _, err = data.At(from, to) }))
		return err
	}
	must(t, at(0, 100))
	section, _ := p.s.Footer().section(16)
	damage(t, p.s, section.offset+3*checked.BlockSize, 1)
	must(t, at(0, checked.BlockSize))
	if err := at(3*checked.BlockSize, 3*checked.BlockSize+1); !errors.Is(err, checked.ErrDamaged) {
		t.Errorf("a damaged block: %v", err)
	}
	damage(t, p.s, p.s.Footer().checks.end()-1, 1) // the last block's sum
	if err := at(data.Len()-1, data.Len()); !errors.Is(err, checked.ErrDamaged) {
		t.Errorf("a damaged checksum: %v", err)
	}
	m.checkRange(t, 1, math.MaxUint64, 0, true)
}
