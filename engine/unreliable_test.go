// unreliable: a directory in memory whose calls can be made to fail, and that keeps
// its files when the store is closed.

package engine_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/internal/vfs"
)

var errInjected = errors.New("injected failure")

// unreliable is a directory with a say before every call.
type unreliable struct {
	vfs.Dir
	memory *vfs.Memory

	mu     sync.Mutex
	decide func(vfs.Op) error
	calls  []vfs.Op // since forget
}

func newUnreliable(memory *vfs.Memory) *unreliable {
	d := &unreliable{memory: memory}
	d.Dir = vfs.Faulty(memory, d.ask)
	return d
}

func (d *unreliable) ask(op vfs.Op) error {
	op.Name = strings.TrimSuffix(op.Name, ".tmp") // files keep the name that they were created with
	d.mu.Lock()
	d.calls = append(d.calls, op)
	decide := d.decide
	d.mu.Unlock()
	if decide == nil {
		return nil
	}
	return decide(op)
}

// when sets what is decided from now on; nil: nothing fails.
func (d *unreliable) when(decide func(vfs.Op) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.decide = decide
}

// fail makes all calls of some kinds fail from now on.
func (d *unreliable) fail(err error, kinds ...vfs.OpKind) {
	d.when(func(op vfs.Op) error {
		for _, kind := range kinds {
			if op.Kind == kind {
				return err
			}
		}
		return nil
	})
}

// forget empties the list of calls.
func (d *unreliable) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls = nil
}

// count returns how many calls of this kind were made for a file, "" being any.
func (d *unreliable) count(kind vfs.OpKind, name string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, op := range d.calls {
		if op.Kind == kind && (name == "" || op.Name == name) {
			n++
		}
	}
	return n
}

// small are options for tests that change segments often.
func small(policy engine.SyncPolicy) engine.Options {
	return engine.Options{SegmentSize: engine.MinSegmentSize, Sync: policy}
}

// policies are both.
var policies = []engine.SyncPolicy{engine.SyncEveryAppend(), engine.SyncManual()}

func mustOpenDir(t failer, dir vfs.Dir, o engine.Options) *engine.Store {
	t.Helper()
	s, err := engine.OpenDir(dir, o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return s
}

// mustReopen opens the directory without failures and fails the test unless it holds
// at least the first durable ones of the events, and no others; then it goes on.
func mustReopen(t *testing.T, d *unreliable, events history, durable int) {
	t.Helper()
	d.when(nil)
	s := mustOpenDir(t, d, small(engine.SyncEveryAppend()))
	got := all(t, s, 0, 0, engine.ReadOptions{})
	if len(got) < durable || len(got) > len(events) {
		t.Fatalf("%d events, want %d to %d; %s", len(got), durable, len(events), s.Report())
	}
	mustEqual(t, got, events[:len(got)])
	got = append(got, mustAppend(t, s, 2)...)
	mustBeSound(t, got, true)
	mustClose(t, s)
	s = mustOpenDir(t, d, small(engine.SyncEveryAppend()))
	mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), got)
	mustClose(t, s)
}
