// slowDisk: a device on which syncs of the first segment can be held up and then succeed or
// fail; and the policies that promises are tested under. These tests run in bubbles of
// testing/synctest, where background work can be waited for.

package engine_test

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
)

// everyPolicy has one of each kind. Their bounds are beyond what a test that does not
// care reaches.
var everyPolicy = []engine.SyncPolicy{
	engine.SyncEveryAppend(), engine.SyncEvery(1000, 0), engine.SyncEvery(0, time.Hour), engine.SyncEvery(1000, time.Hour), engine.SyncManual(),
}

// waits are what an append can wait for, with names.
var waits = map[string]engine.Wait{"policy": engine.WaitPolicy, "durable": engine.WaitDurable, "staged": engine.WaitStaged}

// slowDisk is the disk. Of the calls for the first segment only SyncData is held: what is in
// later ones is not durable before that.
type slowDisk struct {
	vfs.Dir
	device *device

	mu      sync.Mutex
	gate    chan struct{} // closed by release; nil: nothing is held
	delay   time.Duration // that every sync takes
	verdict error         // of those that are held, written before gate is closed
	held    int           // that wait at this gate
	begun   int           // syncs since the store was ready
	calls   int           // of any kind
}

func newSlowDisk(t failer) *slowDisk { return newSlowDiskOf(t, nothing()) }

func newSlowDiskOf(t failer, left remains) *slowDisk {
	d := &slowDisk{device: newDevice(left)}
	d.Dir = vfs.Faulty(d.device, d.ask)
	return d
}

func (d *slowDisk) ask(op vfs.Op) error {
	d.mu.Lock()
	d.calls++
	if op.Kind != vfs.OpSyncData || !strings.HasPrefix(op.Name, firstSegment) {
		d.mu.Unlock()
		return nil
	}
	d.begun++
	gate, delay := d.gate, d.delay
	if gate == nil && delay == 0 {
		defer d.mu.Unlock()
		return d.verdict
	}
	d.held++
	d.mu.Unlock()
	if delay > 0 {
		<-time.After(delay)
	}
	if gate != nil {
		<-gate
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.verdict
}

// hold makes every sync wait from now on.
func (d *slowDisk) hold() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gate == nil {
		d.gate = make(chan struct{})
	}
}

// release lets those go on that are held, and all later ones, with this outcome.
func (d *slowDisk) release(verdict error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.verdict = verdict
	if d.gate != nil {
		close(d.gate)
		d.gate, d.held = nil, 0
	}
}

// holdNext lets those go on that are held, and holds all later ones.
func (d *slowDisk) holdNext() {
	d.mu.Lock()
	defer d.mu.Unlock()
	close(d.gate)
	d.gate, d.held = make(chan struct{}), 0
}

// slow makes every sync take this long from now on.
func (d *slowDisk) slow(delay time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.delay = delay
}

// waitForSync returns when a sync is held.
func (d *slowDisk) waitForSync() {
	until(func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.held > 0
	})
}

// syncs returns how many were begun.
func (d *slowDisk) syncs() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.begun
}

// allCalls returns how many calls of any kind were made.
func (d *slowDisk) allCalls() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls
}

// slowStore opens a store on a new slow disk.
func slowStore(t *testing.T, o engine.Options) (*engine.Store, *slowDisk) {
	t.Helper()
	d := newSlowDisk(t)
	return openSlow(t, d, o), d
}

// openSlow opens a store on a slow disk and returns when its pages are prepared: that takes
// syncs too. It is closed after the test, whatever that reports.
func openSlow(t *testing.T, d *slowDisk, o engine.Options) *engine.Store {
	t.Helper()
	s := mustOpenDir(t, d, o)
	synctest.Wait()
	d.begun = 0
	t.Cleanup(func() {
		d.release(d.verdict)
		_ = s.Close() // tests that care call it themselves
	})
	return s
}

// openLeft opens what is left of a store, in memory; it is closed after the test.
func openLeft(t *testing.T, left remains, o engine.Options) *engine.Store {
	t.Helper()
	return openFor(t, left.mount(), o)
}

// openFor opens a store that is closed after the test, whatever that reports.
func openFor(t *testing.T, dir vfs.Dir, o engine.Options) *engine.Store {
	t.Helper()
	s := mustOpenDir(t, dir, o)
	t.Cleanup(func() { _ = s.Close() }) // tests that care call it themselves
	return s
}

// mustStage appends events that wait for nothing.
func mustStage(t failer, s *engine.Store, events int) {
	t.Helper()
	for range events {
		if _, err := s.AppendWith(here, event.Data, "x", engine.AppendOptions{Wait: engine.WaitStaged}); err != nil {
			t.Fatalf("append: %v", err)
		}
	}
}

// mustShow fails the test unless the watermarks are these.
func mustShow(t *testing.T, what string, s *engine.Store, staged, visible, durable uint64) {
	t.Helper()
	if got := s.Stats(); got.Staged != staged || got.Visible != visible || got.Durable != durable {
		t.Errorf("%s: staged %d, visible %d, durable %d, want %d, %d, %d", what, got.Staged, got.Visible, got.Durable, staged, visible, durable)
	}
}

// visibleOf returns what readers see of so many events that are staged, none of them
// durable.
func visibleOf(policy engine.SyncPolicy, staged, durable uint64) uint64 {
	if policy == engine.SyncEveryAppend() {
		return durable
	}
	return staged
}

// bubble runs a test whose background work can be waited for and whose time is its own.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

// call runs f in a goroutine; the channel yields its error.
func call(f func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	return done
}

// mustNotBeDone fails the test if a call returned.
func mustNotBeDone(t *testing.T, what string, done <-chan error) {
	t.Helper()
	select {
	case err := <-done:
		t.Fatalf("%s returned %v, it should wait", what, err)
	default:
	}
}
