// Names of all parts against a sorted list of them.

package index

import (
	"slices"
	"strings"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/checked"
)

// listed returns what is listed, page by page.
func listNames(t *testing.T, w *world, kind Type, prefix string, visible uint64) []string {
	t.Helper()
	n, err := w.finder.Names(kind, prefix, func() uint64 { return visible })
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for {
		name, ok, err := n.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return names
		}
		names = append(names, name)
	}
}

func wantNames(w *world, prefix string, visible uint64, of func(*event.Event) string) []string {
	var names []string
	for i := range w.events {
		ev := &w.events[i]
		if ev.Sequence <= visible && !w.unknown[ev.Sequence] && strings.HasPrefix(of(ev), prefix) {
			names = append(names, of(ev))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func TestNamesOfAllPartsAreListedOnceAndInOrder(t *testing.T) {
	for seed := range uint64(rounds(30)) {
		w := newWorld(t, seed, 1+int(seed)%7, 100<<(seed%6))
		if len(w.events) == 0 {
			continue
		}
		last := w.events[len(w.events)-1].Sequence
		for _, prefix := range []string{"", "a", "b:", "b:1", "c:299", "z"} {
			want := wantNames(w, prefix, last, func(e *event.Event) string { return e.Entity() })
			if got := listNames(t, w, Entity, prefix, last); !slices.Equal(got, want) {
				t.Fatalf("seed %d: entities with %q: got %d, want %d", seed, prefix, len(got), len(want))
			}
		}
		want := wantNames(w, "", last, func(e *event.Event) string { return e.Scope() })
		if got := listNames(t, w, Scope, "", last); !slices.Equal(got, want) {
			t.Fatalf("seed %d: scopes %v, want %v", seed, got, want)
		}
	}
}

func TestNamesOfInvisibleEventsAreNotListed(t *testing.T) {
	w := &world{index: new(Index)}
	w.finder = NewFinder(w.index, nil, nil)
	tail := NewTail(0)
	w.index.AddPart(NewPart(Identity{Number: 1}, 1, tail, nil))
	var e Entry
	for i, entity := range []string{"b", "a", "c"} {
		ev := event.Event{Coordinate: event.MustAt(entity, "scope")}
		e.FillEvent(&ev)
		tail.Enter(&e)
		tail.Add(&e, Place{Ordinal: uint32(i)})
	}
	for visible, want := range [][]string{nil, {"b"}, {"a", "b"}, {"a", "b", "c"}} {
		if got := listNames(t, w, Entity, "", uint64(visible)); !slices.Equal(got, want) {
			t.Errorf("visible up to %d: %v, want %v", visible, got, want)
		}
	}
}

func TestNamesGoOnWhenATableIsRebuiltBetweenTwoPages(t *testing.T) {
	w := newWorld(t, 2, 3, 3000)
	last := w.events[len(w.events)-1].Sequence
	w.finder = NewFinder(w.index, func(p *Part, _ error) error { p.Rebuilt(w.rebuiltTail(p)); return nil }, nil)
	want := wantNames(w, "", last, func(e *event.Event) string { return e.Entity() })
	n, err := w.finder.Names(Entity, "", func() uint64 { return last })
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for {
		name, ok, err := n.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		if got = append(got, name); len(got) == 20 {
			for _, p := range w.index.Parts() {
				if _, table := p.source(); table != nil {
					p.Seal(damagedTable(t, table.Events()))
				}
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d names, want %d", len(got), len(want))
	}
}

func TestAFaultWhileReadingATableIsAnError(t *testing.T) {
	x := new(Index)
	x.AddPart(NewSealedPart(Identity{Number: 1}, 1, damagedTable(t, 10), func(func()) error { return checked.ErrDamaged }))
	f := NewFinder(x, func(*Part, error) error { t.Error("rebuilt"); return nil }, nil)
	if _, err := f.Names(Entity, "", func() uint64 { return 10 }); err == nil {
		t.Error("no error")
	}
	if _, _, err := f.Plan(Query{Region: event.Entity("e"), Visible: 10}).Next(); err == nil {
		t.Error("no error of the plan")
	}
}
