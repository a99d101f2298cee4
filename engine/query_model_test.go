// Queries against a plain slice: random stores, random regions, over many small
// segments, reopenings and crashes, with what is derived deleted in between.

package engine_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"pgregory.net/rapid"
)

// seeker is a store that is asked, and what it must hold.
type seeker struct {
	sower  *sower
	root   string
	path   string
	copies int
	store  *engine.Store
	manual bool

	known   history
	durable int    // how many are known to survive a power cut
	last    uint64 // highest sequence that was given out or lost
}

func TestQueriesAnswerLikeALinearScanOverAPlainSlice(t *testing.T) {
	t.Parallel()
	root := quickDir(t)
	runs, finished := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		if runs++; raceBuild && finished > 15 && finished == runs-1 {
			finished++ // the detector makes it slow
			return
		}
		m := &seeker{root: filepath.Join(root, fmt.Sprint(runs)), sower: newSower(rapid.Uint64().Draw(t, "seed"))}
		m.path = filepath.Join(m.root, "0")
		if err := os.MkdirAll(m.root, 0o700); err != nil {
			t.Fatalf("%v", err)
		}
		defer func() {
			_ = m.store.Close() // a failed run leaves it open
			_ = os.RemoveAll(m.root)
		}()
		m.open(t, false)
		t.Repeat(rapid.StateMachineActions(m))
		mustEqual(t, all(t, m.store, 0, 0, engine.ReadOptions{}), m.known)
		mustBeSound(t, m.known, true)
		finished++
	})
}

func (m *seeker) open(t *rapid.T, rebuild bool) {
	m.manual = rapid.Bool().Draw(t, "manual")
	o := m.sower.options(engine.SyncEveryAppend())
	if m.manual {
		o.Sync = engine.SyncManual()
	}
	o.Rebuild = rebuild
	var err error
	if m.store, err = engine.Open(m.path, o); err != nil {
		t.Fatalf("open: %v", err)
	}
}

// Check asks for the newest event after every action, by its stream.
func (m *seeker) Check(t *rapid.T) {
	if len(m.known) == 0 {
		return
	}
	newest := m.known[len(m.known)-1]
	mustAnswer(t, m.store, everything().entity(newest.Entity()), engine.ReadOptions{Direction: engine.Backward, Limit: 1}, history{newest})
	mustTellClocks(t, m.store, m.known, newest.Entity())
}

func (m *seeker) stored() {
	m.last = m.known[len(m.known)-1].Sequence
	if !m.manual {
		m.durable = len(m.known)
	}
}

// Append appends some events, sometimes as many as fill segments.
func (m *seeker) Append(t *rapid.T) {
	n := rapid.SampledFrom([]int{1, 2, 17, 250}).Draw(t, "events")
	m.known = m.sower.sow(t, m.store, m.known, n)
	m.stored()
}

// AppendLarge appends an event that a new segment has to begin with.
func (m *seeker) AppendLarge(t *rapid.T) {
	d := m.sower.draft(m.known)
	d.Payload = randomBytes(uint64(len(m.known)), 60_000)
	m.known = append(m.known, mustStore(t, m.store, &d, m.known))
	m.stored()
}

// Sync makes all durable.
func (m *seeker) Sync(t *rapid.T) {
	if err := m.store.Sync(); err != nil {
		t.Fatalf("sync: %v", err)
	}
	m.durable = len(m.known)
}

// Settle waits until all is sealed that can be.
func (m *seeker) Settle(*rapid.T) { settle(m.store) }

// Query asks for random regions.
func (m *seeker) Query(t *rapid.T) {
	for range 6 {
		q := m.union(t)
		o := engine.ReadOptions{
			Direction: engine.Direction(rapid.IntRange(0, 1).Draw(t, "direction")),
			Limit:     rapid.SampledFrom([]int{0, 0, 1, 2, 10, 1000}).Draw(t, "limit"), SkipChecks: rapid.Bool().Draw(t, "skip checks"),
		}
		mustAnswer(t, m.store, q, o, m.known.selected(q, o))
	}
}

// union draws one to three parts, and what narrows all of them.
func (m *seeker) union(t *rapid.T) selection {
	parts := make([]selection, rapid.SampledFrom([]int{1, 1, 1, 2, 3}).Draw(t, "parts"))
	for i := range parts {
		parts[i] = everything()
		for range rapid.IntRange(0, 3).Draw(t, "factors") {
			parts[i] = m.narrow(t, parts[i])
		}
	}
	q := union(parts...)
	if rapid.IntRange(0, 3).Draw(t, "narrowed") == 0 {
		q = m.narrow(t, q)
	}
	return q
}

// narrow draws one factor.
func (m *seeker) narrow(t *rapid.T, q selection) selection {
	switch rapid.IntRange(0, 9).Draw(t, "factor") {
	case 0, 1:
		return q.entity(rapid.SampledFrom(sownEntities).Draw(t, "entity"))
	case 2:
		return q.prefix(m.prefix(t))
	case 3:
		return q.scope(rapid.SampledFrom(sownScopes).Draw(t, "scope"))
	case 4:
		return q.kinds(rapid.SliceOfN(rapid.SampledFrom(sownKinds), 1, 3).Draw(t, "kinds")...)
	case 5:
		return q.category(rapid.Uint16Range(0, 0xF).Draw(t, "category"))
	case 6:
		return q.tags(rapid.SliceOfN(rapid.SampledFrom(sownTags), 1, 2).Draw(t, "tags")...)
	case 7:
		return q.clocks(rapid.Uint64Range(0, 60).Draw(t, "clock from"), rapid.Uint64Range(0, 60).Draw(t, "clock to"))
	case 8:
		return q.sequences(m.event(t).Sequence, m.event(t).Sequence)
	}
	return q.between(m.event(t).Time(), m.event(t).Time())
}

// prefix draws one of the interesting ones, or some bytes of a name.
func (m *seeker) prefix(t *rapid.T) string {
	if rapid.Bool().Draw(t, "known prefix") {
		return rapid.SampledFrom(sownPrefixes).Draw(t, "prefix")
	}
	name := rapid.SampledFrom(sownEntities).Draw(t, "prefix of")
	return name[:rapid.IntRange(0, len(name)).Draw(t, "bytes")]
}

// event draws one that is known; the zero event when there is none, or sometimes.
func (m *seeker) event(t *rapid.T) event.Event {
	i := rapid.IntRange(-1, len(m.known)-1).Draw(t, "event")
	if i < 0 {
		return event.Event{}
	}
	return m.known[i]
}

// Names lists entities and scopes and asks for clocks.
func (m *seeker) Names(t *rapid.T) {
	mustListNames(t, m.store, m.known, m.prefix(t), m.prefix(t), "")
	mustTellClocks(t, m.store, m.known, rapid.SampledFrom(sownEntities).Draw(t, "entity"), "nobody")
}

// Get looks for ids that there are, and for some that could be.
func (m *seeker) Get(t *rapid.T) {
	for range 8 {
		ev := m.event(t)
		near := ev.ID
		near[rapid.IntRange(0, len(near)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if got, err := m.store.Get(near); !errors.Is(err, engine.ErrNotFound) {
			t.Fatalf("id %s, near %s: %s, %v", near, ev.ID, got, err)
		}
		if !ev.ID.IsZero() {
			mustGet(t, m.store, history{ev})
		}
	}
}

// Reopen closes the store and opens it again without some of what is derived.
func (m *seeker) Reopen(t *rapid.T) {
	if err := m.store.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	m.durable = len(m.known)
	m.resume(t, imageOf(t, m.path))
	if !m.store.Report().Clean {
		t.Fatalf("a closed store is not clean: %s", m.store.Report())
	}
}

// Crash goes on in what a kill leaves, without some of what is derived.
func (m *seeker) Crash(t *rapid.T) {
	files, manual := imageOf(t, m.path), m.manual
	if err := m.store.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	known := m.known
	if raceBuild && manual {
		known = m.survivors(t, files)
	}
	recovered := m.last
	if len(known) < len(m.known) {
		recovered = m.known[len(known)].Sequence - 1
	}
	m.known, m.durable, m.last = slices.Clip(known), len(known), recovered+ahead(manual)
	m.resume(t, files)
}

// survivors returns what is left where what was not synced ends with the process.
func (m *seeker) survivors(t *rapid.T, files image) history {
	s, err := engine.OpenDir(files.memory(t), engine.Options{ReadOnly: true})
	if err != nil {
		t.Fatalf("open for reading: %v", err)
	}
	left := all(t, s, 0, 0, engine.ReadOptions{})
	mustClose(t, s)
	if len(left) < m.durable || len(left) > len(m.known) {
		t.Fatalf("%d events after a crash, %d were durable, %d staged", len(left), m.durable, len(m.known))
	}
	return m.known[:len(left)]
}

// resume goes on in a new directory with what is left of the files after a loss.
func (m *seeker) resume(t *rapid.T, files image) {
	if err := os.RemoveAll(m.path); err != nil {
		t.Fatalf("%v", err)
	}
	m.copies++
	m.path = filepath.Join(m.root, fmt.Sprint(m.copies))
	loss := losses[rapid.IntRange(0, len(losses)-1).Draw(t, "loss")]
	loss.from(files).write(t, m.path)
	if rapid.Bool().Draw(t, "for reading first") {
		s, err := engine.Open(m.path, engine.Options{ReadOnly: true, Rebuild: loss.rebuild})
		if err != nil {
			t.Fatalf("open for reading: %v", err)
		}
		write := m.store
		m.store = s
		m.ask(t)
		mustClose(t, s)
		m.store = write
	}
	m.open(t, loss.rebuild)
	m.ask(t)
}

// ask asks some of the questions that there always are.
func (m *seeker) ask(t *rapid.T) {
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "questions"), 0))
	list := questions(m.known)
	for range 12 {
		q, o := list[random.IntN(len(list))], engine.ReadOptions{Direction: engine.Direction(random.IntN(2)), Limit: random.IntN(4)}
		mustAnswer(t, m.store, q, o, m.known.selected(q, o))
	}
	mustListNames(t, m.store, m.known, sownPrefixes[random.IntN(len(sownPrefixes))], "")
	mustTellClocks(t, m.store, m.known, sownEntities...)
	if len(m.known) > 0 {
		mustGet(t, m.store, m.known[random.IntN(len(m.known)):][:1])
	}
}
