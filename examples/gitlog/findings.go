// This file holds the differences that a check finds, grouped by what they are.

package main

import (
	"fmt"
	"io"
)

// maxNamed is how many findings of one group are named; all are counted.
const maxNamed = 5

// findings is one group of differences.
type findings struct {
	what  string
	count int
	named []string
}

// add counts a finding and keeps its name if it is one of the first.
func (f *findings) add(format string, arguments ...any) {
	f.count++
	if len(f.named) < maxNamed {
		f.named = append(f.named, fmt.Sprintf(format, arguments...))
	}
}

// differences is all that a check found. Groups without findings belong to it.
type differences []findings

// total returns the number of findings.
func (d differences) total() int {
	total := 0
	for _, group := range d {
		total += group.count
	}
	return total
}

// print names the first findings of each group.
func (d differences) print(out io.Writer) {
	for _, group := range d {
		if group.count == 0 {
			continue
		}
		fmt.Fprintf(out, "%d %s:\n", group.count, group.what)
		for _, name := range group.named {
			fmt.Fprintf(out, "  %s\n", name)
		}
		if more := group.count - len(group.named); more > 0 {
			fmt.Fprintf(out, "  and %d more\n", more)
		}
	}
}
