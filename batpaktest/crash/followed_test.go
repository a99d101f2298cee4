// Those who follow: what a cursor, a reactor or a projection must not do is seen.

package crash

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/simdisk"
	"github.com/batpak/batpak/mmapseg"
)

// filled returns a session with a store that has some events.
func filled(t *testing.T) *session {
	t.Helper()
	s := newSession(t, 0)
	if err := s.append(60); err != nil {
		t.Fatal(err)
	}
	return s
}

func noExcuse(error) bool { return false }

// newFollower returns one who follows everything in the session's store, by what is known of it, from a new cursor on.
func newFollower(t *testing.T, s *session, h *history) *follower {
	t.Helper()
	f := &follower{history: h, tracked: nothing().track(s.store, 0, new(list), new(tally), noExcuse)}
	if err := f.open(&areas[len(areas)-1], 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func TestACursorThatReturnsSomethingElseIsSeen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(h *history)
		want   string // empty: nothing is wrong
	}{
		"what is there":              {func(*history) {}, ""},
		"an event too many":          {func(h *history) { h.held, h.facts = h.held[:50], h.facts[:50] }, "behind all"},
		"an event too few":           {func(h *history) { h.add(entry{Sequence: 1 << 20}, fact{}) }, "ends before"},
		"what is not next":           {func(h *history) { h.held = slices.Delete(slices.Clone(h.held), 3, 4) }, "returns sequence 4"},
		"another event in its place": {func(h *history) { h.held = slices.Clone(h.held); h.held[7].ID[0]++ }, "returns sequence 8"},
	} {
		s := filled(t)
		h := s.history
		c.change(h)
		err := newFollower(t, s, h).read(1<<20, true)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestWhatAcknowledgingMustNotDoIsSeen(t *testing.T) {
	t.Parallel()
	s := filled(t)
	f := newFollower(t, s, s.history)
	if err := f.read(10, true); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.ack(7), f.refuses(6), f.refuses(11), f.ack(7), f.ack(10), f.reset(3)); err != nil {
		t.Error(err)
	}
	if err := f.refuses(f.cursor.Position()); err == nil {
		t.Error("an acknowledgement that is taken counts as refused")
	}
	f.stand.Sure = at(5)
	if err := f.close(); err != nil {
		t.Fatal(err)
	}
	if err := f.open(f.area, 0); err == nil || !strings.Contains(err.Error(), "it is at 3, it was brought to 5") {
		t.Errorf("opened elsewhere: %v", err)
	}
}

func TestALossIsToldOnceInItsPlaceAndOnlyIfItIsRecorded(t *testing.T) {
	lost := mmapseg.Range{First: 10, Last: 20}
	loss := func(first, last uint64) error { return &engine.LossError{First: first, Last: last} }
	at := func(sequence uint64) *event.Event { return &event.Event{Header: event.Header{Sequence: sequence}} }
	for name, c := range map[string]struct {
		steps func(f *tracked) error
		want  string // empty: nothing is wrong
	}{
		"it is told":       {func(f *tracked) error { return returnAll(f, at(9), nil, nil, loss(10, 20), at(21), nil) }, ""},
		"it is not":        {func(f *tracked) error { return returnAll(f, at(9), nil, at(21), nil) }, "does not tell"},
		"it is told twice": {func(f *tracked) error { return returnAll(f, nil, loss(10, 20), nil, loss(10, 20)) }, "it tells that"},
		"another one":      {func(f *tracked) error { return returnAll(f, nil, loss(30, 40)) }, "it tells that"},
		"what goes back":   {func(f *tracked) error { return returnAll(f, at(9), nil, at(9), nil) }, "returns sequence 9 behind 9"},
		"it ends there":    {func(f *tracked) error { return errors.Join(returnAll(f, at(9), nil), f.past(21)) }, "does not tell"},
	} {
		f := &tracked{stand: standing{Given: []uint64{12}}, lost: []mmapseg.Range{lost}, to: new(list), count: new(tally), excused: noExcuse}
		err := c.steps(f)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// returnAll has a cursor return events, each followed by its error.
func returnAll(f *tracked, steps ...any) error {
	for i := 0; i < len(steps); i += 2 {
		ev, _ := steps[i].(*event.Event)
		err, _ := steps[i+1].(error)
		if _, err := f.returned(ev, err); err != nil {
			return err
		}
	}
	return nil
}

func TestCursorsThatAreGoneOrThatNobodyMadeAreSeen(t *testing.T) {
	t.Parallel()
	s := filled(t)
	if err := nothing().positions(s.store, s.history); err != nil {
		t.Errorf("without cursors: %v", err)
	}
	was := recordWith(t, &note{Kind: opened}, &note{Kind: moved, Stand: at(4)}).seen(1)
	if err := was.positions(s.store, s.history); err == nil || !strings.Contains(err.Error(), "is gone, it was at 4") {
		t.Errorf("one that is gone: %v", err)
	}
	if err := newFollower(t, s, s.history).close(); err != nil {
		t.Fatal(err)
	}
	if err := nothing().positions(s.store, s.history); err == nil || !strings.Contains(err.Error(), "it is at 0, it was brought to nowhere") {
		t.Errorf("one that is new: %v", err)
	}
	if err := s.store.ResetCursor("a stranger", engine.FromBeginning()); err != nil {
		t.Fatal(err)
	}
	if err := was.positions(s.store, s.history); err == nil || !strings.Contains(err.Error(), "nobody made") {
		t.Errorf("one that nobody made: %v", err)
	}
}

func TestAStateOfOtherEventsIsSeen(t *testing.T) {
	t.Parallel()
	s := filled(t)
	x := &trying{trial: &trial{}, tally: new(tally)}
	if err := x.project(s.history, s.store, 1, 20); err != nil {
		t.Errorf("as it is: %v", err)
	}
	s.held, s.facts = s.held[:59], s.facts[:59]
	if err := x.project(s.history, s.store, 1, 20); err == nil || !strings.Contains(err.Error(), "must") {
		t.Errorf("with an event more than is known: %v", err)
	}
}

func TestAReactorReactsToAllAndAgainAfterACrash(t *testing.T) {
	t.Parallel()
	disk := simdisk.New()
	dir := disk.Mount()
	store, err := opening{Policy: 1, Seed: 3}.open(dir)
	if err != nil {
		t.Fatal(err)
	}
	x := &trying{trial: &trial{Last: opening{Seed: 3}}, tally: new(tally)}
	s := x.session(new(history), nothing(), store, dir, x.Last, 1, new(list))
	if err := errors.Join(s.append(40), x.reactToAll(store, new(list))); err != nil {
		t.Fatal(err)
	}
	dir.Kill()
	_ = store.Close() // of no consequence
	again, err := opening{Policy: 1, Seed: 4}.open(disk.PowerCut(simdisk.Oldest).Mount())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(x.reactToAll(again, new(list)), x.reactToAll(again, new(list)), again.Close()); err != nil {
		t.Error(err)
	}
}
