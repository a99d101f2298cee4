// That a transition does not compile with a machine in another state.

package engine_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

func TestATransitionThatDoesNotLeaveTheMachinesStateDoesNotCompile(t *testing.T) {
	source, err := os.ReadFile("testdata/illegaltransition/illegal.go")
	if err != nil {
		t.Fatal(err)
	}
	var want []string // what the marks say, in the order of the lines
	for _, mark := range regexp.MustCompile(`// ERROR (.*)`).FindAllStringSubmatch(string(source), -1) {
		want = append(want, mark[1])
	}
	output, err := exec.CommandContext(t.Context(), "go", "build", "-gcflags=-e", "./testdata/illegaltransition").CombinedOutput()
	if err == nil {
		t.Fatal("it compiles")
	}
	errs := regexp.MustCompile(`illegal\.go:\d+:\d+: (.*)`).FindAllStringSubmatch(string(output), -1)
	if len(want) != 2 || len(errs) != len(want) {
		t.Fatalf("%d errors, want %d, 2 of them:\n%s", len(errs), len(want), output)
	}
	for i, err := range errs {
		if strings.TrimSpace(err[1]) != want[i] {
			t.Errorf("got %s\nwant %s", err[1], want[i])
		}
	}
}
