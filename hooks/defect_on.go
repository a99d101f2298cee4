//go:build dangerous_test_hooks

// The defect that is planted in this process: the environment names it, once, before anything runs.

package hooks

import (
	"fmt"
	"os"
)

// planted never changes once the process runs.
var planted = fromEnvironment()

// Planted reports whether the defect is planted in this process.
func Planted(d Defect) bool { return d == planted }

func fromEnvironment() Defect {
	name := os.Getenv(DefectVariable)
	d, ok := defectNamed(name)
	if !ok {
		fmt.Fprintf(os.Stderr, "hooks: %s=%s: there is no such defect\n", DefectVariable, name)
		os.Exit(2)
	}
	return d
}

// defectNamed returns the defect with this name, none for no name.
func defectNamed(name string) (d Defect, ok bool) {
	if name == "" {
		return 0, true
	}
	for _, d := range Defects() {
		if d.String() == name {
			return d, true
		}
	}
	return 0, false
}
