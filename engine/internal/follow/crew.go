// This file holds Crew: the goroutines that work for the store and call functions of its user's.
//
// Closing a store waits for them, so that none outlives it; but not for one that is in a function of the user's, which may
// never return, or may be what closes the store. Such a goroutine ends when the function does: everything that it would
// do next fails.

package follow

import "sync"

// Crew is a group of goroutines. The zero Crew is empty. All methods may be called concurrently.
type Crew struct {
	mu      sync.Mutex
	changed *sync.Cond // nil until it is first waited on
	inside  int        // goroutines that are not in a function of the user's
	over    bool       // no more are begun
}

// Go begins a goroutine, unless the crew is over, which it reports as false.
func (c *Crew) Go(work func()) bool {
	c.mu.Lock()
	if c.over {
		c.mu.Unlock()
		return false
	}
	c.inside++
	c.mu.Unlock()
	go func() {
		defer c.out()
		work()
	}()
	return true
}

// Outside runs a function of the user's, in a goroutine of the crew, which Wait does not wait for meanwhile.
func (c *Crew) Outside(user func()) {
	c.out()
	defer c.in()
	user()
}

func (c *Crew) in() {
	c.mu.Lock()
	c.inside++
	c.mu.Unlock()
}

func (c *Crew) out() {
	c.mu.Lock()
	c.inside--
	if c.inside == 0 && c.changed != nil {
		c.changed.Broadcast()
	}
	c.mu.Unlock()
}

// Wait begins no more goroutines and returns when none is left but those that are in functions of the user's. What
// makes the others end must have been done before.
func (c *Crew) Wait() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	if c.changed == nil {
		c.changed = sync.NewCond(&c.mu)
	}
	for c.inside > 0 {
		c.changed.Wait()
	}
}
