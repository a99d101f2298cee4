//go:build dangerous_test_hooks

// Fault injection through a whole store: which points a life reaches, and what the tests of them have in common.

package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/internal/vfs"
)

// mustInject adds a rule.
func mustInject(t failer, set *hooks.Set, r hooks.Rule) {
	t.Helper()
	if err := set.Add(r); err != nil {
		t.Fatalf("%v", err)
	}
}

// hookedLife is one opening of a store at which something may happen, as an application does it that goes on where it can.
type hookedLife struct {
	options engine.Options
	log     bytes.Buffer // of the store
	failed  []failure
	w       *witness
	policy  engine.SyncPolicy
	patient bool // it waits for sealing and merging before it closes the store
}

// failure is what the application was told.
type failure struct {
	call string
	err  error
}

func (f failure) String() string { return f.call + ": " + f.err.Error() }

func newHookedLife(set *hooks.Set, policy engine.SyncPolicy, w *witness) *hookedLife {
	l := &hookedLife{w: w, policy: policy, options: small(policy)}
	l.options.Hooks = set
	l.options.Logger = slog.New(slog.NewTextHandler(&l.log, nil)) // the handler has a lock
	return l
}

// note keeps an error, and reports whether there was none.
func (l *hookedLife) note(call string, err error) bool {
	if err != nil {
		l.failed = append(l.failed, failure{call, err})
	}
	return err == nil
}

// live opens the store in dir, appends, syncs, reads and closes it.
func (l *hookedLife) live(dir vfs.Dir, events int) {
	s, err := engine.OpenDir(dir, l.options)
	if !l.note("open", err) {
		return
	}
	l.append(s, events)
	for ev, err := range s.Events(0, 0, engine.ReadOptions{Direction: engine.Backward, Limit: 50}) {
		if !l.note("read", err) {
			break
		}
		l.w.tell(ev.Sequence, ev.ID, l.policy == engine.SyncEveryAppend())
	}
	if l.patient {
		until(func() bool { return allSealed(s) })
		engine.WaitForMerges(s)
	}
	l.note("close", s.Close())
}

// allSealed reports whether every segment that ended is sealed.
func allSealed(s *engine.Store) bool {
	stats := s.Stats()
	return stats.SealedSegments == stats.Segments-1
}

func (l *hookedLife) append(s *engine.Store, events int) {
	for i := range events {
		at := event.MustAt(fmt.Sprint("entity-", i%3), "scope")
		o := engine.AppendOptions{Wait: []engine.Wait{engine.WaitPolicy, engine.WaitPolicy, engine.WaitStaged, engine.WaitDurable}[i%4]}
		r, err := s.AppendBytesWith(at, event.Data, event.CodecRaw, randomBytes(uint64(i), 100+i%900), o)
		if !l.note("append", err) {
			if errors.Is(err, engine.ErrPoisoned) {
				return
			}
			continue
		}
		l.w.tell(r.Sequence, r.ID, o.Wait == engine.WaitDurable || o.Wait == engine.WaitPolicy && l.policy == engine.SyncEveryAppend())
		if i%50 == 25 && l.note("sync", s.Sync()) {
			l.w.tell(r.Sequence, r.ID, true)
		}
	}
}

// tell notes what was told about an event.
func (w *witness) tell(sequence uint64, id event.ID, durable bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told[sequence] = id
	if durable {
		w.durable = max(w.durable, sequence)
	}
}

func newWitness() *witness {
	return &witness{told: make(map[uint64]event.ID), lost: make(map[uint64]bool)}
}

// hookPolicies are one of each kind.
var hookPolicies = []engine.SyncPolicy{engine.SyncEveryAppend(), engine.SyncEvery(5, 0), engine.SyncManual()}

// unfinished is the file of a segment that was being made when the store was left.
const unfinished = "00000000000000000099-00000.seg.tmp"

// remainsWithCrash returns what a life left that ended in the middle, as the system still knows it, and who saw it.
func remainsWithCrash(t failer, policy engine.SyncPolicy, events int) (remains, *witness) {
	t.Helper()
	w := newWitness()
	d := newDevice(nothing())
	l := newHookedLife(nil, policy, w)
	s := mustOpenDir(t, d, l.options)
	l.append(s, events)
	before := w.fork()
	left := d.kill()
	mustClose(t, s)
	if len(l.failed) > 0 {
		t.Fatalf("without anything injected: %v", l.failed)
	}
	file, err := left.disk.Mount().Create(unfinished)
	if err != nil {
		t.Fatalf("%v", err)
	}
	if err := file.Close(); err != nil {
		t.Fatalf("%v", err)
	}
	return left, before
}

func TestALifeOfAStoreReachesEveryPoint(t *testing.T) {
	t.Parallel()
	set := hooks.New(1)
	path := quickDir(t)
	options := func(policy engine.SyncPolicy) engine.Options {
		o := small(policy)
		o.Hooks = set
		return o
	}
	// A store that is new, filled, and left in the middle.
	s := mustOpen(t, path+"/store", options(engine.SyncEveryAppend()))
	mustAppend(t, s, 700)
	mustAskAgain(t, set, s)
	until(func() bool { return allSealed(s) })
	engine.WaitForMerges(s)
	crashed := imageOf(t, path+"/store")
	crashed[unfinished] = nil
	mustClose(t, s)
	crashed.write(t, path+"/crashed")
	// One that recovers it, and finds its bound on what is staged.
	appendUpToTheBound(t, set, path+"/crashed", options(engine.SyncEvery(1, 0)))
	// Ones that only read it, sync themselves, and with the other call.
	o := options(engine.SyncManual())
	o.ReadOnly = true
	mustClose(t, mustOpen(t, path+"/crashed", o))
	o = options(engine.SyncManual())
	s = mustOpen(t, path+"/crashed", o)
	mustAppend(t, s, 3)
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)

	var missing []string
	for _, p := range hooks.Points() {
		if set.Count(p) == 0 {
			missing = append(missing, p.String())
		}
	}
	if len(missing) > 0 {
		t.Errorf("never reached: %s", strings.Join(missing, ", "))
	}
}

// mustAskAgain appends a batch with a key and conditions while something comes between that makes it be judged again, and appends
// it again.
func mustAskAgain(t *testing.T, set *hooks.Set, s *engine.Store) {
	t.Helper()
	mustInject(t, set, hooks.Rule{Point: hooks.AppendJudged, Times: 1, Action: hooks.Do(func(hooks.Reached) error {
		mustAppend(t, s, 1)
		return nil
	})})
	last := s.Stats().Visible
	batch := &engine.Batch{Key: "key", Conditions: []engine.Condition{engine.NoneAfter(event.Entity("entity-0").Clocks(0, 1), last)}}
	batch.AddBytes(here, event.Data, event.CodecRaw, nil)
	for _, duplicate := range []bool{false, true} {
		receipts, err := s.AppendBatch(batch)
		if err != nil || receipts[0].Duplicate != duplicate || receipts[0].Sequence != last+2 {
			t.Fatalf("%+v, %v", receipts, err)
		}
	}
}

// appendUpToTheBound opens a store under SyncEvery(1, 0) and appends while its first sync is held up, until an append
// finds that nothing more may be staged.
func appendUpToTheBound(t *testing.T, set *hooks.Set, path string, o engine.Options) {
	t.Helper()
	waited := make(chan struct{})
	once := sync.OnceFunc(func() { close(waited) })
	s := mustOpen(t, path, o)
	mustInject(t, set, hooks.Rule{Point: hooks.GroupSnapshot, Times: 1, Action: hooks.Do(func(hooks.Reached) error {
		<-waited
		return nil
	})})
	mustInject(t, set, hooks.Rule{Point: hooks.AheadWait, Action: hooks.Do(func(hooks.Reached) error {
		once()
		return nil
	})})
	mustAppend(t, s, 3)
	select {
	case <-waited:
	default:
		t.Error("three appends were staged where two may be")
		once()
	}
	mustClose(t, s)
}

func TestPointsAreToldTheFilesTheyAreAbout(t *testing.T) {
	t.Parallel()
	set := hooks.New(1)
	var mu sync.Mutex
	names := make(map[hooks.Point]map[string]bool)
	for _, p := range hooks.Points() {
		names[p] = make(map[string]bool)
		mustInject(t, set, hooks.Rule{Point: p, Action: hooks.Do(func(at hooks.Reached) error {
			mu.Lock()
			defer mu.Unlock()
			names[at.Point][at.File] = true
			return nil
		})})
	}
	left, w := remainsWithCrash(t, engine.SyncEveryAppend(), 200)
	d := newDevice(left)
	l := newHookedLife(set, engine.SyncEveryAppend(), w)
	l.patient = true
	l.live(d, 300)
	if len(l.failed) > 0 {
		t.Fatalf("%v", l.failed)
	}
	mu.Lock()
	defer mu.Unlock()
	for p, want := range map[hooks.Point]string{
		hooks.FileSyncData: ".seg", hooks.FileMap: ".seg", hooks.DirectoryLock: "lock", hooks.DirectorySync: "", hooks.SyncStaged: ".seg",
		hooks.RotateBegin: ".seg", hooks.SealWrite: ".seg", hooks.OpenFrame: ".seg", hooks.OpenRemove: unfinished, hooks.MergeSwap: ".run",
		hooks.CloseTruncate: ".seg", hooks.PrepareCreate: ".seg",
	} {
		found := false
		for name := range names[p] {
			found = found || want == "" && name == "" || want != "" && strings.HasSuffix(name, want)
		}
		if !found {
			t.Errorf("%v was told of %v, want something that ends with %q", p, names[p], want)
		}
	}
}
