// The plan of the house: which room stands on which floor, which imports are
// bound to a room, and what is excused for which reason. Change it here, and
// only together with the picture in docs/ARCHITECTURE.md.

package main

import (
	"path"
	"strings"
)

// plan says where packages stand and what they may import. Paths are relative
// to the module's root, in slashes.
type plan struct {
	rooms      []roomRule
	bound      []boundImport
	exceptions []exception
}

// roomRule puts the packages of a pattern on a floor, 1 being the lowest. A
// last element * makes each directory below a room of its own; a room is always
// the directory with everything beneath it, and the longest pattern wins.
type roomRule struct {
	pattern   string
	floor     int
	strangers bool // the rooms of this pattern must not import each other
}

// boundImport confines an import to rooms. Both fields are paths, where a last
// element ... stands for the path itself and everything below it.
type boundImport struct {
	path   string
	rooms  string
	reason string
}

// exception excuses the imports of to by from (both may end in ...); to is an
// import path, or relative to the module's root. It excuses floors, strangers
// and bound imports, never a circle.
type exception struct {
	from, to  string
	testsOnly bool
	reason    string
}

// standingPlan is the plan of this module.
func standingPlan() plan {
	const lowLevel = "only the rooms under internal/ hold unsafe code, cgo, raw system calls and mappings"
	return plan{
		rooms: []roomRule{
			{pattern: "cmd/*", floor: 6},
			{pattern: "tools/*", floor: 6},
			{pattern: "examples/*", floor: 6},
			{pattern: "docs/guide", floor: 6},
			{pattern: "metrics", floor: 5},
			{pattern: "perfgates", floor: 5},
			{pattern: "batpaktest", floor: 5},
			{pattern: "batpaktest/*", floor: 5},
			{pattern: "engine", floor: 4},
			{pattern: "engine/internal/*", floor: 4, strangers: true},
			{pattern: "recovery", floor: 3},
			{pattern: "cache", floor: 3},
			{pattern: "index", floor: 2},
			{pattern: "mmapseg", floor: 2},
			{pattern: "event", floor: 1},
			{pattern: "gate", floor: 1},
			{pattern: "typestate", floor: 1},
			{pattern: "hooks", floor: 1},
			{pattern: "internal/*", floor: 1},
		},
		bound: []boundImport{
			{path: "unsafe", rooms: "internal/...", reason: lowLevel},
			{path: "C", rooms: "internal/...", reason: lowLevel},
			{path: "syscall/...", rooms: "internal/...", reason: lowLevel},
			{path: "golang.org/x/sys/...", rooms: "internal/...", reason: lowLevel},
			{path: "github.com/edsrzf/mmap-go/...", rooms: "internal/...", reason: lowLevel},
		},
		exceptions: nil,
	}
}

// room is one unit of the plan that a package belongs to.
type room struct {
	name      string // the directory, such as "mmapseg" or "internal/vfs"
	pattern   string
	floor     int
	strangers bool
}

// roomOf returns the room of the package in the directory rel, or false where
// the plan has none.
func (p plan) roomOf(rel string) (room, bool) {
	elements := strings.Split(rel, "/")
	var found room
	longest := 0
	for _, rule := range p.rooms {
		n := strings.Count(rule.pattern, "/") + 1
		if n <= longest || n > len(elements) {
			continue
		}
		name := strings.Join(elements[:n], "/")
		if ok, err := path.Match(rule.pattern, name); err != nil || !ok {
			continue
		}
		longest = n
		found = room{name: name, pattern: rule.pattern, floor: rule.floor, strangers: rule.strangers}
	}
	return found, longest > 0
}

// covers reports whether the pattern, which may end in ..., stands for name.
func covers(pattern, name string) bool {
	base, subtree := strings.CutSuffix(pattern, "/...")
	return name == base || subtree && strings.HasPrefix(name, base+"/")
}
