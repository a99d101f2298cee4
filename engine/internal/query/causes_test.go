// The way from an event to the root of what caused it.

package query

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/mmapseg"
)

func TestCausesLeadToTheRoot(t *testing.T) {
	for seed := range uint64(4) {
		a := newArchive(t, 300+seed, 4, 200, everyOther)
		deepest := 0
		for i := 0; i < len(a.events); i += 3 {
			ev := &a.events[i]
			limit := a.random.IntN(4) * a.random.IntN(3)
			got, damage, ended := a.drained(a.reader.Causes(ev.ID, limit))
			if want := limited(a.causes(ev), limit); !slices.Equal(got, want) || damage != nil || ended != nil {
				t.Fatalf("seed %d, causes of %d, limit %d: got %v, %v, %v; want %v", seed, ev.Sequence, limit, got, damage, ended, want)
			}
			deepest = max(deepest, len(got))
		}
		if deepest < 10 {
			t.Errorf("the longest way has %d steps", deepest)
		}
	}
}

func TestTheCausesOfAnIdThatNoEventHasAreNotFound(t *testing.T) {
	a := newArchive(t, 310, 2, 100, all)
	for _, id := range []event.ID{{}, event.MakeID(1, 2, 3), a.events[10].Correlation} {
		if a.reader.ByIDInto(id, new(event.Event)) == nil {
			continue
		}
		got, damage, ended := a.drained(a.reader.Causes(id, 0))
		if got != nil || damage != nil || !errors.Is(ended, mmapseg.ErrNotFound) || !strings.Contains(ended.Error(), id.String()) {
			t.Errorf("%s: %v, %v, %v", id, got, damage, ended)
		}
	}
}

// TestACauseThatCanNotBeReadEndsTheWay damages events, and asks for the causes of all.
func TestACauseThatCanNotBeReadEndsTheWay(t *testing.T) {
	a := newArchive(t, 311, 3, 250, everyOther)
	damaged := a.damageSome(30)
	short := 0
	for i := range a.events {
		ev := &a.events[i]
		want := a.causes(ev)
		at := slices.IndexFunc(want, func(sequence uint64) bool { return damaged[sequence] })
		switch {
		case damaged[ev.Sequence]:
			want, at = nil, 0
		case at >= 0:
			want = want[:at]
			short++
		}
		got, damage, ended := a.drained(a.reader.Causes(ev.ID, 0))
		if !slices.Equal(got, want) || (len(damage) == 1) != (at >= 0) || ended != nil {
			t.Fatalf("causes of %d: got %v, %v, %v; want %v", ev.Sequence, got, damage, ended, want)
		}
	}
	if short == 0 {
		t.Error("no way was cut short")
	}
}

// TestACauseThatContradictsIsDamage forges events that name another event, themselves, or a later one as their cause.
func TestACauseThatContradictsIsDamage(t *testing.T) {
	for _, forge := range []func(ev *event.Event){
		func(ev *event.Event) { ev.Cause[15] ^= 1 },
		func(ev *event.Event) { ev.CauseSequence-- },
		func(ev *event.Event) { ev.Cause, ev.CauseSequence = ev.ID, ev.Sequence },
		func(ev *event.Event) { ev.CauseSequence = ev.Sequence + 1 },
		func(ev *event.Event) { ev.CauseSequence = 0 },
		func(ev *event.Event) { ev.CauseSequence = 1 << 60 },
	} {
		const at = 60
		a := unstored(t, 312, 100)
		ev := &a.events[at-1]
		ev.Cause, ev.CauseSequence = a.events[30].ID, 31
		forge(ev)
		a.storeAll(1, 100, all)
		var last error
		steps := 0
		for _, err := range a.reader.Causes(a.events[at-1].ID, 0) {
			last = err
			steps++
		}
		var corrupt *mmapseg.CorruptError
		if steps != 1 || !errors.As(last, &corrupt) || corrupt.First != at || corrupt.Last != at || corrupt.Offset == 0 {
			t.Errorf("%d steps, %v", steps, last)
		}
		if got, damage, ended := a.drained(a.reader.Effects(a.events[30].ID, 1, 0)); slices.Contains(got, at) || damage != nil || ended != nil {
			t.Errorf("effects: %v, %v, %v", got, damage, ended)
		}
	}
}

// TestACauseThatIsGoneIsNotFound: the segment that had it is not there any more.
func TestACauseThatIsGoneIsNotFound(t *testing.T) {
	a := newArchive(t, 313, 3, 100, all)
	a.dropSegment(0)
	gone := 0
	for i := 100; i < 300; i++ {
		ev := &a.events[i]
		want := a.causes(ev)
		at := slices.IndexFunc(want, func(sequence uint64) bool { return sequence <= 100 })
		if at >= 0 {
			want = want[:at]
			gone++
		}
		got, damage, ended := a.drained(a.reader.Causes(ev.ID, 0))
		if !slices.Equal(got, want) || damage != nil || errors.Is(ended, mmapseg.ErrNotFound) != (at >= 0) {
			t.Fatalf("causes of %d: got %v, %v, %v; want %v", ev.Sequence, got, damage, ended, want)
		}
	}
	if gone == 0 {
		t.Error("no cause was gone")
	}
}

func TestCausesEndWithTheirReader(t *testing.T) {
	a := newArchive(t, 314, 2, 200, all)
	deepest := slices.MaxFunc(a.events, func(x, y event.Event) int { return int(x.Position.Depth) - int(y.Position.Depth) })
	steps := 0
	var last error
	for _, err := range a.reader.Causes(deepest.ID, 0) {
		a.reader.Close()
		steps++
		last = err
	}
	if steps != 2 || !errors.Is(last, errEnded) {
		t.Errorf("%d steps, the last with %v", steps, last)
	}
}
