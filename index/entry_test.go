// What an entry is told beside its event: the key of its batch, and a cause that gets its id late.

package index

import (
	"testing"

	"github.com/batpak/batpak/event"
)

var causing = event.MakeID(7, 8, 9)

// added adds one entry to a new tail, resolved before or after fn changes it.
func added(d event.Draft, early bool, fn func(e *Entry)) *Tail {
	tail, e := NewTail(1<<20), Entry{}
	d.Coordinate, d.Kind = event.MustAt("entity", "scope"), event.Data
	e.Fill(&d, 0)
	if early {
		tail.Resolve(&e)
	}
	fn(&e)
	tail.Enter(&e)
	tail.Add(&e, Place{})
	return tail
}

func linksOf(tail *Tail, typ Type, hash uint64) int {
	slot := tail.find(typ, hash, "")
	if slot == 0 {
		return 0
	}
	return len(tail.ordinals(nil, slot, tail.Events()))
}

func TestTheKeyOfABatchLeadsToItsFirstEventBesideTheEventsOwn(t *testing.T) {
	for _, early := range []bool{false, true} {
		tail := added(event.Draft{Key: "own"}, early, func(e *Entry) { e.AddKey("batch") })
		for _, key := range []string{"own", "batch"} {
			if n := linksOf(tail, Key, Hash(Key, key)); n != 1 {
				t.Errorf("resolved first: %v: %q leads to %d events", early, key, n)
			}
		}
	}
}

func TestAKeyThatIsAddedTwiceLeadsToTheEventOnce(t *testing.T) {
	tail := added(event.Draft{Key: "key"}, false, func(e *Entry) { e.AddKey("key"); e.AddKey("key") })
	if n := linksOf(tail, Key, Hash(Key, "key")); n != 1 {
		t.Errorf("%d times", n)
	}
}

func TestACauseOfTheSameBatchIsFoundOnceItsIDIsKnown(t *testing.T) {
	for _, early := range []bool{false, true} {
		tail := added(event.Draft{CauseInBatch: 1}, early, func(e *Entry) { e.SetCause(event.MakeID(1, 1, 1)); e.SetCause(causing) })
		if n := linksOf(tail, Cause, HashID(Cause, causing)); n != 1 {
			t.Errorf("resolved first: %v: leads to %d events", early, n)
		}
		if n := linksOf(tail, Cause, HashID(Cause, event.MakeID(1, 1, 1))); n != 0 {
			t.Errorf("resolved first: %v: the id that was set before leads to %d events", early, n)
		}
	}
}

func TestAnEntryThatIsFilledAgainHasNoRoomForACause(t *testing.T) {
	var e Entry
	d := event.Draft{Coordinate: event.MustAt("entity", "scope"), Kind: event.Data, CauseInBatch: 3}
	e.Fill(&d, 0)
	d.CauseInBatch = 0
	for _, again := range []func(){func() { e.Fill(&d, 0) }, func() { e.FillPlain("e", "s", event.Data) }, e.Release} {
		e.reserveCause()
		again()
		func() {
			defer func() {
				if recover() == nil {
					t.Error("a cause was set for which no room was made")
				}
			}()
			e.SetCause(causing)
		}()
	}
}

func TestAnEventWithoutItsCauseIsNotAdded(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it was added")
		}
	}()
	added(event.Draft{CauseInBatch: 1}, true, func(*Entry) {})
}

func TestSettingACauseAllocatesNothing(t *testing.T) {
	var e Entry
	d := event.Draft{Coordinate: event.MustAt("entity", "scope"), Kind: event.Data, CauseInBatch: 1}
	e.Fill(&d, 0)
	if n := testing.AllocsPerRun(50, func() { e.SetCause(causing) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
