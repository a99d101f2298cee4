// This file keeps the README's program the one that is compiled and run here, and what stands below it what it prints.

package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// readme returns the README.
func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheReadmeShowsThisProgram(t *testing.T) {
	source, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	_, program, found := strings.Cut(string(source), "package main\n")
	if !found {
		t.Fatal("main.go has no package clause")
	}
	if !strings.Contains(readme(t), "```go\npackage main\n"+program+"```\n") {
		t.Error("the program in README.md is not main.go")
	}
}

func TestTheReadmeShowsWhatThisProgramPrints(t *testing.T) {
	_, below, _ := strings.Cut(readme(t), "```go\npackage main\n")
	_, shown, _ := strings.Cut(below, "```output\n")
	shown, _, found := strings.Cut(shown, "```\n")
	if !found {
		t.Fatal("README.md has no output below the program")
	}
	t.Chdir(t.TempDir())
	printed, err := capture(t)
	if err != nil {
		t.Fatal(err)
	}
	id := regexp.MustCompile(`[0-9a-f]{32}`) // of the event, made of the time and of random bits
	if got, want := id.ReplaceAllString(printed, "ID"), id.ReplaceAllString(shown, "ID"); got != want {
		t.Errorf("the program prints\n%sand README.md says\n%s", got, want)
	}
}
