// Cursors as they are meant to be used: read, acknowledge, go on in the next opening.

package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
)

// mustCursor opens a cursor of everything, which is closed after the test.
func mustCursor(t *testing.T, s *engine.Store, name string) *engine.Cursor {
	t.Helper()
	return mustCursorOf(t, s, event.Everything(), engine.CursorOptions{Name: name})
}

func mustCursorOf(t *testing.T, s *engine.Store, region event.Region, o engine.CursorOptions) *engine.Cursor {
	t.Helper()
	c, err := s.CursorGuaranteed(region, o)
	if err != nil {
		t.Fatalf("open cursor %q: %v", o.Name, err)
	}
	t.Cleanup(func() { _ = c.Close() }) // tests that care call it themselves
	return c
}

// mustPoll fails the test unless the cursor returns these sequences, and then nothing.
func mustPoll(t *testing.T, c *engine.Cursor, want ...uint64) {
	t.Helper()
	if got := pollAll(t, c); !slices.Equal(got, want) {
		t.Fatalf("cursor %q returns %v, want %v", c.Name(), got, want)
	}
}

// pollAll returns the sequences that are there.
func pollAll(t *testing.T, c *engine.Cursor) (sequences []uint64) {
	t.Helper()
	for {
		ev, ok, err := c.Poll()
		switch {
		case err != nil:
			t.Fatalf("poll cursor %q behind %v: %v", c.Name(), sequences, err)
		case !ok:
			return sequences
		}
		sequences = append(sequences, ev.Sequence)
	}
}

func mustAck(t *testing.T, c *engine.Cursor, sequence uint64) {
	t.Helper()
	if err := c.Ack(sequence); err != nil {
		t.Fatalf("acknowledge %d: %v", sequence, err)
	}
	if got := c.Acked(); got != sequence {
		t.Fatalf("acknowledged %d, and Acked says %d", sequence, got)
	}
}

// mustStand fails the test unless the cursor is there.
func mustStand(t *testing.T, c *engine.Cursor, acked, position, lag uint64) {
	t.Helper()
	if c.Acked() != acked || c.Position() != position || c.Lag() != lag {
		t.Fatalf("acknowledged %d, position %d, lag %d, want %d, %d, %d", c.Acked(), c.Position(), c.Lag(), acked, position, lag)
	}
}

// mustStillWait fails the test if a call returned, once everything in the bubble has come to rest.
func mustStillWait(t *testing.T, what string, done <-chan error) {
	t.Helper()
	synctest.Wait()
	mustNotBeDone(t, what, done)
}

// upTo returns the sequences from first to last.
func upTo(first, last uint64) (sequences []uint64) {
	for n := first; n <= last; n++ {
		sequences = append(sequences, n)
	}
	return sequences
}

func TestACursorReturnsEveryEventOfItsRegionInOrderWithAllThatItHolds(t *testing.T) {
	t.Parallel()
	s := openFor(t, vfs.NewMemory(), small(engine.SyncManual()))
	events := mustAppend(t, s, 400) // over several segments
	for _, region := range []event.Region{
		event.Everything(), event.Entity("entity-1"), event.Union(event.Entity("entity-0"), event.Entity("entity-2")), event.Entity("nobody"),
		event.Everything().Sequences(100, 200),
	} {
		c := mustCursorOf(t, s, region, engine.CursorOptions{})
		var got history
		for {
			ev, ok, err := c.Poll()
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			got = append(got, ev.Clone())
		}
		want := slices.DeleteFunc(slices.Clone(events), func(ev event.Event) bool { return !region.Matches(&ev) })
		mustEqual(t, got, want)
		if got := c.Position(); got != 400 {
			t.Errorf("%s: position %d when all was looked at, want 400", region, got)
		}
	}
}

func TestACursorWithoutANameBeginsWhereItIsTold(t *testing.T) {
	t.Parallel()
	s := openFor(t, vfs.NewMemory(), small(engine.SyncEveryAppend()))
	mustAppend(t, s, 3)
	want := map[engine.Start][]uint64{
		{}: upTo(1, 5), engine.FromBeginning(): upTo(1, 5), engine.FromNow(): {4, 5},
		engine.FromAfter(0): upTo(1, 5), engine.FromAfter(2): upTo(3, 5), engine.FromAfter(3): {4, 5},
	}
	cursors := make(map[engine.Start]*engine.Cursor)
	for start := range want {
		cursors[start] = mustCursorOf(t, s, event.Everything(), engine.CursorOptions{Start: start})
	}
	mustAppend(t, s, 2)
	for start, c := range cursors {
		if got := pollAll(t, c); !slices.Equal(got, want[start]) {
			t.Errorf("%s: got %v, want %v", start, got, want[start])
		}
	}
}

func TestANamedCursorGoesOnBehindWhatWasAcknowledgedInTheNextOpening(t *testing.T) {
	t.Parallel()
	dir := vfs.NewMemory()
	s := openFor(t, dir, small(engine.SyncEveryAppend()))
	mustAppend(t, s, 5)
	c := mustCursor(t, s, "orders")
	mustPoll(t, c, 1, 2, 3, 4, 5)
	mustStand(t, c, 0, 5, 5)
	mustAck(t, c, 3)
	mustStand(t, c, 3, 5, 2)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}

	c = mustCursor(t, s, "orders") // in the same store
	mustStand(t, c, 3, 3, 2)
	mustPoll(t, c, 4, 5)
	mustAck(t, c, 4)
	mustClose(t, s) // with the cursor open

	s = openFor(t, dir, small(engine.SyncEveryAppend()))
	c = mustCursorOf(t, s, event.Everything(), engine.CursorOptions{Name: "orders", Start: engine.FromNow()})
	mustAppend(t, s, 1)
	mustPoll(t, c, 5, 6)
	mustAck(t, c, 6)
	mustClose(t, s)

	s = openFor(t, dir, small(engine.SyncEveryAppend()))
	c = mustCursorOf(t, s, event.Entity("entity-1"), engine.CursorOptions{Name: "orders"}) // the name stands for a position
	mustAppend(t, s, 3)
	mustPoll(t, c, 8)
	mustStand(t, c, 6, 9, 3)
	mustAck(t, c, 9)
}

func TestANewNamedCursorHasItsPlaceFromItsOpeningOn(t *testing.T) {
	t.Parallel()
	dir := vfs.NewMemory()
	s := openFor(t, dir, small(engine.SyncEveryAppend()))
	mustAppend(t, s, 2)
	mustCursorOf(t, s, event.Everything(), engine.CursorOptions{Name: "news", Start: engine.FromNow()})
	mustAppend(t, s, 2) // before it acknowledges anything
	mustClose(t, s)
	s = openFor(t, dir, small(engine.SyncEveryAppend()))
	mustAppend(t, s, 1)
	mustPoll(t, mustCursorOf(t, s, event.Everything(), engine.CursorOptions{Name: "news", Start: engine.FromNow()}), 3, 4, 5)
}

func TestNextWaitsForAnEventOfTheRegion(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, _ := slowStore(t, small(engine.SyncEveryAppend()))
		c := mustCursorOf(t, s, event.Entity("entity-1"), engine.CursorOptions{})
		sequences := make(chan uint64)
		next := call(func() error {
			for range 2 {
				ev, err := c.Next(t.Context())
				if err != nil {
					return err
				}
				sequences <- ev.Sequence
			}
			return nil
		})
		mustAppend(t, s, 1) // of another entity
		mustStillWait(t, "Next", next)
		mustAppend(t, s, 2)
		if got := <-sequences; got != 3 {
			t.Errorf("got %d, want 3", got)
		}
		mustAppend(t, s, 3)
		if got := <-sequences; got != 5 {
			t.Errorf("got %d, want 5", got)
		}
		if err := <-next; err != nil {
			t.Error(err)
		}
	})
}

func TestUnderEveryAppendACursorSeesDurableEventsOnly(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range everyPolicy {
			s, d := slowStore(t, small(policy))
			c := mustCursor(t, s, "x")
			d.hold()
			mustStage(t, s, 3)
			want := upTo(1, visibleOf(policy, 3, 0))
			mustPoll(t, c, want...)
			d.release(nil)
			if err := s.Sync(); err != nil {
				t.Fatal(err)
			}
			mustPoll(t, c, upTo(uint64(len(want))+1, 3)...)
			mustClose(t, s)
		}
	})
}

func TestPullIntoReadsWhatIsThereAndReusesMemory(t *testing.T) {
	t.Parallel()
	s := openFor(t, vfs.NewMemory(), small(engine.SyncManual()))
	events := mustAppend(t, s, 250)
	c := mustCursor(t, s, "pulled")
	into := make([]event.Event, 100)
	var got history
	for _, want := range []int{100, 100, 50} {
		n, err := c.PullInto(t.Context(), into)
		if err != nil || n != want {
			t.Fatalf("got %d, %v, want %d", n, err, want)
		}
		if got := c.Position(); got != into[n-1].Sequence {
			t.Errorf("position %d, want %d", got, into[n-1].Sequence)
		}
		for _, ev := range into[:n] {
			got = append(got, ev.Clone())
		}
	}
	mustEqual(t, got, events)
	mustAck(t, c, 250)

	payload := &into[0].Payload[:1][0]
	r, err := s.Append(here, event.Data, "x")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := c.PullInto(t.Context(), into); n != 1 || err != nil || into[0].Sequence != r.Sequence {
		t.Fatalf("got %d, %v, sequence %d, want 1 and %d", n, err, into[0].Sequence, r.Sequence)
	}
	if &into[0].Payload[0] != payload {
		t.Error("the payload has new memory, though there was room")
	}
}

func TestAcknowledgingTheFutureOrThePastIsRefusedAndChangesNothing(t *testing.T) {
	t.Parallel()
	dir := vfs.NewMemory()
	s := openFor(t, dir, small(engine.SyncEveryAppend()))
	mustAppend(t, s, 5)
	for _, name := range []string{"", "named"} {
		c := mustCursor(t, s, name)
		for range 4 {
			if _, err := c.Next(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		mustAck(t, c, 2)
		for _, sequence := range []uint64{0, 1, 5, 6, 1<<64 - 1} {
			err := c.Ack(sequence)
			var refused *engine.AckError
			if !errors.As(err, &refused) || !errors.Is(err, engine.ErrInvalid) || *refused != (engine.AckError{Name: name, Sequence: sequence, Acked: 2, Position: 4}) {
				t.Errorf("cursor %q: acknowledging %d: got %v", name, sequence, err)
			}
			mustStand(t, c, 2, 4, 3)
		}
		mustAck(t, c, 2)
		mustAck(t, c, 4)
	}
	if got := s.Stats().Cursors; got.Acks != 2 || got.Open != 2 {
		t.Errorf("%+v, want 2 open and 2 acknowledgements: the same again is none", got)
	}
}

func TestResetMovesACursorDurably(t *testing.T) {
	t.Parallel()
	dir := vfs.NewMemory()
	s := openFor(t, dir, small(engine.SyncEveryAppend()))
	mustAppend(t, s, 5)
	for _, c := range []struct {
		to   engine.Start
		want []uint64
	}{
		{engine.FromAfter(2), upTo(3, 5)}, {engine.FromNow(), nil}, {engine.FromBeginning(), upTo(1, 5)},
		{engine.FromAfter(5), nil}, {engine.Start{}, upTo(1, 5)},
	} {
		for _, name := range []string{"", "named"} {
			cursor := mustCursor(t, s, name)
			pollAll(t, cursor)
			mustAck(t, cursor, 5)
			if err := cursor.Reset(c.to); err != nil {
				t.Fatal(err)
			}
			mustPoll(t, cursor, c.want...)
			if err := cursor.Close(); err != nil {
				t.Fatal(err)
			}
			if name == "" {
				continue
			}
			cursor = mustCursor(t, s, name)
			mustPoll(t, cursor, c.want...)
			if err := cursor.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	c := mustCursor(t, s, "named")
	before := c.Acked()
	err := c.Reset(engine.FromAfter(6))
	mustRefuseOption(t, err, "Start")
	if got := c.Acked(); got != before {
		t.Errorf("a refused Reset moved the cursor to %d", got)
	}
}

// mustRefuseOption fails the test unless an option was refused, and the error names it, its value and its range.
func mustRefuseOption(t *testing.T, err error, field string) {
	t.Helper()
	var refused *engine.OptionError
	if !errors.As(err, &refused) || !errors.Is(err, engine.ErrInvalid) || refused.Field != field || refused.Range == "" {
		t.Errorf("got %v, want an OptionError about %s", err, field)
	}
}

func TestAWaitingNextGoesOnWhereResetMovesTheCursor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, _ := slowStore(t, small(engine.SyncEveryAppend()))
		mustAppend(t, s, 3)
		for _, ctx := range []context.Context{t.Context(), context.Background()} {
			c := mustCursorOf(t, s, event.Everything(), engine.CursorOptions{Start: engine.FromNow()})
			next := call(func() error {
				ev, err := c.Next(ctx)
				if err == nil && ev.Sequence != 2 {
					err = fmt.Errorf("sequence %d", ev.Sequence)
				}
				return err
			})
			mustStillWait(t, "Next", next)
			if err := c.Reset(engine.FromAfter(1)); err != nil {
				t.Fatal(err)
			}
			if err := <-next; err != nil {
				t.Errorf("Next returned %v, want event 2", err)
			}
		}
	})
}
