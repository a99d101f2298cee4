// Plans against a linear scan: every event that a region selects is looked at, once, in order, and not much else.

package index

import (
	"slices"
	"testing"

	"github.com/batpak/batpak/event"
)

// read follows a plan and returns the sequences in the order in which they are looked at.
func read(t *testing.T, w *world, q Query) []uint64 {
	t.Helper()
	var sequences []uint64
	for p := w.finder.Plan(q); ; {
		step, ok, err := p.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return sequences
		}
		for _, ordinal := range step.Ordinals {
			sequences = append(sequences, step.First+uint64(ordinal))
		}
		if step.Ordinals != nil {
			continue
		}
		if step.From > step.To {
			t.Fatalf("a range from %d to %d", step.From, step.To)
		}
		for i := range step.To - step.From + 1 {
			if q.Backward {
				sequences = append(sequences, step.To-i)
			} else {
				sequences = append(sequences, step.From+i)
			}
		}
	}
}

// mustCover fails the test unless what was looked at ascends, or descends, and has all that the region selects.
func mustCover(t *testing.T, w *world, q Query, looked []uint64) {
	t.Helper()
	seen := map[uint64]bool{}
	for i, sequence := range looked {
		if i > 0 && (looked[i-1] >= sequence) != q.Backward || i > 0 && looked[i-1] == sequence {
			t.Fatalf("%s: sequence %d is looked at after %d", q.Region, sequence, looked[i-1])
		}
		if sequence > q.Visible || !slices.ContainsFunc(q.Region.Terms(), func(term event.Term) bool {
			from, to := term.Sequences()
			return sequence >= from && sequence <= to
		}) {
			t.Fatalf("%s, visible up to %d: sequence %d is looked at", q.Region, q.Visible, sequence)
		}
		seen[sequence] = true
	}
	for i := range w.events {
		if ev := &w.events[i]; ev.Sequence <= q.Visible && !seen[ev.Sequence] && q.Region.Matches(ev) {
			t.Fatalf("%s (backward %v, limit %d): sequence %d is left out: %+v", q.Region, q.Backward, q.Limit, ev.Sequence, ev)
		}
	}
}

func TestAPlanLeavesOutNoEventOfItsRegion(t *testing.T) {
	for seed := range uint64(rounds(40)) {
		w := newWorld(t, seed, 1+int(seed)%7, 50<<(seed%6))
		for range 100 {
			q := Query{Region: w.region(), Visible: w.visible(), Backward: w.random.IntN(2) == 0, Limit: w.random.IntN(3)}
			mustCover(t, w, q, read(t, w, q))
		}
	}
}

// TestAPlanLooksAtLittleElse says so of what names alone decide.
func TestAPlanLooksAtLittleElse(t *testing.T) {
	w := newWorld(t, 3, 6, 5000)
	visible := w.events[len(w.events)-1].Sequence
	for range rounds(300) {
		like := &w.events[w.random.IntN(len(w.events))]
		region := event.Everything()
		switch w.random.IntN(5) {
		case 0:
			region = event.Entity(like.Entity())
		case 1:
			region = event.Scope(like.Scope()).Kind(like.Kind)
		case 2:
			region = event.Tagged(like.Tags...).Category(like.Kind.Category())
		case 3:
			region = event.EntityPrefix(like.Entity()).Scope(like.Scope())
		case 4:
			region = event.OfKind(like.Kind)
		}
		looked, selected := read(t, w, Query{Region: region, Visible: visible}), 0
		for i := range w.events {
			if region.Matches(&w.events[i]) {
				selected++
			}
		}
		// What is dense is read whole, and what is rare in a part is left to the frames.
		if most := 2*selected + len(w.unknown) + 6*(blockEvents+fewEvents); len(looked) > most && selected < len(w.events)/8 {
			t.Errorf("%s: %d events are looked at, %d of %d selected", region, len(looked), selected, len(w.events))
		}
	}
}

func TestAPlanOfEverythingIsRanges(t *testing.T) {
	w := newWorld(t, 5, 5, 500)
	p := w.finder.Plan(Query{Visible: w.events[len(w.events)-1].Sequence})
	for steps := 0; ; steps++ {
		step, ok, err := p.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		if step.Ordinals != nil || steps > 5 {
			t.Fatalf("step %d: %d ordinals", steps, len(step.Ordinals))
		}
	}
}

func TestAPlanOfNothingHasNoSteps(t *testing.T) {
	w := newWorld(t, 5, 5, 500)
	last := w.events[len(w.events)-1].Sequence
	for _, region := range []event.Region{
		event.Nothing(), event.Everything().Sequences(last+1, 0), event.Scope("none"), event.Entity("none"), event.Tagged("tag00", "none"),
	} {
		for _, backward := range []bool{false, true} {
			looked := read(t, w, Query{Region: region, Visible: last, Backward: backward})
			for _, sequence := range looked {
				if !w.unknown[sequence] {
					t.Errorf("%s: sequence %d is looked at", region, sequence)
				}
			}
		}
	}
	if looked := read(t, w, Query{Region: event.Everything()}); len(looked) > 0 {
		t.Errorf("%d events are looked at, none is visible", len(looked))
	}
}

// oneEntity is a tail of so many events of one entity with two tags, every so often a hole between them; 0: none.
func oneEntity(events, hole uint32) *world {
	w := &world{index: new(Index), unknown: map[uint64]bool{}}
	w.finder = NewFinder(w.index, nil, nil)
	tail := NewTail(1 << 20)
	w.index.AddPart(NewPart(Identity{Number: 1}, 1, tail, nil))
	var e Entry
	for i := range events {
		ev := event.Event{Coordinate: event.MustAt("entity", "scope"), Tags: []string{"a", "b"}}
		ev.Sequence = uint64(i) + 1
		w.events = append(w.events, ev)
		if hole > 0 && i%hole == hole-1 {
			w.unknown[ev.Sequence] = true
			tail.Hole(i, i)
			continue
		}
		e.FillEvent(&ev)
		tail.Resolve(&e)
		tail.Enter(&e)
		tail.Add(&e, Place{Ordinal: i})
	}
	return w
}

// TestTheLastEventsOfAnEntityAreTakenFromTheEndOfItsChain: of a long chain, no more is walked than is wanted.
func TestTheLastEventsOfAnEntityAreTakenFromTheEndOfItsChain(t *testing.T) {
	w := oneEntity(10_000, 0)
	q := Query{Region: event.Entity("entity"), Visible: 10_000, Backward: true, Limit: 1}
	step, ok, err := w.finder.Plan(q).Next()
	if err != nil || !ok || len(step.Ordinals) != firstMost || step.Ordinals[0] != 9999 {
		t.Fatalf("%d ordinals, %v", len(step.Ordinals), err)
	}
	for _, hole := range []uint32{0, 7, 100, 9999} {
		w := oneEntity(10_000, hole)
		looked := read(t, w, q)
		mustCover(t, w, q, looked)
		if len(looked) != 10_000 {
			t.Errorf("a hole every %d: %d ordinals", hole, len(looked))
		}
	}
}

func TestTagsThatAreTogetherAreFoundFromEverySequenceOn(t *testing.T) {
	w := oneEntity(200, 0)
	for from := range uint64(200) {
		q := Query{Region: event.Tagged("a", "b").Sequences(from, 0), Visible: 200}
		mustCover(t, w, q, read(t, w, q))
	}
}
