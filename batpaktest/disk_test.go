// This file holds the tests of Disk, through the engine's public door.

package batpaktest_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/batpak/batpak/batpaktest"
	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

var place = event.MustAt("account-1", "bank")

// small are options of stores whose files rotate within a test.
func small(sync engine.SyncPolicy) engine.Options {
	return engine.Options{Sync: sync, SegmentSize: engine.MinSegmentSize}
}

func open(t *testing.T, d *batpaktest.Disk, options engine.Options) *engine.Store {
	t.Helper()
	store, err := d.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// add appends n events and returns their sequences.
func add(t *testing.T, store *engine.Store, n int) (sequences []uint64) {
	t.Helper()
	for range n {
		receipt, err := store.AppendBytes(place, event.Data, event.CodecRaw, make([]byte, 500))
		if err != nil {
			t.Fatal(err)
		}
		sequences = append(sequences, receipt.Sequence)
	}
	return sequences
}

// held returns the sequences of the events of a store.
func held(t *testing.T, store *engine.Store) (sequences []uint64) {
	t.Helper()
	for e, err := range store.Events(0, 0, engine.ReadOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		sequences = append(sequences, e.Sequence)
	}
	return sequences
}

func mustClose(t *testing.T, store *engine.Store) {
	t.Helper()
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestWhatWasAcknowledgedAsDurableSurvivesEveryPowerCut(t *testing.T) {
	disk := batpaktest.NewDisk()
	store := open(t, disk, small(engine.SyncEveryAppend()))
	told := add(t, store, 300)
	for seed := range uint64(100) {
		again := open(t, disk.PowerCut(seed), small(engine.SyncEveryAppend()))
		if got := held(t, again); !slices.Equal(got, told) {
			t.Fatalf("seed %d: %d events, want %d", seed, len(got), len(told))
		}
		mustClose(t, again)
	}
	if store.Close() == nil {
		t.Error("a store that was cut off closes as if nothing had happened")
	}
}

func TestAPowerCutMayTakeWhatWasNotSynced(t *testing.T) {
	disk := batpaktest.NewDisk()
	store := open(t, disk, small(engine.SyncManual()))
	add(t, store, 50)
	if err := store.Sync(); err != nil {
		t.Fatal(err)
	}
	told := add(t, store, 50)
	left := make(map[int]bool)
	for seed := range uint64(100) {
		again := open(t, disk.PowerCut(seed), small(engine.SyncManual()))
		n := len(held(t, again))
		if n < 50 {
			t.Fatalf("seed %d: %d events", seed, n)
		}
		left[n] = true
		if next := add(t, again, 1)[0]; next <= told[49] {
			t.Errorf("seed %d: the sequence %d was given twice", seed, next)
		}
		if lost := again.Report().Lost; len(lost) != 1 || lost[0].First != uint64(n)+1 {
			t.Errorf("seed %d: %d events, lost %v", seed, n, lost)
		}
		mustClose(t, again)
	}
	if len(left) < 5 {
		t.Errorf("only these numbers of events: %v", left)
	}
	_ = store.Close() // cut off
}

func TestEqualSeedsLeaveTheSame(t *testing.T) {
	disk := batpaktest.NewDisk()
	store := open(t, disk, small(engine.SyncManual()))
	add(t, store, 100)
	for seed := range uint64(20) {
		var counts []int
		for range 2 {
			again := open(t, disk.PowerCut(seed), small(engine.SyncManual()))
			counts = append(counts, len(held(t, again)))
			mustClose(t, again)
		}
		if counts[0] != counts[1] {
			t.Errorf("seed %d leaves %d events", seed, counts)
		}
	}
	_ = store.Close() // cut off
}

func TestTheEndOfTheProcessAloneLosesNothing(t *testing.T) {
	disk := batpaktest.NewDisk()
	store := open(t, disk, small(engine.SyncManual()))
	told := add(t, store, 200)
	after := disk.Kill()
	if _, err := store.AppendBytes(place, event.Data, event.CodecRaw, nil); err == nil {
		err = store.Sync()
		if err == nil {
			t.Error("a store that was cut off syncs")
		}
	}
	_ = store.Close() // cut off
	for _, left := range []*batpaktest.Disk{after, disk} {
		again := open(t, left, small(engine.SyncManual()))
		if got := held(t, again); !slices.Equal(got, told) {
			t.Errorf("%d events, want %d", len(got), len(told))
		}
		mustClose(t, again)
	}
}

func TestTwoStoresOnADiskExclude(t *testing.T) {
	disk := batpaktest.NewDisk()
	store := open(t, disk, engine.Options{})
	if _, err := disk.Open(engine.Options{}); !errors.Is(err, engine.ErrLocked) {
		t.Errorf("error %v", err)
	}
	mustClose(t, store)
	mustClose(t, open(t, disk, engine.Options{}))
}

func TestFailingSyncsPoisonTheStore(t *testing.T) {
	disk := batpaktest.NewDisk()
	store := open(t, disk, small(engine.SyncEveryAppend()))
	told := add(t, store, 10)
	broken := errors.New("the disk is broken")
	disk.FailSyncs(broken)
	if _, err := store.AppendBytes(place, event.Data, event.CodecRaw, nil); !errors.Is(err, engine.ErrIndeterminate) || !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	disk.FailSyncs(nil)
	if _, err := store.AppendBytes(place, event.Data, event.CodecRaw, nil); !errors.Is(err, engine.ErrPoisoned) {
		t.Errorf("error %v", err)
	}
	_ = store.Close() // it is poisoned, which its tests are about
	again := open(t, disk, small(engine.SyncEveryAppend()))
	served := held(t, again)
	if !slices.Equal(served[:10], told) {
		t.Errorf("%d events", len(served))
	}
	for seed := range uint64(50) { // what it served is on the disk, whatever the failed sync left
		last := open(t, disk.PowerCut(seed), small(engine.SyncEveryAppend()))
		if got := held(t, last); !slices.Equal(got, served) {
			t.Errorf("seed %d: %d events, want %d", seed, len(got), len(served))
		}
		mustClose(t, last)
	}
	_ = again.Close() // cut off
}

func TestAFullDiskIsAnErrorBeforeAnythingIsAccepted(t *testing.T) {
	disk := batpaktest.NewDisk()
	disk.SetCapacity(4 * engine.MinSegmentSize)
	store := open(t, disk, small(engine.SyncManual()))
	told := 0
	for {
		_, err := store.AppendBytes(place, event.Data, event.CodecRaw, make([]byte, 1000))
		if err != nil {
			if !errors.Is(err, engine.ErrNoSpace) {
				t.Errorf("error %v", err)
			}
			break
		}
		told++
	}
	disk.SetCapacity(0)
	add(t, store, 1)
	if got := len(held(t, store)); got != told+1 {
		t.Errorf("%d events, want %d", got, told+1)
	}
	mustClose(t, store)
}
