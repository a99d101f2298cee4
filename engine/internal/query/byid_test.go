// Events by their ids, whether the store made those or was given them.

package query

import (
	"errors"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/mmapseg"
)

func TestEveryEventIsFoundByItsId(t *testing.T) {
	for seed := range uint64(4) {
		a := newArchive(t, 30+seed, 4, 1+200*int(seed), everyOther)
		var into event.Event
		for i := range a.events {
			want := &a.events[i]
			if err := a.reader.ByIDInto(want.ID, &into); err != nil || into.Header != want.Header {
				t.Fatalf("seed %d: id of sequence %d: %v, %v", seed, want.Sequence, into, err)
			}
		}
		for _, id := range []event.ID{{}, event.MakeID(1, 2, 3), event.MakeID(1<<48-1, 0, 0), event.MakeID(a.wall-300, 3, 77), event.MakeID(a.wall, a.counter+1, 1)} {
			if err := a.reader.ByIDInto(id, &into); !errors.Is(err, mmapseg.ErrNotFound) {
				t.Errorf("id %s: %v", id, err)
			}
		}
	}
}

func TestAnIdIsMissedThoughAnotherEventHasItsMoment(t *testing.T) {
	a := newArchive(t, 34, 2, 200, all)
	for i := range a.events {
		if ev := &a.events[i]; !ev.Imported {
			id := ev.ID
			id[15] ^= 1
			if _, err := a.reader.ByID(id); !errors.Is(err, mmapseg.ErrNotFound) {
				t.Fatalf("sequence %d: %v", ev.Sequence, err)
			}
		}
	}
}

func TestTheIdOfADamagedEventIsDamageAndThoseBesideItAreFound(t *testing.T) {
	a := newArchive(t, 35, 3, 250, everyOther)
	for sequence := uint64(10); sequence < uint64(len(a.events)); sequence += 100 {
		a.damageEvent(sequence)
	}
	for i := range a.events {
		ev := &a.events[i]
		found, err := a.reader.ByID(ev.ID)
		switch damaged := i%100 == 9; {
		case damaged && !errors.Is(err, mmapseg.ErrCorrupt):
			t.Errorf("damaged sequence %d: %v", ev.Sequence, err)
		case !damaged && (err != nil || found.Sequence != ev.Sequence):
			t.Errorf("sequence %d: %+v, %v", ev.Sequence, found, err)
		}
	}
}

func TestAnEventByIdIsTheCallers(t *testing.T) {
	a := newArchive(t, 36, 2, 50, all)
	var into event.Event
	for i := range a.events {
		if err := a.reader.ByIDInto(a.events[i].ID, &into); err != nil {
			t.Fatal(err)
		}
		kept := into.Clone()
		for range 3 {
			if _, err := a.reader.ByID(a.events[0].ID); err != nil {
				t.Fatal(err)
			}
		}
		if string(kept.Payload) != string(into.Payload) {
			t.Fatalf("sequence %d changed", into.Sequence)
		}
	}
}

func TestReadingByIdAllocatesNothing(t *testing.T) {
	a := newArchive(t, 37, 3, 300, everyOther)
	var into event.Event
	into.Payload = make([]byte, 0, 1000)
	n := 0
	read := func() {
		for n++; ; n++ {
			if ev := &a.events[n%len(a.events)]; !ev.Imported && ev.Gate == nil {
				a.must(a.reader.ByIDInto(ev.ID, &into))
				return
			}
		}
	}
	for range a.events {
		read() // pools and names
	}
	if allocations := testing.AllocsPerRun(300, read); allocations > 0 && !raceEnabled {
		t.Errorf("%.2f allocations", allocations)
	}
}
