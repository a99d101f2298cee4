// The command's output and exit codes, with a soak of a second or two.

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// soaked runs the command.
func soaked(ctx context.Context, arguments ...string) (code int, stdout, stderr string) {
	var out, messages bytes.Buffer
	code = run(ctx, arguments, &out, &messages)
	return code, out.String(), messages.String()
}

func TestTheOutcomeOfAShortSoakIsExact(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	code, out, messages := soaked(t.Context(), "--duration", "1500ms", "--round", "300ms", "--events", "3000", "--seed", "7", "--dir", dir)
	if code != exitFine || messages != "" {
		t.Fatalf("exit code %d\n%s%s", code, out, messages)
	}
	for _, words := range []string{"seed 7, 1.5s, policy mixed", "events acknowledged", "all of it exact"} {
		if !strings.Contains(out, words) {
			t.Errorf("%q is missing in:\n%s", words, out)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("it left %v, %v", left, err)
	}
}

func TestAnInterruptEndsItWithAReport(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	begin := time.Now()
	code, out, messages := soaked(ctx, "--duration", "1h", "--policy", "manual")
	if code != exitFine || !strings.Contains(out, "all of it exact") {
		t.Fatalf("exit code %d after %v\n%s%s", code, time.Since(begin), out, messages)
	}
}

func TestWrongUsageIsTold(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, arguments := range [][]string{
		{"--unknown"}, {"argument"}, {"--duration", "0s"}, {"--duration", "soon"}, {"--round", "1ms"}, {"--events", "1"}, {"--policy", "never"},
		{"--seed", "-1"}, {"--dir", filepath.Join(file, "below")},
	} {
		if code, out, messages := soaked(t.Context(), arguments...); code != exitNotToRun || out != "" || !strings.HasPrefix(messages, "soak: ") {
			t.Errorf("%q: exit code %d, output %q, messages %q", arguments, code, out, messages)
		}
	}
}

func TestHelpIsNoError(t *testing.T) {
	if code, _, messages := soaked(t.Context(), "--help"); code != exitFine || !strings.Contains(messages, "--duration") {
		t.Errorf("exit code %d, %s", code, messages)
	}
}
