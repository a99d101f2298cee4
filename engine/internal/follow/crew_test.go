// The goroutines that closing waits for, and those that it does not.

package follow

import (
	"runtime"
	"testing"
	"testing/synctest"
)

// waiting waits for a crew; the channel is closed when that is over.
func waiting(c *Crew) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		c.Wait()
		close(done)
	}()
	return done
}

func isOver(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

func TestWaitingForACrewWaitsForAllButTheUsersFunctions(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var c Crew
		inside, user, back := make(chan struct{}), make(chan struct{}), make(chan struct{})
		c.Go(func() { <-inside })
		c.Go(func() {
			c.Outside(func() { <-user })
			close(back)
		})
		synctest.Wait()
		done := waiting(&c)
		synctest.Wait()
		if isOver(done) {
			t.Fatal("it did not wait for who works")
		}
		close(inside)
		synctest.Wait()
		if !isOver(done) {
			t.Fatal("it waits for a function of the user's")
		}
		if c.Go(func() { t.Error("begun") }) {
			t.Error("a goroutine is begun when the crew is over")
		}
		close(user)
		<-back
		<-waiting(&c) // again
	})
}

func TestWhoComesBackFromTheUsersFunctionIsWaitedForAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var c Crew
		user, work := make(chan struct{}), make(chan struct{})
		c.Go(func() {
			c.Outside(func() { <-user })
			<-work
		})
		synctest.Wait()
		close(user)
		synctest.Wait()
		done := waiting(&c)
		synctest.Wait()
		if isOver(done) {
			t.Fatal("it did not wait for who is back")
		}
		close(work)
		<-done
	})
}

func TestTheUsersFunctionMayWaitForTheCrewItself(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var c Crew
		done := make(chan struct{})
		c.Go(func() {
			c.Outside(c.Wait) // as where it closes the store
			close(done)
		})
		<-done
		c.Wait()
	})
}

func TestAGoroutineThatExitsInTheUsersFunctionIsGone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var c Crew
		c.Go(func() { c.Outside(runtime.Goexit) })
		c.Go(func() {
			defer func() { _ = recover() }()
			c.Outside(func() { panic("the user's") })
		})
		synctest.Wait()
		c.Wait()
		if c.inside != 0 {
			t.Errorf("%d goroutines are counted", c.inside)
		}
	})
}
