// Keys are found wherever they are, and damage that may hide one is told of.

package query

import (
	"errors"
	"fmt"
	"testing"

	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/mmapseg"
)

// eachState calls fn with archives whose segments are tails, sealed, sealed and opened again, and built anew.
func eachState(t *testing.T, seeds uint64, fn func(t *testing.T, a *keyedArchive)) {
	for name, change := range map[string]func(a *keyedArchive){
		"sealed": func(*keyedArchive) {}, "opened": func(a *keyedArchive) { a.reopen() },
		"rebuilt": func(a *keyedArchive) { a.rebuild() }, "opened and rebuilt": func(a *keyedArchive) { a.reopen(); a.rebuild() },
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range seeds {
				a := newKeyedArchive(t, 100+seed, 1+int(seed)%5, 60, everyOther)
				change(a)
				fn(t, a)
			}
		})
	}
}

func TestEveryKeyLeadsToItsNewestHolder(t *testing.T) {
	eachState(t, 10, func(t *testing.T, a *keyedArchive) {
		batches, lacking := 0, 0
		for i := range manyKeys + 5 {
			key, last := fmt.Sprint("key", i), uint64(len(a.events))
			for range 3 {
				want, wanted := a.holder(key, last)
				got, found, err := a.reader.ByKey(key, last)
				if err != nil || found != wanted || got != want {
					t.Fatalf("%s up to %d: %+v %v %v, want %+v %v", key, last, got, found, err, want, wanted)
				}
				if want.Events > 0 {
					batches++
				}
				if !wanted {
					lacking++
				}
				last = a.random.Uint64N(last + 1)
			}
		}
		if batches == 0 || lacking == 0 {
			t.Errorf("%d batches and %d misses: the test asks for too little", batches, lacking)
		}
	})
}

// TestADamagedEventHidesOnlyItsOwnKeys where the index is sound, so that it tells which those are.
func TestADamagedEventHidesOnlyItsOwnKeys(t *testing.T) {
	a := newKeyedArchive(t, 3, 3, 80, all)
	damaged := map[string]bool{}
	for sequence := uint64(5); sequence < uint64(len(a.events)); sequence += 17 {
		a.damageEvent(sequence)
		for _, key := range a.keysOf[sequence] {
			if newest, _ := a.holder(key, uint64(len(a.events))); newest.First == sequence {
				damaged[key] = true
			}
		}
	}
	a.mustTell(t, damaged)
}

func TestADamagedBeginFrameHidesOnlyTheKeyOfItsBatch(t *testing.T) {
	for _, offset := range []int64{1, 30, 50} { // header, counts, key
		a := newKeyedArchive(t, 4, 3, 80, all)
		damaged := map[string]bool{}
		for key, holders := range a.holders {
			if h := holders[len(holders)-1]; h.Events > 0 && len(damaged) < 5 {
				at := a.begins[h.First]
				a.flip(at.segment, at.from+offset)
				damaged[key] = true
			}
		}
		a.mustTell(t, damaged)
	}
}

// mustTell fails unless keys are found but for these, which are damaged.
func (a *keyedArchive) mustTell(t *testing.T, damaged map[string]bool) {
	t.Helper()
	if len(damaged) == 0 {
		t.Fatal("nothing is damaged")
	}
	for i := range manyKeys {
		key, last := fmt.Sprint("key", i), uint64(len(a.events))
		want, wanted := a.holder(key, last)
		got, found, err := a.reader.ByKey(key, last)
		switch {
		case damaged[key]:
			var corrupt *mmapseg.CorruptError
			if !errors.As(err, &corrupt) || corrupt.First > want.First || corrupt.Last < want.First || found {
				t.Errorf("%s, damaged: %+v %v %v", key, got, found, err)
			}
		case err != nil || found != wanted || got != want:
			t.Errorf("%s: %+v %v %v, want %+v %v", key, got, found, err, want, wanted)
		}
	}
}

// TestWhereTheIndexIsBuiltFromDamagedFramesOlderKeysAreUnsure: an event that can't be read may have any key, and so may a batch
// whose begin frame can't.
func TestWhereTheIndexIsBuiltFromDamagedFramesOlderKeysAreUnsure(t *testing.T) {
	for _, beginFrame := range []bool{false, true} {
		for seed := range uint64(6) {
			a := newKeyedArchive(t, 40+seed, 4, 60, all)
			at := uint64(len(a.events)) / 2
			for ; beginFrame && a.begins[at].to == 0; at++ {
			}
			if beginFrame {
				a.flip(a.begins[at].segment, a.begins[at].from+1)
			} else {
				a.damageEvent(at)
			}
			a.rebuild()
			sure, unsure := 0, 0
			for i := range manyKeys + 1 {
				key := fmt.Sprint("key", i)
				for _, last := range []uint64{at - 1, uint64(len(a.events))} {
					want, wanted := a.holder(key, last)
					got, found, err := a.reader.ByKey(key, last)
					own := beginFrame && want.First == at && want.Events == 0 // of the event, which can be read
					if last >= at && want.First <= at && !own {
						if unsure++; !errors.Is(err, mmapseg.ErrCorrupt) || found {
							t.Fatalf("begin frame %v, seed %d, %s up to %d, damage at %d: %+v %v %v", beginFrame, seed, key, last, at, got, found, err)
						}
					} else if sure++; err != nil || found != wanted || got != want {
						t.Fatalf("begin frame %v, seed %d, %s up to %d, damage at %d: %+v %v %v, want %+v %v", beginFrame, seed, key, last, at, got, found, err, want, wanted)
					}
				}
			}
			if sure == 0 || unsure == 0 {
				t.Errorf("%d sure, %d unsure: the test asks for too little", sure, unsure)
			}
		}
	}
}

// TestTheItemsBehindALostOneBeginNoBatch: their batch is known to go on.
func TestTheItemsBehindALostOneBeginNoBatch(t *testing.T) {
	a := newKeyedArchive(t, 7, 2, 60, all)
	at := uint64(0)
	for first, frame := range a.begins {
		if first+2 < a.segment.Floor && frame.to != 0 && a.ranges[first+1].from == a.ranges[first].to { // three items at least
			at = max(at, first)
		}
	}
	a.damageEvent(at + 1)
	a.rebuild()
	for sequence := at + 2; sequence <= at+3; sequence++ {
		for _, key := range a.keysOf[sequence] {
			want, _ := a.holder(key, sequence)
			if got, found, err := a.reader.ByKey(key, sequence); err != nil || !found || got != want {
				t.Errorf("%s, sequence %d behind the lost %d: %+v %v %v", key, sequence, at+1, got, found, err)
			}
		}
	}
	var corrupt *mmapseg.CorruptError
	if _, _, err := a.reader.ByKey("no such key", uint64(len(a.events))); !errors.As(err, &corrupt) || corrupt.First != at+1 || corrupt.Last != at+1 {
		t.Errorf("%v, want damage at %d alone", err, at+1)
	}
}

// TestAnEventThatTheIndexNamesForAnotherKeyDoesNotHaveIt: the index names every event for the key, as if all hashes were equal.
func TestAnEventThatTheIndexNamesForAnotherKeyDoesNotHaveIt(t *testing.T) {
	a := newKeyedArchive(t, 8, 1, 100, all)
	tail := index.NewTail(1 << 20)
	for i := range a.events {
		var entry index.Entry
		entry.FillEvent(&a.events[i])
		for key := range manyKeys + 1 {
			entry.AddKey(fmt.Sprint("key", key))
		}
		tail.AddFilled(&entry, index.Head{}, index.Place{Ordinal: uint32(i)})
	}
	part := a.index.Parts()[0]
	a.index = new(index.Index)
	a.index.AddPart(index.NewPart(part.Segment, part.First, tail, nil))
	a.reader = New(Config{Set: a.set, Index: a.index, Decoder: a.decoder, Ended: errEnded})
	for i := range manyKeys + 1 {
		key, last := fmt.Sprint("key", i), 1+a.random.Uint64N(uint64(len(a.events)))
		want, wanted := a.holder(key, last)
		if got, found, err := a.reader.ByKey(key, last); err != nil || found != wanted || got != want {
			t.Errorf("%s up to %d: %+v %v %v, want %+v %v", key, last, got, found, err, want, wanted)
		}
	}
}

func TestAKeyMayBeInASegmentThatIsMissing(t *testing.T) {
	a := newKeyedArchive(t, 9, 3, 60, all)
	parts, segments := a.index.Parts(), a.set.Segments()
	last := uint64(len(a.events))
	x, set := new(index.Index), new(mmapseg.Set)
	for _, i := range []int{0, 2} {
		x.AddPart(parts[i])
		set.Add(segments[i])
	}
	set.SetVisible(last)
	lost := &mmapseg.CorruptError{Segment: segments[1].Name(), First: parts[1].First, Last: parts[2].First - 1, Problem: "missing"}
	for _, known := range []*mmapseg.CorruptError{
		lost, {First: 2, Last: 3}, // of a segment that is there, whose index knows what was in it
	} {
		r := New(Config{Set: set, Index: x, Decoder: a.decoder, Ended: errEnded, Damage: []*mmapseg.CorruptError{known}})
		for i := range manyKeys + 1 {
			key := fmt.Sprint("key", i)
			want, wanted := a.holder(key, last)
			older, had := a.holder(key, parts[1].First-1)
			if want.First < parts[2].First {
				want, wanted = older, had
			}
			got, found, err := r.ByKey(key, last)
			if known == lost && want.First < parts[2].First {
				if !errors.Is(err, mmapseg.ErrCorrupt) || found {
					t.Errorf("%s may be in the missing segment: %+v %v %v", key, got, found, err)
				}
			} else if err != nil || found != wanted || got != want {
				t.Errorf("%s: %+v %v %v, want %+v %v", key, got, found, err, want, wanted)
			}
		}
	}
	a.must(segments[1].Close())
}

func TestNothingHasAnEmptyKey(t *testing.T) {
	a := newKeyedArchive(t, 10, 2, 30, all)
	if h, found, err := a.reader.ByKey("", uint64(len(a.events))); found || err != nil {
		t.Errorf("%+v %v %v", h, found, err)
	}
	if h, found, err := a.reader.ByKey("key1", 0); found || err != nil {
		t.Errorf("up to nothing: %+v %v %v", h, found, err)
	}
	a.reader.Close()
	if _, _, err := a.reader.ByKey("key1", 1); !errors.Is(err, errEnded) {
		t.Errorf("closed: %v", err)
	}
}

func TestFindingAKeyOfAnEventAllocatesNothing(t *testing.T) {
	a := newKeyedArchive(t, 11, 4, 100, everyOther)
	last := uint64(len(a.events))
	measured := 0
	for i := range manyKeys + 1 {
		key := fmt.Sprint("key", i)
		if h, _ := a.holder(key, last); h.Events > 0 {
			continue // the begin frame's key is copied
		}
		measured++
		n := testing.AllocsPerRun(20, func() {
			if _, _, err := a.reader.ByKey(key, last); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 && !raceEnabled {
			t.Errorf("%s: %v allocations", key, n)
		}
	}
	if measured == 0 {
		t.Error("nothing was measured")
	}
}
