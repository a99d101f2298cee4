// This file holds Pin, and its states:
//
//	open      it may be held by any number of users
//	closing   Close was called; no new holder, those that there are go on
//	released  the last holder is gone and the resource was released

package pin

import (
	"math"
	"sync"
	"sync/atomic"
)

// closing is added to the count when Close is called, so that later holders see a negative one.
const closing = math.MinInt64 / 2

// Pin guards one resource. All methods may be called concurrently.
type Pin struct {
	count     atomic.Int64
	once      sync.Once
	releasing atomic.Bool
	release   func() error
	released  chan struct{} // closed when it was released
	failed    error         // of release; read after released is closed
}

// New returns an open pin of a resource that release lets go of. release is called once.
func New(release func() error) *Pin {
	return &Pin{release: release, released: make(chan struct{})}
}

// Hold keeps the resource until Let; false means that it is closed, and then there is nothing to let go of. It does
// not wait.
func (p *Pin) Hold() bool {
	if p.count.Add(1) > 0 {
		return true
	}
	p.Let()
	return false
}

// Let ends one Hold. The last one after Close releases the resource.
func (p *Pin) Let() {
	if p.count.Add(-1) == closing {
		p.finish()
	}
}

// Close refuses further holders, waits for those that there are, and returns what releasing returned. It may be
// called again, also at the same time, and returns the same.
func (p *Pin) Close() error {
	p.once.Do(func() {
		if p.count.Add(closing) == closing {
			p.finish()
		}
	})
	<-p.released
	return p.failed
}

// finish runs when the count is exactly closing: once for Close, and again for a holder that came too late; whoever is
// second has nothing to do.
func (p *Pin) finish() {
	if !p.releasing.CompareAndSwap(false, true) {
		return
	}
	p.failed = p.release()
	close(p.released)
}
