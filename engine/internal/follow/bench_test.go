// What following costs who writes, and who polls.

package follow

import (
	"context"
	"fmt"
	"testing"

	"github.com/batpak/batpak/event"
)

func BenchmarkNotify(b *testing.B) {
	for _, waiters := range []int{0, 1, 1000} {
		b.Run(fmt.Sprintf("waiters=%d", waiters), func(b *testing.B) {
			l := newLedger(b, nil)
			for range 10_000 {
				l.add("busy", "s", event.Data)
			}
			ctx, cancel := context.WithCancel(context.Background())
			var waits []<-chan error
			for n := range waiters {
				waits = append(waits, await(l, ctx, event.Entity(fmt.Sprint("quiet ", n)), 0))
			}
			for int(l.hub.waiting.Load()) < waiters {
				yield()
			}
			b.ReportAllocs()
			for b.Loop() {
				l.hub.Notify()
			}
			cancel()
			for _, wait := range waits {
				<-wait
			}
		})
	}
}

func BenchmarkPollOfNothing(b *testing.B) {
	l := newLedger(b, nil)
	l.add("busy", "s", event.Data)
	r := l.reader(event.Entity("quiet"), 0)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok, err := r.Poll(); ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}
