//go:build !race

// No memory is allocated per event once everything has its size. The race detector
// allocates by itself.

package engine_test

import (
	"fmt"
	"runtime/debug"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// Not parallel: what others allocate would be counted.

func TestAppendBytesAllocatesNothing(t *testing.T) {
	for _, policy := range policies {
		for _, hashing := range []engine.Hashing{engine.HashingOn, engine.HashingOff} {
			s := quickStore(t, engine.Options{Sync: policy, Hashing: hashing})
			payload := make([]byte, 256)
			o := engine.AppendOptions{Tags: []string{"a", "b"}, Metadata: payload[:20], Lane: 1, Version: 2}
			for what, call := range map[string]func() (engine.Receipt, error){
				"AppendBytes":     func() (engine.Receipt, error) { return s.AppendBytes(here, event.Data, event.CodecRaw, payload) },
				"AppendBytesWith": func() (engine.Receipt, error) { return s.AppendBytesWith(here, event.Data, event.CodecRaw, payload, o) },
			} {
				got := testing.AllocsPerRun(500, func() {
					if _, err := call(); err != nil {
						t.Fatal(err)
					}
				})
				if got > float64(allocationsOfSync(policy)) {
					t.Errorf("%s, hashing %d: %s allocates %.0f times", policy, hashing, what, got)
				}
			}
		}
	}
}

// allocationsOfSync is what keeping a descriptor open during its sync costs.
func allocationsOfSync(policy engine.SyncPolicy) int {
	if policy == engine.SyncManual() {
		return 0
	}
	return 3
}

// readable returns a store of sealed segments and a tail.
func readable(t *testing.T) (*engine.Store, uint64) {
	t.Helper()
	s := quickStore(t, small(engine.SyncManual()))
	for i := range 1000 {
		at := event.MustAt(fmt.Sprint("entity-", i%10), "scope")
		o := engine.AppendOptions{Tags: []string{"a", "b"}, Metadata: []byte("metadata")}
		if _, err := s.AppendBytesWith(at, event.Data, event.CodecRaw, randomBytes(uint64(i), i%300), o); err != nil {
			t.Fatal(err)
		}
	}
	until(func() bool { got := s.Stats(); return got.SealedSegments == got.Segments-1 })
	engine.WaitForMerges(s)
	// A collection would empty the pools of buffers, which are then made again.
	percent := debug.SetGCPercent(-1)
	t.Cleanup(func() { debug.SetGCPercent(percent) })
	return s, 1000
}

func TestGetIntoAllocatesNothing(t *testing.T) {
	s, last := readable(t)
	var into event.Event
	sequence := uint64(0)
	get := func() {
		sequence = sequence%last + 1
		if err := s.GetInto(sequence, &into); err != nil {
			t.Fatal(err)
		}
	}
	for range last {
		get()
	}
	if got := testing.AllocsPerRun(int(last), get); got != 0 {
		t.Errorf("GetInto allocates %.0f times", got)
	}
}

func TestEventsAllocatesNothingPerEvent(t *testing.T) {
	s, last := readable(t)
	for _, o := range []engine.ReadOptions{{}, {SkipChecks: true}, {Direction: engine.Backward}} {
		read := func(limit int) float64 {
			o.Limit = limit
			return testing.AllocsPerRun(20, func() {
				for _, err := range s.Events(0, 0, o) {
					if err != nil {
						t.Fatal(err)
					}
				}
			})
		}
		one, all := read(1), read(int(last))
		if all > one+2 { // buffers grow
			t.Errorf("%+v: %.0f allocations for %d events, %.0f for one", o, all, last, one)
		}
	}
}
