// Fold: what a projection makes of events, and how a case that fails looks.

package batpaktest_test

import (
	"testing"

	"github.com/batpak/batpak/batpaktest"
	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// Seats are those of a room.
type Seats struct {
	Free  int
	Taken []string
}

var (
	hall     = event.MustAt("room:hall", "theatre")
	built    = event.MustKind(3, 1)
	reserved = event.MustKind(3, 2)
)

var seats = engine.MustProjection(engine.Fold[Seats]{
	Name: "seats", Version: 1,
	Apply: func(s *Seats, ev event.Event) error {
		if ev.Kind == built {
			return ev.Decode(&s.Free)
		}
		var name string
		err := ev.Decode(&name)
		s.Free, s.Taken = s.Free-1, append(s.Taken, name)
		return err
	},
})

// In a test, t is what the test function is given; here it prints what the test would fail with.
func ExampleFold() {
	example(func(t testing.TB) {
		batpaktest.Fold(t, seats).
			Given(batpaktest.NewEvent(hall, built, 100)).
			When(batpaktest.NewEvent(hall, reserved, "alice")).
			Then(Seats{Free: 99, Taken: []string{"bob"}})
	})
	// Output:
	// batpaktest: the state differs (- want, + got):
	//   batpaktest_test.Seats{
	//     Free: 99
	//     Taken: []string{
	// -     "bob"
	// +     "alice"
	//     }
	//   }
}
