// Loading on small modules written for the test, and the command's exit codes.

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writeModule makes a module of the given files in a temporary directory.
func writeModule(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	files["go.mod"] = "module " + testModule + "\n\ngo 1.26.0\n"
	for name, content := range files {
		name = filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestImportsOfEverySystemAndTagAreSeen(t *testing.T) {
	root := writeModule(t, map[string]string{
		"event/doc.go":          "package event\n",
		"event/a_linux.go":      "package event\n\nimport _ \"syscall\"\n",
		"event/a_windows.go":    "package event\n\nimport _ \"bytes\"\n",
		"event/a_arm64.go":      "package event\n\nimport _ \"errors\"\n",
		"event/tag.go":          "//go:build dangerous_test_hooks\n\npackage event\n\nimport _ \"fmt\"\n",
		"event/in_test.go":      "package event\n\nimport _ \"testing\"\n",
		"event/out_test.go":     "package event_test\n\nimport _ \"sort\"\n",
		"event/tag_test.go":     "//go:build race\n\npackage event\n\nimport _ \"io\"\n",
		"event/tag_out_test.go": "//go:build race\n\npackage event_test\n\nimport _ \"os\"\n",
		"gate/a_darwin.go":      "package gate\n\nimport _ \"time\"\n",
	})
	found, err := load(root, "linux", "darwin")
	if err != nil {
		t.Fatal(err)
	}
	if found.module != testModule || found.toolsHasGoMod || len(found.packages) != 2 {
		t.Fatalf("load = %+v", found)
	}
	want := []struct{ name, got, want string }{
		{"event", strings.Join(found.packages[0].imports, " "), "bytes errors fmt syscall"},
		{"event's inside tests", strings.Join(found.packages[0].testImports, " "), "io testing"},
		{"event's outside tests", strings.Join(found.packages[0].outsideImports, " "), "os sort"},
		{"gate", strings.Join(found.packages[1].imports, " "), "time"},
	}
	for _, w := range want {
		if w.got != w.want {
			t.Errorf("imports of %s: %s; want %s", w.name, w.got, w.want)
		}
	}
}

// runIn runs the command on a module and returns its exit code and its output.
func runIn(t *testing.T, root string) (code int, output string) {
	t.Helper()
	var out bytes.Buffer
	code = run([]string{"-C", root}, &out, &out)
	return code, out.String()
}

func TestACleanModuleExitsWithZero(t *testing.T) {
	code, output := runIn(t, writeModule(t, map[string]string{"event/doc.go": "package event\n"}))
	if code != exitFine || !strings.Contains(output, "1 packages, every floor holds") {
		t.Errorf("exit %d: %s", code, output)
	}
}

func TestAViolationExitsWithOne(t *testing.T) {
	code, output := runIn(t, writeModule(t, map[string]string{
		"event/doc.go":  "package event\n\nimport _ \"" + testModule + "/index\"\n",
		"index/doc.go":  "package index\n",
		"tools/go.mod":  "module " + testModule + "/tools\n",
		"engine/bad.go": "package engine\n\nimport \"\n",
	}))
	for _, want := range []string{"event (floor 1) imports index (floor 2)", "tools/go.mod exists", "could not look everywhere"} {
		if !strings.Contains(output, want) {
			t.Errorf("the output lacks %q: %s", want, output)
		}
	}
	if code != exitViolation {
		t.Errorf("exit %d, want %d", code, exitViolation)
	}
}

func TestWhatCannotBeReadExitsWithTwo(t *testing.T) {
	tests := map[string]string{
		"no directory":  filepath.Join(t.TempDir(), "absent"),
		"no packages":   writeModule(t, map[string]string{"README": "nothing"}),
		"broken source": writeModule(t, map[string]string{"event/doc.go": "package event\n\nimport \"\n"}),
		"broken source behind a tag": writeModule(t, map[string]string{
			"event/doc.go": "package event\n",
			"event/tag.go": "//go:build never\n\npackage event\n\nimport 1\n",
		}),
	}
	for name, root := range tests {
		if code, output := runIn(t, root); code != exitNotRun || output == "" {
			t.Errorf("%s: exit %d: %s", name, code, output)
		}
	}
	for _, args := range [][]string{{"-unknown"}, {"surplus"}} {
		var out bytes.Buffer
		if code := run(args, &out, &out); code != exitNotRun {
			t.Errorf("run(%q) = %d: %s", args, code, out.String())
		}
	}
}
