//go:build !race

// Limits of the process: on open files, on the length of a file, on what is mapped. What
// needs more is refused before a byte is accepted, everything else works, and appending
// does again when there is more. The race detector needs more memory than it tells.

package engine_test

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/rig"
)

// mustLower sets a limit, and returns what takes it back.
func mustLower(t *testing.T, l rig.Limit, to uint64) (restore func()) {
	t.Helper()
	back, err := rig.Lower(l, to)
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := back(); err != nil {
			t.Fatal(err)
		}
	}
}

// appendUntilLimited appends until an event is refused, and returns the sequences of those
// that were acknowledged, of which there may be so many.
func appendUntilLimited(t *testing.T, s *engine.Store, payload []byte, most int) []uint64 {
	t.Helper()
	var sequences []uint64
	var err error
	for err == nil {
		if len(sequences) > most {
			t.Fatalf("%d events were stored, none was refused", len(sequences))
		}
		var r engine.Receipt
		if r, err = s.AppendBytes(here, event.Data, event.CodecRaw, payload); err == nil {
			sequences = append(sequences, r.Sequence)
		}
	}
	var limit *engine.LimitError
	if !errors.Is(err, engine.ErrLimit) || !errors.As(err, &limit) || errors.Is(err, engine.ErrNoSpace) {
		t.Fatalf("got %v, want ErrLimit", err)
	}
	t.Logf("%d events, then: %v", len(sequences), err)
	return sequences
}

// mustGoOnWithout fails the test unless a store that was limited appends again, is closed,
// leaves nothing in the process, and opens again with all that it held.
func mustGoOnWithout(t *testing.T, path string, s *engine.Store, o engine.Options, events history) {
	t.Helper()
	events = append(events, mustAppend(t, s, 300)...)
	mustBeSound(t, events, true)
	mustClose(t, s)
	if left := held(t, path); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	s = mustOpen(t, path, o)
	mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), events)
	mustClose(t, s)
}

func TestAProcessThatMayOpenNoMoreFilesLosesNothing(t *testing.T) {
	if !alone(t, 0) {
		return
	}
	for _, policy := range killPolicies {
		path, o := quickDir(t), small(policy)
		open, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		restore := mustLower(t, rig.OpenFiles, uint64(len(open)+30))
		s := mustOpen(t, path, o)
		events := mustBeExactly(t, s, nil, appendUntilLimited(t, s, make([]byte, 5000), 10_000))
		if err := s.Sync(); err != nil {
			t.Errorf("%s: sync: %v", policy, err)
		}
		mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{Direction: engine.Backward}), events.reversed())
		mustClose(t, s)
		for _, readOnly := range []bool{false, true, false} {
			restoreLess := mustLower(t, rig.OpenFiles, uint64(len(open)+10))
			if s, err := engine.Open(path, engine.Options{ReadOnly: readOnly}); s != nil || !errors.Is(err, engine.ErrLimit) {
				t.Errorf("%s: opening with fewer files: got %v, want ErrLimit", policy, err)
			}
			restoreLess()
		}
		s = mustOpen(t, path, o)
		mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), events)
		events = append(events, mustBeExactly(t, s, events, appendUntilLimited(t, s, make([]byte, 5000), 10_000))...)
		restore()
		mustGoOnWithout(t, path, s, o, events)
	}
}

func TestAProcessWhoseFilesMayNotGrowUsesSmallerSegmentsAndLosesNothing(t *testing.T) {
	if !alone(t, 0) {
		return
	}
	for _, policy := range killPolicies {
		path, o := quickDir(t), engine.Options{Sync: policy}
		restore := mustLower(t, rig.FileSize, 512<<10)
		s := mustOpen(t, path, o)
		events := mustAppendIndexed(t, s, 2500) // a few segments with large footers
		if s.Stats().Rotations < 2 {
			t.Errorf("%s: %d rotations", policy, s.Stats().Rotations)
		}
		appendUntilLimited(t, s, make([]byte, 2<<20), 0) // for which no segment may be made
		mustBeExactly(t, s, events, nil)
		events = append(events, mustAppend(t, s, 50)...)
		mustClose(t, s)
		s = mustOpen(t, path, o)
		mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), events)
		events = append(events, mustAppendIndexed(t, s, 500)...)
		restore()
		if _, err := s.AppendBytes(here, event.Data, event.CodecRaw, make([]byte, 2<<20)); err != nil {
			t.Errorf("%s: append: %v", policy, err)
		}
		events = append(events, all(t, s, s.Stats().Staged, 0, engine.ReadOptions{})...)
		mustGoOnWithout(t, path, s, o, events)
	}
}

// mustAppendIndexed appends events of ever new entities with many tags.
func mustAppendIndexed(t *testing.T, s *engine.Store, events int) history {
	t.Helper()
	first := s.Stats().Staged + 1
	for range events {
		name := fmt.Sprint("entity-", s.Stats().Staged)
		tags := make([]string, 16)
		for i := range tags {
			tags[i] = fmt.Sprint(name, "-has-the-tag-", i)
		}
		if _, err := s.AppendWith(event.MustAt(name, "limits"), event.Data, name, engine.AppendOptions{Tags: tags}); err != nil {
			t.Fatalf("append: %v", err)
		}
	}
	if err := s.Sync(); err != nil { // so that all can be read under every policy
		t.Fatalf("sync: %v", err)
	}
	return all(t, s, first, 0, engine.ReadOptions{})
}

// makeThreads has the runtime make so many threads, which it keeps. Where it makes them through the C library, each takes some
// MiB of addresses, and one that can't be made ends the process.
func makeThreads(threads int) {
	var made sync.WaitGroup
	enough := make(chan struct{})
	for range threads {
		made.Add(1)
		go func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			made.Done()
			<-enough
		}()
	}
	made.Wait()
	close(enough)
}

func TestAProcessThatMayMapNoMoreMemoryLosesNothing(t *testing.T) {
	if !alone(t, 0) {
		return
	}
	// Go can't live with such a limit, unless its heap need not grow: this is what it gets, and keeps.
	runtime.KeepAlive(make([]byte, 256<<20))
	makeThreads(64)
	payload := make([]byte, 1<<20)
	for _, policy := range killPolicies {
		path, o := quickDir(t), engine.Options{Sync: policy, SegmentSize: 16 << 20}
		mapped, err := rig.Mapped()
		if err != nil {
			t.Fatal(err)
		}
		runtime.GC()
		restore := mustLower(t, rig.AddressSpace, mapped+64<<20)
		s := mustOpen(t, path, o)
		sequences := appendUntilLimited(t, s, payload, 200)
		if err := s.Sync(); err != nil {
			t.Errorf("%s: sync: %v", policy, err)
		}
		mustClose(t, s)
		s = mustOpen(t, path, o)
		sequences = append(sequences, appendUntilLimited(t, s, payload, 200)...)
		restore()
		mustGoOnWithout(t, path, s, o, mustBeExactly(t, s, nil, sequences))
	}
}
