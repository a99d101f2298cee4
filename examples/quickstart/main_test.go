// This file proves what the README promises of the program.

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestEachRunStoresOneEventAndPrintsAll(t *testing.T) {
	t.Chdir(t.TempDir())
	stored := regexp.MustCompile(`^stored [0-9a-f]{32} at ([123])$`)
	for n, sequence := range []string{"1", "2", "3"} {
		printed, err := capture(t)
		if err != nil {
			t.Fatalf("run %d: %v", n+1, err)
		}
		lines := strings.Split(strings.TrimSuffix(printed, "\n"), "\n")
		if m := stored.FindStringSubmatch(lines[0]); m == nil || m[1] != sequence {
			t.Fatalf("run %d: first line %q, want sequence %s", n+1, lines[0], sequence)
		}
		if len(lines) != n+2 {
			t.Fatalf("run %d printed %d events, want %d:\n%s", n+1, len(lines)-1, n+1, printed)
		}
		want := sequence + " 0xF001 player:alice@room:dungeon map[x:10 y:20]"
		if last := lines[len(lines)-1]; last != want {
			t.Errorf("run %d: last line %q, want %q", n+1, last, want)
		}
	}
}

func TestAStoreThatCannotBeOpenedIsAnError(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("batpak-data", []byte("not a directory"), 0o600); err != nil {
		t.Fatal(err)
	}
	if printed, err := capture(t); err == nil {
		t.Fatalf("run succeeded with a file in the store's place and printed %q", printed)
	}
}

// capture runs the program and returns what it printed.
func capture(t *testing.T) (string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "stdout")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = file
	runErr := run()
	os.Stdout = stdout
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	printed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(printed), runErr
}
