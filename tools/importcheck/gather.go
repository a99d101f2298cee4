// Gathering one package's imports from several listings and from files that
// are constrained out of all of them.

package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
)

// importSets are the imports of one package.
type importSets struct {
	imports, testImports, outsideImports map[string]bool
}

// gathered holds packages by import path.
type gathered map[string]importSets

// gather adds the imports of p to what is known of it.
func (g gathered) gather(p goListPackage) error {
	sets, known := g[p.ImportPath]
	if !known {
		sets = importSets{map[string]bool{}, map[string]bool{}, map[string]bool{}}
		g[p.ImportPath] = sets
	}
	add(sets.imports, p.Imports)
	add(sets.testImports, p.TestImports)
	add(sets.outsideImports, p.XTestImports)
	for _, name := range p.IgnoredGoFiles {
		if err := sets.parse(filepath.Join(p.Dir, name)); err != nil {
			return fmt.Errorf("%s: %w", p.ImportPath, err)
		}
	}
	return nil
}

// parse adds the imports of one file.
func (s importSets) parse(name string) error {
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
	if err != nil {
		return err
	}
	into := s.imports
	if strings.HasSuffix(name, "_test.go") {
		into = s.testImports
		if strings.HasSuffix(file.Name.Name, "_test") {
			into = s.outsideImports
		}
	}
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return fmt.Errorf("%s: import %s: %w", name, spec.Path.Value, err)
		}
		into[path] = true
	}
	return nil
}

func add(set map[string]bool, paths []string) {
	for _, path := range paths {
		set[path] = true
	}
}
