// The checks of units: what breaks a promise is seen.

package crash

import (
	"slices"
	"strings"
	"testing"

	"github.com/batpak/batpak/event"
)

// batchOf returns a batch of so many events with keys of all kinds.
func batchOf(n int) *unit {
	u := &unit{First: stamp{laneOf(1, small, 0) | keyedLane, 7}, Batch: true, Key: true, Items: make([]item, n)}
	u.Items[1].Key = true
	return u
}

// one is an event of a unit as it is read.
type one struct {
	unit     *unit
	item     int
	sequence uint64
}

func inOrder(u *unit, from uint64) (all []one) {
	for i := range u.Items {
		all = append(all, one{u, i, from + uint64(i)})
	}
	return all
}

// readUnits checks events as they are read, and returns what is wrong.
func readUnits(events []one) string {
	x := new(examination)
	for _, e := range events {
		s := e.unit.stamp(e.item)
		ev := eventOf(s, e.sequence, x.heads[s.entity()].Clock+1)
		x.label = e.unit.label(e.item)
		if err := x.inUnit(ev, s); err != nil {
			return err.Error()
		}
		x.add(entryOf(ev), fact{clock: ev.Position.Clock, correlation: ev.ID})
		x.last = ev.Header
	}
	if err := x.unit.over(); err != nil {
		return err.Error()
	}
	return ""
}

func TestABatchThatIsNotWholeIsSeen(t *testing.T) {
	before, u, behind := alone(stamp{laneOf(1, small, 1), 1}, event.ID{}), batchOf(4), alone(stamp{laneOf(1, small, 1), 2}, event.ID{})
	whole := slices.Concat(inOrder(before, 1), inOrder(u, 2), inOrder(behind, 6))
	if text := readUnits(whole); text != "" {
		t.Errorf("a batch that is whole: %s", text)
	}
	for i := 1; i <= 4; i++ {
		if text := readUnits(slices.Delete(slices.Clone(whole), i, i+1)); !strings.Contains(text, "of a batch") {
			t.Errorf("without item %d: %q", i-1, text)
		}
		if text := readUnits(whole[:1+i]); i < 4 && !strings.Contains(text, "there are the first") {
			t.Errorf("the first %d at the end: %q", i, text)
		}
	}
	for name, change := range map[string]func(all []one){
		"with two items that changed places": func(all []one) { all[2], all[3] = all[3], all[2] },
		"with a gap in it":                   func(all []one) { all[4].sequence = 60 },
		"with an item of another one":        func(all []one) { all[3].unit = &unit{First: stamp{77, 1}, Batch: true, Items: u.Items} },
	} {
		changed := slices.Clone(whole)
		change(changed)
		if text := readUnits(changed); text == "" {
			t.Errorf("a batch %s is taken for whole", name)
		}
	}
}

func TestAKeyThatIsThereTwiceIsSeen(t *testing.T) {
	single := alone(stamp{laneOf(1, small, 0) | keyedLane, 1}, event.ID{})
	single.Items[0].Key = true
	for _, u := range []*unit{batchOf(3), single} {
		if text := readUnits(slices.Concat(inOrder(u, 1), inOrder(u, 5))); !strings.Contains(text, "idempotency key") {
			t.Errorf("a unit of %d events twice: %q", len(u.Items), text)
		}
	}
}

func TestAnEventWhoseConditionDidNotHoldIsSeen(t *testing.T) {
	first := alone(stamp{laneOf(1, small, 0), 1}, event.ID{})
	for _, c := range []claim{
		{Kind: ownClock, Number: 30}, {Kind: ownLast, ID: event.ID{1}}, {Kind: entityClock, Number: 30}, {Kind: entityLast, ID: event.ID{1}},
		{Kind: noneAfter, What: uint8(len(areas) - 1), Number: 0},
	} {
		for _, u := range []*unit{alone(stamp{laneOf(1, small, 0), 2}, event.ID{}), batchOf(3)} {
			last := len(u.Items) - 1
			u.Items[last].Claims = []claim{c}
			if text := readUnits(slices.Concat(inOrder(first, 1), inOrder(u, 2))); !strings.Contains(text, "on condition") {
				t.Errorf("%s, in a unit of %d events: %q", &c, len(u.Items), text)
			}
			u.Items[last].Claims = nil
			if text := readUnits(slices.Concat(inOrder(first, 1), inOrder(u, 2))); text != "" {
				t.Errorf("without a condition: %s", text)
			}
		}
	}
}

func TestACauseThatIsNotAsItWasGivenIsSeen(t *testing.T) {
	root := event.MakeID(1, 0, 0)
	for name, c := range map[string]struct {
		change func(ev *event.Event, l *label)
		broken bool
	}{
		"no cause":                {func(ev *event.Event, _ *label) { ev.Correlation = ev.ID }, false},
		"a depth without a cause": {func(ev *event.Event, _ *label) { ev.Correlation, ev.Position.Depth = ev.ID, 1 }, true},
		"somebody's conversation": {func(ev *event.Event, _ *label) { ev.Correlation = root }, true},
		"a cause": {func(ev *event.Event, _ *label) {
			ev.Correlation, ev.Cause, ev.CauseSequence, ev.Position.Depth = ev.ID, root, 1, 4
		}, false},
		"a cause at another sequence": {func(ev *event.Event, _ *label) {
			ev.Correlation, ev.Cause, ev.CauseSequence, ev.Position.Depth = ev.ID, root, 2, 4
		}, true},
		"a cause and no depth":            {func(ev *event.Event, _ *label) { ev.Correlation, ev.Cause, ev.CauseSequence = ev.ID, root, 1 }, true},
		"a reaction":                      {func(ev *event.Event, l *label) { reacting(ev, l, root, event.ID{9}) }, false},
		"a reaction that is on its own":   {func(ev *event.Event, l *label) { reacting(ev, l, root, ev.ID) }, true},
		"a cause that is no earlier item": {func(ev *event.Event, l *label) { reacting(ev, l, root, event.ID{9}); l.cause = 1 }, true},
	} {
		x := new(examination)
		x.add(entry{Sequence: 1, ID: root}, fact{clock: 1, depth: 3, correlation: event.ID{9}})
		x.add(entry{Sequence: 2, ID: event.MakeID(2, 0, 0)}, fact{clock: 2})
		x.unit.at = 1 // the batch begins behind the root
		ev := eventOf(stamp{1, 1}, 3, 1)
		c.change(ev, &x.label)
		if err := x.cause(ev); (err != nil) != c.broken {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func reacting(ev *event.Event, l *label, root, conversation event.ID) {
	ev.Correlation, ev.Cause, ev.CauseSequence, ev.Position.Depth = conversation, root, 1, 4
	l.items, l.flags = 1, reacts
}
