// This file proves that what illegal.go says does not compile, and why.

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestWhatIsIllegalDoesNotCompile(t *testing.T) {
	source, err := os.ReadFile("illegal.go")
	if err != nil {
		t.Fatal(err)
	}
	_, comments, _ := strings.Cut(string(source), "package main\n")
	code := regexp.MustCompile(`(?m)^// ?`).ReplaceAllString(comments, "")
	var want []string // the errors, each told in the lines behind its move's name
	for _, told := range regexp.MustCompile(`(?m)((?:^\t//   .*\n)+)`).FindAllString(code, -1) {
		want = append(want, strings.Join(strings.Fields(strings.ReplaceAll(told, "//", "")), " "))
	}
	if len(want) != 4 {
		t.Fatalf("%d errors are told", len(want))
	}
	errs := compiled(t, "package main\n\nimport (\n\t\"github.com/batpak/batpak/engine\"\n\t\"github.com/batpak/batpak/typestate\"\n)\n"+code)
	if len(errs) != len(want) {
		t.Fatalf("%d errors, want %d:\n%s", len(errs), len(want), strings.Join(errs, "\n"))
	}
	for i, err := range errs {
		if !strings.HasSuffix(err, want[i]) {
			t.Errorf("got  %s\nwant %s", err, want[i])
		}
	}
}

// compiled compiles the program with the code in the place of illegal.go, and returns the errors in it.
func compiled(t *testing.T, code string) (errs []string) {
	t.Helper()
	dir := t.TempDir()
	place, err := filepath.Abs("illegal.go")
	if err != nil {
		t.Fatal(err)
	}
	replaced, overlay := filepath.Join(dir, "illegal.go"), filepath.Join(dir, "overlay.json")
	b, err := json.Marshal(map[string]any{"Replace": map[string]string{place: replaced}})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{replaced: []byte(code), overlay: b} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	output, err := exec.CommandContext(t.Context(), "go", "build", "-o", os.DevNull, "-gcflags=-e", "-overlay", overlay, ".").CombinedOutput()
	if err == nil {
		t.Fatal("it compiles")
	}
	for _, found := range regexp.MustCompile(`illegal\.go:\d+:\d+: (.*)`).FindAllStringSubmatch(string(output), -1) {
		errs = append(errs, strings.TrimSpace(found[1]))
	}
	return errs
}
