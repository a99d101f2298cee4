// TestMain: fewer random checks where the race detector makes each of them long.

package mmapseg

import (
	"flag"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	if raceEnabled { // the command line still decides
		if err := flag.Set("rapid.checks", "30"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
