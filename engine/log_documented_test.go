// Every line that the store can log stands in the documentation of Options.Logger, with its level and its attributes, and
// nothing else does.

package engine_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// logging are the directories whose packages log for a store.
var logging = []string{".", "internal/commit", "internal/merge", "internal/project", "internal/query", "../recovery", "../cache"}

// levels are the methods of a logger.
var levels = map[string]string{"Debug": "DEBUG", "Info": "INFO", "Warn": "WARN", "Error": "ERROR"}

func TestEveryLineThatIsLoggedIsDocumentedWithItsLevelAndItsAttributes(t *testing.T) {
	t.Parallel()
	logged, calls := make(map[string]bool), 0
	for _, dir := range logging {
		for _, file := range goFilesIn(t, dir) {
			ast.Inspect(file, func(n ast.Node) bool {
				if line, is := loggedBy(t, n); is {
					calls++
					logged[line] = true
				}
				return true
			})
		}
	}
	if calls < 30 {
		t.Fatalf("only %d calls of loggers were found", calls)
	}
	documented := documentedLines(t)
	for line := range logged {
		if !documented[line] {
			t.Errorf("not documented: %s", line)
		}
	}
	for line := range documented {
		if !logged[line] {
			t.Errorf("documented, and logged nowhere: %s", line)
		}
	}
}

// goFilesIn parses the files of a package, without tests.
func goFilesIn(t *testing.T, dir string) (files []*ast.File) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: %v, %v", dir, names, err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// loggedBy returns the line that a call of a logger's method makes, as it is to be documented.
func loggedBy(t *testing.T, n ast.Node) (line string, is bool) {
	call, isCall := n.(*ast.CallExpr)
	if !isCall {
		return "", false
	}
	method, isMethod := call.Fun.(*ast.SelectorExpr)
	if !isMethod || levels[method.Sel.Name] == "" || len(call.Args) == 0 {
		return "", false
	}
	switch on := method.X.(type) { // s.logger.Warn, l.log.Warn; but not t.Error or err.Error
	case *ast.SelectorExpr:
		if !slices.Contains([]string{"logger", "Logger", "log"}, on.Sel.Name) {
			return "", false
		}
	default:
		return "", false
	}
	message, known := literal(call.Args[0])
	if !known {
		t.Errorf("a message that is not a constant text: %#v", call.Args[0])
	}
	var keys []string
	for i := 1; i < len(call.Args); i += 2 {
		key, known := literal(call.Args[i])
		if !known {
			t.Errorf("%s: an attribute's name that is not a constant text", message)
		}
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return levels[method.Sel.Name] + " " + message + ": " + strings.Join(keys, " "), true
}

func literal(e ast.Expr) (string, bool) {
	text, is := e.(*ast.BasicLit)
	if !is || text.Kind != token.STRING {
		return "", false
	}
	value, err := strconv.Unquote(text.Value)
	return value, err == nil
}

// documentedLines returns the lines of the documentation, with sorted attributes.
func documentedLines(t *testing.T) map[string]bool {
	t.Helper()
	source, err := os.ReadFile("options.go")
	if err != nil {
		t.Fatal(err)
	}
	lines := make(map[string]bool)
	for _, found := range regexp.MustCompile(`(?m)^\t//\t(DEBUG|INFO|WARN|ERROR) +(.*): ([a-z_ ]+)$`).FindAllStringSubmatch(string(source), -1) {
		keys := strings.Fields(found[3])
		slices.Sort(keys)
		lines[found[1]+" "+found[2]+": "+strings.Join(keys, " ")] = true
	}
	return lines
}
