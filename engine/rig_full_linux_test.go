//go:build !race

// A disk that is really full: an ext4 of 24 MiB. Appends are refused before a byte is
// accepted, everything else works, appending does again once there is room, and nothing
// that was ever acknowledged is missing. Race builds would take minutes for it.

package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/rig"
)

// appendUntilRefused appends from several goroutines until each was refused, and returns
// what is stored then. Everything that is stored was acknowledged, and the other way
// round; who was refused was told that the disk is full.
func appendUntilRefused(t *testing.T, s *engine.Store, known history, payload int) history {
	t.Helper()
	const writers = 3
	sequences, errs := make([][]uint64, writers), make([]error, writers)
	var writing sync.WaitGroup
	for writer := range writers {
		writing.Go(func() {
			at := event.MustAt(fmt.Sprint("writer-", writer), "full")
			for n := uint64(0); errs[writer] == nil; n++ {
				var r engine.Receipt
				if r, errs[writer] = s.AppendBytes(at, event.Data, event.CodecRaw, randomBytes(n, payload)); errs[writer] == nil {
					sequences[writer] = append(sequences[writer], r.Sequence)
				}
			}
		})
	}
	writing.Wait()
	for _, err := range errs {
		if !errors.Is(err, engine.ErrNoSpace) {
			t.Fatalf("got %v, want ErrNoSpace", err)
		}
	}
	return append(known, mustBeExactly(t, s, known, slices.Concat(sequences...))...)
}

// mustBeExactly fails the test unless the store holds what is known and behind it events
// with just these sequences, and nothing is staged beside them. It returns those.
func mustBeExactly(t *testing.T, s *engine.Store, known history, sequences []uint64) history {
	t.Helper()
	slices.Sort(sequences)
	var added []uint64
	got := all(t, s, 0, 0, engine.ReadOptions{})
	for _, ev := range got[len(known):] {
		added = append(added, ev.Sequence)
	}
	if !slices.Equal(added, sequences) {
		t.Fatalf("%d events were added, %d acknowledged", len(added), len(sequences))
	}
	stats := s.Stats()
	if stats.Poisoned != nil || stats.Staged != got[len(got)-1].Sequence {
		t.Fatalf("staged %d, the last event is %d; poisoned: %v", stats.Staged, got[len(got)-1].Sequence, stats.Poisoned)
	}
	mustEqual(t, got[:len(known)], known)
	mustBeSound(t, got, true)
	return got[len(known):]
}

// mustRefuse fails the test unless what is too large for any room that sealing may give
// back is refused, again and again.
func mustRefuse(t *testing.T, s *engine.Store) {
	t.Helper()
	before := s.Stats().Staged
	for _, wait := range []engine.Wait{engine.WaitPolicy, engine.WaitDurable, engine.WaitStaged, engine.WaitPolicy} {
		_, err := s.AppendBytesWith(here, event.Data, event.CodecRaw, make([]byte, 8<<20), engine.AppendOptions{Wait: wait})
		if !errors.Is(err, engine.ErrNoSpace) {
			t.Fatalf("wait %d: got %v, want ErrNoSpace", wait, err)
		}
	}
	if got := s.Stats().Staged; got != before {
		t.Fatalf("%d events are staged, %d before they were refused", got, before)
	}
}

func TestARealDiskThatIsFullRefusesAppendsAndLosesNothing(t *testing.T) {
	if !alone(t, rig.Mounts) {
		return
	}
	for _, policy := range killPolicies {
		t.Run(policy.String(), func(t *testing.T) {
			d := newDisk(t)
			o := engine.Options{SegmentSize: 1 << 20, Sync: policy}
			d.ballast(t, "ballast", 4<<20)
			d.ballast(t, "more ballast", 2<<20)
			s := mustOpen(t, d.store("store"), o)
			events := appendUntilRefused(t, s, nil, 10_000)
			mustRefuse(t, s)
			if err := s.Sync(); err != nil {
				t.Fatalf("sync: %v", err)
			}
			if err := s.WaitDurable(context.Background(), events[len(events)-1].Sequence); err != nil {
				t.Fatalf("wait: %v", err)
			}
			d.drop(t, "ballast")
			before := len(events)
			events = appendUntilRefused(t, s, events, 1000)
			if len(events) < before+1000 {
				t.Errorf("%d events more with 4 MiB more", len(events)-before)
			}
			d.fill(t)
			mustRefuse(t, s)
			mustClose(t, s)
			events = mustOpenFull(t, d, o, events)
			d.drop(t, "more ballast")
			s = mustOpen(t, d.store("store"), o)
			mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), events)
			events = append(events, mustAppend(t, s, 50)...)
			mustClose(t, s)
			d.unmount(t)
			d.mount(t)
			mustHold(t, d.store("store"), events)
		})
	}
}

// mustOpenFull opens a store on a full disk: for reading it opens, for writing it may find
// too little room, which takes nothing away. It returns what is stored then.
func mustOpenFull(t *testing.T, d *disk, o engine.Options, events history) history {
	t.Helper()
	mustHold(t, d.store("store"), events)
	for range 3 {
		s, err := engine.Open(d.store("store"), o)
		if errors.Is(err, engine.ErrNoSpace) {
			t.Logf("opening the full disk: %v", err)
			mustHold(t, d.store("store"), events)
			continue
		}
		if err != nil {
			t.Fatalf("open: %v", err)
		}
		mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), events)
		events = appendUntilRefused(t, s, events, 1000)
		mustClose(t, s)
	}
	return events
}

// mustHold fails the test unless the store, opened for reading, holds these events.
func mustHold(t *testing.T, path string, events history) {
	t.Helper()
	s := mustOpen(t, path, engine.Options{ReadOnly: true})
	mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), events)
	mustClose(t, s)
}
