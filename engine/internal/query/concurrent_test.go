// Readers beside the writer, across sealing: for the race detector, and for answers that hold at any moment.

package query

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/index"
)

func TestAnswersBesideTheWriterAreThoseOfTheWatermark(t *testing.T) {
	a := newArchive(t, 50, 0, 0, all)
	const segments, each = 4, 250
	for range segments * each {
		a.addEvent()
	}
	var regions []event.Region
	for range 64 {
		regions = append(regions, a.region())
	}
	var done atomic.Bool
	var readers sync.WaitGroup
	for reader := range 3 {
		readers.Go(func() {
			for i := reader; !done.Load() || i < 20; i++ {
				a.mustHold(t, regions[i%len(regions)], Options{Backward: i%2 == 0, Check: true})
				a.mustFind(t, i)
			}
		})
	}
	for number := 1; number <= segments; number++ {
		a.addSegment(uint64(number), each, number < segments, number < segments, func(sequence uint64) { a.set.SetVisible(sequence) })
	}
	done.Store(true)
	readers.Wait()
}

// mustHold fails the test unless an answer is that of a moment between the query's beginning and its end.
func (a *archive) mustHold(t *testing.T, region event.Region, o Options) {
	before := a.set.Visible()
	var got []uint64
	for ev, err := range a.reader.Query(region, o) {
		if err != nil {
			t.Errorf("%s: %v", region, err)
			return
		}
		got = append(got, ev.Sequence)
	}
	after := a.set.Visible()
	if o.Backward {
		slices.Reverse(got)
	}
	least, most := a.selected(region, before, Options{}), a.selected(region, after, Options{})
	if len(got) < len(least) || len(got) > len(most) || !slices.Equal(got, most[:len(got)]) {
		t.Errorf("%s %+v: %d events, want %d to %d", region, o, len(got), len(least), len(most))
	}
}

// mustFind fails the test unless visible events are found by their ids, and their entities by their names.
func (a *archive) mustFind(t *testing.T, i int) {
	visible := a.set.Visible()
	if visible == 0 {
		return
	}
	want := &a.events[uint64(i*37)%visible]
	if found, err := a.reader.ByID(want.ID); err != nil || found.Sequence != want.Sequence {
		t.Errorf("id of %d: %+v, %v", want.Sequence, found, err)
	}
	if clock, err := a.reader.Clock(want.Entity()); err != nil || clock < want.Position.Clock {
		t.Errorf("clock of %s: %d, %v", want.Entity(), clock, err)
	}
	listed := false
	for name, err := range a.reader.Entities(want.Entity()[:2]) {
		if err != nil {
			t.Error(err)
		}
		listed = listed || name == want.Entity()
	}
	if !listed {
		t.Errorf("%s is not listed", want.Entity())
	}
	parts := a.index.Parts()
	tail := parts[len(parts)-1].Tail()
	if tail == nil {
		return
	}
	head, err := a.reader.Head(want.Entity(), index.Hash(index.Entity, want.Entity()), tail)
	if err != nil || want.Sequence < parts[len(parts)-1].First && head.Clock < want.Position.Clock {
		t.Errorf("head of %s: %+v, %v", want.Entity(), head, err)
	}
}
