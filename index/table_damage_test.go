// Tables over damaged bytes: the answers are right or damage is told of, and bytes that were made on purpose, with the right
// checksums, crash nothing.

package index

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/batpak/batpak/internal/checked"
)

// smallFooter returns events, their model and a footer of a few blocks, in which there is everything that a footer can have.
func smallFooter(tb testing.TB, n int) (*tableModel, footer) {
	tb.Helper()
	events := randomEvents(rand.New(rand.NewPCG(13, 14)), n)
	return modelOf(events), footerOf(tb, tailOf(tb, events))
}

func TestAFlippedByteIsToldOfByWhatReadsIt(t *testing.T) {
	const n = 700
	m, f := smallFooter(t, n)
	if len(f.bytes) < 2*checked.BlockSize {
		t.Fatalf("%d bytes are too few to have sound blocks beside damaged ones", len(f.bytes))
	}
	sums := checked.AppendSums(nil, f.bytes)
	data := slices.Clone(f.bytes)
	unharmed := 0
	step := 13
	if raceEnabled {
		step = 131
	}
	for at := 0; at < len(data); at += step {
		data[at] ^= 1 << (at % 8)
		table, damaged := f.open(t, n, data, sums), false
		m.ask(table, func(what string) { t.Errorf("byte %d flipped: %s", at, what) }, func(err error) {
			damaged = true
			if !errors.Is(err, checked.ErrDamaged) {
				t.Errorf("byte %d flipped: %v", at, err)
			}
		})
		if !damaged {
			unharmed++
		}
		data[at] = f.bytes[at]
	}
	if links := f.places[sectionLinks]; unharmed > (links[1]-links[0])/13+1 {
		t.Errorf("%d flipped bytes went unnoticed", unharmed)
	}
}

// TestEveryForgedByteIsAnAnswerOrDamage changes each byte and takes the checksums again.
func TestEveryForgedByteIsAnAnswerOrDamage(t *testing.T) {
	const n = 100 // enough for every form of postings
	m, f := smallFooter(t, n)
	data, noticed, tried, step := slices.Clone(f.bytes), 0, 0, 1
	if raceEnabled {
		step = 16
	}
	for at := 0; at < int(f.places[sectionLinks][0]); at += step {
		tried++
		for _, forged := range []byte{f.bytes[at] ^ 1<<(at%8), f.bytes[at] + 1} {
			data[at] = forged
			table, damaged := f.open(t, n, data, checked.AppendSums(nil, data)), false
			m.ask(table, func(string) { damaged = true }, func(err error) {
				damaged = true
				if !errors.Is(err, checked.ErrDamaged) {
					t.Errorf("byte %d is %#x: %v", at, forged, err)
				}
			})
			if damaged {
				noticed++
			}
		}
		data[at] = f.bytes[at]
	}
	if noticed < tried {
		t.Errorf("only %d of the changes make a difference", noticed)
	}
}

// TestAForgedCountAllocatesNothing has a few bytes that say they are billions.
func TestAForgedCountAllocatesNothing(t *testing.T) {
	section := encodeDictionary(t, Scope, 1<<32-1, dictionaryModel{"s": {ordinals: randomOrdinals(rand.New(rand.NewPCG(1, 1)), 100, 1000)}})
	count := slices.Index(section, 's') + 1
	for _, forged := range [][]byte{
		append(slices.Clone(section[:count]), 0xFE, 0xFF), // the clock, given: which scopes have none
		section[:len(section)-9],
		append(slices.Clone(section), 0),
	} {
		if err := useTable(tableWith(Scope, 1<<32-1, checked.Of(forged)), Scope, "s"); !errors.Is(err, checked.ErrDamaged) {
			t.Errorf("%d bytes of %d: %v", len(forged), len(section), err)
		}
	}
	p := postings{data: checked.Of(section), from: int64(len(section) - 216), to: int64(len(section)), count: 1<<32 - 1, events: 1<<32 - 1, kind: Scope}
	if _, err := p.appendTo(nil); !errors.Is(err, checked.ErrDamaged) {
		t.Errorf("four billion ordinals in 216 bytes: %v", err)
	}
	if _, err := p.bitmap(); !errors.Is(err, checked.ErrDamaged) {
		t.Errorf("a bitmap of four billion in 216 bytes: %v", err)
	}
}

// useTable asks for a name and for all names of a type, in every way, and returns the first error.
func useTable(table *Table, kind Type, name string) error {
	var failed error
	note := func(err error) {
		if failed == nil {
			failed = err
		}
	}
	use := func(p postings) {
		ordinals, err := p.appendTo(nil)
		note(err)
		bitmap, bitmapErr := p.bitmap()
		note(bitmapErr)
		words := make([]uint64, (int(table.events%(1<<24))+63)/64) // not for the billions of a test
		markErr := p.mark(words, table.events%(1<<24))
		note(markErr)
		if err == nil && (markErr != nil || len(marked(words)) != len(ordinals)) {
			panic("ordinals that can't be marked")
		}
		if err == nil && (bitmapErr != nil || !slices.Equal(bitmap.ToArray(), ordinals)) {
			panic("ordinals that are no other way the same")
		}
		if err == nil && (!ascend(ordinals) || ordinals[len(ordinals)-1] >= table.events || len(ordinals) != int(p.count)) {
			panic("ordinals that are none")
		}
	}
	p, ok, err := table.find(kind, name)
	note(err)
	if ok {
		use(p)
	}
	count := uint32(0)
	note(table.prefixed(kind, "", func(name []byte, p postings) error {
		if count++; len(name) == 0 || len(name) > longest(kind) {
			panic("a name that is none")
		}
		use(p)
		return nil
	}))
	_, err = table.names(nil, kind, name, name, true, 5)
	note(err)
	return failed
}

func FuzzDictionary(f *testing.F) {
	source := rand.New(rand.NewPCG(15, 16))
	for kind := Entity; kind <= Gate; kind++ {
		for _, names := range []int{0, 1, 40} {
			m := randomDictionary(source, kind, names, 300)
			f.Add(encodeDictionary(f, kind, 300, m), uint8(kind), uint16(300), randomName(source, 100))
		}
	}
	f.Fuzz(func(t *testing.T, section []byte, kind uint8, events uint16, name string) {
		typ := Entity + Type(kind)%Gate
		if int64(len(section)) < dictionaryHeader+indexEntry { // what OpenTable refuses
			return
		}
		if err := useTable(tableWith(typ, uint32(events), checked.Of(section)), typ, name); err != nil && !errors.Is(err, checked.ErrDamaged) {
			t.Error(err)
		}
	})
}

func FuzzBitmap(f *testing.F) {
	for _, ordinals := range shapes() {
		section := encodeDictionary(f, Scope, 1<<20, dictionaryModel{"s": {ordinals: ordinals}})
		if len(section) < 20_000 {
			f.Add(section[dictionaryHeader+16+16:], uint32(len(ordinals)))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, count uint32) {
		if count < bitmapFrom {
			return
		}
		p := postings{data: checked.Of(b), to: int64(len(b)), count: count, events: 1 << 20, kind: Scope}
		ordinals, err := p.appendTo(nil)
		bitmap, bitmapErr := p.bitmap()
		if (err == nil) != (bitmapErr == nil) || err != nil && !errors.Is(err, checked.ErrDamaged) {
			t.Fatalf("ordinals: %v; bitmap: %v", err, bitmapErr)
		}
		if err == nil && (bitmap.Validate() != nil || !slices.Equal(bitmap.ToArray(), ordinals)) {
			t.Fatal("a sound bitmap that the library does not read alike")
		}
	})
}
