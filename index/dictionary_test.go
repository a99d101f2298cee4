// Dictionaries: what was written is found, listed and paged through, and nothing else is.

package index

import (
	"fmt"
	"maps"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/batpak/batpak/internal/checked"
)

// postingsModel is what a dictionary says of one name.
type postingsModel struct {
	ordinals []uint32
	clock    uint64
}

// dictionaryModel is what a dictionary says.
type dictionaryModel map[string]postingsModel

// names returns the names in their order.
func (m dictionaryModel) names() []string { return slices.Sorted(maps.Keys(m)) }

// encodeDictionary writes a model.
func encodeDictionary(tb testing.TB, kind Type, events uint32, m dictionaryModel) []byte {
	tb.Helper()
	w := newDictionaryWriter(kind, events)
	for _, name := range m.names() {
		if err := w.add([]byte(name), m[name].ordinals, m[name].clock); err != nil {
			tb.Fatal(err)
		}
	}
	section, err := w.finish()
	if err != nil {
		tb.Fatal(err)
	}
	return section
}

// tableWith returns a table that has one dictionary.
func tableWith(kind Type, events uint32, section checked.Range) *Table {
	t := &Table{events: events}
	t.dictionaries[kind-Entity] = section
	return t
}

// randomOrdinals returns n of the ordinals below events: anywhere, or in stretches.
func randomOrdinals(source *rand.Rand, n, events int) []uint32 {
	list := make([]uint32, 0, n)
	if source.IntN(3) == 0 {
		for at := source.IntN(8); at < events && len(list) < n; at++ {
			if list = append(list, uint32(at)); source.IntN(100) == 0 {
				at += source.IntN(1000)
			}
		}
		if len(list) > 0 {
			return list
		}
	}
	for _, i := range source.Perm(events)[:n] {
		list = append(list, uint32(i))
	}
	slices.Sort(list)
	return list
}

// randomName returns a name that is like others.
func randomName(source *rand.Rand, longest int) string {
	names := []string{"player:", "order/", "a", "aa", "ä", "\x00", "\xff", strings.Repeat("long ", 30)}
	name := ""
	for range 1 + source.IntN(3) {
		name += names[source.IntN(len(names))]
		if source.IntN(2) == 0 {
			name += fmt.Sprint(source.IntN(50))
		}
	}
	return name[:min(len(name), longest)]
}

func randomDictionary(source *rand.Rand, kind Type, names, events int) dictionaryModel {
	m := dictionaryModel{}
	sizes := []int{1, 1, 1, 2, 3, 62, 63, 64, 65, 500, events}
	for range names {
		clock := uint64(0)
		if kind == Entity {
			clock = []uint64{0, 1, 2, 127, 128, 1 << 63}[source.IntN(6)]
		}
		n := min(sizes[source.IntN(len(sizes))], events)
		m[randomName(source, longest(kind))] = postingsModel{randomOrdinals(source, n, events), clock}
	}
	return m
}

// mustBe compares postings with the model, in every way in which they can be read.
func (m postingsModel) mustBe(t *testing.T, p postings) {
	t.Helper()
	if p.count != uint32(len(m.ordinals)) || p.firstClock != m.clock {
		t.Fatalf("%d events from clock %d on, want %d from %d on", p.count, p.firstClock, len(m.ordinals), m.clock)
	}
	got, err := p.appendTo([]uint32{7})
	if err != nil || !slices.Equal(got[1:], m.ordinals) || got[0] != 7 {
		t.Fatalf("ordinals %v, %v, want %v", got, err, m.ordinals)
	}
	bitmap, err := p.bitmap()
	if err != nil || bitmap.Validate() != nil || !slices.Equal(bitmap.ToArray(), m.ordinals) {
		t.Fatalf("bitmap %v, %v, want %v", bitmap, err, m.ordinals)
	}
	for _, limit := range []uint32{p.events, m.ordinals[len(m.ordinals)/2], 1} {
		limit = min(limit, 1<<24)
		words := make([]uint64, (int(limit)+63)/64)
		if err := p.mark(words, limit); err != nil || !slices.Equal(marked(words), lowerThan(m.ordinals, limit)) {
			t.Fatalf("marked below %d: %v, %v, want %v", limit, marked(words), err, lowerThan(m.ordinals, limit))
		}
	}
}

// lowerThan returns the ordinals below limit.
func lowerThan(ordinals []uint32, limit uint32) []uint32 {
	n, _ := slices.BinarySearch(ordinals, limit)
	return ordinals[:n]
}

// marked returns the numbers of the bits that are set.
func marked(words []uint64) (list []uint32) {
	for i, word := range words {
		for ; word != 0; word &= word - 1 {
			list = append(list, uint32(64*i+bits.TrailingZeros64(word)))
		}
	}
	return list
}

func TestADictionaryFindsItsNamesAndNoOthers(t *testing.T) {
	for _, kind := range []Type{Entity, Scope, Kind, Tag, Gate} {
		for _, names := range []int{0, 1, 2, 15, 16, 17, 32, 100, 600} {
			source := rand.New(rand.NewPCG(uint64(kind), uint64(names)))
			events := 1 + source.IntN(3000)
			m := randomDictionary(source, kind, names, events)
			table := tableWith(kind, uint32(events), checked.Of(encodeDictionary(t, kind, uint32(events), m)))
			for name, want := range m {
				p, ok, err := table.find(kind, name)
				if !ok || err != nil {
					t.Fatalf("%q of %d is not found: %v", name, len(m), err)
				}
				want.mustBe(t, p)
			}
			for range 500 {
				name := randomName(source, 200)
				p, ok, err := table.find(kind, name)
				if want, known := m[name]; ok != known || err != nil {
					t.Fatalf("%q: %v, %v", name, ok, err)
				} else if known {
					want.mustBe(t, p)
				}
			}
			for _, name := range []string{"", "\x00", "\xff\xff\xff", strings.Repeat("z", 5000)} {
				if _, ok, err := table.find(kind, name); ok != (m[name].ordinals != nil) || err != nil {
					t.Fatalf("%q: %v, %v", name, ok, err)
				}
			}
		}
	}
}

func TestNamesComeInTheirOrderByPrefixAndPageByPage(t *testing.T) {
	source := rand.New(rand.NewPCG(3, 4))
	m := randomDictionary(source, Entity, 400, 1000)
	table := tableWith(Entity, 1000, checked.Of(encodeDictionary(t, Entity, 1000, m)))
	all := m.names()
	for range 150 {
		prefix, after := "", ""
		if source.IntN(4) > 0 {
			prefix = randomName(source, 1+source.IntN(12))
		}
		if source.IntN(2) == 0 {
			after = all[source.IntN(len(all))]
		} else if source.IntN(2) == 0 {
			after = randomName(source, 30)
		}
		inclusive, most := source.IntN(2) == 0, source.IntN(60)
		var want, page []string
		for _, name := range all {
			if strings.HasPrefix(name, prefix) {
				want = append(want, name)
				if (name > after || inclusive && name == after) && len(page) < most {
					page = append(page, name)
				}
			}
		}
		got, err := table.names([]string{"before"}, Entity, prefix, after, inclusive, most)
		if err != nil || !slices.Equal(got[1:], page) {
			t.Fatalf("prefix %q behind %q (%v), at most %d: %q, %v, want %q", prefix, after, inclusive, most, got[1:], err, page)
		}
		got = nil
		err = table.prefixed(Entity, prefix, func(name []byte, p postings) error {
			got = append(got, string(name))
			m[string(name)].mustBe(t, p)
			return nil
		})
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("prefix %q: %q, %v, want %q", prefix, got, err, want)
		}
	}
	stop := fmt.Errorf("stop")
	calls := 0
	if err := table.prefixed(Entity, "", func([]byte, postings) error { calls++; return stop }); err != stop || calls != 1 {
		t.Errorf("stopped with %v after %d names", err, calls)
	}
}

func TestTheWriterRefusesWhatADictionaryCannotSay(t *testing.T) {
	for name, add := range map[string]func(w *dictionaryWriter) error{
		"no name":               func(w *dictionaryWriter) error { return w.add(nil, []uint32{1}, 0) },
		"a name that is long":   func(w *dictionaryWriter) error { return w.add(make([]byte, 1025), []uint32{1}, 0) },
		"an equal name":         func(w *dictionaryWriter) error { return w.add([]byte("b"), []uint32{1}, 0) },
		"a smaller name":        func(w *dictionaryWriter) error { return w.add([]byte("azz"), []uint32{1}, 0) },
		"no ordinals":           func(w *dictionaryWriter) error { return w.add([]byte("c"), nil, 0) },
		"an ordinal too high":   func(w *dictionaryWriter) error { return w.add([]byte("c"), []uint32{100}, 0) },
		"an ordinal twice":      func(w *dictionaryWriter) error { return w.add([]byte("c"), []uint32{5, 5}, 0) },
		"ordinals that descend": func(w *dictionaryWriter) error { return w.add([]byte("c"), []uint32{5, 4}, 0) },
	} {
		w := newDictionaryWriter(Scope, 100)
		if err := w.add([]byte("b"), []uint32{0}, 0); err != nil {
			t.Fatal(err)
		}
		if err := add(w); err == nil {
			t.Errorf("%s is written", name)
		}
	}
}

func TestALookupAllocatesNothing(t *testing.T) {
	source := rand.New(rand.NewPCG(5, 6))
	m := randomDictionary(source, Entity, 400, 1000)
	table := tableWith(Entity, 1000, checked.Of(encodeDictionary(t, Entity, 1000, m)))
	names, dst := append(m.names(), "nobody"), make([]uint32, 0, 1000)
	i := 0
	allocations := testing.AllocsPerRun(2000, func() {
		p, ok, err := table.find(Entity, names[i%len(names)])
		if ok {
			dst, err = p.appendTo(dst[:0])
		}
		if err != nil {
			t.Fatal(err)
		}
		i++
	})
	if allocations != 0 {
		t.Errorf("%v allocations a lookup", allocations)
	}
}
