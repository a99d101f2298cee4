// Failures: none is fatal, and what failed is done when there is an occasion.

package merge

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/batpak/batpak/internal/checked"
	"github.com/batpak/batpak/internal/vfs"
)

func TestEveryFailureIsOvercome(t *testing.T) {
	failure := errors.New("disk")
	for n := int64(0); ; n++ {
		var left atomic.Int64 // calls until one fails
		left.Store(n)
		s := newStore(t, vfs.Faulty(vfs.NewMemory(), func(vfs.Op) error {
			if left.Add(-1) == -1 {
				return failure
			}
			return nil
		}))
		if err := s.Load(); err != nil && !errors.Is(err, failure) {
			t.Fatal(err)
		} else if err != nil {
			continue // nothing was begun
		}
		s.Wait()
		s.seal(4) // in the middle of this
		through := left.Load() >= 0
		if stats := s.Stats(); !through && stats.Failures == 0 {
			t.Errorf("failure of call %d is not counted", n)
		}
		left.Store(1 << 40)
		s.seal(4)
		s.reopen(Config{}) // removes what could not be removed
		s.load()
		s.wantRuns(8)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Fatalf("call %d failed", n)
		}
		if through {
			if n < 30 {
				t.Errorf("only %d calls were made", n)
			}
			return
		}
	}
}

func TestAFullDiskLeavesNothingBehind(t *testing.T) {
	var full atomic.Bool
	s := newStore(t, vfs.Faulty(vfs.NewMemory(), func(op vfs.Op) error {
		if full.Load() && op.Kind == vfs.OpReserve {
			return vfs.ErrNoSpace
		}
		return nil
	}))
	s.load()
	s.seal(2)
	full.Store(true)
	s.seal(3)
	s.wantRuns(2)
	if stats := s.Stats(); stats.Failures == 0 {
		t.Errorf("%+v", stats)
	}
	full.Store(false)
	s.seal(1)
	s.wantRuns(4, 2)
}

func TestWhereNothingCanBeReservedItIsWrittenAllTheSame(t *testing.T) {
	s := newStore(t, vfs.Faulty(vfs.NewMemory(), func(op vfs.Op) error {
		if op.Kind == vfs.OpReserve {
			return fmt.Errorf("reserve: %w", errors.ErrUnsupported)
		}
		return nil
	}))
	s.load()
	s.seal(4)
	s.wantRuns(4)
}

// held is a directory in which the first write waits.
func held() (dir vfs.Dir, reached, release chan struct{}) {
	reached, release = make(chan struct{}), make(chan struct{})
	var once sync.Once
	return vfs.Faulty(vfs.NewMemory(), func(op vfs.Op) error {
		if op.Kind == vfs.OpWriteAt {
			once.Do(func() { close(reached); <-release })
		}
		return nil
	}), reached, release
}

func TestClosingDoesNotWaitForAllMerges(t *testing.T) {
	dir, reached, release := held()
	s := newStore(t, dir)
	for n := range uint64(256) {
		s.index.AddPart(sealedPart(t, n+1))
	}
	if err := s.Load(); err != nil {
		t.Fatal(err)
	}
	<-reached
	closed := make(chan error)
	go func() { closed <- s.Close() }()
	for !s.isClosing() {
		s.Kick()
	}
	s.Wait() // which returns, though nothing is done
	close(release)
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if stats := s.Stats(); stats.Merges > 1 || stats.Runs != 0 {
		t.Errorf("%+v", stats)
	}
	s.Kick()
	s.Wait()
	s.reopen(Config{})
	s.load()
	s.wantRuns(256)
}

func TestARunThatIsFoundDamagedWhileItIsMergedDoesNotLiveOn(t *testing.T) {
	dir := vfs.NewMemory()
	s := newStore(t, dir)
	s.load()
	s.seal(3)
	var holding atomic.Bool
	reached, release := make(chan struct{}), make(chan struct{})
	s.dir = vfs.Faulty(dir, func(op vfs.Op) error {
		if op.Kind == vfs.OpRename && holding.CompareAndSwap(true, false) {
			close(reached)
			<-release
		}
		return nil
	})
	s.reopen(Config{})
	s.load()
	holding.Store(true)
	s.index.AddPart(sealedPart(t, 4))
	s.Kick()
	<-reached
	run := s.index.Runs()[0]
	s.Damaged(run, checked.ErrDamaged)
	close(release)
	s.Wait()
	s.wantRuns(4)
	if stats := s.Stats(); stats.Merges != 1 || stats.Dropped != 1 || stats.Failures != 0 {
		t.Errorf("%+v", stats)
	}
}

func TestManyMayUseAMergerAtOnce(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	s.load()
	var wg sync.WaitGroup
	var done atomic.Bool
	for range 3 {
		wg.Go(func() {
			for !done.Load() {
				for _, r := range s.index.Runs() {
					if r.Info().Segments == 2 {
						s.Damaged(r, checked.ErrDamaged)
					}
				}
				s.Stats()
				s.Kick()
			}
		})
	}
	for n := range uint64(40) {
		s.index.AddPart(sealedPart(t, n+1))
		s.Kick()
	}
	done.Store(true)
	wg.Wait()
	s.Kick()
	s.Wait()
	s.wantRuns(32, 8)
}
