// Waiting: nobody sleeps through an event, nobody is woken for another's, and everything ends.

package follow

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/index"
)

// bubble runs a test in which time passes only where all wait, and in which all waiting for each other is a failure.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

func TestNobodySleepsThroughAnEvent(t *testing.T) {
	rounds := 150
	if raceBuild {
		rounds = 25
	}
	for range rounds {
		synctest.Test(t, func(t *testing.T) { // where a wake-up is lost all goroutines sleep, and the bubble says so
			const readers, events = 6, 40
			l := newLedger(t, nil)
			var wg sync.WaitGroup
			for n := range readers {
				entity := fmt.Sprint("e", n)
				wg.Go(func() {
					r := l.reader(event.Entity(entity), 0)
					for want := range uint64(events) {
						ev, err := r.Next(t.Context())
						if err != nil || ev.Entity() != entity || ev.Position.Clock != want {
							t.Errorf("%s: got %s, %v, want clock %d", entity, ev.Entity(), err, want)
							return
						}
					}
				})
			}
			for n := range readers * events {
				l.add(fmt.Sprint("e", n%readers), "s", event.Data)
			}
			wg.Wait()
		})
	}
}

func TestAnEventThatComesBetweenLookingAndWaitingIsNotSleptThrough(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLedger(t, nil)
		came := false
		l.looked = func(uint64) {
			if !came { // who looked saw nothing, and does not wait yet
				came = true
				l.add("a", "s", event.Data)
			}
		}
		if visible, err := l.hub.Await(t.Context(), index.NewWatch(event.Entity("a")), 0); visible != 1 || err != nil {
			t.Errorf("got %d, %v", visible, err)
		}
	})
}

// await is a wait that is under way.
func await(l *ledger, ctx context.Context, region event.Region, after uint64) <-chan error {
	done := make(chan error, 1)
	go func() {
		_, err := l.hub.Await(ctx, index.NewWatch(region), after)
		done <- err
	}()
	return done
}

// ended reports whether a wait is over, and how.
func ended(done <-chan error) (bool, error) {
	select {
	case err := <-done:
		return true, err
	default:
		return false, nil
	}
}

func TestOfManyWhoWaitOnlyThoseAreWokenForWhomSomethingCame(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const n, busy = 1000, 7
		l := newLedger(t, nil)
		waits := make([]<-chan error, n)
		for i := range waits {
			waits[i] = await(l, t.Context(), event.Entity(fmt.Sprint("e", i)), 0)
		}
		synctest.Wait()
		for range 20 {
			l.add("nobody's", "s", event.Data)
			l.add(fmt.Sprint("e", busy), "s", event.Data)
		}
		settle()
		for i, wait := range waits {
			if over, err := ended(wait); over != (i == busy) || err != nil {
				t.Errorf("who waits for entity %d was woken: %v, %v", i, over, err)
			}
		}
		l.hub.Close()
		for i, wait := range waits {
			if i != busy && !errors.Is(<-wait, errEnded) {
				t.Errorf("the wait for entity %d ended otherwise", i)
			}
		}
		if left := l.hub.waiting.Load(); left != 0 {
			t.Errorf("%d wait", left)
		}
	})
}

// settle lets all the time pass that somebody may rest for, in a bubble.
func settle() {
	synctest.Wait()
	<-time.After(time.Second)
	synctest.Wait()
}

func TestAWaitBehindTheEndIsForWhatComesAfterIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLedger(t, nil)
		wait := await(l, t.Context(), event.Everything(), 3)
		forever := await(l, t.Context(), event.Everything(), math.MaxUint64)
		for n := 1; n <= 4; n++ {
			settle()
			if over, _ := ended(wait); over {
				t.Fatalf("it is over after %d events", n-1)
			}
			l.add("a", "s", event.Data)
		}
		if err := <-wait; err != nil {
			t.Error(err)
		}
		settle()
		if over, err := ended(forever); over {
			t.Errorf("a wait for what can't come ended: %v", err)
		}
		l.hub.Close()
		<-forever
	})
}

func TestALossIsNothingToBeWokenFor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLedger(t, nil)
		l.add("a", "s", event.Data)
		wait := await(l, t.Context(), event.Everything(), 1)
		settle()
		l.lose(5)
		settle()
		if over, err := ended(wait); over {
			t.Fatalf("woken, %v", err)
		}
		l.add("a", "s", event.Data)
		if err := <-wait; err != nil {
			t.Error(err)
		}
	})
}

func TestAContextEndsAWaitAndNothingOfItIsLeft(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLedger(t, nil)
		over, cancelOver := context.WithCancel(t.Context())
		cancelOver()
		if err := <-await(l, over, event.Everything(), 0); !errors.Is(err, context.Canceled) {
			t.Errorf("ended before: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		waits := []<-chan error{await(l, ctx, event.Everything(), 0), await(l, ctx, event.Entity("a"), 0)}
		synctest.Wait()
		cancel()
		for _, wait := range waits {
			if err := <-wait; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}
		if l.hub.waiting.Load() != 0 || len(l.hub.waiters) != 0 {
			t.Errorf("%d wait, %d are listed", l.hub.waiting.Load(), len(l.hub.waiters))
		}
		l.add("a", "s", event.Data)
		if err := <-await(l, over, event.Everything(), 0); err != nil {
			t.Errorf("what is there already is told of, whatever the context says: %v", err)
		}
	})
}

func TestClosingEndsWhoWaitsAndWhoIsAboutTo(t *testing.T) {
	for range 50 {
		l := newLedger(t, nil)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for {
					if _, err := l.hub.Await(t.Context(), index.NewWatch(event.Entity("none")), 0); err != nil {
						if !errors.Is(err, errEnded) {
							t.Error(err)
						}
						return
					}
				}
			})
		}
		for range 3 {
			l.add("a", "s", event.Data)
			wg.Go(l.hub.Close)
		}
		wg.Wait()
		if err := l.hub.Ended(); !errors.Is(err, errEnded) {
			t.Errorf("closed, it says %v", err)
		}
		l.hub.Notify()
	}
}

func TestWhereNothingIsAddedWaitingFails(t *testing.T) {
	l := newLedger(t, errStatic)
	if err := <-await(l, t.Context(), event.Everything(), 0); !errors.Is(err, errStatic) {
		t.Errorf("got %v", err)
	}
	l.add("a", "s", event.Data)
	if err := <-await(l, t.Context(), event.Everything(), 0); err != nil {
		t.Errorf("what is there is told of: %v", err)
	}
	l.hub.Close()
	if err := <-await(l, t.Context(), event.Everything(), 0); !errors.Is(err, errEnded) {
		t.Errorf("closed: %v", err)
	}
}

func TestTheHeraldRestsWhereItIsWokenForNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLedger(t, nil)
		wait := await(l, t.Context(), event.Entity("quiet"), 0)
		settle()
		looks := func(do func()) int64 {
			before := l.looks.Load()
			do()
			return l.looks.Load() - before
		}
		if n := looks(settle); n != 0 {
			t.Errorf("it looks %d times where nothing happens", n)
		}
		n := looks(func() {
			for range 1000 { // at one moment
				l.add("busy", "s", event.Data)
			}
			settle()
		})
		if n < 1 || n > 3 {
			t.Errorf("it looks %d times at 1000 events of one moment", n)
		}
		l.add("quiet", "s", event.Data)
		if err := <-wait; err != nil {
			t.Error(err)
		}
		if n := looks(func() { l.add("busy", "s", event.Data); settle() }); n != 0 {
			t.Errorf("it looks %d times where nobody waits", n)
		}
	})
}

func TestTellingOfWhatMayHaveComeIsThatOfALinearScan(t *testing.T) {
	seeds := uint64(60)
	if raceBuild {
		seeds = 10
	}
	told := map[bool]int{}
	for seed := range seeds {
		random := rand.New(rand.NewPCG(seed, 1))
		l := newLedger(t, nil)
		for range 40 {
			switch random.IntN(8) {
			case 0:
				l.rotate(random.IntN(2) == 0)
			case 1:
				l.lose(1 + random.IntN(4))
			default:
				for range random.IntN(6) {
					l.addRandom(random)
				}
			}
		}
		last := uint64(len(l.events))
		for range 200 {
			region := randomRegion(random)
			after, upTo := random.Uint64N(last+2), random.Uint64N(last+1)
			got := l.hub.MayHave(index.NewWatch(region), after, upTo)
			want := false
			for sequence := after + 1; sequence <= upTo; sequence++ {
				ev, ok := l.read(sequence)
				want = want || ok && region.Matches(&ev)
			}
			if want && !got || got && !want && !l.mayBeUnsure(after, upTo) {
				t.Fatalf("seed %d, %s after %d up to %d: %v, want %v", seed, region, after, upTo, got, want)
			}
			told[got]++
		}
	}
	if told[true] < 100 || told[false] < 100 {
		t.Errorf("told %v: the test asks for too little", told)
	}
}

// mayBeUnsure reports whether a range touches a sealed segment or what follows it up to the next one.
func (l *ledger) mayBeUnsure(after, upTo uint64) bool {
	parts := l.index.Parts()
	for i, p := range parts {
		end := uint64(math.MaxUint64)
		if i+1 < len(parts) {
			end = parts[i+1].First - 1
		}
		if p.Sealed() && p.First <= upTo && end > after && upTo > after {
			return true
		}
	}
	return false
}

func TestTheWriterAllocatesNothingForThoseWhoFollow(t *testing.T) {
	l := newLedger(t, nil)
	for range 1000 {
		l.add("busy", "s", event.Data)
	}
	watch := index.NewWatch(event.Entity("quiet"))
	for what, do := range map[string]func(){
		"to tell that something came": l.hub.Notify,
		"to see whether it matters":   func() { l.hub.MayHave(watch, 500, 1000) },
	} {
		if n := testing.AllocsPerRun(100, do); n != 0 {
			t.Errorf("%s: %v allocations where nobody waits", what, n)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	wait := await(l, ctx, event.Entity("quiet"), 0)
	for l.hub.waiting.Load() == 0 {
		yield()
	}
	if n := testing.AllocsPerRun(1000, l.hub.Notify); n != 0 {
		t.Errorf("%v allocations where somebody waits", n)
	}
	cancel()
	<-wait
}
