// Entities as a whole: names, clocks, and heads before a tail.

package query

import (
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/mmapseg"
)

func collect(t *testing.T, names iter.Seq2[string, error]) (list []string) {
	t.Helper()
	for name, err := range names {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, name)
	}
	return list
}

func TestEntitiesAndScopesAreListedInOrder(t *testing.T) {
	a := newArchive(t, 40, 5, 300, everyOther)
	want := slices.Sorted(maps.Keys(a.clocks))
	for _, prefix := range []string{"", "a", "b:1", "z"} {
		some := slices.DeleteFunc(slices.Clone(want), func(name string) bool { return !strings.HasPrefix(name, prefix) })
		if got := collect(t, a.reader.Entities(prefix)); !slices.Equal(got, some) {
			t.Errorf("entities with %q: %v, want %v", prefix, got, some)
		}
	}
	if got := collect(t, a.reader.Scopes()); !slices.Equal(got, []string{"scope0", "scope1", "scope2", "scope3", "scope4"}) {
		t.Errorf("scopes %v", got)
	}
	for range a.reader.Entities("") {
		break
	}
}

func TestTheClockOfAnEntityIsThatOfItsNewestVisibleEvent(t *testing.T) {
	a := newArchive(t, 41, 4, 200, everyOther)
	for _, visible := range []uint64{800, 790, 650} {
		a.set.SetVisible(visible)
		clocks := map[string]uint64{}
		for i := range a.events[:visible] {
			clocks[a.events[i].Entity()] = a.events[i].Position.Clock
		}
		for entity := range a.clocks {
			if clock, err := a.reader.Clock(entity); err != nil || clock != clocks[entity] {
				t.Errorf("visible up to %d, %s: %d, %v, want %d", visible, entity, clock, err, clocks[entity])
			}
		}
	}
	for _, entity := range []string{"", "none"} {
		if clock, err := a.reader.Clock(entity); err != nil || clock != 0 {
			t.Errorf("entity %q: %d, %v", entity, clock, err)
		}
	}
}

func TestTheHeadOfAnEntityIsThatBeforeTheTail(t *testing.T) {
	a := newArchive(t, 42, 5, 200, everyOther)
	parts := a.index.Parts()
	for _, tail := range []*index.Tail{parts[4].Tail(), parts[3].Tail(), index.NewTail(0)} {
		before := uint64(800)
		if tail == parts[3].Tail() {
			before = 600
		}
		heads := map[string]index.Head{}
		for i := range a.events[:before] {
			heads[a.events[i].Entity()] = index.Head{Clock: a.events[i].Position.Clock, Hash: a.events[i].Hash}
		}
		for entity := range a.clocks {
			head, err := a.reader.Head(entity, index.Hash(index.Entity, entity), tail)
			if err != nil || head != heads[entity] {
				t.Errorf("%s: %+v, %v, want %+v", entity, head, err, heads[entity])
			}
		}
	}
	if head, err := a.reader.Head("none", index.Hash(index.Entity, "none"), parts[4].Tail()); err != nil || head != (index.Head{}) {
		t.Errorf("%+v, %v", head, err)
	}
	// Another entity's hash is not its head.
	if head, err := a.reader.Head("none", index.Hash(index.Entity, a.events[0].Entity()), parts[4].Tail()); err != nil || head != (index.Head{}) {
		t.Errorf("with another's hash: %+v, %v", head, err)
	}
}

func TestTheHeadOfAnEntityWhoseNewestEventIsDamagedIsAnError(t *testing.T) {
	a := newArchive(t, 43, 2, 200, all)
	newest := a.events[199]
	a.damageEvent(200)
	tail := a.index.Parts()[1].Tail()
	if head, err := a.reader.Head(newest.Entity(), index.Hash(index.Entity, newest.Entity()), tail); !errors.Is(err, mmapseg.ErrCorrupt) {
		t.Errorf("%+v, %v", head, err)
	}
	// The footer says that no other entity is touched.
	for entity := range a.clocks {
		if _, err := a.reader.Head(entity, index.Hash(index.Entity, entity), tail); entity != newest.Entity() && err != nil {
			t.Errorf("%s: %v", entity, err)
		}
	}
}

func TestHeadsComeFromATailThatWasRebuilt(t *testing.T) {
	a := newArchive(t, 44, 2, 200, all)
	tail, err := a.reader.Rebuild(a.set.Segments()[0], errors.New("a reason"))
	if err != nil {
		t.Fatal(err)
	}
	a.index.Parts()[0].Rebuilt(tail)
	for i := range 200 {
		ev := &a.events[199-i]
		head, err := a.reader.Head(ev.Entity(), index.Hash(index.Entity, ev.Entity()), a.index.Parts()[1].Tail())
		if err != nil || head.Clock < ev.Position.Clock {
			t.Fatalf("%s: %+v, %v", ev.Entity(), head, err)
		}
	}
}

func TestNamesEndWithTheirReader(t *testing.T) {
	a := newArchive(t, 45, 2, 100, all)
	steps, last := 0, error(nil)
	for _, err := range a.reader.Entities("") {
		a.reader.Close()
		steps++
		last = err
	}
	if steps != 2 || !errors.Is(last, errEnded) {
		t.Errorf("%d steps, the last with %v", steps, last)
	}
	if _, err := a.reader.Clock("e"); !errors.Is(err, errEnded) {
		t.Errorf("clock: %v", err)
	}
	if _, err := a.reader.ByID(a.events[0].ID); !errors.Is(err, errEnded) {
		t.Errorf("by id: %v", err)
	}
}
