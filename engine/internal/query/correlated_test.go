// Conversations: the events of one correlation.

package query

import (
	"errors"
	"slices"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/mmapseg"
)

func TestAConversationIsThatOfALinearScanInEitherDirection(t *testing.T) {
	for seed := range uint64(5) {
		a := newArchive(t, 340+seed, 4, 30<<seed, everyOther)
		most := 0
		for range 100 {
			visible := uint64(len(a.events)) - a.random.Uint64N(uint64(len(a.events))/4)
			a.set.SetVisible(visible)
			id := event.MakeID(1, 0, 7) // no event's
			correlation := id
			if a.random.IntN(10) != 0 {
				of := &a.events[a.random.Uint64N(1+a.random.Uint64N(visible))]
				id, correlation = of.ID, of.Correlation
			}
			o := Options{Backward: a.random.IntN(2) == 0, Limit: a.random.IntN(30) * a.random.IntN(2), Check: a.random.IntN(2) == 0}
			got, damage, ended := a.drained(a.reader.Correlated(id, o))
			want := a.conversation(correlation, visible, o.Backward)
			if errors.Is(ended, mmapseg.ErrNotFound) && want == nil {
				ended = nil // nobody has used the correlation yet
			}
			if !slices.Equal(got, limited(want, o.Limit)) || damage != nil || ended != nil {
				t.Fatalf("seed %d, conversation of %s, %+v: got %v, %v, %v; want %v", seed, id, o, got, damage, ended, want)
			}
			most = max(most, len(got))
		}
		if most < 15 {
			t.Errorf("seed %d: at most %d events", seed, most)
		}
	}
}

func TestAConversationThatIsLongerThanAPieceIsWhole(t *testing.T) {
	a := unstored(t, 350, 7*1500)
	id := event.MakeID(3, 3, 3)
	for i := range a.events {
		if i%10 != 0 {
			a.events[i].Correlation = id
		}
	}
	a.storeAll(7, 1500, func(number int) bool { return number != 4 })
	for _, o := range []Options{{}, {Backward: true}, {Limit: 1}, {Limit: 4500, Backward: true}} {
		got, damage, ended := a.drained(a.reader.Correlated(id, o))
		if want := limited(a.conversation(id, 10500, o.Backward), o.Limit); !slices.Equal(got, want) || damage != nil || ended != nil {
			t.Errorf("%+v: %d of %d, %v, %v", o, len(got), len(want), damage, ended)
		}
	}
}

func TestAnIdThatNeitherEventNorCorrelationHasIsNotFound(t *testing.T) {
	a := newArchive(t, 351, 2, 100, all)
	for _, id := range []event.ID{{}, event.MakeID(1, 2, 3), event.MakeID(a.wall, a.counter+1, 3)} {
		got, damage, ended := a.drained(a.reader.Correlated(id, Options{}))
		if got != nil || damage != nil || !errors.Is(ended, mmapseg.ErrNotFound) {
			t.Errorf("%s: %v, %v, %v", id, got, damage, ended)
		}
	}
}

func TestAnEventOnItsOwnIsItsConversation(t *testing.T) {
	a := newArchive(t, 352, 2, 200, all)
	alone := 0
	for i := range a.events {
		ev := &a.events[i]
		if ev.Correlation != ev.ID || len(a.conversation(ev.ID, 400, false)) > 1 {
			continue
		}
		alone++
		for _, o := range []Options{{}, {Backward: true}, {Limit: 1}} {
			if got, damage, ended := a.drained(a.reader.Correlated(ev.ID, o)); !slices.Equal(got, []uint64{ev.Sequence}) || damage != nil || ended != nil {
				t.Errorf("%d: %v, %v, %v", ev.Sequence, got, damage, ended)
			}
		}
	}
	if alone == 0 {
		t.Error("no event was on its own")
	}
}

// TestADamagedEventOfAConversationIsToldOfInItsPlace asks with footers that name damaged events, and with an index that was built
// from what is left of the frames.
func TestADamagedEventOfAConversationIsToldOfInItsPlace(t *testing.T) {
	for _, rebuilt := range []bool{false, true} {
		a := newArchive(t, 353, 4, 250, all)
		damaged := a.damageSome(60)
		if rebuilt {
			a.rebuildPart(0)
			a.rebuildPart(2)
		}
		for i := 0; i < len(a.events); i += 5 {
			of := &a.events[i]
			o := Options{Check: true, Backward: i%2 == 0}
			correlation := of.Correlation
			if damaged[of.Sequence] {
				correlation = of.ID
			}
			rootDamaged := slices.ContainsFunc(a.events, func(ev event.Event) bool { return ev.ID == correlation && damaged[ev.Sequence] })
			told := false
			var seen []uint64
			for ev, err := range a.reader.Correlated(of.ID, o) {
				told = told || err != nil
				var corrupt *mmapseg.CorruptError
				switch {
				case errors.As(err, &corrupt):
					concerns := rebuilt || rootDamaged // the index does not know what that is; the search by id names any damage it met
					for sequence := corrupt.First; sequence <= corrupt.Last; sequence++ {
						seen = append(seen, sequence)
						concerns = concerns || a.events[sequence-1].Correlation == correlation
					}
					if !concerns {
						t.Fatalf("conversation of %d: told of %v", of.Sequence, err)
					}
					if o.Backward {
						slices.Reverse(seen[len(seen)-int(corrupt.Last-corrupt.First)-1:])
					}
				case err != nil:
					t.Fatal(err)
				default:
					seen = append(seen, ev.Sequence)
				}
			}
			inOrder := slices.IsSorted(seen)
			if o.Backward {
				reversed := slices.Clone(seen)
				slices.Reverse(reversed)
				inOrder = slices.IsSorted(reversed)
			}
			if !inOrder || len(slices.Compact(slices.Clone(seen))) != len(seen) {
				t.Fatalf("conversation of %d, backward %v: %v", of.Sequence, o.Backward, seen)
			}
			for _, sequence := range a.conversation(correlation, 1000, false) {
				root := rootDamaged && a.events[sequence-1].ID == correlation
				if root && !told || !root && !slices.Contains(seen, sequence) {
					t.Fatalf("conversation of %d: %d is not in %v", of.Sequence, sequence, seen)
				}
			}
			for _, sequence := range seen {
				if a.events[sequence-1].Correlation != correlation && !damaged[sequence] {
					t.Fatalf("conversation of %d: %d is in %v", of.Sequence, sequence, seen)
				}
			}
		}
	}
}

func TestKnownDamageIsToldOfInAConversation(t *testing.T) {
	a := newArchive(t, 354, 3, 100, all)
	a.dropSegment(1, &mmapseg.CorruptError{Segment: "x", First: 101, Last: 200}, &mmapseg.CorruptError{Segment: "y", First: 301, Last: 400})
	want := [][2]uint64{{101, 200}, {301, 400}}
	for i := range a.events {
		of := &a.events[i]
		o := Options{Backward: i%2 == 0}
		got, damage, ended := a.drained(a.reader.Correlated(of.ID, o))
		correlation := of.Correlation
		if i >= 100 && i < 200 {
			correlation = of.ID
		}
		events := slices.DeleteFunc(a.conversation(correlation, 300, o.Backward), func(sequence uint64) bool { return sequence > 100 && sequence <= 200 })
		if o.Backward {
			slices.Reverse(damage)
		}
		if !slices.Equal(got, events) || !slices.Equal(damage, want) || ended != nil {
			t.Fatalf("conversation of %d: %v, %v, %v, want %v, %v", of.Sequence, got, damage, ended, events, want)
		}
	}
}

func TestALoopOverAConversationMayBeLeftAtAnyStep(t *testing.T) {
	a := newArchive(t, 355, 4, 250, everyOther)
	a.damageSome(30)
	longest := a.events[0].Correlation
	for _, ev := range a.events {
		if len(a.conversation(ev.Correlation, 1000, false)) > len(a.conversation(longest, 1000, false)) {
			longest = ev.Correlation
		}
	}
	sequences, damage, _ := a.drained(a.reader.Correlated(longest, Options{Check: true}))
	for leave := range len(sequences) + len(damage) {
		steps := 0
		for range a.reader.Correlated(longest, Options{Check: true}) {
			if steps == leave {
				break
			}
			steps++
		}
	}
	if got, _, _ := a.drained(a.reader.Correlated(longest, Options{Check: true})); !slices.Equal(got, sequences) || len(got) < 10 {
		t.Errorf("got %v, want %v", got, sequences)
	}
}

func TestAConversationEndsWithItsReader(t *testing.T) {
	a := newArchive(t, 356, 2, 200, all)
	id := event.MakeID(1, 0, 7)
	steps := 0
	var last error
	for _, err := range a.reader.Correlated(id, Options{}) {
		a.reader.Close()
		steps++
		last = err
	}
	if steps != 2 || !errors.Is(last, errEnded) {
		t.Errorf("%d steps, the last with %v", steps, last)
	}
	for _, err := range a.reader.Correlated(id, Options{}) {
		if !errors.Is(err, errEnded) {
			t.Error(err)
		}
	}
}
