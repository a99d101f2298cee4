//go:build !race

// A subscriber that keeps up costs no memory per event, nor does one that looks for what is not there. The race detector
// allocates by itself.

package engine_test

import (
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// Not parallel: what others allocate would be counted.

func TestKeepingUpAllocatesNothing(t *testing.T) {
	s := quickStore(t, engine.Options{Sync: engine.SyncManual()})
	region := event.Union(event.Entity("entity").Kind(event.Data), event.Tagged("tag"))
	subs := []*engine.Subscription{
		mustSubscribe(t, s, event.Everything(), engine.SubscribeOptions{}),
		mustSubscribe(t, s, region, engine.SubscribeOptions{Filter: func(ev *event.Event) bool { return ev.Sequence != 0 }}),
	}
	quiet := mustSubscribe(t, s, event.Entity("quiet"), engine.SubscribeOptions{})
	payload := make([]byte, 256)
	round := func() {
		for range 3 {
			if _, err := s.AppendBytes(here, event.Data, event.CodecRaw, payload); err != nil {
				t.Fatal(err)
			}
		}
		for _, sub := range subs {
			for range 3 {
				if d, ok, err := sub.Poll(); !ok || err != nil || len(d.Event.Payload) != len(payload) {
					t.Fatalf("%+v, %v, %v", d, ok, err)
				}
			}
			mustBeEmpty(t, sub)
		}
		mustBeEmpty(t, quiet)
	}
	for range 100 {
		round()
	}
	if n := testing.AllocsPerRun(300, round); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
