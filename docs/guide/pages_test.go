// This file holds the test that what the pages show is what is compiled and run.

package guide_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// languages are those that a fenced block may have: a picture has none, what an example prints is "output", and what
// is typed is "sh".
var languages = []string{"", "go", "output", "sh", "json"}

// comparison is what pages show beside what there is.
type comparison struct {
	functions []function
	programs  [][]string
	problems  []string

	shown   map[string]bool     // functions of which lines stand on a page
	printed map[string][]string // output that stands on the present page, by function
	order   []string            // functions whose output, or lines, stand on it
}

func (c *comparison) problem(at block, format string, arguments ...any) {
	c.problems = append(c.problems, fmt.Sprintf("%v: ", at)+fmt.Sprintf(format, arguments...))
}

// compare returns what is wrong with the blocks of some pages. Each block of Go code is a program, or lines of
// exactly one function. A block of output belongs to the code before it, and what of an example's output stands on a page
// is all of it, in one or more blocks; a page of the guide shows the output of every example that it shows.
func compare(blocks []block, functions []function, programs [][]string) []string {
	c := &comparison{functions: functions, programs: programs, shown: make(map[string]bool)}
	for n := 0; n < len(blocks); {
		end := n
		for end < len(blocks) && blocks[end].page == blocks[n].page {
			end++
		}
		c.page(blocks[n:end])
		n = end
	}
	for _, f := range functions {
		if f.example && !c.shown[f.name] {
			c.problems = append(c.problems, f.name+" stands on no page")
		}
	}
	return c.problems
}

// page compares the blocks of one page.
func (c *comparison) page(blocks []block) {
	c.printed, c.order = make(map[string][]string), nil
	before, program := "", false // function that the last block of code shows, and whether that was a program
	for _, b := range blocks {
		switch {
		case !slices.Contains(languages, b.language):
			c.problem(b, "a block of %q, want one of %q", b.language, languages)
		case b.language == "go" && b.program():
			before, program = "", true
			if !slices.ContainsFunc(c.programs, func(p []string) bool { return slices.Equal(p, b.lines) }) {
				c.problem(b, "the program is none of those that are run")
			}
		case b.language == "go":
			before, program = c.code(b), false
		case b.language == "output" && before != "":
			c.printed[before] = append(c.printed[before], b.lines...)
		case b.language == "output" && !program:
			c.problem(b, "output of no code that is known")
		}
	}
	guide := filepath.Base(filepath.Dir(blocks[0].page)) == "guide"
	for _, name := range c.order {
		f := c.functions[slices.IndexFunc(c.functions, func(f function) bool { return f.name == name })]
		printed := strings.Join(c.printed[name], "\n")
		switch {
		case printed == f.output, printed == "" && !guide:
		case printed == "":
			c.problem(blocks[0], "the page shows %s and not what it prints", name)
		default:
			c.problem(blocks[0], "%s prints\n%s\nand the page says\n%s", name, f.output, printed)
		}
	}
}

// code returns the function that a block shows lines of.
func (c *comparison) code(b block) string {
	var found []string
	for _, f := range c.functions {
		if len(b.lines) > 0 && f.shows(b.lines) {
			found = append(found, f.name)
		}
	}
	if len(found) != 1 {
		c.problem(b, "the code stands in %d examples and tests %q, want exactly one:\n%s", len(found), found, strings.Join(b.lines, "\n"))
		return ""
	}
	c.shown[found[0]] = true
	if !slices.Contains(c.order, found[0]) {
		c.order = append(c.order, found[0])
	}
	return found[0]
}

func TestThePagesShowWhatIsCompiledAndRun(t *testing.T) {
	var paths []string
	for _, pattern := range []string{"../../README.md", "../*.md", "../format/*.md", "../guide/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == 0 {
			t.Fatalf("no page is %s", pattern)
		}
		paths = append(paths, found...)
	}
	blocks, err := readPages(paths)
	if err != nil {
		t.Fatal(err)
	}
	functions, err := readFunctions(".")
	if err != nil {
		t.Fatal(err)
	}
	// The example's own tests run it, and compare what it prints with what stands below it.
	programs, err := readPrograms([]string{"../../examples/quickstart/main.go"})
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range compare(blocks, functions, programs) {
		t.Error(problem)
	}
}
