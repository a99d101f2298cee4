// What the go command is asked: the packages of a program, the program, its symbols.

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/build/constraint"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// modulePrefix is what the paths of this module's packages begin with.
const modulePrefix = "github.com/batpak/batpak/"

// goListPackage holds the fields of `go list -json` that are used here.
type goListPackage struct {
	ImportPath     string
	Dir            string
	GoFiles        []string
	IgnoredGoFiles []string

	SFiles, HFiles, IgnoredOtherFiles []string // in no Go
}

// packagesOf lists the packages of this module that the program is made of, but for package hooks.
func packagesOf(dir, program string) ([]goListPackage, error) {
	out, err := goCommand(dir, "list", "-deps", "-json=ImportPath,Dir,GoFiles,IgnoredGoFiles,SFiles,HFiles,IgnoredOtherFiles", program)
	if err != nil {
		return nil, err
	}
	var listed []goListPackage
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goListPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return listed, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		if strings.HasPrefix(p.ImportPath, modulePrefix) && p.ImportPath != hooksPath {
			listed = append(listed, p)
		}
	}
}

// sources returns the package's files: those that are built here, and those that are not, for another system or by their
// build constraint, but no tests.
func (p *goListPackage) sources() []string {
	var files []string
	for _, name := range slices.Concat(p.GoFiles, p.IgnoredGoFiles) {
		name = filepath.Join(p.Dir, name)
		if !strings.HasSuffix(name, "_test.go") {
			files = append(files, name)
		}
	}
	return files
}

// others returns the package's files that are not Go.
func (p *goListPackage) others() []string {
	var files []string
	for _, name := range slices.Concat(p.SFiles, p.HFiles, p.IgnoredOtherFiles) {
		files = append(files, filepath.Join(p.Dir, name))
	}
	return files
}

// constrains reports whether a line, or a comment of one, is a build constraint that mentions the tag, or may do so.
func constrains(line string) bool {
	line = strings.TrimSpace(line)
	if !constraint.IsGoBuild(line) && !constraint.IsPlusBuild(line) {
		return false
	}
	expression, err := constraint.Parse(line)
	if err != nil {
		return strings.Contains(line, tag)
	}
	found := false
	expression.Eval(func(mentioned string) bool { // it is asked about each tag, whatever it says
		found = found || mentioned == tag
		return false
	})
	return found
}

// writeOverlay writes the file that tells the go command which files to take in place of which.
func writeOverlay(replace map[string]string, scratch string) (string, error) {
	content, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	name := filepath.Join(scratch, "overlay.json")
	return name, os.WriteFile(name, content, 0o600)
}

// built is a program.
type built struct {
	content []byte
	symbols []symbol
}

type symbol struct {
	name string
	pkg  string // import path of the package that it belongs to; "": none
	size int64  // bytes
	code bool
}

// build builds the program with nothing in it that says when, where and of what it was built.
func build(dir, program, out string, flags ...string) (*built, error) {
	args := slices.Concat([]string{"build", "-trimpath", "-buildvcs=false", "-ldflags=-buildid="}, flags, []string{"-o", out, program})
	if _, err := goCommand(dir, args...); err != nil {
		return nil, err
	}
	content, err := os.ReadFile(out)
	if err != nil {
		return nil, err
	}
	symbols, err := goCommand(dir, "tool", "nm", "-size", out)
	if err != nil {
		return nil, err
	}
	return &built{content, parseSymbols(symbols)}, nil
}

// parseSymbols reads what nm -size prints: address, size, kind, name. An undefined symbol has no address.
func parseSymbols(printed []byte) []symbol {
	var symbols []symbol
	for line := range strings.Lines(string(printed)) {
		fields := strings.Fields(line)
		if len(fields) < 4 {
			continue
		}
		size, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil {
			continue
		}
		name := strings.Join(fields[3:], " ")
		symbols = append(symbols, symbol{name: name, pkg: packageOf(name), size: size, code: strings.EqualFold(fields[2], "t")})
	}
	return symbols
}

// packageOf returns the import path that a symbol's name begins with, "" where it begins with none: it ends at the first dot
// behind the last slash that comes before any bracket or parenthesis.
func packageOf(name string) string {
	end := strings.IndexAny(name, "([{")
	if end < 0 {
		end = len(name)
	}
	slash := strings.LastIndexByte(name[:end], '/') + 1
	dot := strings.IndexByte(name[slash:], '.')
	if dot < 0 {
		return ""
	}
	return name[:slash+dot]
}

// goCommand runs go and returns what it prints. What the caller's environment says about building is kept out.
func goCommand(dir string, args ...string) ([]byte, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOOS=", "GOARCH=", "GOEXPERIMENT=", "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", args[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, nil
}

func sortedKeys(m map[string]int) []string { return slices.Sorted(maps.Keys(m)) }
