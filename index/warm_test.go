// Warming reads filters and fences, and nothing else, and ends when it is told.

package index

import (
	"fmt"
	"testing"

	"github.com/batpak/batpak/event"
)

// warmed is an index of some parts, some of which a run covers, and what was asked to be brought in of the run.
func warmed(t *testing.T) (x *Index, run *Run, brought func() int) {
	x = new(Index)
	var inputs []RunInput
	for number := range uint64(5) {
		tail := NewTail(1 << 20)
		var e Entry
		for i := range uint32(2000) {
			e.Fill(&event.Draft{Coordinate: event.MustAt("entity", "scope"), Kind: event.Data, Key: fmt.Sprint("key", number, "-", i)}, 0)
			tail.AddFilled(&e, Head{}, Place{Ordinal: i})
		}
		part := NewPart(Identity{Number: number + 1}, 1+2000*number, tail, func(fn func()) error { fn(); return nil })
		if number < 4 {
			part.Seal(tableOf(t, tail))
		}
		if number < 3 {
			inputs = append(inputs, RunInput{Parts: []*Part{part}})
		}
		x.AddPart(part)
	}
	bytes := 0
	data := writeRun(t, inputs...)
	run, err := OpenRun(data, runOrigin, func(from, to int) { bytes += to - from }, func() error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	x.SetRuns([]*Run{run})
	return x, run, func() int { return bytes }
}

func TestWarmingReadsTheFiltersAndFencesOfAllParts(t *testing.T) {
	x, run, brought := warmed(t)
	_, table := x.Parts()[3].source()
	links, err := table.links()
	if err != nil {
		t.Fatal(err)
	}
	want := int64(0)
	for _, b := range []*runBody{&run.body, links} {
		l := &b.lists[listOf(Key)]
		want += l.leaves - l.filter
	}
	if got := x.Warm(Key, 1<<20, func() bool { return true }); got != want {
		t.Errorf("%d bytes were read, want %d", got, want)
	}
	before := brought()
	if before == 0 {
		t.Error("nothing of the run was brought in")
	}
	if passes, err := run.body.passes(&run.body.lists[listOf(Key)], Hash(Key, "key0-0")); err != nil || !passes || brought() != before {
		t.Errorf("asking the filter brings in more: %v, %v", passes, err)
	}
	if got := x.Warm(Cause, 1<<20, func() bool { return true }); got != 0 {
		t.Errorf("of lists without entries %d bytes were read", got)
	}
}

func TestWarmingReadsNoMoreThanItMay(t *testing.T) {
	x, run, brought := warmed(t)
	l := &run.body.lists[listOf(Key)]
	if got := x.Warm(Key, l.leaves-l.filter-1, func() bool { return true }); got > l.leaves-l.filter-1 || brought() != 0 {
		t.Errorf("%d bytes were read", got)
	}
	x, _, brought = warmed(t)
	if got := x.Warm(Key, 1<<20, func() bool { return false }); got != 0 || brought() != 0 {
		t.Errorf("%d bytes were read by who was told not to", got)
	}
}

func TestWarmingLeavesDamageToThoseWhoAsk(t *testing.T) {
	x, run, _ := warmed(t)
	if err := run.Close(); err != nil {
		t.Fatal(err)
	}
	x.Parts()[3].Seal(damagedTable(t, 2000))
	if got := x.Warm(Key, 1<<20, func() bool { return true }); got != 0 {
		t.Errorf("%d bytes were read of what can't be read", got)
	}
}
