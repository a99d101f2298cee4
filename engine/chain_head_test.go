// Heads of the tree and proofs against them: over rotation, sealing, reopening and losses.

package engine_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// mustProve fails the test unless every one of some events is proved against a head that covers so many of them.
func mustProve(t *testing.T, s *engine.Store, events history, size int, each int) {
	t.Helper()
	head := event.TreeHead{Size: uint64(size), Root: treeRoot(events[:size])}
	own, err := s.Head()
	if err != nil {
		t.Fatal(err)
	}
	head.Origin, head.Identity = own.Origin, own.Identity
	for i := 0; i < size; i += each {
		proof, err := s.Prove(events[i].ID, head)
		if err != nil {
			t.Fatalf("event %d of %d: %v", i, size, err)
		}
		if err := event.VerifyEvent(&events[i], proof, head); err != nil {
			t.Fatalf("event %d of %d: %v", i, size, err)
		}
	}
	if size < len(events) {
		if _, err := s.Prove(events[size].ID, head); !errors.Is(err, engine.ErrInvalid) {
			t.Errorf("event %d is not one of %d: %v", size, size, err)
		}
	}
	proof, err := s.ProveConsistency(head, own)
	if err == nil {
		err = event.VerifyConsistency(proof, head, own)
	}
	if err != nil {
		t.Fatalf("%d of %d events: %v", size, own.Size, err)
	}
	if _, err := s.ProveConsistency(own, head); size < int(own.Size) && !errors.Is(err, engine.ErrInvalid) {
		t.Errorf("%d of %d events: %v", own.Size, size, err)
	}
	if err := s.CheckHead(head); err != nil {
		t.Errorf("%d of %d events: %v", size, own.Size, err)
	}
}

func TestEveryEventIsProvedAgainstEveryHeadThatCoversIt(t *testing.T) {
	t.Parallel()
	files, events := bound(t, 41, 1200)
	for _, loss := range losses[:2] { // with footers, and without
		path := quickDir(t)
		loss.from(files.clone()).write(t, path)
		s := mustOpen(t, path, engine.Options{ReadOnly: true, Rebuild: loss.rebuild})
		for _, size := range []int{0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 1000, len(events) - 1, len(events)} {
			mustProve(t, s, events, size, 1+size/40)
		}
		mustProve(t, s, events, len(events), 11)
		mustClose(t, s)
	}
}

// TestAHeadIsTheSameWhateverTheStoreDidBetween keeps heads while segments change, are sealed, and the store is closed and opened.
func TestAHeadIsTheSameWhateverTheStoreDidBetween(t *testing.T) {
	t.Parallel()
	path := quickDir(t)
	w := newBinder(42)
	var kept []event.TreeHead
	for life := range 4 {
		s := mustOpen(t, path, engine.Options{SegmentSize: engine.MinSegmentSize << (life % 3), Sync: engine.SyncManual(), Rebuild: life == 3})
		for range 6 {
			w.bind(t, s, 60)
			if err := s.Sync(); err != nil {
				t.Fatal(err)
			}
			if w.random.IntN(2) == 0 {
				settle(s)
			}
			head, err := s.Head()
			if err != nil {
				t.Fatal(err)
			}
			kept = append(kept, head)
		}
		events := all(t, s, 0, 0, engine.ReadOptions{})
		for i, head := range kept {
			if head.Root != treeRoot(events[:head.Size]) || i > 0 && head.Size <= kept[i-1].Size {
				t.Fatalf("head %d: %s, want the root %s", i, head, treeRoot(events[:head.Size]))
			}
			mustProve(t, s, events, int(head.Size), 1+int(head.Size)/5)
		}
		mustVerify(t, s, events, engine.VerifyOptions{Heads: kept, Workers: 1 + life})
		wrong := slices.Clone(kept)
		wrong[len(wrong)/2].Root[0] ^= 1
		if fault := verdictOf(t, s, event.Everything(), engine.VerifyOptions{Heads: wrong}); fault == nil || fault.Reason != engine.ChainHead {
			t.Errorf("a head with another root: %v", fault)
		}
		mustClose(t, s)
	}
}

// TestAHeadCoversWhatIsDurableAndStaysGoodWhenTheRestIsLost kills a store between syncs, and takes a part of what was not synced away.
func TestAHeadCoversWhatIsDurableAndStaysGoodWhenTheRestIsLost(t *testing.T) {
	t.Parallel()
	path := quickDir(t)
	s := mustOpen(t, path, roomy(engine.SyncManual()))
	w := newBinder(43)
	w.bind(t, s, 500)
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	durable := s.Stats().Durable
	w.ids = w.ids[:1]
	for range 20 { // no batches, which are synced
		w.keep(s.AppendBytes(w.at(), event.Data, event.CodecRaw, w.payload()))(t)
	}
	head, err := s.Head()
	if err != nil || head.Size != durable || s.Stats().Visible != durable+20 {
		t.Fatalf("head %s, %v; %d events are durable, %d visible", head, err, durable, s.Stats().Visible)
	}
	if _, err := s.Prove(w.ids[len(w.ids)-1], head); !errors.Is(err, engine.ErrInvalid) {
		t.Errorf("an event that is not durable is proved: %v", err)
	}
	files := imageOf(t, path)
	mustClose(t, s)

	killed := newForger(t, files.clone()).attacked()
	seen, err := killed.Head()
	if err != nil || seen.Size > durable || !raceBuild && seen != head {
		t.Errorf("read after a kill: head %s, %v, want %s", seen, err, head)
	}
	mustVerifyVisible(t, killed)

	if !raceBuild { // where staged events are in the file
		f := newForger(t, files.clone())
		e := f.at(durable + 11)
		clear(f.files[e.name][e.frame.Offset:])
		files = f.files
	}
	path = quickDir(t)
	files.write(t, path)
	s = mustOpen(t, path, roomy(engine.SyncManual()))
	defer func() { mustClose(t, s) }()
	w.ids = w.ids[:1]
	w.bind(t, s, 300)
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	events := all(t, s, 0, 0, engine.ReadOptions{})
	if s.Stats().Lost == 0 || events[len(events)-1].Sequence == uint64(len(events)) {
		t.Fatalf("nothing was lost: %+v", s.Stats())
	}
	mustVerify(t, s, events, engine.VerifyOptions{Heads: []event.TreeHead{head, seen}, Workers: 4})
	mustProve(t, s, events, int(head.Size), 50)
	mustProve(t, s, events, len(events), 50)
}

// mustVerifyVisible fails the test unless all that is visible holds.
func mustVerifyVisible(t *testing.T, s *engine.Store) {
	t.Helper()
	report, err := s.VerifyChain(t.Context(), event.Everything(), engine.VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	mustReport(t, report, all(t, s, 0, 0, engine.ReadOptions{}))
}

func TestHeadsOfOthersProveNothing(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{})
	events := mustAppend(t, s, 5)
	head, err := s.Head()
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(h *event.TreeHead){
		"origin": func(h *event.TreeHead) { h.Origin[0] ^= 1 }, "size": func(h *event.TreeHead) { h.Size++ }, "root": func(h *event.TreeHead) { h.Root[0] ^= 1 },
		"a smaller size": func(h *event.TreeHead) { h.Size-- },
	} {
		wrong := head
		change(&wrong)
		var fault *engine.ChainError
		if _, err := s.Prove(events[0].ID, wrong); !errors.As(err, &fault) || fault.Reason != engine.ChainHead {
			t.Errorf("%s: prove: %v", what, err)
		}
		if err := s.CheckHead(wrong); !errors.As(err, &fault) || fault.Reason != engine.ChainHead {
			t.Errorf("%s: check: %v", what, err)
		}
		if _, err := s.ProveConsistency(wrong, wrong); !errors.As(err, &fault) || fault.Reason != engine.ChainHead {
			t.Errorf("%s: consistency: %v", what, err)
		}
	}
	wrong := head
	wrong.Identity[0] ^= 1 // that of a copy
	if err := s.CheckHead(wrong); err != nil {
		t.Errorf("the head of a copy: %v", err)
	}
	if _, err := s.Prove(event.MakeID(1, 2, 3), head); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("no event: %v", err)
	}
}

// TestManyEntitiesHoldInWhateverChunk has more entities than one goroutine puts together alone.
func TestManyEntitiesHoldInWhateverChunk(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{Sync: engine.SyncManual()})
	const entities = 6000
	for round := range 3 {
		for i := range entities {
			if _, err := s.AppendBytes(event.MustAt(entityNamed(i), "scope"), event.Data, event.CodecRaw, []byte{byte(round)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	for _, workers := range []int{1, 2, 3} {
		report, err := s.VerifyChain(t.Context(), event.Everything(), engine.VerifyOptions{Workers: workers})
		if err != nil || report.Events != 3*entities || report.Entities != entities {
			t.Errorf("%d workers: %s, %v", workers, report, err)
		}
	}
}

func entityNamed(i int) string { return "entity-" + string(rune('A'+i%26)) + string(rune(0x4E00+i/26)) }
