// Keys are found in every form of a part, and what is not known is told of in its place.

package index

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/batpak/batpak/event"
)

// keyed is an index with keys: by sequence, those that lead to it. A nil list is of a sequence that may have any.
type keyed struct {
	world
	keys map[uint64][]string
	last uint64
}

func newKeyed(t *testing.T, seed uint64, parts int) *keyed {
	k := &keyed{keys: map[uint64][]string{}}
	k.random, k.index = rand.New(rand.NewPCG(seed, 5)), new(Index)
	k.finder = NewFinder(k.index, func(_ *Part, cause error) error { return cause }, func(_ *Run, cause error) { t.Error(cause) })
	next := uint64(1)
	for number := range uint64(parts) {
		if k.random.IntN(4) == 0 {
			next += k.random.Uint64N(50) // lost
		}
		tail, first := NewTail(1<<20), next
		broken := k.random.IntN(4) == 0
		for ordinal := range uint32(k.random.IntN(60)) {
			next++
			k.addKeys(tail, ordinal, first+uint64(ordinal), broken)
		}
		part := NewPart(Identity{Number: number + 1, Salt: number}, first, tail, func(fn func()) error { fn(); return nil })
		if !broken && k.random.IntN(4) != 0 {
			part.Seal(tableOf(t, tail))
		}
		k.index.AddPart(part)
	}
	k.last = next - 1
	k.merge(t)
	return k
}

// addKeys adds an event with some keys.
func (k *keyed) addKeys(tail *Tail, ordinal uint32, sequence uint64, broken bool) {
	if broken && k.random.IntN(30) == 0 {
		tail.Hole(ordinal, ordinal)
		k.keys[sequence] = nil
		return
	}
	d := event.Draft{Coordinate: event.MustAt("entity", "scope"), Kind: event.Data}
	some := func() string { return fmt.Sprint("key", k.random.IntN(40)) }
	list := []string{}
	if k.random.IntN(2) == 0 {
		d.Key = some()
		list = append(list, d.Key)
	}
	var e Entry
	e.Fill(&d, 0)
	switch draw := k.random.IntN(60); {
	case draw < 20:
		list = append(list, some())
		e.AddKey(list[len(list)-1])
	case draw == 20 && broken:
		e.LoseKey()
		list = nil
	}
	k.keys[sequence] = list
	tail.AddFilled(&e, Head{}, Place{Ordinal: ordinal})
}

func TestKeysAreFoundFromTheNewestOnUpToWhatIsNotKnown(t *testing.T) {
	unknown, found := 0, 0
	for seed := range uint64(100) {
		k := newKeyed(t, seed, 1+int(seed%12))
		for i := range 41 {
			key, visible := fmt.Sprint("key", i), k.random.Uint64N(k.last+1)
			if k.random.IntN(2) == 0 {
				visible = k.last
			}
			var want []uint64
			hole := uint64(0)
			for sequence := visible; sequence > 0 && hole == 0; sequence-- {
				list, there := k.keys[sequence]
				switch {
				case slices.Contains(list, key):
					want = append(want, sequence)
				case there && list == nil:
					hole = sequence
				}
			}
			var got []uint64
			err := k.finder.Keyed(Hash(Key, key), visible, func(sequence uint64) (bool, error) {
				if sequence != hole { // it may have the key and have lost another
					got = append(got, sequence)
				}
				return true, nil
			})
			var told *HoleError
			if errors.As(err, &told) != (hole != 0) || told != nil && told.Last != hole || told == nil && err != nil || !slices.Equal(got, want) {
				t.Fatalf("seed %d, %s up to %d: %v, %v, want %v and a hole at %d", seed, key, visible, got, err, want, hole)
			}
			if hole != 0 {
				unknown++
			}
			found += len(want)
		}
	}
	if unknown < 100 || found < 1000 {
		t.Errorf("%d unknown, %d found: the test asks for too little", unknown, found)
	}
}

func TestALookupOfAKeyAllocatesNothing(t *testing.T) {
	measured := 0
	for seed := range uint64(20) {
		k := newKeyed(t, seed, 12)
		for _, hash := range []uint64{Hash(Key, "key1"), Hash(Key, "nothing has it")} {
			visit := func(uint64) (bool, error) { return true, nil }
			lookup := func() error { return k.finder.Keyed(hash, k.last, visit) }
			if lookup() != nil {
				continue // the error is allocated
			}
			measured++
			if n := testing.AllocsPerRun(50, func() { _ = lookup() }); n != 0 && !raceEnabled {
				t.Errorf("seed %d: %v allocations", seed, n)
			}
		}
	}
	if measured == 0 {
		t.Error("nothing was measured")
	}
}

func TestALookupAsksNoPartThatARunCovers(t *testing.T) {
	asked := 0
	x := new(Index)
	var inputs []RunInput
	for number := range uint64(8) {
		tail := NewTail(1 << 20)
		var e Entry
		e.Fill(&event.Draft{Coordinate: event.MustAt("entity", "scope"), Kind: event.Data, Key: fmt.Sprint("key", number)}, 0)
		tail.AddFilled(&e, Head{}, Place{})
		part := NewPart(Identity{Number: number + 1}, number+1, tail, func(fn func()) error { asked++; fn(); return nil })
		part.Seal(tableOf(t, tail))
		x.AddPart(part)
		inputs = append(inputs, RunInput{Parts: []*Part{part}})
	}
	f := NewFinder(x, nil, nil)
	for _, runs := range [][]*Run{nil, {openRun(t, writeRun(t, inputs...))}} {
		x.SetRuns(runs)
		asked = 0
		var got []uint64
		for number := range 9 {
			err := f.Keyed(Hash(Key, fmt.Sprint("key", number)), 8, func(sequence uint64) (bool, error) {
				got = append(got, sequence)
				return true, nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(got, []uint64{1, 2, 3, 4, 5, 6, 7, 8}) {
			t.Errorf("found %v", got)
		}
		if want := (1 - len(runs)) * 72; asked != want {
			t.Errorf("%d runs: parts were read %d times, want %d", len(runs), asked, want)
		}
	}
}

func TestSequencesBetweenPartsAreNotKnown(t *testing.T) {
	x := new(Index)
	add := func(number, first uint64, events uint32, seal bool) {
		tail := NewTail(1 << 20)
		var e Entry
		for i := range events {
			e.Fill(&event.Draft{Coordinate: event.MustAt("entity", "scope"), Kind: event.Data}, 0)
			tail.AddFilled(&e, Head{}, Place{Ordinal: i})
		}
		part := NewPart(Identity{Number: number}, first, tail, func(fn func()) error { fn(); return nil })
		if seal {
			part.Seal(tableOf(t, tail))
		}
		x.AddPart(part)
	}
	f := NewFinder(x, nil, nil)
	if f.Knows(1, 1) {
		t.Error("an index without parts knows something")
	}
	add(1, 1, 10, true)   // 1..10
	add(2, 11, 10, false) // 11..20
	add(4, 31, 10, true)  // 31..40
	add(5, 41, 0, false)  // 41 on
	for first := uint64(1); first < 50; first++ {
		for last := first; last < 50; last++ {
			if want := last <= 20 || first > 30; f.Knows(first, last) != want {
				t.Fatalf("%d to %d: %v", first, last, !want)
			}
		}
	}
}
