// The command's output and exit codes.

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// crashed runs the command.
func crashed(args ...string) (code int, stdout, stderr string) {
	var out, messages bytes.Buffer
	code = run(context.Background(), args, &out, &messages)
	return code, out.String(), messages.String()
}

func TestCutsAreCountedAndNothingIsFound(t *testing.T) {
	code, out, messages := crashed("-cuts", "300", "-seed", "5", "-quiet", "-save", filepath.Join(t.TempDir(), "new"))
	if code != exitFine || messages != "" {
		t.Fatalf("exit code %d, %s%s", code, out, messages)
	}
	for _, what := range []string{"seed 5:", "power cuts in", "by nesting", "images opened and checked", "0 findings"} {
		if !strings.Contains(out, what) {
			t.Errorf("%q is missing in:\n%s", what, out)
		}
	}
}

func TestWrongUsageIsTold(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("no finding"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"-unknown"}, {"argument"}, {"-cuts", "-1"}, {"-duration", "soon"}, {"-depth", "0"}, {"-findings", "0"}, {"-workers", "-1"}, {"-patience", "0s"},
		{"-replay", file}, {"-replay", file + "-missing"}, {"-save", filepath.Join(file, "below"), "-cuts", "1"},
	} {
		if code, out, messages := crashed(args...); code != exitNotToRun || out != "" || messages == "" {
			t.Errorf("%q: exit code %d, output %q, messages %q", args, code, out, messages)
		}
	}
}

func TestHelpIsNoError(t *testing.T) {
	if code, _, messages := crashed("-help"); code != exitFine || !strings.Contains(messages, "-cuts") {
		t.Errorf("exit code %d, %s", code, messages)
	}
}
