// Postings: their forms, and the check of bitmaps against the library that wrote them.

package index

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/batpak/batpak/internal/checked"
)

// shapes are sets of ordinals below a million, by what their bitmap looks like.
func shapes() map[string][]uint32 {
	every := func(step, n uint32) (list []uint32) {
		for i := range n {
			list = append(list, i*step)
		}
		return list
	}
	var stretches, mixed []uint32
	for i := range uint32(200_000) {
		if i%100 < 50 {
			stretches = append(stretches, i)
		}
		if i < 70_000 || i%97 == 0 || i > 140_000 && i%3 == 0 {
			mixed = append(mixed, i)
		}
	}
	return map[string][]uint32{
		"all":                           every(1, 1_000_000),
		"every second":                  every(2, 500_000),
		"every 17th":                    every(17, 50_000),
		"one container":                 every(1000, 64),
		"arrays":                        every(5000, 200),
		"array at its largest":          every(16, 4096),
		"set at its smallest":           every(15, 4097),
		"one run":                       every(1, 64),
		"runs in containers below four": stretches[:60_000],
		"runs":                          stretches,
		"mixed":                         mixed,
		"the highest":                   append(every(3, 100), 65_535, 65_536, 131_071, 999_999),
	}
}

// postingsOf writes ordinals as the only name's and reads them back.
func postingsOf(t testing.TB, events uint32, ordinals []uint32) postings {
	t.Helper()
	table := tableWith(Scope, events, checked.Of(encodeDictionary(t, Scope, events, dictionaryModel{"s": {ordinals: ordinals}})))
	p, ok, err := table.find(Scope, "s")
	if !ok || err != nil {
		t.Fatalf("not found: %v", err)
	}
	return p
}

func TestPostingsOfEveryShapeComeBack(t *testing.T) {
	for name, ordinals := range shapes() {
		t.Run(name, func(t *testing.T) {
			for _, n := range []int{1, 2, 3, bitmapFrom - 1, bitmapFrom, len(ordinals)} {
				some := ordinals[:min(n, len(ordinals))]
				postingsModel{ordinals: some}.mustBe(t, postingsOf(t, 1_000_000, some))
				// A segment that ends with the last of them.
				postingsModel{ordinals: some}.mustBe(t, postingsOf(t, some[len(some)-1]+1, some))
			}
		})
	}
}

func TestPostingsUpToTheHighestOrdinalComeBack(t *testing.T) {
	var ordinals []uint32
	for i := range uint32(100) {
		ordinals = append(ordinals, 1<<32-2-(99-i)*(99-i)*400_000)
	}
	for _, n := range []int{1, 2, 63, 64, 100} {
		some := ordinals[len(ordinals)-n:]
		postingsModel{ordinals: some}.mustBe(t, postingsOf(t, 1<<32-1, some))
	}
}

// TestTheCheckOfBitmapsIsThatOfTheLibraryAndMore changes bitmaps at random: what passes the check is taken by the
// library, holds what the check says, and is read alike by both.
func TestTheCheckOfBitmapsIsThatOfTheLibraryAndMore(t *testing.T) {
	source := rand.New(rand.NewPCG(7, 8))
	passed, refused := 0, 0
	for name, ordinals := range shapes() {
		bitmap := roaring.BitmapOf(ordinals...)
		bitmap.RunOptimize()
		b, err := bitmap.ToBytes()
		if err != nil {
			t.Fatal(err)
		}
		if len(b) > 40_000 || len(ordinals) > 200_000 { // too slow under the race detector
			continue
		}
		count := uint32(len(ordinals))
		for range 150 {
			changed := slices.Clone(b)
			for range source.IntN(3) {
				at := source.IntN(len(changed))
				if source.IntN(2) == 0 {
					at = source.IntN(min(len(changed), 64)) // the header
				}
				changed[at] ^= 1 << source.IntN(8)
			}
			if source.IntN(8) == 0 {
				changed = changed[:source.IntN(len(changed)+1)]
			}
			p, ok := openPortable(changed)
			if ok {
				_, _ = p.last() // must not panic
			}
			if !ok || !p.sound(count, 1_000_000) {
				refused++
				continue
			}
			passed++
			var read roaring.Bitmap
			if n, err := read.FromBuffer(changed); err != nil || int(n) != len(changed) {
				t.Fatalf("%s: the library takes %d of %d bytes: %v", name, n, len(changed), err)
			}
			got := p.appendTo(nil)
			if last, ok := p.last(); !slices.Equal(got, read.ToArray()) || len(got) != int(count) || !ok || last != got[len(got)-1] {
				t.Fatalf("%s: read as %d values, by the library as %d, want %d", name, len(got), read.GetCardinality(), count)
			}
		}
	}
	if passed == 0 || refused == 0 {
		t.Errorf("%d passed, %d refused", passed, refused)
	}
}

// TestForgedBitmapsAreRefusedInLinearTime has what a check that compares each run with every other takes minutes for.
func TestForgedBitmapsAreRefusedInLinearTime(t *testing.T) {
	le := binary.LittleEndian
	const containers = 200
	b := le.AppendUint32(nil, cookieRuns|(containers-1)<<16)
	for range (containers + 7) / 8 {
		b = append(b, 0xFF)
	}
	for i := range uint16(containers) {
		b = le.AppendUint16(b, i)
		b = le.AppendUint16(b, 32767)
	}
	at := len(b) + 4*containers
	for i := range containers {
		b = le.AppendUint32(b, uint32(at+i*(2+4*32768)))
	}
	for range containers {
		b = le.AppendUint16(b, 32768)
		for i := range uint16(32768) {
			b = le.AppendUint32(b, uint32(2*i))
		}
	}
	p, ok := openPortable(b)
	if !ok || !p.sound(containers*32768, 1<<31) {
		t.Error("runs of one value are refused, which are as sound as others")
	}
	if last, ok := p.last(); !ok || last != containers<<16-2 {
		t.Errorf("last %d", last)
	}
	if p.sound(containers*32768, containers<<16-2) {
		t.Error("an ordinal that is no event's passes")
	}
	if p.sound(containers*32768-1, 1<<31) {
		t.Error("another count passes")
	}
}

func TestBytesThatAreNoBitmapAreRefused(t *testing.T) {
	le := binary.LittleEndian
	plain := func(n uint32, rest ...uint16) []byte {
		b := le.AppendUint32(le.AppendUint32(nil, cookiePlain), n)
		for _, v := range rest {
			b = le.AppendUint16(b, v)
		}
		return b
	}
	runs := func(rest ...uint16) []byte {
		b := append(le.AppendUint32(nil, cookieRuns), 1)
		for _, v := range rest {
			b = le.AppendUint16(b, v)
		}
		return b
	}
	for name, c := range map[string]struct {
		b     []byte
		sound bool
	}{
		"nothing":                     {nil, false},
		"zeros":                       {make([]byte, 100), false},
		"no containers":               {plain(0), false},
		"too many containers":         {plain(1<<16 + 1), false},
		"containers beyond the end":   {plain(1 << 16), false},
		"three values":                {plain(1, 0, 2, 16, 0, 1, 2, 3), true},
		"three values and more":       {plain(1, 0, 2, 16, 0, 1, 2, 3, 4), false},
		"a value twice":               {plain(1, 0, 2, 16, 0, 1, 2, 2), false},
		"another offset":              {plain(1, 0, 2, 14, 0, 1, 2, 3), false},
		"a container twice":           {plain(2, 0, 0, 0, 1, 24, 0, 26, 0, 1, 2, 3), false},
		"a container cut off":         {plain(1, 0, 2, 16, 0, 1, 2), false},
		"a run of three":              {runs(0, 2, 1, 5, 2), true},
		"a run without a length":      {runs(0, 2), false},
		"no runs":                     {runs(0, 2, 0), false},
		"two runs":                    {runs(0, 2, 2, 5, 0, 7, 1), true},
		"a run behind another":        {runs(0, 2, 2, 5, 0, 6, 1), false},
		"runs that descend":           {runs(0, 2, 2, 7, 1, 5, 0), false},
		"a run beyond its container":  {runs(0, 2, 1, 65534, 2), false},
		"runs that say another count": {runs(0, 2, 1, 5, 3), false},
	} {
		p, ok := openPortable(c.b)
		if ok {
			_, _ = p.last() // must not panic
			ok = p.sound(3, 1<<20)
		}
		if ok != c.sound {
			t.Errorf("%s: sound %v", name, ok)
		}
	}
}

func TestDeltasThatContradictTheirNameAreDamage(t *testing.T) {
	for name, c := range map[string]struct {
		b      []byte
		events uint32
	}{
		"beyond the segment":       {[]byte{3, 5, 1}, 11},
		"too few":                  {[]byte{3, 5}, 100},
		"too many":                 {[]byte{3, 5, 1, 1}, 100},
		"cut off":                  {[]byte{3, 5, 0x80}, 100},
		"more than 64 bits":        {[]byte{3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, 100},
		"so much that it overflow": {[]byte{3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0}, 1<<32 - 1},
	} {
		p := postings{data: checked.Of(c.b), to: int64(len(c.b)), count: 3, events: c.events, kind: Tag}
		if got, err := p.appendTo(nil); !errors.Is(err, checked.ErrDamaged) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		if _, err := p.bitmap(); !errors.Is(err, checked.ErrDamaged) {
			t.Errorf("%s: bitmap: %v", name, err)
		}
	}
	p := postings{data: checked.Of([]byte{3, 5, 1}), to: 3, count: 3, events: 12}
	if got, err := p.appendTo(nil); err != nil || fmt.Sprint(got) != "[3 9 11]" {
		t.Errorf("sound ones: %v, %v", got, err)
	}
}
