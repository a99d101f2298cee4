// Power cuts at all kinds of moments.

package crash

import (
	"testing"
	"time"
)

// cuts is how many power cuts a test makes.
func cuts(t *testing.T) uint64 {
	if testing.Short() || raceBuild {
		return 400
	}
	return 3000
}

func TestNoPowerCutLosesWhatWasAcknowledged(t *testing.T) {
	for name, seed := range map[string]uint64{"a fixed seed": 1, "another one each time": uint64(time.Now().UnixNano())} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := Run(t.Context(), Config{Seed: seed, Cuts: cuts(t), Save: t.TempDir(), Workers: 1})
			t.Log(report)
			if len(report.Findings) > 0 {
				t.Fatal("a promise was broken")
			}
		})
	}
}
