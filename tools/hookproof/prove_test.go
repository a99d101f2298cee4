// The proof on this module, and on small ones in which something is left.

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNothingOfFaultInjectionIsInAnOrdinaryBuild(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := run([]string{"-C", filepath.Join("..", "..")}, &stdout, &stderr); code != exitFine {
		t.Fatalf("exit code %d:\n%s", code, &stderr)
	}
	for _, want := range []string{"engine/internal/commit", "recovery", "are the same", "no symbol"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("it does not speak of %s:\n%s", want, &stdout)
		}
	}
}

func TestWrongUsageIsToldApart(t *testing.T) {
	for _, args := range [][]string{{"-nonsense"}, {"argument"}, {"-C", filepath.Join(t.TempDir(), "missing")}} {
		var stdout, stderr bytes.Buffer
		if code := run(args, &stdout, &stderr); code != exitNotRun || stderr.Len() == 0 {
			t.Errorf("%q: exit code %d, said %q", args, code, &stderr)
		}
	}
}

// small is a module that has what the proof asks for, with the real package hooks.
var small = map[string]string{
	"go.mod": "module github.com/batpak/batpak\n\ngo 1.26.0\n",
	"engine/internal/commit/log.go": `package commit

import "github.com/batpak/batpak/hooks"

type Log struct{ Hooks *hooks.Set }

//go:noinline
func (l *Log) Append(n int) (int, error) {
	if hooks.Enabled && hooks.Planted(hooks.SyncSkipped) {
		return 0, nil
	}
	return l.place(n)
}

//go:noinline
func (l *Log) place(n int) (int, error) {
	if hooks.Enabled {
		if err := l.Hooks.Reach(hooks.AppendPlace, ""); err != nil {
			return 0, err
		}
	}
	return n * 3, nil
}
`,
	"engine/store.go": `package engine

import "github.com/batpak/batpak/engine/internal/commit"

type Store struct{ log commit.Log }

//go:noinline
func (s *Store) AppendBytesWith(n int) (int, error) { return s.log.Append(n) }
`,
	"examples/quickstart/main.go": `package main

import (
	"os"

	"github.com/batpak/batpak/engine"
)

func main() {
	n, err := new(engine.Store).AppendBytesWith(len(os.Args))
	if err != nil {
		os.Exit(1)
	}
	os.Exit(n)
}
`,
}

// write makes the small module in a directory, with other content in some files.
func write(t *testing.T, changes map[string]string) string {
	t.Helper()
	root := t.TempDir()
	put := func(name string, content []byte) {
		name = filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	real, err := filepath.Glob(filepath.Join("..", "..", "hooks", "*.go"))
	if err != nil || len(real) == 0 {
		t.Fatal("package hooks was not found", err)
	}
	for _, name := range real {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(name, "_test.go") {
			put("hooks/"+filepath.Base(name), content)
		}
	}
	for name, content := range small {
		put(name, []byte(content))
	}
	for name, content := range changes {
		put(name, []byte(content))
	}
	return root
}

func TestWhatIsLeftOfFaultInjectionIsFound(t *testing.T) {
	log := small["engine/internal/commit/log.go"]
	for _, c := range []struct {
		what, file, content string
		want                string // what is said; empty: that all holds
	}{
		{"nothing", "hooks/doc.go", "package hooks\n", ""},
		{"a function around the points", "engine/internal/commit/log.go", strings.Replace(log, "return l.place(n)\n}",
			"if err := l.reach(); err != nil {\n\t\treturn 0, err\n\t}\n\treturn l.place(n)\n}\n\nfunc (l *Log) reach() error {\n\tif hooks.Enabled {\n\t\treturn l.Hooks.Reach(hooks.CloseSync, \"\")\n\t}\n\treturn nil\n}", 1),
			"nothing but ask"},
		{"another form", "engine/internal/commit/log.go", strings.Replace(log, "hooks.Enabled && hooks.Planted(hooks.SyncSkipped)", "hooks.Planted(hooks.SyncSkipped)", 1),
			"outside of an if"},
		{"another form on another system", "engine/internal/commit/log_plan9.go", "package commit\n\nimport \"" + hooksPath + "\"\n\nvar points = hooks.Points()\n",
			"outside of an if"},
		{"another form beside what looks like a build constraint", "engine/internal/commit/log.go",
			strings.Replace(log, "if hooks.Enabled {", "if !hooks.Enabled {", 1) + "\n/*\n//go:build dangerous_test_hooks\n*/\n", "outside of an if"},
		{"a file for builds with the tag", "engine/internal/commit/inject.go", "//go:build dangerous_test_hooks\n\npackage commit\n", "inject.go:1:1: the build constraint"},
		{"a file for builds in assembly", "engine/internal/commit/inject.s", "//go:build !dangerous_test_hooks\n", "inject.s: the build constraint"},
		{"a file for other builds in assembly", "engine/internal/commit/inject.s", "//go:build dangerous_test_hooks\n", "inject.s: the build constraint"},
		{"names", "hooks/leak.go", "package hooks\n\nimport \"os\"\n\nfunc init() {\n\tif len(os.Args) > 100 {\n\t\tprintln(Point(len(os.Args)).String())\n\t}\n}\n",
			"holds the name \"file-create\""},
		{"a symbol", "hooks/leak.go", "package hooks\n\nimport \"os\"\n\nvar Leak = len(os.Args)\n",
			"has the symbol " + hooksPath + ".Leak"},
		{"no statement in the commit section", "engine/internal/commit/log.go", strings.ReplaceAll(log, "hooks.Enabled", "false"), "outside of an if"},
		{"no way of an append", "engine/store.go", strings.ReplaceAll(small["engine/store.go"], "//go:noinline\n", ""), "has no function"},
	} {
		found, err := prove(write(t, map[string]string{c.file: c.content}), program, t.TempDir())
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s is left: %v", c.what, err)
		case c.want == "":
			if found.statements != 2 || found.size == 0 {
				t.Errorf("found %+v", found)
			}
		case err == nil || !strings.Contains(err.Error(), c.want):
			t.Errorf("%s is left: got %v, want %q", c.what, err, c.want)
		}
	}
}

// TestAFunctionThatTheTagReplacesIsFound has a call on the way of an append that goes nowhere, but is there, in all of the
// programs without the tag.
func TestAFunctionThatTheTagReplacesIsFound(t *testing.T) {
	log := strings.Replace(small["engine/internal/commit/log.go"], "return n * 3, nil", "return n * 3, inject(l)", 1)
	dir := write(t, map[string]string{
		"engine/internal/commit/log.go":        log,
		"engine/internal/commit/inject_off.go": "//go:build !dangerous_test_hooks\n\npackage commit\n\nvar inject = func(*Log) error { return nil }\n",
		"engine/internal/commit/inject_on.go": "//go:build dangerous_test_hooks\n\npackage commit\n\nimport \"" + hooksPath +
			"\"\n\nvar inject = func(l *Log) error { return l.Hooks.Reach(hooks.CloseSync, \"\") }\n",
	})
	var stdout, stderr bytes.Buffer
	if code := run([]string{"-C", dir}, &stdout, &stderr); code != exitDisproof {
		t.Errorf("exit code %d:\n%s", code, &stdout)
	}
	for _, name := range []string{"inject_off.go", "inject_on.go"} {
		if !strings.Contains(stderr.String(), name+":1:1: the build constraint") {
			t.Errorf("it does not name %s:\n%s", name, &stderr)
		}
	}
}

func TestSymbolsAreReadWithTheirPackages(t *testing.T) {
	printed := "  401000      17 T github.com/batpak/batpak/engine/internal/commit.(*Log).Append\n" +
		"  402000       8 D github.com/batpak/batpak/hooks.planted\n" +
		"                 U undefined\n" +
		"  403000       1 t slices.insertionSort[go.shape.struct { github.com/batpak/batpak/index.a int }]\n"
	want := []symbol{
		{modulePrefix + "engine/internal/commit.(*Log).Append", modulePrefix + "engine/internal/commit", 17, true},
		{hooksPath + ".planted", hooksPath, 8, false},
		{"slices.insertionSort[go.shape.struct { github.com/batpak/batpak/index.a int }]", "slices", 1, true},
	}
	got := parseSymbols([]byte(printed))
	if len(got) != len(want) {
		t.Fatalf("got %+v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %+v, want %+v", got[i], want[i])
		}
	}
}
