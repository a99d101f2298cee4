// Pins: who holds one keeps it, who comes too late is told.

package pin

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
)

func TestTheLastHolderReleasesWhatIsClosed(t *testing.T) {
	failure := errors.New("release")
	var released atomic.Int32
	p := New(func() error { released.Add(1); return failure })
	for range 2 {
		if !p.Hold() {
			t.Fatal("an open pin refuses to be held")
		}
	}
	closed := make(chan error)
	go func() { closed <- p.Close() }()
	p.Let()
	if released.Load() != 0 {
		t.Fatal("released while it is held")
	}
	p.Let()
	if err := <-closed; !errors.Is(err, failure) {
		t.Errorf("got %v, want the failure of releasing", err)
	}
	if p.Hold() {
		t.Error("a closed pin can be held")
	}
	if err := p.Close(); !errors.Is(err, failure) {
		t.Errorf("closed again: %v, want the same failure", err)
	}
	if got := released.Load(); got != 1 {
		t.Errorf("released %d times", got)
	}
}

func TestHoldersAndCloseMayMeet(t *testing.T) {
	rounds := 200
	if raceEnabled {
		rounds = 40
	}
	for range rounds {
		var gone atomic.Bool
		p := New(func() error { gone.Store(true); return nil })
		var users sync.WaitGroup
		for range 4 {
			users.Go(func() {
				for p.Hold() {
					if gone.Load() {
						t.Error("released while it is held")
					}
					p.Let()
				}
			})
		}
		users.Go(func() {
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		})
		users.Wait()
		if !gone.Load() {
			t.Fatal("never released")
		}
	}
}
