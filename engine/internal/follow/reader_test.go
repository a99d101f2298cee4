// Reading on: each event of a region once and in order, whatever happens between two calls.

package follow

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/mmapseg"
)

func yield() { runtime.Gosched() }

// want returns what a reader at a position must return next: an event, or the damage that stands in its place.
func (l *ledger) want(region event.Region, position uint64) (sequence, damagedTo uint64) {
	for at := position + 1; at <= l.visible.Load(); at++ {
		for first, last := range l.damaged {
			if first <= at && at <= last {
				return at, last
			}
		}
		if ev, ok := l.read(at); ok && region.Matches(&ev) {
			return at, 0
		}
	}
	return 0, 0
}

func TestAReaderReturnsWhatALinearScanFindsWhateverHappensBetween(t *testing.T) {
	seeds := uint64(300)
	if raceBuild {
		seeds = 50
	}
	read := 0
	for seed := range seeds {
		random := rand.New(rand.NewPCG(seed, 2))
		l := newLedger(t, nil)
		region := randomRegion(random)
		if random.IntN(3) == 0 {
			region = region.Sequences(random.Uint64N(50), 50+random.Uint64N(50))
		}
		r := l.reader(region, 0)
		position := uint64(0) // everything of the region up to it was returned
		for range 120 {
			switch random.IntN(10) {
			case 0:
				for range random.IntN(60) {
					l.addRandom(random)
				}
			case 1, 2:
				l.addRandom(random)
			case 3:
				l.rotate(random.IntN(2) == 0)
			case 4:
				l.lose(1 + random.IntN(3))
			case 5:
				r.Stop()
			case 6:
				if random.IntN(4) == 0 {
					position = random.Uint64N(l.visible.Load() + 1)
					r.MoveTo(position)
				}
			default:
				ev, ok, err := r.Poll()
				sequence, _ := l.want(region, position)
				if err != nil || ok != (sequence != 0) || ok && ev.Sequence != sequence {
					t.Fatalf("seed %d: %s behind %d: got %d, %v, %v, want %d", seed, region, position, ev.Sequence, ok, err, sequence)
				}
				if ok {
					position = ev.Sequence
					read++
				}
			}
			if sequence, _ := l.want(region, position); sequence != 0 && r.Position() >= sequence {
				t.Fatalf("seed %d: it stands at %d, before it %d was to be returned", seed, r.Position(), sequence)
			}
		}
	}
	if read < int(seeds)*5 {
		t.Errorf("%d events were read: the test asks for too little", read)
	}
}

func TestDamageIsToldOfInItsPlaceAndReadingGoesOnBehindIt(t *testing.T) {
	for _, n := range []int{3, 40} { // one by one, and a range at a time
		l := newLedger(t, nil)
		for range n {
			l.add("a", "s", event.Data)
		}
		l.rotate(true) // of which the index knows nothing, as where it can't be read
		l.damaged[2] = uint64(n - 1)
		r := l.reader(event.Entity("a"), 0)
		if ev, ok, err := r.Poll(); !ok || err != nil || ev.Sequence != 1 {
			t.Fatalf("got %d, %v, %v", ev.Sequence, ok, err)
		}
		var corrupt *mmapseg.CorruptError
		if _, ok, err := r.Poll(); ok || !errors.As(err, &corrupt) || r.Position() < 2 {
			t.Fatalf("got %v, %v, at %d", ok, err, r.Position())
		}
		if ev, ok, err := r.Poll(); !ok || err != nil || ev.Sequence != uint64(n) {
			t.Fatalf("behind the damage: got %d, %v, %v", ev.Sequence, ok, err)
		}
		if _, ok, err := r.Poll(); ok || err != nil {
			t.Errorf("at the end: %v, %v", ok, err)
		}
	}
}

func TestWhatCanNotBeReadNowIsTriedAgain(t *testing.T) {
	for _, n := range []int{3, 40} {
		l := newLedger(t, nil)
		for range n {
			l.add("a", "s", event.Data)
		}
		r := l.reader(event.Entity("a"), 0)
		for range 3 {
			l.broken = true
			if _, ok, err := r.Poll(); ok || !errors.Is(err, errBroken) {
				t.Fatalf("got %v, %v", ok, err)
			}
		}
		l.broken = false
		for want := range uint64(n) {
			if ev, ok, err := r.Poll(); !ok || err != nil || ev.Sequence != want+1 {
				t.Fatalf("got %d, %v, %v, want %d", ev.Sequence, ok, err, want+1)
			}
		}
	}
}

func TestAReaderOfWhatDoesNotGrowComesToItsEnd(t *testing.T) {
	l := newLedger(t, errStatic)
	for range 5 {
		l.add("a", "s", event.Data)
	}
	r := l.reader(event.Entity("a"), 2)
	for want := uint64(3); want <= 5; want++ {
		if ev, err := r.Next(t.Context()); err != nil || ev.Sequence != want {
			t.Fatalf("got %d, %v", ev.Sequence, err)
		}
	}
	if _, err := r.Next(t.Context()); !errors.Is(err, errStatic) {
		t.Errorf("at the end: %v", err)
	}
}

func TestAReaderOfAClosedLogReadsNothing(t *testing.T) {
	l := newLedger(t, nil)
	l.add("a", "s", event.Data)
	l.add("a", "s", event.Data)
	r := l.reader(event.Entity("a"), 0)
	if _, ok, err := r.Poll(); !ok || err != nil {
		t.Fatal(ok, err)
	}
	l.hub.Close()
	if _, ok, err := r.Poll(); ok || !errors.Is(err, errEnded) {
		t.Errorf("got %v, %v", ok, err)
	}
	if _, err := r.Next(t.Context()); !errors.Is(err, errEnded) {
		t.Errorf("got %v", err)
	}
}

func TestASpinningReaderThatFindsNothingAllocatesNothing(t *testing.T) {
	l := newLedger(t, nil)
	l.add("a", "s", event.Data)
	r := l.reader(event.Entity("b"), 0)
	for range 2 {
		if n := testing.AllocsPerRun(100, func() { _, _, _ = r.Poll() }); n != 0 {
			t.Errorf("%v allocations", n)
		}
		l.add("a", "s", event.Data)
	}
}
