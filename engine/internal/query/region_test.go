// Queries against a linear scan.

package query

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/mmapseg"
)

// answer returns the sequences that a query yields, and those that it says are damaged.
func (a *archive) answer(region event.Region, o Options) (sequences []uint64, damage [][2]uint64) {
	a.t.Helper()
	for ev, err := range a.reader.Query(region, o) {
		var corrupt *mmapseg.CorruptError
		switch {
		case errors.As(err, &corrupt):
			damage = append(damage, [2]uint64{corrupt.First, corrupt.Last})
		case err != nil:
			a.t.Fatalf("%s: %v", region, err)
		default:
			want := &a.events[ev.Sequence-1]
			if ev.Header != want.Header || ev.Coordinate != want.Coordinate || !bytes.Equal(ev.Payload, want.Payload) || !slices.Equal(ev.Tags, want.Tags) {
				a.t.Fatalf("%s: sequence %d is %+v, want %+v", region, ev.Sequence, ev, *want)
			}
			sequences = append(sequences, ev.Sequence)
		}
	}
	return sequences, damage
}

func everyOther(number int) bool { return number%2 == 1 }
func all(int) bool               { return true }

func TestAQueryAnswersLikeALinearScan(t *testing.T) {
	for seed := range uint64(6) {
		a := newArchive(t, seed, 4, 50<<seed, everyOther)
		for range rounds(300) {
			visible := uint64(len(a.events)) - a.random.Uint64N(20)
			a.set.SetVisible(visible)
			region := a.region()
			o := Options{Backward: a.random.IntN(2) == 0, Check: a.random.IntN(2) == 0}
			if a.random.IntN(2) == 0 {
				o.Limit = 1 + a.random.IntN(100)
			}
			got, damage := a.answer(region, o)
			if want := a.selected(region, visible, o); !slices.Equal(got, want) || damage != nil {
				t.Fatalf("seed %d: %s %+v: got %d events, want %d; damage %v", seed, region, o, len(got), len(want), damage)
			}
		}
	}
}

func TestADamagedEventIsToldOfWhereItMayHaveBeenSelected(t *testing.T) {
	for seed := range uint64(4) {
		a := newArchive(t, 10+seed, 3, 300, everyOther)
		damaged := map[uint64]bool{}
		for range 10 {
			sequence := 1 + a.random.Uint64N(uint64(len(a.events)))
			if !damaged[sequence] { // flipped twice it would be sound
				damaged[sequence] = true
				a.damageEvent(sequence)
			}
		}
		for range rounds(200) {
			region, o := a.region(), Options{Backward: a.random.IntN(2) == 0, Check: true}
			got, told := a.answer(region, o)
			want := a.selected(region, uint64(len(a.events)), o)
			for _, sequence := range want {
				covered := slices.ContainsFunc(told, func(d [2]uint64) bool { return sequence >= d[0] && sequence <= d[1] })
				if damaged[sequence] && !covered {
					t.Fatalf("%s: damage of %d is not told of", region, sequence)
				}
			}
			want = slices.DeleteFunc(want, func(sequence uint64) bool { return damaged[sequence] })
			if !slices.Equal(got, want) {
				t.Fatalf("%s: got %v, want %v", region, got, want)
			}
			for i, d := range told {
				if slices.Contains(told[:i], d) {
					t.Errorf("%s: damage %v is told of twice", region, d)
				}
			}
		}
	}
}

// TestADamagedFooterIsRebuiltAndEveryAnswerStaysTheSame flips bytes all over the footers.
func TestADamagedFooterIsRebuiltAndEveryAnswerStaysTheSame(t *testing.T) {
	a := newArchive(t, 20, 4, 400, all)
	for _, segment := range a.set.Segments()[:3] {
		footer := segment.Footer()
		for offset := footer.FramesEnd + 200; offset < segment.DiskSize()-8192; offset += 1500 {
			a.flip(segment, offset)
		}
	}
	a.reopen()
	for range 200 {
		region, o := a.region(), Options{Backward: a.random.IntN(2) == 0, Check: true}
		got, damage := a.answer(region, o)
		if want := a.selected(region, uint64(len(a.events)), o); !slices.Equal(got, want) || damage != nil {
			t.Fatalf("%s %+v: got %d events, want %d; damage %v", region, o, len(got), len(want), damage)
		}
	}
	if n := a.reader.Rebuilt(); n == 0 || n > 3 {
		t.Errorf("%d parts were rebuilt", n)
	}
}

// TestWhatNeitherFooterNorFrameTellsIsToldOfByEveryQuery: the event may be anything.
func TestWhatNeitherFooterNorFrameTellsIsToldOfByEveryQuery(t *testing.T) {
	a := newArchive(t, 21, 2, 200, all)
	segment := a.set.Segments()[0]
	a.damageEvent(100)
	tail, err := a.reader.Rebuild(segment, errors.New("a reason"))
	if err != nil {
		t.Fatal(err)
	}
	a.index.Parts()[0].Rebuilt(tail)
	for _, region := range []event.Region{event.Entity("none"), event.Scope(a.events[5].Scope()), event.Everything()} {
		for _, backward := range []bool{false, true} {
			o := Options{Backward: backward, Check: true}
			got, damage := a.answer(region, o)
			want := a.selected(region, 400, o)
			want = slices.DeleteFunc(want, func(sequence uint64) bool { return sequence == 100 })
			if !slices.Equal(got, want) || !slices.Equal(damage, [][2]uint64{{100, 100}}) {
				t.Errorf("%s: %d events, damage %v", region, len(got), damage)
			}
		}
	}
	if _, damage := a.answer(event.Everything().Sequences(101, 0), Options{}); damage != nil {
		t.Errorf("damage outside the region is told of: %v", damage)
	}
	_, err = a.reader.Head("none", 12345, a.index.Parts()[1].Tail())
	if !errors.Is(err, mmapseg.ErrCorrupt) {
		t.Errorf("head of an entity that the event may be of: %v", err)
	}
}

func TestDamageKnownFromOpeningIsToldOfInItsPlace(t *testing.T) {
	a := newArchive(t, 22, 3, 100, all)
	// As if the second segment were missing, and what was behind the last one.
	segments, parts := a.set.Segments(), a.index.Parts()
	a.must(segments[1].Close())
	a.set, a.index = new(mmapseg.Set), new(index.Index)
	for _, i := range []int{0, 2} {
		a.set.Add(segments[i])
		a.index.AddPart(parts[i])
	}
	a.set.SetVisible(300)
	a.reader = New(Config{
		Set: a.set, Index: a.index, Decoder: a.decoder, Ended: errEnded,
		Damage: []*mmapseg.CorruptError{{Segment: "x", First: 101, Last: 200}, {Segment: "y", First: 301, Last: 400}},
	})
	for _, c := range []struct {
		region event.Region
		want   [][2]uint64
	}{
		{event.Everything(), [][2]uint64{{101, 200}, {301, 400}}},
		{event.Scope("scope0"), [][2]uint64{{101, 200}, {301, 400}}},
		{event.Scope("scope0").Sequences(0, 100), nil},
		{event.Union(event.Scope("scope0").Sequences(1, 90), event.Scope("scope1").Sequences(150, 160)), [][2]uint64{{101, 200}}},
		{event.Union(event.Scope("scope0").Sequences(1, 90), event.Scope("scope1").Sequences(250, 350)), [][2]uint64{{301, 400}}},
	} {
		for _, backward := range []bool{false, true} {
			o := Options{Backward: backward}
			want := slices.Clone(c.want)
			if backward {
				slices.Reverse(want)
			}
			got, damage := a.answer(c.region, o)
			sound := slices.DeleteFunc(a.selected(c.region, 300, o), func(sequence uint64) bool { return sequence > 100 && sequence <= 200 })
			if !slices.Equal(damage, want) || !slices.Equal(got, sound) {
				t.Errorf("%s, backward %v: %d events of %d, damage %v, want %v", c.region, backward, len(got), len(sound), damage, want)
			}
		}
	}
	for i := range a.events {
		var into event.Event
		err := a.reader.ByIDInto(a.events[i].ID, &into)
		missing := i >= 100 && i < 200
		if missing && !a.events[i].Imported && !errors.Is(err, mmapseg.ErrCorrupt) || !missing && (err != nil || into.Sequence != uint64(i)+1) {
			t.Errorf("id of %d: %v", i+1, err)
		}
	}
	if clock, err := a.reader.Clock("none"); !errors.Is(err, mmapseg.ErrCorrupt) {
		t.Errorf("clock %d, %v", clock, err)
	}
}

// TestEventsBehindTheLastClockAreNotLookedAt damages one that has a higher clock, and one that has a lower one.
func TestEventsBehindTheLastClockAreNotLookedAt(t *testing.T) {
	a := newArchive(t, 25, 3, 300, everyOther) // the second segment has a tail
	var of []uint64
	for i := range a.events {
		if a.events[i].Entity() == "a:0" {
			of = append(of, a.events[i].Sequence)
		}
	}
	if len(of) < 12 || of[len(of)-1] < 600 {
		t.Fatalf("%d events of the entity", len(of))
	}
	for i, sequence := range of {
		if i < 3 || i >= len(of)-3 {
			a.damageEvent(sequence)
		}
	}
	for _, o := range []Options{{Check: true}, {Check: true, Backward: true}} {
		for from := 4; from < len(of)-4; from++ {
			for _, to := range []int{from, len(of) - 4} {
				got, damage := a.answer(event.Entity("a:0").Clocks(uint64(from), uint64(to)), o)
				// Forwards the events before the range may be looked at, backwards those behind it.
				for _, d := range damage {
					if !o.Backward && d[0] > of[to-1] || o.Backward && d[0] < of[from-1] {
						t.Fatalf("clocks %d to %d, %+v: damage %v", from, to, o, d)
					}
				}
				if len(got) != to-from+1 {
					t.Fatalf("clocks %d to %d: %d events", from, to, len(got))
				}
			}
		}
	}
}

func TestAQueryEndsWithItsReader(t *testing.T) {
	for _, region := range []event.Region{event.Everything(), event.Scope("scope0")} {
		a := newArchive(t, 23, 2, 100, all)
		events := 0
		var last error
		for _, err := range a.reader.Query(region, Options{}) {
			a.reader.Close()
			events++
			last = err
		}
		if events != 2 || !errors.Is(last, errEnded) {
			t.Errorf("%s: %d steps, the last with %v", region, events, last)
		}
		for _, err := range a.reader.Query(region, Options{}) {
			if !errors.Is(err, errEnded) {
				t.Errorf("%s: %v", region, err)
			}
		}
	}
}

func TestAPanicInTheBodyOfALoopLeavesNothingHeld(t *testing.T) {
	a := newArchive(t, 24, 2, 100, all)
	func() {
		defer func() { _ = recover() }()
		for range a.reader.Query(event.Scope("scope0"), Options{}) {
			panic("body")
		}
	}()
	got, _ := a.answer(event.Everything(), Options{}) // and the set can be closed, which the cleanup waits for
	if len(got) != 200 {
		t.Errorf("%d events", len(got))
	}
}
