// Group commit from the inside: who syncs, which sync wakes whom, and that a group is left
// as it was found.

package commit

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
)

// stage appends an event that waits for nothing and returns its sequence.
func stage(t *testing.T, l *Log) uint64 {
	t.Helper()
	receipt, err := appendWaiting(l, WaitStaged)
	if err != nil {
		t.Fatal(err)
	}
	return receipt.Sequence
}

func appendWaiting(l *Log, wait Wait) (Receipt, error) {
	u := l.NewUnit()
	defer l.Release(u)
	u.Draft = event.Draft{Coordinate: event.MustAt("entity", "scope"), Kind: event.Data}
	l.Encode(u, Cause{}, Gate{})
	_, err := l.Append(u, wait)
	return receiptOf(u, err)
}

// gate holds syncs up, one after the other.
type gate struct {
	reached chan struct{}
	verdict chan error
	syncs   atomic.Int32
}

// hold makes every sync of the first two segments wait for a verdict, to the end of the test.
func (d *disk) hold(t *testing.T) *gate {
	g := &gate{reached: make(chan struct{}), verdict: make(chan error)}
	d.when(func(op vfs.Op) error {
		if !isSync(op, 1) && !isSync(op, 2) {
			return nil
		}
		g.syncs.Add(1)
		g.reached <- struct{}{}
		return <-g.verdict
	})
	t.Cleanup(func() { d.when(nil) })
	return g
}

// wait calls Wait in a goroutine and returns when it waits, as the group counts.
func wait(ctx context.Context, l *Log, sequence uint64) <-chan error {
	before := waiting(l)
	done := make(chan error, 1)
	go func() { done <- l.Wait(ctx, sequence) }()
	until(func() bool { return waiting(l) > before })
	return done
}

// waiting returns how many wait for a sync of others.
func waiting(l *Log) int {
	l.group.mu.Lock()
	defer l.group.mu.Unlock()
	n := 0
	for _, g := range []*generation{l.group.current, l.group.next} {
		if g != nil {
			n += g.waiting
		}
	}
	return n
}

// mustBeIdle waits until nobody syncs, and fails the test if anybody still waits.
func mustBeIdle(t *testing.T, l *Log) {
	t.Helper()
	g := &l.group
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.running {
		g.idle.Wait()
	}
	if g.current != nil || g.next != nil || g.upTo != 0 || g.asked.Load() && !g.closed {
		t.Errorf("an idle group: current %v, next %v, up to %d, asked for %v", g.current, g.next, g.upTo, g.asked.Load())
	}
}

// flushing reports whether this goroutine is a flusher.
func flushing() bool {
	b := make([]byte, 1<<14)
	return strings.Contains(string(b[:runtime.Stack(b, false)]), "(*Log).flush(")
}

func TestALoneCallerSyncsItselfUnlessItsWaitMayEnd(t *testing.T) {
	for _, test := range []struct {
		ctx     func(*testing.T) context.Context
		flusher bool
	}{
		{func(*testing.T) context.Context { return context.Background() }, false},
		{func(t *testing.T) context.Context { return t.Context() }, true},
	} {
		d := newDisk()
		l, _ := newLog(t, d, false)
		for range 3 {
			sequence := stage(t, l)
			var by []bool
			d.when(func(op vfs.Op) error {
				if isSync(op, 1) {
					by = append(by, flushing())
				}
				return nil
			})
			if err := l.Wait(test.ctx(t), sequence); err != nil {
				t.Fatal(err)
			}
			mustBeIdle(t, l)
			if len(by) != 1 || by[0] != test.flusher {
				t.Errorf("syncs by a flusher: %v, want one, %v", by, test.flusher)
			}
		}
	}
}

func TestASyncWakesThoseWhomItCoversHoweverLateTheyCome(t *testing.T) {
	d := newDisk()
	l, _ := newLog(t, d, false)
	g := d.hold(t)
	first, second := stage(t, l), stage(t, l)
	early := wait(t.Context(), l, first)
	<-g.reached
	late := wait(t.Context(), l, second) // it was staged before the sync began
	third := stage(t, l)
	after := wait(t.Context(), l, third) // it was not
	g.verdict <- nil
	for _, done := range []<-chan error{early, late} {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	<-g.reached
	if got := l.State().Durable; got != second {
		t.Errorf("durable up to %d, want %d", got, second)
	}
	select {
	case err := <-after:
		t.Errorf("who came after the snapshot got %v from that sync", err)
	default:
	}
	g.verdict <- nil
	if err := <-after; err != nil {
		t.Error(err)
	}
	mustBeIdle(t, l)
	if got := g.syncs.Load(); got != 2 {
		t.Errorf("%d syncs, want 2", got)
	}
}

func TestAFailedSyncFailsTheWaitersOfTheNextOneWithoutATry(t *testing.T) {
	d := newDisk()
	l, _ := newLog(t, d, false)
	g := d.hold(t)
	first := stage(t, l)
	covered := []<-chan error{wait(t.Context(), l, first)}
	<-g.reached
	second := stage(t, l)
	for range 8 {
		covered = append(covered, wait(t.Context(), l, first), wait(context.Background(), l, second))
	}
	g.verdict <- errInjected
	for _, done := range covered {
		if err := <-done; !errors.Is(err, ErrIndeterminate) || !errors.Is(err, errInjected) {
			t.Errorf("got %v, want ErrIndeterminate with its cause", err)
		}
	}
	mustBeIdle(t, l)
	if got := g.syncs.Load(); got != 1 {
		t.Errorf("%d syncs, want 1", got)
	}
}

func TestWhatASyncMadeDurableBeforeItFailedIsNotUnknown(t *testing.T) {
	d := newDisk()
	l, _ := newLog(t, d, false)
	l.mapping.Lock() // so that the sealer does not come to syncing segment 1 before
	fill(t, l, 2000)
	last := l.State().Staged
	if _, err := appendBytes(l, 2000); err != nil { // into segment 2
		t.Fatal(err)
	}
	g := d.hold(t)
	behind := wait(t.Context(), l, last+1)
	<-g.reached // of segment 1
	before := wait(t.Context(), l, 1)
	g.verdict <- nil
	<-g.reached // of segment 2
	l.mapping.Unlock()
	g.verdict <- errInjected
	if err := <-behind; !errors.Is(err, ErrIndeterminate) || !errors.Is(err, errInjected) {
		t.Errorf("an event of segment 2: got %v, want ErrIndeterminate with its cause", err)
	}
	if err := <-before; err != nil {
		t.Errorf("an event of segment 1: %v", err)
	}
	for sequence, durable := range map[uint64]bool{1: true, last: true, last + 1: false} {
		if err := l.Wait(t.Context(), sequence); (err == nil) != durable || !durable && !errors.Is(err, ErrIndeterminate) {
			t.Errorf("event %d, durable %v: %v", sequence, durable, err)
		}
	}
	if got := l.State().Durable; got != last {
		t.Errorf("durable up to %d, want %d", got, last)
	}
}

func TestAGroupIsLeftAsItWasFoundWhateverItsWaitersDo(t *testing.T) {
	for _, everyAppend := range []bool{false, true} {
		d := newDisk()
		l, _ := newLog(t, d, everyAppend)
		var appending sync.WaitGroup
		for writer := range uint64(16) {
			random := rand.New(rand.NewPCG(1, writer))
			appending.Go(func() {
				for range 100 {
					receipt, err := appendWaiting(l, Wait(random.IntN(3)))
					if err == nil {
						err = waitSomehow(t, l, receipt.Sequence, random)
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		appending.Wait()
		mustBeIdle(t, l)
		if err := l.Sync(); err != nil {
			t.Error(err)
		}
		mustBeIdle(t, l)
		if got := l.State(); got.Durable != 1600 {
			t.Errorf("durable up to %d, want 1600", got.Durable)
		}
	}
}

// waitSomehow waits for an event, for as long as it likes, or not at all.
func waitSomehow(t *testing.T, l *Log, sequence uint64, random *rand.Rand) error {
	var err error
	switch random.IntN(4) {
	case 0:
		return nil
	case 1:
		err = l.Sync()
	case 2:
		err = l.Wait(t.Context(), sequence)
	case 3:
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- l.Wait(ctx, sequence) }()
		for range random.IntN(3) {
			runtime.Gosched()
		}
		cancel()
		if err = <-done; errors.Is(err, context.Canceled) && errors.Is(err, ErrIndeterminate) {
			return nil
		}
	}
	if got := l.State().Durable; err == nil && got < sequence {
		t.Errorf("event %d is not durable, %d is", sequence, got)
	}
	return err
}

func TestClosingEndsTheFlusherAndNobodyWaitsForEver(t *testing.T) {
	for round := range 20 {
		l, _ := newLog(t, newDisk(), round%2 == 0)
		var calling sync.WaitGroup
		for caller := range 8 {
			calling.Go(func() {
				for {
					receipt, err := appendWaiting(l, Wait(caller%3))
					if err == nil {
						err = l.Wait(t.Context(), receipt.Sequence)
					}
					if errors.Is(err, ErrClosed) {
						return
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		until(func() bool { return l.State().Staged >= uint64(round) })
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		calling.Wait()
		mustBeIdle(t, l)
		if got := l.State(); got.Durable != got.Staged {
			t.Errorf("durable up to %d of %d", got.Durable, got.Staged)
		}
	}
}
