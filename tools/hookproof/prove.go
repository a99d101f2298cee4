// The proof: three programs, and what must hold of them.

package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/batpak/batpak/hooks"
)

const tag = "dangerous_test_hooks"

// appending are functions on the way of an append: they must be among what was compared, or it proves little.
var appending = []string{
	"engine.(*Store).AppendBytesWith", "engine/internal/commit.(*Log).Append", "engine/internal/commit.(*Log).place",
}

// disproof says that something of fault injection is left, or can't be told.
type disproof struct{ problems []string }

func (d *disproof) Error() string { return "hookproof: " + strings.Join(d.problems, "\nhookproof: ") }

// findings are what was compared.
type findings struct {
	removed    map[string]int // statements taken out, by package
	statements int
	hash       [sha256.Size]byte
	size       int
	functions  map[string]int // of the packages that must be the same, by package
	names      int            // of points and defects
	symbols    int            // of package hooks, with the tag
}

// prove builds the program three ways in the scratch directory and compares. An error that is a *disproof says what does
// not hold; any other, why nothing could be said.
func prove(dir, program, scratch string) (*findings, error) {
	listed, err := packagesOf(dir, program)
	if err != nil {
		return nil, err
	}
	overlay, removed, err := takeOut(listed, scratch)
	if err != nil {
		return nil, err
	}
	plain, err := build(dir, program, filepath.Join(scratch, "plain"))
	if err != nil {
		return nil, err
	}
	without, err := build(dir, program, filepath.Join(scratch, "without"), "-overlay="+overlay)
	if err != nil {
		return nil, &disproof{[]string{"without fault injection the program can't be built: " + err.Error()}}
	}
	with, err := build(dir, program, filepath.Join(scratch, "with"), "-tags="+tag)
	if err != nil {
		return nil, err
	}
	f := &findings{removed: removed, functions: map[string]int{}}
	return f, f.judge(plain, without, with)
}

// judge compares the programs.
func (f *findings) judge(plain, without, with *built) error {
	var d disproof
	names := hookNames()
	for _, name := range names {
		if bytes.Contains(plain.content, []byte(name)) {
			d.add("the ordinary program holds the name %q", name)
		}
		if !bytes.Contains(with.content, []byte(name)) {
			d.add("the program with the tag does not hold the name %q, so that missing it elsewhere proves nothing", name)
		}
	}
	for _, s := range plain.symbols {
		if s.pkg == hooksPath {
			d.add("the ordinary program has the symbol %s", s.name)
		}
	}
	for _, s := range with.symbols {
		if s.pkg == hooksPath {
			f.symbols++
		}
	}
	if f.symbols == 0 {
		d.add("the program with the tag has no symbol of %s, so that missing them elsewhere proves nothing", hooksPath)
	}
	f.names, f.size, f.hash = len(names), len(plain.content), sha256.Sum256(plain.content)
	if !bytes.Equal(plain.content, without.content) {
		d.add("the ordinary program differs from the one without fault injection: %s", difference(plain, without))
	}
	if bytes.Equal(plain.content, with.content) {
		d.add("the tag changes nothing")
	}
	f.count(plain, &d)
	if len(d.problems) > 0 {
		return &d
	}
	return nil
}

// count counts what was compared, and that it is something.
func (f *findings) count(plain *built, d *disproof) {
	present := map[string]bool{}
	for _, s := range plain.symbols {
		present[s.name] = true
		if s.code && strings.HasPrefix(s.pkg, modulePrefix) {
			f.functions[s.pkg]++
		}
	}
	for _, name := range appending {
		if !present[modulePrefix+name] {
			d.add("the ordinary program has no function %s, which was to be compared", name)
		}
	}
	for _, n := range f.removed {
		f.statements += n
	}
	if f.removed[modulePrefix+"engine/internal/commit"] == 0 {
		d.add("no statement was taken out of engine/internal/commit, so that comparing it proves nothing")
	}
}

func (d *disproof) add(format string, args ...any) {
	d.problems = append(d.problems, fmt.Sprintf(format, args...))
}

// hookNames are the texts by which fault injection would be found in a program.
func hookNames() []string {
	names := []string{"BATPAK_PLANTED_DEFECT"}
	for _, p := range hooks.Points() {
		names = append(names, p.String())
	}
	for _, d := range hooks.Defects() {
		names = append(names, d.String())
	}
	return names
}

// difference names functions that differ in size or are in one of the two only, for whoever looks for the cause.
func difference(a, b *built) string {
	type sized struct {
		name string
		size int64
	}
	surplus := map[sized]int{} // several symbols can have one name
	for _, s := range a.symbols {
		surplus[sized{s.name, s.size}]++
	}
	for _, s := range b.symbols {
		surplus[sized{s.name, s.size}]--
	}
	differ := map[string]int{}
	for s, n := range surplus {
		if n != 0 {
			differ[s.name] += n
		}
	}
	if len(differ) == 0 {
		return "every symbol is as large in both"
	}
	names := sortedKeys(differ)
	return fmt.Sprintf("%d symbols, such as %s", len(names), strings.Join(names[:min(len(names), 8)], ", "))
}

// takeOut writes the rewritten sources of the packages, and a file that has the go command take them in place of the
// others. It returns that file's name and how many statements were taken out, by package.
func takeOut(listed []goListPackage, scratch string) (overlay string, removed map[string]int, err error) {
	removed = map[string]int{}
	replace := map[string]string{}
	var d disproof
	for _, p := range listed {
		for _, name := range p.others() {
			content, err := os.ReadFile(name)
			if err != nil {
				return "", nil, err
			}
			for line := range strings.Lines(string(content)) {
				if constrains(line) { // wherever it stands: nobody needs that text there
					d.add("%s: the build constraint mentions %s, which only those of package hooks may", name, tag)
				}
			}
		}
		for _, name := range p.sources() {
			source, err := os.ReadFile(name)
			if err != nil {
				return "", nil, err
			}
			out, n, refusals := rewrite(name, source)
			for _, refusal := range refusals {
				d.add("%v", refusal)
			}
			if n == 0 || !slices.Contains(p.GoFiles, filepath.Base(name)) {
				continue
			}
			removed[p.ImportPath] += n
			to := filepath.Join(scratch, fmt.Sprintf("source%d.go", len(replace)))
			if err := os.WriteFile(to, out, 0o600); err != nil {
				return "", nil, err
			}
			replace[name] = to
		}
	}
	if len(d.problems) > 0 {
		return "", nil, &d
	}
	if len(replace) == 0 {
		return "", nil, errors.New("no package of the program asks for fault injection")
	}
	overlay, err = writeOverlay(replace, scratch)
	return overlay, removed, err
}

// String says what was compared.
func (f *findings) String() string {
	var b strings.Builder
	functions := 0
	for _, n := range f.functions {
		functions += n
	}
	fmt.Fprintf(&b, "hookproof: %d statements of %d packages ask for fault injection:", f.statements, len(f.removed))
	for i, pkg := range sortedKeys(f.removed) {
		fmt.Fprintf(&b, "%s %s %d", [...]string{"", ","}[min(i, 1)], strings.TrimPrefix(pkg, modulePrefix), f.removed[pkg])
	}
	fmt.Fprintf(&b, "\nhookproof: the program with them and the program without are the same: %d bytes, SHA-256 %x, %d functions of this module\n",
		f.size, f.hash, functions)
	fmt.Fprintf(&b, "hookproof: it holds no symbol of %s and none of the %d names of points and defects; with the tag it holds %d and all\n",
		hooksPath, f.names, f.symbols)
	return b.String()
}
