// Cursors over unclean ends: who may have seen what was lost is told, in its place, until that is acknowledged.

package engine_test

import (
	"errors"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// mustLose fails the test unless the cursor tells of exactly this next.
func mustLose(t *testing.T, c *engine.Cursor, want engine.LossError) {
	t.Helper()
	ev, ok, err := c.Poll()
	var loss *engine.LossError
	if !errors.As(err, &loss) || !errors.Is(err, engine.ErrLost) || *loss != want || ok || !ev.IsZero() {
		t.Fatalf("got %v, %v, want %v", ev, err, &want)
	}
}

// lastLost returns the range that the store's opening gave up.
func lastLost(t *testing.T, s *engine.Store) engine.LossError {
	t.Helper()
	lost := s.Report().Lost
	if len(lost) == 0 {
		t.Fatal("nothing was lost")
	}
	last := lost[len(lost)-1]
	return engine.LossError{First: last.First, Last: last.Last}
}

// crash cuts the power, with what was staged and not synced lost, and opens the store again.
func crash(t *testing.T, d *device, policy engine.SyncPolicy) (*engine.Store, *device) {
	t.Helper()
	d = newDevice(d.cut(nil))
	return openFor(t, d, small(policy)), d
}

func TestACursorThatIsAheadOfWhatSurvivedIsToldAndGoesOnBehind(t *testing.T) {
	t.Parallel()
	d := newDevice(nothing())
	s := openFor(t, d, small(engine.SyncManual()))
	mustStage(t, s, 5)
	mustSync(t, s)
	mustStage(t, s, 5)
	c := mustCursor(t, s, "ahead")
	mustPoll(t, c, upTo(1, 10)...)
	mustAck(t, c, 8)

	s, d = crash(t, d, engine.SyncManual())
	loss := lastLost(t, s)
	if loss.First != 6 {
		t.Fatalf("lost is %+v, want all from 6 on", loss)
	}
	loss.Position = 8
	c = mustCursor(t, s, "ahead")
	mustStand(t, c, 8, 8, loss.Last-8)
	mustLose(t, c, loss)
	mustPoll(t, c)
	mustStand(t, c, 8, loss.Last, loss.Last-8)
	mustStage(t, s, 2)
	mustPoll(t, c, loss.Last+1, loss.Last+2)
	if err := c.Close(); err != nil { // nothing was acknowledged
		t.Fatal(err)
	}
	c = mustCursor(t, s, "ahead")
	mustLose(t, c, loss)
	mustAck(t, c, loss.Last-1) // that is not all of it
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = mustCursor(t, s, "ahead")
	loss.Position = loss.Last - 1
	mustLose(t, c, loss)
	mustAck(t, c, loss.Last)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = mustCursor(t, s, "ahead")
	mustPoll(t, c, loss.Last+1, loss.Last+2)
	mustSync(t, s)
	mustAck(t, c, loss.Last+2)

	first := loss
	s, _ = crash(t, d, engine.SyncManual()) // and once more, with nothing seen of what is lost
	c = mustCursor(t, s, "ahead")
	loss = lastLost(t, s)
	loss.Position = first.Last + 2
	mustLose(t, c, loss)
	mustPoll(t, c)
}

func TestACursorBelowALostRangeIsToldWhenItCrossesIt(t *testing.T) {
	t.Parallel()
	d := newDevice(nothing())
	s := openFor(t, d, small(engine.SyncEveryAppend()))
	mustAppend(t, s, 5)
	c := mustCursor(t, s, "behind")
	mustPoll(t, c, upTo(1, 5)...)
	mustAck(t, c, 2)

	s, _ = crash(t, d, engine.SyncEveryAppend())
	loss := lastLost(t, s)
	loss.Position = 5
	mustAppend(t, s, 2)
	c = mustCursor(t, s, "behind")
	for n := range uint64(3) {
		if ev, ok, err := c.Poll(); !ok || err != nil || ev.Sequence != 3+n {
			t.Fatalf("got %v, %v, %v, want event %d", ev, ok, err, 3+n)
		}
	}
	mustStand(t, c, 2, 5, loss.Last+2-2)
	mustAck(t, c, 5)
	mustLose(t, c, loss)
	mustPoll(t, c, loss.Last+1, loss.Last+2)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = mustCursor(t, s, "behind")
	mustLose(t, c, loss) // 5 was acknowledged, which is before it
	mustPoll(t, c, loss.Last+1, loss.Last+2)
	mustAck(t, c, loss.Last+1) // an event behind it
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	mustPoll(t, mustCursor(t, s, "behind"), loss.Last+2)
}

func TestSeveralLostRangesAreToldOneByOneInTheirPlaces(t *testing.T) {
	t.Parallel()
	d := newDevice(nothing())
	s := openFor(t, d, small(engine.SyncEveryAppend()))
	mustCursor(t, s, "patient")
	mustAppend(t, s, 1)
	for range 3 { // behind the second one there is no event
		s, d = crash(t, d, engine.SyncEveryAppend())
		if len(s.Report().Lost) != 2 {
			mustAppend(t, s, 1)
		}
	}
	lost := s.Report().Lost
	read := func(c *engine.Cursor, pull func(*engine.Cursor) (uint64, error)) {
		t.Helper()
		want := []engine.LossError{
			{Position: 1}, {Position: 1, First: lost[0].First, Last: lost[0].Last}, {Position: lost[0].Last + 1},
			{Position: lost[0].Last + 1, First: lost[1].First, Last: lost[1].Last}, {Position: lost[1].Last, First: lost[2].First, Last: lost[2].Last},
			{Position: lost[2].Last + 1},
		}
		for n, want := range want {
			sequence, err := pull(c)
			var loss *engine.LossError
			switch {
			case want.First == 0 && (err != nil || sequence != want.Position):
				t.Fatalf("step %d: got %d, %v, want event %d", n, sequence, err, want.Position)
			case want.First != 0 && (!errors.As(err, &loss) || *loss != want):
				t.Fatalf("step %d: got %d, %v, want %v", n, sequence, err, &want)
			}
		}
		mustPoll(t, c)
	}
	c := mustCursor(t, s, "patient")
	read(c, func(c *engine.Cursor) (uint64, error) {
		ev, err := c.Next(t.Context())
		return ev.Sequence, err
	})
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	read(mustCursor(t, s, "patient"), func(c *engine.Cursor) (uint64, error) { // no event and no loss is left out, or told too early
		into := make([]event.Event, 10)
		before := c.Position()
		n, err := c.PullInto(t.Context(), into)
		if n > 1 || n == 1 && (err != nil || c.Position() != into[0].Sequence) || n == 0 && c.Position() == before && err == nil {
			t.Fatalf("got %d events and %v, position %d", n, err, c.Position())
		}
		return into[0].Sequence, err
	})
}

func TestANewCursorIsNotToldOfWhatWasLostBefore(t *testing.T) {
	t.Parallel()
	d := newDevice(nothing())
	s := openFor(t, d, small(engine.SyncEveryAppend()))
	mustAppend(t, s, 2)
	s, d = crash(t, d, engine.SyncEveryAppend())
	loss := lastLost(t, s)
	mustAppend(t, s, 1)
	for _, name := range []string{"", "new"} {
		c := mustCursor(t, s, name)
		mustPoll(t, c, 1, 2, loss.Last+1)
		mustStand(t, c, 0, loss.Last+1, loss.Last+1)
	}

	s, _ = crash(t, d, engine.SyncEveryAppend()) // now it is not new any more
	second := lastLost(t, s)
	second.Position = loss.Last + 1
	c := mustCursor(t, s, "new")
	for range 3 {
		if _, ok, err := c.Poll(); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	mustLose(t, c, second)
	mustPoll(t, c)

	if err := c.Reset(engine.FromBeginning()); err != nil { // as new again
		t.Fatal(err)
	}
	mustPoll(t, c, 1, 2, loss.Last+1)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.ResetCursor("new", engine.FromAfter(1)); err != nil {
		t.Fatal(err)
	}
	mustPoll(t, mustCursor(t, s, "new"), 2, loss.Last+1)
}

func TestACursorThatBeginsWithinALostRangeIsToldOfIt(t *testing.T) {
	t.Parallel()
	d := newDevice(nothing())
	s := openFor(t, d, small(engine.SyncEveryAppend()))
	mustAppend(t, s, 2)
	s, d = crash(t, d, engine.SyncEveryAppend())
	mustAppend(t, s, 1)
	s, _ = crash(t, d, engine.SyncEveryAppend())
	lost := s.Report().Lost
	for _, inside := range []uint64{lost[0].First, lost[0].First + 5, lost[0].Last} {
		for _, name := range []string{"", "begun"} {
			c := mustCursorOf(t, s, event.Everything(), engine.CursorOptions{Name: name, Start: engine.FromAfter(inside)})
			mustLose(t, c, engine.LossError{Position: inside, First: lost[0].First, Last: lost[0].Last})
			if ev, ok, err := c.Poll(); !ok || err != nil || ev.Sequence != lost[0].Last+1 {
				t.Fatalf("got %v, %v, %v, want event %d", ev, ok, err, lost[0].Last+1)
			}
			mustLose(t, c, engine.LossError{Position: lost[0].Last + 1, First: lost[1].First, Last: lost[1].Last}) // came after what it knew, too
			mustPoll(t, c)
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.RemoveCursor("begun"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatIsBehindALostRangeOfAQuietRegionIsWaitedForOnceTheLossIsTold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newDevice(nothing())
		s := openFor(t, d, small(engine.SyncEveryAppend()))
		mustCursorOf(t, s, event.Entity("quiet"), engine.CursorOptions{Name: "quiet"})
		mustAppend(t, s, 2)
		s, _ = crash(t, d, engine.SyncEveryAppend())
		loss := lastLost(t, s)
		mustAppend(t, s, 2)
		c := mustCursorOf(t, s, event.Entity("quiet"), engine.CursorOptions{Name: "quiet"})
		_, err := c.Next(t.Context()) // at once
		var told *engine.LossError
		if !errors.As(err, &told) || told.First != loss.First || told.Last != loss.Last {
			t.Fatalf("got %v, want %v", err, &loss)
		}
		next := call(func() error { _, err := c.Next(t.Context()); return err })
		mustStillWait(t, "Next", next)
		if _, err := s.Append(event.MustAt("quiet", "scope"), event.Data, "x"); err != nil {
			t.Fatal(err)
		}
		if err := <-next; err != nil {
			t.Error(err)
		}
	})
}
