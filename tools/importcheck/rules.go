// The rules, applied to a list of packages.

package main

import (
	"fmt"
	"slices"
	"strings"
)

// house is what the rules are applied to.
type house struct {
	module        string // the module's path
	packages      []listedPackage
	toolsHasGoMod bool // tools/go.mod exists
}

// listedPackage is one package with its imports, united over all systems and
// build constraints, sorted.
type listedPackage struct {
	path           string   // import path
	imports        []string // of the package itself
	testImports    []string // of its tests inside the package
	outsideImports []string // of its tests in the package name_test
}

// inspection collects what is found wrong while the rules run.
type inspection struct {
	plan       plan
	house      house
	violations []string
	used       map[int]bool // exceptions that excused something
}

// inspect applies every rule and returns what is violated, each violation one
// line that names both sides, sorted.
func inspect(p plan, h house) []string {
	i := &inspection{plan: p, house: h, used: map[int]bool{}}
	if h.toolsHasGoMod {
		i.report("tools/go.mod exists and cuts the programs in tools/ off from the module: " +
			"tool versions belong in tools/mod/NAME/go.mod")
	}
	for _, pkg := range h.packages {
		i.inspectPackage(pkg)
	}
	i.inspectCircles()
	i.inspectExceptions()
	slices.Sort(i.violations)
	return slices.Compact(i.violations)
}

func (i *inspection) report(format string, args ...any) {
	i.violations = append(i.violations, fmt.Sprintf(format, args...))
}

// relative returns the directory of an import path of this module; ok is false
// for any other import path. The module's root is ".".
func (i *inspection) relative(importPath string) (rel string, ok bool) {
	if importPath == i.house.module {
		return ".", true
	}
	return strings.CutPrefix(importPath, i.house.module+"/")
}

func (i *inspection) inspectPackage(pkg listedPackage) {
	from, ok := i.relative(pkg.path)
	if !ok {
		i.report("%s is not in the module %s", pkg.path, i.house.module)
		return
	}
	home, ok := i.plan.roomOf(from)
	if !ok {
		i.report("%s has no floor: give it one in tools/importcheck/plan.go, or move it", from)
		return
	}
	for _, to := range pkg.imports {
		i.inspectImport(from, home, to, false)
	}
	for _, to := range slices.Concat(pkg.testImports, pkg.outsideImports) {
		i.inspectImport(from, home, to, true)
	}
}

// inspectImport judges one import by the package from, which stands in home.
func (i *inspection) inspectImport(from string, home room, to string, inTest bool) {
	subject := from
	if inTest {
		subject = "the test of " + from
	}
	rel, ours := i.relative(to)
	if !ours {
		i.inspectBound(subject, from, to, inTest)
		return
	}
	target, ok := i.plan.roomOf(rel)
	switch {
	case !ok || target.name == home.name:
		// What has no floor is reported where it stands.
	case target.floor > home.floor:
		if !i.excused(from, rel, inTest) {
			i.report("%s (floor %d) imports %s (floor %d): imports only point down",
				subject, home.floor, rel, target.floor)
		}
	case home.strangers && target.pattern == home.pattern:
		if !i.excused(from, rel, inTest) {
			i.report("%s (floor %d) imports %s (floor %d): the rooms of %s do not know each other",
				subject, home.floor, rel, target.floor, home.pattern)
		}
	}
}

func (i *inspection) inspectBound(subject, from, to string, inTest bool) {
	for _, b := range i.plan.bound {
		if covers(b.path, to) && !covers(b.rooms, from) && !i.excused(from, to, inTest) {
			i.report("%s imports %s: %s", subject, to, b.reason)
		}
	}
}

// excused reports whether an exception covers the import, and marks it as used.
func (i *inspection) excused(from, to string, inTest bool) bool {
	for n, e := range i.plan.exceptions {
		if covers(e.from, from) && covers(e.to, to) && (inTest || !e.testsOnly) {
			i.used[n] = true
			return true
		}
	}
	return false
}

func (i *inspection) inspectExceptions() {
	for n, e := range i.plan.exceptions {
		switch {
		case e.reason == "":
			i.report("the exception for %s importing %s gives no reason", e.from, e.to)
		case !i.used[n]:
			i.report("the exception for %s importing %s excuses nothing any more: remove it", e.from, e.to)
		}
	}
}
