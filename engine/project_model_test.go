// The model of projections: whatever is appended, asked, closed, killed and cut, a state is that of the naive fold up to the
// sequence that it says, and as new as was asked for.

package engine_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"pgregory.net/rapid"
)

// projector drives one store and its projections.
type projector struct {
	device  *device
	store   *engine.Store
	folds   *folds
	options engine.Options
}

func TestProjectionsAnswerLikeANaiveFoldWhateverHappens(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &projector{device: newDevice(nothing()), folds: newFolds(), options: engine.Options{Sync: engine.SyncManual(), SegmentSize: engine.MinSegmentSize}}
		m.options.Cache.FileEvents = rapid.SampledFrom([]int{1, 3}).Draw(t, "file events")
		if rapid.Bool().Draw(t, "in files") {
			m.options.Cache.FileBytes = engine.MinCacheFileBytes
		}
		m.store = mustOpenDir(t, m.device, m.options)
		defer func() { _ = m.store.Close() }()
		t.Repeat(rapid.StateMachineActions(m))
	})
}

// Check has nothing to look at between two steps.
func (m *projector) Check(*rapid.T) {}

// Append appends some events of one entity.
func (m *projector) Append(t *rapid.T) {
	for range rapid.IntRange(1, 8).Draw(t, "events") {
		at := event.MustAt(fmt.Sprint("e", rapid.IntRange(0, 3).Draw(t, "entity")), "scope")
		kind := event.MustKind(1, uint16(rapid.IntRange(0, 2).Draw(t, "kind")))
		if _, err := m.store.AppendBytes(at, kind, event.CodecRaw, nil); err != nil {
			t.Fatalf("append: %v", err)
		}
	}
}

// Project asks for one of few regions.
func (m *projector) Project(t *rapid.T) {
	visible := m.store.Stats().Visible
	regions := []event.Region{
		event.Entity("e0"), event.Entity("e1"), event.Everything(), event.EntityPrefix("e"), event.OfKind(event.MustKind(1, 1)),
		event.Union(event.Entity("e0"), event.OfKind(event.MustKind(1, 2))), event.Entity("e2").Clocks(2, 4), event.Everything().Sequences(3, 9),
	}
	region := regions[rapid.IntRange(0, len(regions)-1).Draw(t, "region")]
	fresh, least := engine.Consistent(), visible
	switch rapid.IntRange(0, 2).Draw(t, "freshness") {
	case 1:
		fresh, least = engine.MayBeStale(time.Hour), 0
	case 2:
		least = rapid.Uint64Range(0, visible).Draw(t, "at least")
		if _, err := m.folds.ask(context.Background(), "flat", m.store, region, engine.AtLeast(least)); err != nil { // lost
			return
		}
		fresh = engine.AtLeast(least)
	}
	for _, way := range ways {
		got, err := m.folds.ask(context.Background(), way, m.store, region, fresh)
		if err != nil {
			t.Fatalf("%s of %v: %v", way, region, err)
		}
		want := naive(t, m.store, region, got.sequence)
		if got.Events != want.Events || got.Order != want.Order || got.last != want.Last {
			t.Fatalf("%s of %v: %+v, want %+v", way, region, got, want)
		}
		if got.sequence < least || got.sequence > visible {
			t.Fatalf("%s goes up to %d, want %d to %d", way, got.sequence, least, visible)
		}
	}
}

// Each asks for all entities at once.
func (m *projector) Each(t *rapid.T) {
	states, err := engine.ProjectEach(context.Background(), m.store, m.folds.tally, event.Everything(), engine.Consistent())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		name := fmt.Sprint("e", i)
		want := naive(t, m.store, event.Entity(name), m.store.Stats().Visible)
		if got := states[name]; got.Value.Order != want.Order || got.Value.Events != want.Events || got.Last != want.Last {
			t.Fatalf("%s: %+v, want %+v", name, got, want)
		}
	}
}

// Sync makes what there is durable.
func (m *projector) Sync(t *rapid.T) {
	if err := m.store.Sync(); err != nil {
		t.Fatal(err)
	}
}

// Reopen closes, kills or cuts the power, and opens what is left.
func (m *projector) Reopen(t *rapid.T) {
	left := m.device.kill()
	switch rapid.IntRange(0, 2).Draw(t, "end") {
	case 0:
		mustClose(t, m.store)
		left = m.device.kill()
	case 1:
		left = m.device.cut(nil)
		fallthrough
	default:
		_ = m.store.Close() // which nobody sees any more
	}
	m.device = newDevice(left)
	m.store = mustOpenDir(t, m.device, m.options)
}
