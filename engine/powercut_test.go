// Power cuts: whatever subset of what was not synced reaches the disk, an opening
// finds every durable event, whole events only, and never gives a sequence away twice.
// Openings are cut off too.

package engine_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

var errCut = errors.New("cut off")

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

func TestAPowerCutLosesNothingDurableAndReusesNoSequence(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	runs := 30
	if raceBuild {
		runs = 8
	}
	for run := range uint64(runs) {
		random := rand.New(rand.NewPCG(seed, run))
		w := &witness{told: make(map[uint64]event.ID), lost: make(map[uint64]bool)}
		left := onDisk(image{})
		for cut := range 4 {
			what := fmt.Sprintf("seed %d, run %d, cut %d", seed, run, cut)
			w, left = w.life(t, what, left, policies[random.IntN(2)], random)
		}
	}
}

// life opens what is left of an earlier one, has it appended to and read, ends it at
// some moment, checks what may be left, and returns that and what was told before.
func (w *witness) life(t *testing.T, what string, left remains, policy engine.SyncPolicy, random *rand.Rand) (*witness, remains) {
	t.Helper()
	d := newDevice(t, left, unlimited)
	s := mustOpenDir(t, d, small(policy))
	w.find(t, what, s)
	events, syncEvery := 1+random.IntN(150), 1+random.IntN(60)
	base, target := s.Stats().Events, uint64(random.IntN(300))%uint64(2*events)
	var appending, reading sync.WaitGroup
	for writer := range 2 {
		appending.Go(func() { w.append(t, s, policy, fmt.Sprint("writer-", writer), events, syncEvery) })
	}
	var done atomic.Bool
	reading.Go(func() {
		for !done.Load() {
			w.read(t, s, policy)
		}
	})
	until(func() bool { return s.Stats().Events-base >= target })
	before := w.fork()
	ends := []remains{d.cut(t, nil), d.cut(t, random), d.cut(t, random), d.kill(t)}
	appending.Wait()
	done.Store(true)
	reading.Wait()
	if random.IntN(2) == 0 { // or while it closes, or after
		before = w.fork()
		d.calls.Store(random.Int64N(15))
		_ = s.Close() // may be cut off
		ends = []remains{d.cut(t, nil), d.cut(t, random), d.cut(t, random), d.kill(t)}
	} else {
		mustClose(t, s)
	}
	d.release(t)
	for i := range ends {
		ends[i] = before.mustSurvive(t, fmt.Sprintf("%s, end %d", what, i), ends[i], random)
	}
	return before, ends[random.IntN(len(ends))]
}

// read reads all that is visible. Under the policy "every append" that is durable.
func (w *witness) read(t *testing.T, s *engine.Store, policy engine.SyncPolicy) {
	for ev, err := range s.Events(0, 0, engine.ReadOptions{Direction: engine.Backward, Limit: 20}) {
		if err != nil {
			t.Errorf("read: %v", err)
			return
		}
		w.mu.Lock()
		w.told[ev.Sequence] = ev.ID
		if policy == engine.SyncEveryAppend() {
			w.durable = max(w.durable, ev.Sequence)
		}
		w.mu.Unlock()
	}
}

// append appends, and notes what it is told.
func (w *witness) append(t *testing.T, s *engine.Store, policy engine.SyncPolicy, entity string, events, syncEvery int) {
	at := event.MustAt(entity, "power")
	for n := range events {
		r, err := s.AppendBytes(at, event.Data, event.CodecRaw, randomBytes(uint64(n), n*37%2000))
		if err != nil {
			t.Errorf("append: %v", err)
			return
		}
		w.mu.Lock()
		w.told[r.Sequence] = r.ID
		w.mu.Unlock()
		durable := policy == engine.SyncEveryAppend()
		if n%syncEvery == 0 {
			if err := s.Sync(); err != nil {
				t.Errorf("sync: %v", err)
			}
			durable = true
		}
		if durable {
			w.mu.Lock()
			w.durable = max(w.durable, r.Sequence)
			w.mu.Unlock()
		}
	}
}

// mustSurvive opens what is left of a store, three times cut off after some calls,
// then to the end, and fails the test unless it keeps what was promised. It returns
// what the openings that were cut off left.
func (w *witness) mustSurvive(t *testing.T, what string, left remains, random *rand.Rand) remains {
	t.Helper()
	for depth := range 3 {
		d := newDevice(t, left, random.Int64N(25))
		s, err := engine.OpenDir(d, small(policies[depth%2]))
		if err == nil {
			_ = s.Close() // is cut off too
		} else if !errors.Is(err, errCut) {
			t.Fatalf("%s, opening cut off at depth %d: %v", what, depth, err)
		}
		if left = d.cut(t, random); random.IntN(2) == 0 {
			left = d.kill(t)
		}
		d.release(t)
	}
	d := newDevice(t, left, unlimited)
	s, err := engine.OpenDir(d, small(policies[0]))
	if err != nil {
		t.Fatalf("%s: open: %v", what, err)
	}
	found := w.fork()
	found.find(t, what, s)
	power := d.cut(t, nil) // what an opening found is durable
	mustClose(t, s)
	d.release(t)
	if s, err = engine.OpenDir(power.files.memory(t), small(policies[0])); err != nil {
		t.Fatalf("%s: open after a power cut behind the opening: %v", what, err)
	}
	found.mustHold(t, what, s)
	mustClose(t, s)
	return left
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
