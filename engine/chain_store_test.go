// Stores whose chains are verified: everything that can be appended, in many small segments, and what must be true of it.

package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/gate"
)

// allowed returns a receipt of gates that let something pass, or were bypassed.
func allowed(t failer, bypassed bool) gate.Evidence {
	t.Helper()
	set, err := gate.NewSet(gate.New("limit", func(int) error { return nil }), gate.New("hours", func(int) error { return nil }))
	if err != nil {
		t.Fatalf("%v", err)
	}
	receipt, err := gate.Evaluate(set, 0, gate.Propose(0))
	if bypassed {
		receipt, err = gate.Bypass(set, gate.Propose(0), "correction", "ticket 7")
	}
	if err != nil {
		t.Fatalf("%v", err)
	}
	return receipt
}

// binder appends events that are bound together in every way that there is.
type binder struct {
	random *rand.Rand
	keys   int
	once   int // entities with one event
	ids    []event.ID
}

func newBinder(seed uint64) *binder { return &binder{random: rand.New(rand.NewPCG(seed, 5))} }

// options returns those of one event.
func (w *binder) options(t failer) engine.AppendOptions {
	var o engine.AppendOptions
	if w.random.IntN(4) == 0 {
		o.Tags, o.Metadata = []string{"tag", "other"}[:1+w.random.IntN(2)], randomBytes(w.random.Uint64(), w.random.IntN(50))
	}
	if w.random.IntN(4) == 0 {
		o.Lane, o.Version, o.Flags = w.random.Uint32N(3), w.random.Uint32N(3), event.Flags(w.random.IntN(256))
	}
	if w.random.IntN(4) == 0 {
		w.keys++
		o.Key = fmt.Sprint("key-", w.keys)
	}
	if len(w.ids) > 0 && w.random.IntN(3) == 0 {
		o.Cause = w.ids[w.random.IntN(len(w.ids))]
	}
	if len(w.ids) > 0 && w.random.IntN(6) == 0 {
		o.Correlation = w.ids[w.random.IntN(len(w.ids))]
	}
	if w.random.IntN(6) == 0 {
		o.Gate = allowed(t, w.random.IntN(2) == 0)
	}
	return o
}

func (w *binder) at() event.Coordinate {
	if w.random.IntN(60) == 0 {
		w.once++
		return event.MustAt(fmt.Sprint("once-", w.once), "scope-0")
	}
	return event.MustAt(fmt.Sprint("entity-", w.random.IntN(1+w.random.IntN(40))), fmt.Sprint("scope-", w.random.IntN(3)))
}

func (w *binder) payload() []byte { return randomBytes(w.random.Uint64(), w.random.IntN(400)) }

// bind appends so many units.
func (w *binder) bind(t failer, s *engine.Store, units int) {
	t.Helper()
	for range units {
		switch w.random.IntN(10) {
		case 0:
			w.batch(t, s)
		case 1:
			if len(w.ids) > 0 {
				w.keep(s.AppendReaction(w.ids[w.random.IntN(len(w.ids))], w.at(), event.Data, "reaction", engine.AppendOptions{}))(t)
			}
		default:
			w.keep(s.AppendBytesWith(w.at(), event.Data, event.CodecRaw, w.payload(), w.options(t)))(t)
		}
	}
}

// keep notes a receipt.
func (w *binder) keep(r engine.Receipt, err error) func(t failer) {
	return func(t failer) {
		t.Helper()
		if err != nil {
			t.Fatalf("append: %v", err)
		}
		w.ids = append(w.ids, r.ID)
	}
}

func (w *binder) batch(t failer, s *engine.Store) {
	t.Helper()
	var batch engine.Batch
	if w.random.IntN(3) == 0 {
		w.keys++
		batch.Key = fmt.Sprint("key-", w.keys)
	}
	if len(w.ids) > 0 && w.random.IntN(3) == 0 {
		batch.ReactTo(w.ids[w.random.IntN(len(w.ids))])
	}
	for i := range 1 + w.random.IntN(30) {
		o := w.options(t)
		if batch.Key != "" {
			o.Key = ""
		}
		item := batch.AddBytes(w.at(), event.Data, event.CodecRaw, w.payload())
		if i > 0 && w.random.IntN(2) == 0 {
			o.Cause = event.ID{}
			item.With(o).CausedByIndex(w.random.IntN(i))
		} else {
			item.With(o)
		}
	}
	receipts, err := s.AppendBatch(&batch)
	if err != nil {
		t.Fatalf("append batch: %v", err)
	}
	for _, r := range receipts {
		w.ids = append(w.ids, r.ID)
	}
}

// thorough returns n, or 1 where the race detector makes everything slow.
func thorough(n int) int {
	if raceBuild {
		return 1
	}
	return n
}

// roomy are options with segments in which some runs of the tree lie.
func roomy(policy engine.SyncPolicy) engine.Options {
	return engine.Options{SegmentSize: 256 << 10, Sync: policy}
}

// bound returns a closed store of several segments, and its events.
func bound(t *testing.T, seed uint64, units int) (image, history) {
	t.Helper()
	path := quickDir(t)
	s := mustOpen(t, path, roomy(engine.SyncManual()))
	newBinder(seed).bind(t, s, units)
	events := all(t, s, 0, 0, engine.ReadOptions{})
	if n := s.Stats().Segments; n < 3 {
		t.Fatalf("%d segments", n)
	}
	mustClose(t, s)
	return imageOf(t, path), events
}

// treeRoot is the root of RFC 6962's tree over the events' hashes.
func treeRoot(events history) event.Hash {
	switch len(events) {
	case 0:
		return event.EmptyRoot()
	case 1:
		return event.LeafHash(events[0].Hash)
	}
	k := 1
	for 2*k < len(events) {
		k *= 2
	}
	return event.NodeHash(treeRoot(events[:k]), treeRoot(events[k:]))
}

// mustVerify fails the test unless everything holds, and the report is the one of these events, all of which are durable.
func mustVerify(t failer, s *engine.Store, events history, o engine.VerifyOptions) {
	t.Helper()
	report, err := s.VerifyChain(context.Background(), event.Everything(), o)
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	mustReport(t, report, events)
	if report.Head.Size != uint64(len(events)) || report.Head.Root != treeRoot(events) || report.Head.Identity != s.Stats().Identity {
		t.Fatalf("head %s of %d events, want the root %s", report.Head, len(events), treeRoot(events))
	}
	head, err := s.Head()
	if err != nil || head != report.Head {
		t.Fatalf("head %s, %v, want %s", head, err, report.Head)
	}
}

// mustReport fails the test unless a report counts these events.
func mustReport(t failer, report engine.ChainReport, events history) {
	t.Helper()
	entities, bytes := make(map[string]bool), uint64(0)
	for i := range events {
		entities[events[i].Entity()] = true
		bytes += uint64(len(events[i].Payload))
	}
	if report.Events != uint64(len(events)) || report.Entities != uint64(len(entities)) || report.Bytes != bytes {
		t.Fatalf("%s; want %d events of %d entities, %d bytes", report, len(events), len(entities), bytes)
	}
}

// mustBeLinked fails the test unless every event's hash is the one that it makes behind the event before it in its entity.
func mustBeLinked(t failer, events history) {
	t.Helper()
	heads := make(map[string]event.Hash)
	for _, ev := range events {
		want, err := ev.ChainHash(heads[ev.Entity()])
		if err != nil || ev.Hash != want {
			t.Fatalf("event %d has the hash %s, want %s, %v", ev.Sequence, ev.Hash, want, err)
		}
		heads[ev.Entity()] = ev.Hash
	}
}
