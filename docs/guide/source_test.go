// This file reads the examples and tests that pages may show.

package guide_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// function is one that "go test" runs.
type function struct {
	name    string
	lines   []string // of its source, from its first line to its last
	example bool
	output  string // what it must print; empty for a test
}

// shows reports whether the lines are some of the function's that follow on each other.
func (f function) shows(lines []string) bool {
	for n := 0; n+len(lines) <= len(f.lines); n++ {
		if slices.Equal(dedent(f.lines[n:n+len(lines)]), lines) {
			return true
		}
	}
	return false
}

// functionsOf returns the examples that have an output, and the tests, of a source file.
func functionsOf(path string, source []byte) ([]function, error) {
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, path, source, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	outputs := make(map[string]string)
	for _, example := range doc.Examples(parsed) {
		if example.Output != "" && !example.Unordered {
			outputs["Example"+example.Name] = strings.TrimRight(example.Output, "\n")
		}
	}
	var found []function
	text := strings.Split(string(source), "\n")
	for _, declaration := range parsed.Decls {
		declared, ok := declaration.(*ast.FuncDecl)
		if !ok || declared.Recv != nil {
			continue
		}
		name := declared.Name.Name
		output, example := outputs[name]
		if !example && !strings.HasPrefix(name, "Test") {
			continue
		}
		first, last := files.Position(declared.Pos()).Line, files.Position(declared.End()).Line
		found = append(found, function{name: name, lines: text[first-1 : last], example: example, output: output})
	}
	return found, nil
}

// readFunctions returns the functions of all test files of a directory.
func readFunctions(dir string) ([]function, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return nil, err
	}
	var all []function
	for _, path := range paths {
		source, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		functions, err := functionsOf(path, source)
		if err != nil {
			return nil, err
		}
		all = append(all, functions...)
	}
	return all, nil
}

// readPrograms returns the programs that pages may show, from their package clause on.
func readPrograms(paths []string) ([][]string, error) {
	var programs [][]string
	for _, path := range paths {
		source, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		lines := strings.Split(strings.TrimRight(string(source), "\n"), "\n")
		clause := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "package ") })
		programs = append(programs, lines[max(clause, 0):])
	}
	return programs, nil
}
