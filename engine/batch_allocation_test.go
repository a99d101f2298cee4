//go:build !race

// What batches, keys and conditions allocate: a batch a few pieces of memory however long it is, conditions a few
// each. The race detector allocates by itself.

package engine_test

import (
	"fmt"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// Not parallel: what others allocate would be counted.

// allocationsOf returns how often a call allocates once everything has its size.
func allocationsOf(t *testing.T, call func() error) float64 {
	t.Helper()
	return testing.AllocsPerRun(300, func() {
		if err := call(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestABatchAllocatesAsOftenHoweverLongItIs(t *testing.T) {
	for _, hashing := range []engine.Hashing{engine.HashingOn, engine.HashingOff} {
		s := quickStore(t, engine.Options{Sync: engine.SyncManual(), Hashing: hashing})
		batch := func(n int) *engine.Batch {
			intents := notes(n)
			for i := range intents {
				intents[i].Payload = make([]byte, 256)
				intents[i].CauseInBatch = uint16(i / 2)
			}
			return batchOf(intents...)
		}
		one, many := batch(2), batch(engine.DefaultBatchEvents)
		few := allocationsOf(t, func() error { _, err := s.AppendBatch(one); return err })
		got := allocationsOf(t, func() error { _, err := s.AppendBatch(many); return err })
		if few > 10 || got > few+8 { // receipts, and what a sync and now and then a seal need
			t.Errorf("hashing %d: %.0f allocations for 2 items, %.0f for %d", hashing, few, got, engine.DefaultBatchEvents)
		}
	}
}

func TestAnExpectedClockAllocatesNothing(t *testing.T) {
	s := quickStore(t, engine.Options{Sync: engine.SyncManual()})
	clock := uint64(0)
	got := allocationsOf(t, func() error {
		r, err := s.AppendBytesWith(here, event.Data, event.CodecRaw, nil, engine.AppendOptions{Expect: engine.ExpectClock(clock)})
		clock = r.Position.Clock
		return err
	})
	if got != 0 {
		t.Errorf("%.0f allocations", got)
	}
}

func TestAKeyAndAConditionAllocateLittle(t *testing.T) {
	s := quickStore(t, engine.Options{Sync: engine.SyncManual()})
	keys := make([]string, 2000)
	for i := range keys {
		keys[i] = fmt.Sprint("key-", i)
	}
	next, last := 0, uint64(0)
	for what, test := range map[string]struct {
		most float64
		o    func() engine.AppendOptions
	}{
		"a new key": {4, func() engine.AppendOptions { next++; return engine.AppendOptions{Key: keys[next-1]} }},
		"a region": {40, func() engine.AppendOptions {
			return engine.AppendOptions{Conditions: []engine.Condition{engine.NoneAfter(event.Entity(here.Entity()), last)}}
		}},
		"another entity": {40, func() engine.AppendOptions {
			return engine.AppendOptions{Conditions: []engine.Condition{engine.EntityIs("nobody", engine.ExpectClock(0))}}
		}},
	} {
		got := allocationsOf(t, func() error {
			r, err := s.AppendBytesWith(here, event.Data, event.CodecRaw, nil, test.o())
			last = r.Sequence
			return err
		})
		if got > test.most {
			t.Errorf("%s: %.0f allocations, at most %.0f", what, got, test.most)
		}
	}
}
