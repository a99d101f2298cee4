// What a measurement can't be used for: passes that differ too much, and other work.

package baseline

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/batpak/batpak/perfgates"
	"github.com/batpak/batpak/perfgates/figure"
)

func TestOnePassFarAwayMakesFivePassesUnsteadyAndNotNine(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 8))
	larger := func(r *figure.Result) { r.Value, r.Better = 1e4/r.Value, figure.Larger }
	for _, direction := range []func(*figure.Result){nil, larger} {
		passes := append(around(random, 4, 1, 0.001, direction), around(random, 1, 1.43, 0, direction)...)
		unsteady := UnsteadyAt(0.1, passes)
		if len(unsteady) != 1 || math.Abs(unsteady[0].Reach-0.43) > 0.01 || RowsOf(unsteady)[0] != "P1" {
			t.Errorf("one of five is 43 %% slower: %+v", unsteady)
		}
		if found := UnsteadyAt(0.5, passes); len(found) != 0 {
			t.Errorf("within the threshold: %+v", found)
		}
		if found := UnsteadyAt(0.1, append(passes, around(random, 4, 1, 0.001, direction)...)); len(found) != 0 {
			t.Errorf("one of nine: %+v", found)
		}
		// A pass that is faster than the others hides no slowdown.
		if found := UnsteadyAt(0.1, append(around(random, 4, 1, 0.001, direction), around(random, 1, 0.5, 0, direction)...)); len(found) != 0 {
			t.Errorf("one of five is faster: %+v", found)
		}
	}
}

func TestOtherWorkIsRefusedAndBothAreNamed(t *testing.T) {
	old := Options{Quick: true}
	if err := OtherWork(old, old); err != nil {
		t.Error(err)
	}
	err := OtherWork(old, Options{Load: perfgates.Load{Rate: 5}})
	if err == nil || !strings.Contains(err.Error(), "was quick, would be full") || !strings.Contains(err.Error(), "Rate:5") {
		t.Errorf("got %v", err)
	}
}
