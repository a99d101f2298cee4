// P23: what windows with a store and without one say together.

package rows

import (
	"slices"
	"testing"
	"time"
)

func TestAStoreThatWakesUpInSomeWindowsOnlyIsNotQuiet(t *testing.T) {
	quiet := []float64{1, 0, 2, 1, 0, 1}
	for _, c := range []struct {
		name        string
		with        []float64
		met, judged bool
	}{
		{"as without one", []float64{0, 1, 1, 2, 1, 0}, true, true},
		{"fewer", make([]float64, 6), true, true},
		{"some more", []float64{1, 0, 2, 4, 0, 1}, false, false},
		{"many in every second window", []float64{1, 9, 2, 9, 0, 9}, false, true},
	} {
		result := wakeUps(c.with, quiet, 2*time.Second)
		checkResult(t, "P23", result)
		if met, judged := result.Met(); met != c.met || judged != c.judged {
			t.Errorf("%s: met %v, judged %v (%v)", c.name, met, judged, result.Value)
		}
	}
	if r := wakeUps(slices.Repeat([]float64{3}, 6), quiet, 2*time.Second); r.Value != 13.0/12 {
		t.Errorf("%v wake-ups a second", r.Value)
	}
}
