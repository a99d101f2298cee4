// What batches, keys, conditions and reactions come to, against a naive model: random requests over small segments,
// made again later, over closings, kills and power cuts.

package engine_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"pgregory.net/rapid"
)

// decider is a store that decides, and what it must decide by.
type decider struct {
	device *device
	store  *engine.Store
	manual bool
	clock  atomic.Int64 // microseconds

	known   history
	durable int    // how many of known survive a power cut
	last    uint64 // highest sequence that was given out or lost
	keys    map[string]holding
	asked   []request // with keys, to be made again
	stored  map[string]int
}

// holding is who has a key.
type holding struct {
	first, events int // in known; of a batch's own key the number of its events, else 0
	request       string
}

// request is a unit of intents: a batch, or one event alone.
type request struct {
	intents []intent
	wishes  [][]wish // by intent: what is asked for it
	batch   bool
	key     string // of the batch
	whole   []wish // of the batch
	cause   event.ID
	react   bool // all are caused by it
}

// wish is a condition that can be judged by a plain slice too.
type wish struct {
	entity string
	own    bool // what the intent expects of its entity
	byID   bool
	clock  uint64
	id     event.ID
	region selection
	after  uint64
}

// condition returns the wish as the store is told of it.
func (w *wish) condition() engine.Condition {
	if w.entity == "" {
		return engine.NoneAfter(w.region.region, w.after)
	}
	return engine.EntityIs(w.entity, w.expectation())
}

func (w *wish) expectation() engine.Expectation {
	if w.byID {
		return engine.ExpectLastID(w.id)
	}
	return engine.ExpectClock(w.clock)
}

func TestDecisionsAreThoseOfANaiveModelOverReopeningsKillsAndPowerCuts(t *testing.T) {
	t.Parallel()
	runs, finished := 0, 0
	told := make(map[string]int)
	rapid.Check(t, func(t *rapid.T) {
		if runs++; raceBuild && finished > 15 && finished == runs-1 {
			finished++ // the detector makes it slow
			return
		}
		m := &decider{device: newDevice(nothing()), keys: make(map[string]holding), stored: told}
		m.clock.Store(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro())
		defer func() { _ = m.store.Close() }() // a failed run leaves it open
		m.open(t, m.device.kill())
		t.Repeat(rapid.StateMachineActions(m))
		mustEqual(t, all(t, m.store, 0, 0, engine.ReadOptions{}), m.known)
		mustBeSound(t, m.known, true)
		finished++
	})
	t.Logf("decided: %v", told)
}

// open goes on with what is left.
func (m *decider) open(t *rapid.T, left remains) {
	m.device = newDevice(left)
	o := small(engine.SyncEveryAppend())
	if m.manual = rapid.Bool().Draw(t, "manual"); m.manual {
		o.Sync = engine.SyncManual()
	}
	o.MaxBatchBytes = 8 << 20
	o.Rebuild = rapid.IntRange(0, 3).Draw(t, "rebuild") == 0
	o.Clock = func() time.Time { return time.UnixMicro(m.clock.Load()) }
	var err error
	if m.store, err = engine.OpenDir(m.device, o); err != nil {
		t.Fatalf("open: %v", err)
	}
}

// Check compares the counters after every action.
func (m *decider) Check(t *rapid.T) {
	if s := m.store.Stats(); s.Events != uint64(len(m.known)) || s.Staged != m.last || s.Visible != m.last {
		t.Fatalf("%d events, staged %d, visible %d; want %d events up to %d", s.Events, s.Staged, s.Visible, len(m.known), m.last)
	}
}

// Append makes a request of one event.
func (m *decider) Append(t *rapid.T) { m.make(t, m.draw(t, 1, false)) }

// Batch makes one of several.
func (m *decider) Batch(t *rapid.T) {
	m.make(t, m.draw(t, rapid.SampledFrom([]int{1, 2, 2, 3, 5, 20}).Draw(t, "items"), true))
}

// Again makes an earlier request again, as it was or a little different.
func (m *decider) Again(t *rapid.T) {
	if len(m.asked) == 0 {
		t.Skip("nothing was asked yet")
	}
	r := m.asked[rapid.IntRange(0, len(m.asked)-1).Draw(t, "request")]
	r.intents = slices.Clone(r.intents)
	if rapid.IntRange(0, 3).Draw(t, "another request") == 0 {
		r.intents[rapid.IntRange(0, len(r.intents)-1).Draw(t, "changed")].Lane++
	}
	if r.batch && rapid.IntRange(0, 3).Draw(t, "item alone") == 0 {
		at := rapid.IntRange(0, len(r.intents)-1).Draw(t, "item")
		r = request{intents: r.intents[at : at+1], wishes: r.wishes[at : at+1]}
		if r.intents[0].CauseInBatch != 0 {
			t.Skip("an item that another one caused")
		}
	}
	m.make(t, r)
}

// Sync makes all durable.
func (m *decider) Sync(t *rapid.T) {
	mustSync(t, m.store)
	m.durable = len(m.known)
}

// Tick moves the clock, also backwards.
func (m *decider) Tick(t *rapid.T) {
	m.clock.Add(rapid.Int64Range(-5_000_000, 5_000_000).Draw(t, "microseconds"))
}

// Settle waits until all is sealed that can be.
func (m *decider) Settle(*rapid.T) { settle(m.store) }

// Reopen closes the store and opens it again.
func (m *decider) Reopen(t *rapid.T) {
	mustClose(t, m.store)
	m.durable = len(m.known)
	m.open(t, m.device.kill())
	mustEqual(t, all(t, m.store, 0, 0, engine.ReadOptions{}), m.known)
}

// Kill ends the process: nothing that was staged is gone.
func (m *decider) Kill(t *rapid.T) {
	manual, left := m.manual, m.device.kill()
	mustClose(t, m.store)
	m.open(t, left)
	m.durable = len(m.known)
	m.last += ahead(manual)
	mustEqual(t, all(t, m.store, 0, 0, engine.ReadOptions{}), m.known)
}

// PowerCut leaves what was durable, and of the rest a prefix, never a part of a batch.
func (m *decider) PowerCut(t *rapid.T) {
	manual, left := m.manual, m.device.cut(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "cut"), 0)))
	mustClose(t, m.store)
	m.open(t, left)
	got := all(t, m.store, 0, 0, engine.ReadOptions{})
	if len(got) < m.durable || len(got) > len(m.known) {
		t.Fatalf("%d events after a power cut, %d were durable, %d staged", len(got), m.durable, len(m.known))
	}
	mustEqual(t, got, m.known[:len(got)])
	recovered := m.last
	if len(got) < len(m.known) {
		recovered = m.known[len(got)].Sequence - 1
	}
	m.known, m.durable, m.last = slices.Clip(m.known[:len(got)]), len(got), recovered+ahead(manual)
	for key, h := range m.keys {
		if h.first >= len(m.known) {
			delete(m.keys, key)
		}
	}
}

// make makes a request and fails the test unless it is answered as the model says.
func (m *decider) make(t *rapid.T, r request) {
	m.resolve(&r)
	receipts, err := r.make(m.store)
	known, refusals := m.judgeKeys(&r)
	failed := m.failing(&r)
	switch {
	case known != nil:
		m.tell("duplicate")
		m.mustRepeat(t, &r, receipts, err, known)
	case refusals != nil:
		m.tell("refused for a key")
		mustBeOneOf(t, &r, err, refusals)
	case failed != nil:
		m.tell("conflict")
		m.mustConflict(t, &r, err, failed)
	default:
		m.tell("stored")
		m.mustStore(t, &r, receipts, err)
	}
}

func (m *decider) tell(what string) { m.stored[what]++ }

// mustRepeat fails the test unless the answer are the events that are known.
func (m *decider) mustRepeat(t *rapid.T, r *request, receipts []engine.Receipt, err error, known []int) {
	if err != nil || len(receipts) != len(known) {
		t.Fatalf("%s is known: %v, %v", r, receipts, err)
	}
	for i, at := range known {
		ev := &m.known[at]
		want := engine.Receipt{ID: ev.ID, Sequence: ev.Sequence, Timestamp: ev.Timestamp, Position: ev.Position, Hash: ev.Hash, Duplicate: true}
		if receipts[i] != want {
			t.Fatalf("%s is known: receipt %d is %+v, want %+v", r, i, receipts[i], want)
		}
	}
	if !m.manual || r.batch { // what it rests on is durable now, and so is all before
		m.durable = max(m.durable, slices.Max(known)+1)
	}
}

// mustBeOneOf fails the test unless the error is one of those that a key can give.
func mustBeOneOf(t *rapid.T, r *request, err error, want []engine.KeyError) {
	var got *engine.KeyError
	if !errors.Is(err, engine.ErrIdempotencyConflict) || !errors.As(err, &got) {
		t.Fatalf("%s: got %v, want a KeyError", r, err)
	}
	for _, w := range want {
		if w.Item == got.Item && w.Key == got.Key && w.Sequence == got.Sequence {
			return
		}
	}
	t.Fatalf("%s: got %+v, want one of %+v", r, got, want)
}

// mustConflict fails the test unless the error is one of those that what is asked can give.
func (m *decider) mustConflict(t *rapid.T, r *request, err error, want []engine.ConflictError) {
	var got *engine.ConflictError
	if !errors.Is(err, engine.ErrConflict) || !errors.As(err, &got) {
		t.Fatalf("%s: got %v, want a ConflictError", r, err)
	}
	text := fmt.Sprintf("%+v", *got)
	for i := range want {
		if fmt.Sprintf("%+v", want[i]) == text {
			return
		}
	}
	t.Fatalf("%s: got %s, want one of %+v", r, text, want)
}

// mustStore takes what was stored into the model.
func (m *decider) mustStore(t *rapid.T, r *request, receipts []engine.Receipt, err error) {
	if err != nil || len(receipts) != len(r.intents) {
		t.Fatalf("%s: %v, %v", r, receipts, err)
	}
	first := len(m.known)
	for i, receipt := range receipts {
		if receipt.Sequence != m.last+1 || receipt.Duplicate {
			t.Fatalf("%s: receipt %d is %+v behind sequence %d", r, i, receipt, m.last)
		}
		m.last++
		if key := r.intents[i].Key; key != "" {
			m.keys[key] = holding{first + i, 0, r.one(i)}
		}
	}
	if r.key != "" {
		m.keys[r.key] = holding{first, len(receipts), r.all()}
	}
	m.known = append(m.known, storedAs(r.intents, receipts, m.known)...)
	if !m.manual || r.batch {
		m.durable = len(m.known)
	}
	mustEqual(t, all(t, m.store, m.known[first].Sequence, 0, engine.ReadOptions{}), m.known[first:])
}
