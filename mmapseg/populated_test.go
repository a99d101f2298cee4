package mmapseg

// Which pages are brought in, and when.

import (
	"testing"

	"github.com/batpak/batpak/internal/vfs"
)

// cold seals a segment of a few MiB and returns it with all of its pages unknown.
func cold(t *testing.T, dir vfs.Dir) (*model, *pen, *populated) {
	t.Helper()
	m := newModel(dir)
	p := m.segment(t, 8<<20, 0)
	for p.tail < 5<<20 {
		p.event(2000)
	}
	m.filled(p)
	p.seal()
	m.reopen(t, 0)
	return m, p, p.s.pages.Load()
}

// known returns the granules that were brought in, as ranges of bytes.
func (p *populated) ranges() (brought [][2]int64) {
	for g := range int64(len(p.known) * 32) {
		if p.known[g/32].Load()>>(g%32)&1 == 0 {
			continue
		}
		if n := len(brought); n > 0 && brought[n-1][1] == g*granule {
			brought[n-1][1] += granule
			continue
		}
		brought = append(brought, [2]int64{g * granule, (g + 1) * granule})
	}
	return brought
}

// covers reports whether all granules of a range were brought in.
func covers(brought [][2]int64, from, to int64) bool {
	for _, r := range brought {
		if r[0] <= from && to <= r[1] {
			return true
		}
	}
	return false
}

func total(brought [][2]int64) (sum int64) {
	for _, r := range brought {
		sum += r[1] - r[0]
	}
	return sum
}

func TestSingleReadsBringInTheGranulesOfTheirFrame(t *testing.T) {
	m, p, pages := cold(t, diskDir(t))
	if brought := pages.ranges(); brought != nil {
		t.Fatalf("opening brought in %v", brought)
	}
	m.checkFind(t, 1000, true)
	at := p.offsets[1000]
	if brought := pages.ranges(); !covers(brought, at, at+2000) || total(brought) > 4*granule {
		t.Errorf("a frame at %d: %v", at, brought)
	}
	taken, err := p.s.Gather(new(Group), []uint32{1499, 299}, true)
	must(t, err)
	brought := pages.ranges()
	if taken != 2 || !covers(brought, p.offsets[1500], p.offsets[1500]+2000) || !covers(brought, p.offsets[300], p.offsets[300]+2000) ||
		total(brought) > 8*granule {
		t.Errorf("two more: %v", brought)
	}
}

func TestReadingOnBringsInWindows(t *testing.T) {
	m, p, pages := cold(t, diskDir(t))
	r := m.set.Reader(1000, 1500, true)
	defer r.Close()
	next := func(r frames) int64 {
		f, _, ok, err := r.Next()
		must(t, err)
		if !ok {
			t.Fatal("the end")
		}
		return f.Offset
	}
	from := next(r)
	if brought := pages.ranges(); total(brought) > 4*granule {
		t.Errorf("one event brought in %v", brought)
	}
	at := from
	for at < from+(3*window)/2 && at < p.offsets[1400] {
		if at = next(r); !covers(pages.ranges(), at, at+2000) {
			t.Fatalf("the event at %d was read before it was brought in", at)
		}
	}
	if brought := pages.ranges(); !covers(brought, from, at+fullChunk) || covers(brought, from, from+4*window) {
		t.Errorf("read from %d to %d: %v", from, at, brought)
	}

	_, p, pages = cold(t, diskDir(t))
	var set Set
	set.Add(p.s)
	set.SetVisible(p.next - 1)
	backward := set.Backward(1, 1500, true)
	defer backward.Close()
	for range 300 {
		at = next(backward)
		if !covers(pages.ranges(), at, at+2000) {
			t.Fatalf("the event at %d was read before it was brought in", at)
		}
	}
	if brought := pages.ranges(); !covers(brought, at, p.offsets[1500]) || total(brought) < window || total(brought) > 2*window {
		t.Errorf("read back to %d: %v", at, brought)
	}
}

func TestTheFooterIsBroughtInWhereItIsRead(t *testing.T) {
	_, p, pages := cold(t, diskDir(t))
	data, _, ok := p.s.Section(sectionTree)
	if !ok {
		t.Fatal("no tree")
	}
	must(t, p.s.Read(func() {
		_, err := data.At(0, 8)
		must(t, err)
	}))
	footer := p.s.Footer()
	brought := pages.ranges()
	if !covers(brought, footer.checks.offset, footer.checks.end()) || total(brought) > 3*granule {
		t.Errorf("footer from %d to %d: %v", footer.FramesEnd, footer.size, brought)
	}
}

// TestWhatCannotBeBroughtInIsNotKnown: behind the end of the file there are no pages, and no error of it is told.
func TestWhatCannotBeBroughtInIsNotKnown(t *testing.T) {
	_, p, pages := cold(t, diskDir(t))
	size := p.s.DiskSize()
	pages.bring(size-1, size)
	if brought := pages.ranges(); len(brought) != 1 || brought[0][0] != (size-1)&^(granule-1) {
		t.Errorf("the last byte of %d: %v", size, brought)
	}
	pages.bring(size+2*granule, size+3*granule)
	pages.bringAhead(1<<40, 1<<40+1)
	pages.bringBehind(0, 1)
	var none *populated
	none.bring(0, 1)
	none.bringAhead(0, 1)
	none.bringBehind(0, 1)
	if brought := pages.ranges(); total(brought) != 2*granule {
		t.Errorf("brought in %v", brought)
	}
	p.s.disk.Store(0) // cut behind its back
	pages.bring(3*granule, 4*granule)
	if brought := pages.ranges(); total(brought) != 2*granule {
		t.Errorf("pages that a file does not have: %v", brought)
	}
}

func TestASegmentThatIsWrittenNeedsNoBringing(t *testing.T) {
	m := newModel(diskDir(t))
	p := m.segment(t, 1<<20, 0)
	p.events(100, 500)
	m.filled(p)
	m.checkFind(t, 7, true)
	if p.s.pages.Load() != nil {
		t.Error("a segment that was just written is looked after")
	}
	p.seal()
	if p.s.pages.Load() == nil {
		t.Error("a sealed one is not")
	}
}
