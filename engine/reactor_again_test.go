// Events that come again: after a crash, after a reset, after the retention of keys. Each has the reactions of one call, once.

package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
)

func TestAnEventWhoseReactionsAreStoredIsNotGivenAgain(t *testing.T) {
	t.Parallel()
	for _, policy := range everyPolicy {
		memory := vfs.NewMemory()
		s := mustOpenDir(t, memory, small(policy))
		last := mustAsk(t, s, 10)
		r := mustStart(t, s, engine.ReactorOptions{}, func(ctx context.Context, ev event.Event, reactions *engine.Batch) error {
			if ev.Sequence%5 == 0 {
				return nil // which leaves no trace
			}
			reactions.Add(here, remarkKind, rand.Uint64()) // whatever it was, it stands
			return answer(ctx, ev, reactions)
		})
		mustReach(t, r, last)
		mustStop(t, r)
		for _, reopened := range []bool{false, true} {
			if err := s.ResetCursor("answering", engine.FromBeginning()); err != nil {
				t.Fatal(err)
			}
			if reopened {
				mustClose(t, s)
				s = mustOpenDir(t, memory, small(policy))
			}
			before := s.Stats().Events
			var given []uint64
			r = mustStart(t, s, engine.ReactorOptions{}, func(_ context.Context, ev event.Event, reactions *engine.Batch) error {
				given = append(given, ev.Sequence)
				return nil
			})
			mustReach(t, r, last)
			mustStop(t, r)
			if got := r.Stats(); fmt.Sprint(given) != "[5 10]" || got.Duplicates != 8 || got.Events != 2 || got.Reactions != 0 || s.Stats().Events != before {
				t.Errorf("%s: given %v, %+v", policy, given, got)
			}
		}
		mustClose(t, s)
	}
}

func TestAnotherReactorReactsToTheSameEvents(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{})
	last := mustAsk(t, s, 10)
	for i, name := range []string{"one", "another", "one/", "oné"} {
		mustReach(t, mustStart(t, s, engine.ReactorOptions{Name: name}, answer), last)
		if got := len(selected(t, s, event.OfKind(answerKind))); got != 10*(i+1) {
			t.Fatalf("%q: %d answers, want %d", name, got, 10*(i+1))
		}
	}
}

func TestReactionsAreKnownWhateverTheRetentionOfKeys(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		w := newWatchmaker()
		s := mustOpenDir(t, vfs.NewMemory(), w.options(policy, engine.MinKeyRetention))
		last := mustAsk(t, s, 5)
		r := mustStart(t, s, engine.ReactorOptions{}, answer)
		mustReach(t, r, last)
		mustStop(t, r)
		w.move(1000 * time.Hour)
		if err := s.ResetCursor("answering", engine.FromBeginning()); err != nil {
			t.Fatal(err)
		}
		r = mustStart(t, s, engine.ReactorOptions{}, answer)
		mustReach(t, r, last)
		mustBeAnswered(t, s)
		mustClose(t, s)
	}
}

func TestAKeyOfSomebodyElseIsNotTakenForReactions(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{})
	last := mustAsk(t, s, 1)
	r := mustStart(t, s, engine.ReactorOptions{}, answer)
	mustReach(t, r, last)
	mustStop(t, r)
	first, err := s.At(1)
	if err != nil {
		t.Fatal(err)
	}
	key := engine.ReactionKey(r, first.ID)
	if _, err := s.AppendWith(here, remarkKind, "x", engine.AppendOptions{Key: key}); err == nil {
		t.Fatal("the reactions do not have their key")
	}
	receipt, err := s.Append(here, questionKind, "?")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.AppendWith(here, remarkKind, "x", engine.AppendOptions{Key: engine.ReactionKey(r, receipt.ID)}); err != nil {
		t.Fatal(err)
	}
	r = mustStart(t, s, engine.ReactorOptions{}, answer)
	<-r.Done()
	if r.Err() == nil || r.Stats().Duplicates != 0 {
		t.Errorf("%v, %+v: an event that is no reaction stands for one", r.Err(), r.Stats())
	}
}

func TestAFunctionSeesItsEarlierReactionsUnlessItIsPipelined(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range everyPolicy {
			for _, pipelined := range []bool{false, true} {
				s, d := slowStore(t, small(policy))
				last := mustAsk(t, s, 100)
				if err := s.Sync(); err != nil {
					t.Fatal(err)
				}
				d.slow(time.Millisecond)
				begun, unseen := d.syncs(), 0
				r := mustStart(t, s, engine.ReactorOptions{Pipelined: pipelined}, func(ctx context.Context, ev event.Event, reactions *engine.Batch) error {
					clock, err := s.Clock("answers")
					if err != nil {
						return err
					}
					if clock != ev.Sequence-1 {
						unseen++
					}
					return answer(ctx, ev, reactions)
				})
				mustReach(t, r, last)
				mustStop(t, r)
				syncs := d.syncs() - begun
				waits := policy == engine.SyncEveryAppend() && !pipelined
				if waits && (unseen != 0 || syncs != 100) || !waits && syncs > 3 || policy != engine.SyncEveryAppend() && unseen != 0 {
					t.Errorf("%s, pipelined %v: %d syncs, it did not see what it had answered %d times", policy, pipelined, syncs, unseen)
				}
				mustBeAnswered(t, s)
				d.slow(0)
				mustClose(t, s)
			}
		}
	})
}

func TestEveryEventIsAnsweredOnceHoweverItEnds(t *testing.T) {
	t.Parallel()
	lives := 48
	if raceBuild {
		lives = 12
	}
	for _, policy := range everyPolicy {
		random := rand.New(rand.NewPCG(6, 5))
		left := nothing()
		for life := range lives {
			d := newDevice(left)
			s := mustOpenDir(t, d, small(policy))
			mustHaveAnswered(t, s)
			r := mustStart(t, s, engine.ReactorOptions{AckEvery: 1 + random.IntN(4), Pipelined: random.IntN(2) == 0}, answer)
			last := mustAsk(t, s, 1+random.IntN(6))
			switch random.IntN(3) { // how far it comes is chance, too
			case 0:
				mustReach(t, r, last)
			case 1:
				mustReach(t, r, last-min(last, 2))
			}
			if left = d.kill(); random.IntN(2) == 0 {
				left = d.cut(random)
			}
			_ = s.Close() // of a process that is no more
			if life%12 != 11 {
				continue
			}
			s = openLeft(t, left, small(policy))
			mustReach(t, mustStart(t, s, engine.ReactorOptions{}, answer), s.Stats().Visible)
			mustBeAnswered(t, s)
			mustBeSound(t, all(t, s, 0, 0, engine.ReadOptions{}), true)
			mustClose(t, s)
		}
	}
}

// mustHaveAnswered fails the test unless all that the reactor acknowledged has its answer, once, and nothing has two.
func mustHaveAnswered(t failer, s *engine.Store) {
	t.Helper()
	cursors, err := s.Cursors()
	if err != nil {
		t.Fatalf("cursors: %v", err)
	}
	answers := make(map[uint64]int)
	for _, a := range selected(t, s, event.OfKind(answerKind)) {
		answers[a.CauseSequence]++
	}
	for _, q := range selected(t, s, event.OfKind(questionKind)) {
		got := answers[q.Sequence]
		if got > 1 || got == 0 && len(cursors) != 0 && q.Sequence <= cursors[0].Acked {
			t.Fatalf("%d answers to %d, cursors: %+v", got, q.Sequence, cursors)
		}
	}
}

func TestAReactorGoesOnBehindWhatWasLostAndCountsIt(t *testing.T) {
	t.Parallel()
	d := newDevice(nothing())
	s := mustOpenDir(t, d, small(engine.SyncManual()))
	mustReach(t, mustStart(t, s, engine.ReactorOptions{}, answer), mustAsk(t, s, 3))
	mustStop(t, mustStart(t, s, engine.ReactorOptions{Name: "new", Start: engine.FromNow()}, answer))
	mustAsk(t, s, 2) // which is lost, whether it was answered or not
	left := d.cut(nil)
	_ = s.Close()
	var log bytes.Buffer
	o := small(engine.SyncManual())
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	s = openLeft(t, left, o)
	lost := s.Stats().Visible
	if lost < 1000 {
		t.Fatalf("visible is %d, a range was to be lost", lost)
	}
	r := mustStart(t, s, engine.ReactorOptions{}, answer)
	mustReach(t, r, lost)
	if got := r.Stats(); got.Losses != 1 || got.Acked < lost {
		t.Errorf("%+v", got)
	}
	mustReach(t, r, mustAsk(t, s, 3))
	mustBeAnswered(t, s)
	mustStop(t, r)
	r = mustStart(t, s, engine.ReactorOptions{}, answer)
	mustReach(t, r, s.Stats().Visible)
	if got := r.Stats(); got.Losses != 0 {
		t.Errorf("it was told again: %+v", got)
	}
	mustClose(t, s)
	if lines := log.String(); strings.Count(lines, "reactor: events were lost") != 1 {
		t.Errorf("the log says: %s", lines)
	}
}

func TestAReactorOfAQuietRegionAcknowledgesWhatItPassed(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{})
	r := mustStart(t, s, engine.ReactorOptions{}, answer)
	for range 50 {
		if _, err := s.Append(here, remarkKind, "x"); err != nil {
			t.Fatal(err)
		}
	}
	mustReach(t, r, mustAsk(t, s, 1))
	cursors, err := s.Cursors()
	if err != nil || len(cursors) != 1 || cursors[0].Name != "answering" || cursors[0].Acked != 52 { // its answer is the last
		t.Errorf("%+v, %v", cursors, err)
	}
}

func TestDamageInItsRegionStopsAReactorWhichIsMovedBehindIt(t *testing.T) {
	t.Parallel()
	d := newDevice(nothing())
	s := mustOpenDir(t, d, small(engine.SyncEveryAppend()))
	for range 20 {
		if _, err := s.AppendBytes(here, questionKind, event.CodecRaw, randomBytes(1, 10_000)); err != nil {
			t.Fatal(err)
		}
	}
	mustClose(t, s)
	left := d.kill()
	if !left.disk.Damage(firstSegment, 25_000, []byte("damage")) {
		t.Fatal("nothing was damaged")
	}
	s = openLeft(t, left, small(engine.SyncEveryAppend()))
	silent := func(context.Context, event.Event, *engine.Batch) error { return nil }
	r := mustStart(t, s, engine.ReactorOptions{OnError: engine.ErrorPolicy{Attempts: 5, Park: true}}, silent)
	<-r.Done()
	var damage *engine.CorruptError
	if err := r.Err(); !errors.As(err, &damage) || !errors.Is(err, engine.ErrCorrupt) || damage.Last == 0 {
		t.Fatalf("%v", err)
	}
	if err := s.ResetCursor("answering", engine.FromAfter(damage.Last)); err != nil {
		t.Fatal(err)
	}
	r = mustStart(t, s, engine.ReactorOptions{}, silent)
	mustReach(t, r, 20)
	if got := r.Stats().Events; got != 20-damage.Last {
		t.Errorf("%d events behind the damage at %d", got, damage.Last)
	}
	mustClose(t, s)
}
