// The command line as users meet it: exit codes, JSON, tables. No test looks at a time.

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/batpak/batpak/perfgates"
)

// runs executes one command line and returns its exit code and outputs.
func runs(ctx context.Context, arguments ...string) (code int, out, messages string) {
	var stdout, stderr bytes.Buffer
	code = execute(arguments, &session{ctx: ctx, out: &stdout, messages: &stderr, measure: perfgates.Measure, probe: perfgates.Probe})
	return code, stdout.String(), stderr.String()
}

func TestListNamesEveryRowWithItsTarget(t *testing.T) {
	code, out, _ := runs(t.Context(), "list")
	if code != exitFine {
		t.Fatalf("exit code %d", code)
	}
	for _, row := range perfgates.Rows() {
		if !strings.Contains(out, row.ID) || !strings.Contains(out, row.Title) || !strings.Contains(out, row.Target) {
			t.Errorf("%s is incomplete in\n%s", row.ID, out)
		}
	}
}

func TestWrongCommandLinesExitWithTwoAndSayWhy(t *testing.T) {
	for name, c := range map[string]struct {
		arguments []string
		want      string
	}{
		"unknown row":       {[]string{"run", "--rows", "P1,P99"}, `unknown row "P99"; there are P1, P2, P3, P4, P5, P6, P7, P8, P9, P10, P11, P12, P13, P14, P15, P16, P17, P18, P19, P20, P21, P22, P23, P24, W1, W2, W3, W4`},
		"unknown verb":      {[]string{"walk"}, "walk"},
		"no verb":           {nil, "expected one of"},
		"unknown flag":      {[]string{"run", "--fast"}, "--fast"},
		"negative duration": {[]string{"run", "--duration", "-1s"}, "--duration"},
		"missing directory": {[]string{"run", "--rows", "P4", "--dir", t.TempDir() + "/missing"}, "no place to work"},
		"missing for floor": {[]string{"floors", "--dir", t.TempDir() + "/missing"}, "no place to work"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, messages := runs(t.Context(), c.arguments...)
			if code != exitNotToRun || !strings.Contains(messages, c.want) || out != "" {
				t.Errorf("exit code %d, output %q, messages %q", code, out, messages)
			}
		})
	}
}

func TestHelpExitsWithZero(t *testing.T) {
	if code, out, _ := runs(t.Context(), "run", "--help"); code != exitFine || !strings.Contains(out, "--quick") {
		t.Errorf("exit code %d, output %q", code, out)
	}
}

func TestRunPrintsOneArrayWhoseObjectsBeginWithTheAgreedKeys(t *testing.T) {
	directory := t.TempDir()
	code, out, messages := runs(t.Context(), "run", "--rows", "p4,P23", "--quick", "--json", "--duration", "20ms", "--dir", directory)
	if code != exitFine || messages != "" {
		t.Fatalf("exit code %d, messages %q", code, messages)
	}
	var objects []json.RawMessage
	if err := json.Unmarshal([]byte(out), &objects); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	if len(objects) != 9 {
		t.Errorf("%d results, want 4 of P4 and 5 of P23", len(objects))
	}
	want := []string{"row", "name", "value", "unit", "reference", "reference_value", "ratio", "better", "target", "met"}
	for _, object := range objects {
		if keys := keysOf(t, object); len(keys) < len(want) || !slices.Equal(keys[:len(want)], want) {
			t.Errorf("keys %q, want first %q", keys, want)
		}
	}
	if left, err := os.ReadDir(directory); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// keysOf returns an object's keys in their order.
func keysOf(t *testing.T, object []byte) (keys []string) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(object))
	if _, err := decoder.Token(); err != nil { // the brace
		t.Fatal(err)
	}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key.(string))
		var value any
		if err := decoder.Decode(&value); err != nil {
			t.Fatal(err)
		}
	}
	return keys
}

func TestRunPrintsATableByDefault(t *testing.T) {
	code, out, messages := runs(t.Context(), "run", "--rows", "P23", "--quick", "--duration", "10ms", "--dir", t.TempDir())
	if code != exitFine || messages != "" {
		t.Fatalf("exit code %d, messages %q", code, messages)
	}
	for _, want := range []string{"ratio", "met", "P23", "close after the append"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
}

func TestAnInterruptedRunExitsWithTwoAndLeavesNothingBehind(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	directory := t.TempDir()
	for _, arguments := range [][]string{{"run", "--json", "--dir", directory}, {"floors", "--json", "--dir", directory}} {
		code, out, messages := runs(ctx, arguments...)
		if code != exitNotToRun || out != "[]\n" || !strings.Contains(messages, "interrupted") {
			t.Errorf("%s: exit code %d, output %q, messages %q", arguments[0], code, out, messages)
		}
	}
	if left, err := os.ReadDir(directory); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestFloorsAreCompleteAsJSONAndAsATable(t *testing.T) {
	directory := t.TempDir()
	code, text, _ := runs(t.Context(), "floors", "--quick", "--dir", directory)
	if code != exitFine {
		t.Fatalf("exit code %d", code)
	}
	code, array, _ := runs(t.Context(), "floors", "--quick", "--json", "--dir", directory)
	if code != exitFine || !json.Valid([]byte(array)) {
		t.Errorf("exit code %d, not JSON:\n%s", code, array)
	}
	for _, want := range []string{
		"F0 p50", "F0 p99", "populate", "clock read", "copy, 256 B", "CRC32C, 256 B", "BLAKE3, 256 B", "digest", "link",
		"floor(64), chain on", "floor(256), chain on", "floor(1024), chain on",
		"floor(64), chain off", "floor(256), chain off", "floor(1024), chain off",
	} {
		if !strings.Contains(text, want) || !strings.Contains(array, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if left, err := os.ReadDir(directory); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestTheProgressLineStaysAwayFromPipes(t *testing.T) {
	for _, live := range []bool{false, true} {
		var messages bytes.Buffer
		line := (&session{messages: &messages, live: live}).newProgress()
		line.show("half way")
		line.clear()
		if (messages.Len() > 0) != live {
			t.Errorf("terminal %v: %q", live, messages.String())
		}
	}
}
