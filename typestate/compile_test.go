// Tests that what the types forbid does not compile.

package typestate_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// build compiles a package under testdata, keeping nothing, and returns all errors.
func build(t *testing.T, pkg string) (output string, err error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "build", "-gcflags=-e", "./testdata/"+pkg)
	b, err := command.CombinedOutput()
	return string(b), err
}

func TestLegalTransitionsCompile(t *testing.T) {
	if output, err := build(t, "legal"); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

func TestIllegalTransitionsDoNotCompile(t *testing.T) {
	source, err := os.ReadFile("testdata/illegal/illegal.go")
	if err != nil {
		t.Fatal(err)
	}
	want := make(map[string]string) // the error of a marked line, by its number
	for i, line := range bytes.Split(source, []byte("\n")) {
		if _, mark, marked := strings.Cut(string(line), "// ERROR "); marked {
			want[fmt.Sprint(i+1)] = mark
		}
	}
	if len(want) < 7 {
		t.Fatalf("%d lines are marked", len(want))
	}
	output, err := build(t, "illegal")
	if err == nil {
		t.Fatal("it compiles")
	}
	for line := range strings.Lines(output) {
		_, place, found := strings.Cut(strings.TrimSpace(line), "illegal.go:")
		if !found {
			continue // the name of the package
		}
		number, rest, _ := strings.Cut(place, ":")
		_, text, _ := strings.Cut(rest, ": ")
		if want[number] == "" || text != want[number] {
			t.Errorf("line %s: %s\nwant %q", number, text, want[number])
		}
		delete(want, number)
	}
	for number, text := range want {
		t.Errorf("line %s compiles, want %q", number, text)
	}
}
