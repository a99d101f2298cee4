// TestMain: this binary is also the child processes of its tests.

package engine_test

import (
	"flag"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// childRole is the environment variable that makes the test binary a child process
// with a role in place of running tests.
const childRole = "BATPAK_ENGINE_TEST_CHILD"

// children are the roles; each is given the directory and returns an exit code.
var children = map[string]func(dir string) int{
	"append": appendingChild,
	"hold":   holdingChild,
}

func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		os.Exit(children[role](os.Args[1]))
	}
	if raceBuild { // which makes a check take ten times as long; the command line still decides
		if err := flag.Set("rapid.checks", "30"); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}
