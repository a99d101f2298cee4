// device: a simulated disk on which a store is opened, and what is left of it. And the
// witness, who remembers what was told of a store over its lives.

package engine_test

import (
	"maps"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/simdisk"
	"github.com/batpak/batpak/internal/vfs"
)

// device is the directory of a simulated disk, and the disk.
type device struct {
	vfs.Dir
	disk *simdisk.Disk
}

// remains is what is left of a disk.
type remains struct{ disk *simdisk.Disk }

// nothing is what is left where nothing was.
func nothing() remains { return remains{simdisk.New()} }

// mount returns the directory on a copy of what is left.
func (r remains) mount() vfs.Dir { return newDevice(r) }

// newDevice returns a device with a copy of what is left of another one.
func newDevice(r remains) *device {
	disk := r.disk.Clone()
	return &device{Dir: disk.Mount(), disk: disk}
}

// kill returns what the end of the process leaves, which the system outlives.
func (d *device) kill() remains { return remains{d.disk.Clone()} }

// cut returns what a power cut may leave. Without random numbers nothing survives
// that was not synced.
func (d *device) cut(random *rand.Rand) remains {
	if random == nil {
		return remains{d.disk.PowerCut(simdisk.Oldest)}
	}
	return remains{d.disk.PowerCut(simdisk.Random(random, simdisk.Style(random.IntN(simdisk.Styles))))}
}

// witness remembers what anybody was told, in one line of history: what happened
// behind a cut did not.
type witness struct {
	mu      sync.Mutex
	told    map[uint64]event.ID // by sequence: receipts, and what an opening found
	lost    map[uint64]bool     // of them, those that an opening did not find
	durable uint64              // all told up to it must be there, but for the lost ones
}

// fork returns a copy.
func (w *witness) fork() *witness {
	w.mu.Lock()
	defer w.mu.Unlock()
	return &witness{told: maps.Clone(w.told), lost: maps.Clone(w.lost), durable: w.durable}
}

// mustHold returns the events of a store, and fails the test unless they are all that
// was promised and nothing that differs from what was told, and the store goes on
// behind every sequence that was told.
func (w *witness) mustHold(t *testing.T, what string, s *engine.Store) map[uint64]event.ID {
	t.Helper()
	events := all(t, s, 0, 0, engine.ReadOptions{})
	mustBeSound(t, events, true)
	held := make(map[uint64]event.ID)
	for _, ev := range events {
		held[ev.Sequence] = ev.ID
	}
	staged := s.Stats().Staged
	for sequence, id := range w.told {
		got, found := held[sequence]
		switch {
		case found && got != id:
			t.Fatalf("%s: sequence %d is %s, told was %s", what, sequence, got, id)
		case !found && sequence <= w.durable && !w.lost[sequence]:
			t.Fatalf("%s: sequence %d is gone, %d was durable\n%s", what, sequence, w.durable, s.Report())
		case sequence > staged:
			t.Fatalf("%s: goes on behind sequence %d, told was %d", what, staged, sequence)
		}
	}
	return held
}

// find is mustHold for an opening with which history goes on: what it holds is told
// and durable from now on, what it does not is lost for good.
func (w *witness) find(t *testing.T, what string, s *engine.Store) {
	t.Helper()
	held := w.mustHold(t, what, s)
	for sequence := range w.told {
		if _, found := held[sequence]; !found {
			w.lost[sequence] = true
		}
	}
	for sequence, id := range held {
		w.told[sequence] = id
		w.durable = max(w.durable, sequence)
	}
}
