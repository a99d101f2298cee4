package mmapseg

// Footers: what they say is what the frames say, and nothing is believed that was damaged or forged.

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/checked"
	"github.com/batpak/batpak/internal/vfs"
)

// naiveRoot is the Merkle tree hash of RFC 6962, section 2.1, word for word.
func naiveRoot(leaves []event.Hash) event.Hash {
	if len(leaves) == 1 {
		return event.LeafHash(leaves[0])
	}
	k := 1
	for 2*k < len(leaves) {
		k *= 2
	}
	return event.NodeHash(naiveRoot(leaves[:k]), naiveRoot(leaves[k:]))
}

func TestTreeNodesAreThoseOfRFC6962(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := rapid.OneOf(rapid.Uint64Range(0, 1000), rapid.Uint64Range(0, 1<<60)).Draw(t, "base")
		count := rapid.SampledFrom([]uint64{0, 1, 100, 255, 256, 257, 511, 512, 513, 1100}).Draw(t, "count")
		var runs treeRuns
		runs.start(base)
		hashes := make([]event.Hash, count)
		for i := range hashes {
			hashes[i] = testHash(base + uint64(i))
			runs.add(hashes[i])
		}
		var want []event.Hash
		first := (base + TreeRun - 1) / TreeRun
		for n := first; (n+1)*TreeRun <= base+count; n++ {
			want = append(want, naiveRoot(hashes[n*TreeRun-base:(n+1)*TreeRun-base]))
		}
		if runs.first != first || !reflect.DeepEqual(runs.nodes, want) {
			t.Fatalf("base %d, %d leaves: nodes %d from %d, want %d from %d", base, count, len(runs.nodes), runs.first, len(want), first)
		}
	})
}

// sealedSegment seals a segment of events (and some batches) and returns its pen, its file and its footer.
func sealedSegment(tb tester, dir vfs.Dir, h Header, floor, treeBase uint64, events int) (*pen, []byte, *Footer) {
	tb.Helper()
	p := newPen(tb, dir, h, floor)
	p.s.TreeBase = treeBase
	for int(p.next-floor) < events {
		if p.next%97 == 0 && int(p.next-floor)+2 <= events {
			p.batch(3, 4)
		} else {
			p.event(int(p.next % 50))
		}
	}
	size := p.seal()
	footer, reason, err := ReadFooter(p.s.file, size, &h)
	must(tb, err)
	if footer == nil {
		tb.Fatalf("no footer: %s", reason)
	}
	return p, p.image(), footer
}

func TestAFooterSaysWhatTheFramesSay(t *testing.T) {
	for _, c := range []struct {
		events          int
		floor, treeBase uint64
		hashing         bool
	}{
		{0, 1, 0, true}, {1, 1, 0, true}, {2, 9, 3, true}, {255, 1, 1, true}, {256, 1, 0, true}, {6000, 77, 5000, true},
		{6001, 1 << 40, 1 << 39, true}, {100, 5, 4, false},
	} {
		t.Run(fmt.Sprint(c.events, " from ", c.floor, " hashing ", c.hashing), func(t *testing.T) {
			h := testHeader(4, 2<<20)
			h.Hashing = c.hashing
			p, _, got := sealedSegment(t, vfs.NewMemory(), h, c.floor, c.treeBase, c.events)
			want := Summary{TreeBase: c.treeBase, Events: uint64(c.events)}
			if c.events > 0 {
				last := p.next - 1
				want.First, want.Last, want.LowestTime, want.HighestTime = c.floor, last, testTime(c.floor), testTime(last)
				want.FirstID = event.MakeID(uint64(testTime(c.floor))/1000, 0, c.floor)
				want.LastID = event.MakeID(uint64(testTime(last))/1000, 0, last)
				want.FirstWall, want.LastWall = uint64(testTime(c.floor))/1000, uint64(testTime(last))/1000
			}
			if got.Summary != want || got.FramesEnd != p.tail || !got.Whole() {
				t.Errorf("summary %+v, want %+v; frames end %d, want %d", got.Summary, want, got.FramesEnd, p.tail)
			}
			table := p.s.points.Load()
			if table.sealed == nil {
				t.Error("the points are not read from the footer")
			}
			for sequence := c.floor; sequence < p.next; sequence++ {
				if at := table.before(sequence); at != p.offsets[sequence-(sequence-c.floor)%PointStride] {
					t.Fatalf("point before %d: %d", sequence, at)
				}
			}
			checkTree(t, p.s, c.treeBase, c.events, c.floor, c.hashing)
		})
	}
}

func checkTree(t *testing.T, s *Segment, base uint64, events int, floor uint64, hashing bool) {
	t.Helper()
	nodes, start, err := s.TreeNodes(nil)
	must(t, err)
	if !hashing {
		if nodes != nil || start != 0 {
			t.Errorf("%d nodes without hashing", len(nodes))
		}
		return
	}
	var leaves []event.Hash
	for i := range uint64(events) {
		leaves = append(leaves, testHash(floor+i))
	}
	first := (base + TreeRun - 1) / TreeRun
	n := first
	for ; (n+1)*TreeRun <= base+uint64(events); n++ {
		if want := naiveRoot(leaves[n*TreeRun-base : (n+1)*TreeRun-base]); nodes[n-first] != want {
			t.Errorf("node %d differs", n)
		}
	}
	if start != first || len(nodes) != int(n-first) {
		t.Errorf("%d nodes from %d, want %d from %d", len(nodes), start, n-first, first)
	}
}

// readBytes reads the footer of a file's bytes.
func readBytes(b []byte, h *Header) (*Footer, string, error) {
	return ReadFooter(bytes.NewReader(b), int64(len(b)), h)
}

// TestEveryFlippedBitOfAFooterIsDetectedOrMeansNothing looks at what is verified at opening, the checks and what stands
// behind them; the next test at the rest.
func TestEveryFlippedBitOfAFooterIsDetectedOrMeansNothing(t *testing.T) {
	h := testHeader(4, 1<<20)
	_, image, want := sealedSegment(t, vfs.NewMemory(), h, 1, 0, 600)
	ignored := 0
	for at := want.checks.offset; at < int64(len(image)); at++ {
		for bit := range 8 {
			image[at] ^= 1 << bit
			footer, reason, err := readBytes(image, &h)
			image[at] ^= 1 << bit
			must(t, err)
			magic := at >= int64(len(image))-trailerSize && at < int64(len(image))-trailerSize+8
			switch {
			case footer != nil && reflect.DeepEqual(footer, want):
				ignored++
			case footer != nil:
				t.Fatalf("bit %d at %d: another footer was believed", bit, at)
			case (reason == "") != magic:
				t.Fatalf("bit %d at %d: reason %q", bit, at, reason)
			}
		}
	}
	if ignored > 8*8*3 { // padding behind sections
		t.Errorf("%d bits mean nothing", ignored)
	}
}

// TestEveryFlippedBitInFrontOfTheChecksIsDetectedWhenItIsRead goes through all bytes that are read in place.
func TestEveryFlippedBitInFrontOfTheChecksIsDetectedWhenItIsRead(t *testing.T) {
	h := testHeader(4, 1<<20)
	dir := vfs.NewMemory()
	p, _, footer := sealedSegment(t, dir, h, 1, 0, 600)
	for at := p.tail; at < footer.checks.offset; at++ {
		damage(t, p.s, at, int(at%8))
		s, err := Open(dir, h, Contents{Floor: 1, End: p.tail, Footer: footer})
		must(t, err)
		found := 0
		for _, kind := range []uint32{sectionPoints, sectionTree} {
			data, version, ok := s.Section(kind)
			if !ok || version != sectionVersions[kind] {
				t.Fatalf("section %d: version %d, %v", kind, version, ok)
			}
			must(t, s.Read(func() {
				if _, err := data.At(0, data.Len()); errors.Is(err, checked.ErrDamaged) {
					found++
				}
			}))
		}
		if _, _, err := s.TreeNodes(nil); found == 0 || found == 2 && !errors.Is(err, checked.ErrDamaged) {
			t.Fatalf("byte %d: %d sections are damaged, tree: %v", at, found, err)
		}
		must(t, s.Close())
		damage(t, p.s, at, int(at%8))
	}
}

func TestAFooterIsFoundOnlyAtTheEndOfItsOwnFile(t *testing.T) {
	h := testHeader(4, MinSize)
	p, image, _ := sealedSegment(t, vfs.NewMemory(), h, 1, 0, 50)
	for n := 0; n < len(image); n++ {
		if footer, _, err := readBytes(image[:n], &h); footer != nil || err != nil {
			t.Fatalf("cut to %d of %d bytes: %v", n, len(image), err)
		}
	}
	for _, more := range []int{1, 7, 8, 95, 96, 97, 4096} {
		if footer, _, err := readBytes(append(bytes.Clone(image), make([]byte, more)...), &h); footer != nil || err != nil {
			t.Fatalf("%d bytes longer: %v", more, err)
		}
	}
	for what, change := range map[string]func(h *Header){
		"number": func(h *Header) { h.Number++ }, "salt": func(h *Header) { h.Salt++ },
		"salt's upper half": func(h *Header) { h.Salt ^= 1 << 40 }, "generation": func(h *Header) { h.Generation++ },
	} {
		other := h
		change(&other)
		if footer, reason, err := readBytes(image, &other); footer != nil || reason == "" || err != nil {
			t.Errorf("footer of another %s: %v %q %v", what, footer, reason, err)
		}
	}
	// The whole footer somewhere else in the same file.
	moved := append(bytes.Clone(image[:p.tail]), make([]byte, 64)...)
	moved = append(moved, image[p.tail:]...)
	if footer, reason, err := readBytes(moved, &h); footer != nil || reason == "" || err != nil {
		t.Errorf("moved by 64 bytes: %v %q %v", footer, reason, err)
	}
	if _, _, err := ReadFooter(brokenReader{bytes.NewReader(image), 100}, int64(len(image)), &h); !errors.Is(err, errBroken) {
		t.Errorf("a failed read: %v", err)
	}
	if _, _, err := ReadFooter(bytes.NewReader(image[:p.tail]), int64(len(image)), &h); err == nil {
		t.Error("a file that became shorter")
	}
}
