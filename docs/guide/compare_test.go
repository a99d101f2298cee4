// This file proves that the comparison of pages with their sources finds what is wrong.

package guide_test

import (
	"slices"
	"strings"
	"testing"
)

// exampleSource is a file with one example, one test and a function that nobody runs.
const exampleSource = `package guide_test

func Example_greeting() {
	name := "you"
	if name != "" {
		fmt.Println("hello")

		fmt.Println(name)
	}
	// Output:
	// hello
	// you
}

func TestNothing(t *testing.T) {
	t.Log("nothing")
}

func Example_notRun() {
	fmt.Println("never")
}
`

// problemsOf compares a page of the guide with exampleSource.
func problemsOf(t *testing.T, page string) []string {
	t.Helper()
	functions, err := functionsOf("source_test.go", []byte(exampleSource))
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := blocksOf("docs/guide/page.md", page)
	if err != nil {
		return []string{err.Error()}
	}
	return compare(blocks, functions, [][]string{{"package main", "", "func main() {}"}})
}

const (
	greeting       = "```go\nfmt.Println(\"hello\")\n\nfmt.Println(name)\n```\n"
	greetingOutput = "```output\nhello\nyou\n```\n"
)

func TestPagesThatShowWhatIsThereAreFine(t *testing.T) {
	for name, page := range map[string]string{
		"indented lines":      greeting + greetingOutput,
		"output in two parts": "```go\nname := \"you\"\n```\n```output\nhello\n```\n" + greeting + "```output\nyou\n```\n",
		"a whole test":        greeting + greetingOutput + "```go\nfunc TestNothing(t *testing.T) {\n\tt.Log(\"nothing\")\n}\n```\n",
		"a program":           greeting + greetingOutput + "```go\npackage main\n\nfunc main() {}\n```\n```output\nanything\n```\n",
		"a picture":           greeting + greetingOutput + "```\na --> b\n```\n```sh\nls\n```\n",
	} {
		t.Run(name, func(t *testing.T) {
			if problems := problemsOf(t, page); len(problems) > 0 {
				t.Errorf("problems: %q", problems)
			}
		})
	}
}

func TestPagesThatShowSomethingElseAreFound(t *testing.T) {
	for name, test := range map[string]struct{ page, problem string }{
		"a changed word":            {strings.Replace(greeting, "hello", "Hello", 1) + greetingOutput, "want exactly one"},
		"a line left out":           {"```go\nname := \"you\"\nfmt.Println(name)\n```\n", "want exactly one"},
		"another indentation":       {"```go\nname := \"you\"\n\tif name != \"\" {\n```\n", "want exactly one"},
		"an example that isn't run": {greeting + greetingOutput + "```go\nfmt.Println(\"never\")\n```\n", "want exactly one"},
		"nothing":                   {greeting + greetingOutput + "```go\n```\n", "want exactly one"},
		"another output":            {greeting + strings.Replace(greetingOutput, "you", "me", 1), "the page says"},
		"half of the output":        {greeting + "```output\nhello\n```\n", "the page says"},
		"output in another order":   {greeting + "```output\nyou\n```\n```output\nhello\n```\n", "the page says"},
		"output of nothing":         {greetingOutput + greeting + greetingOutput, "output of no code"},
		"no output":                 {greeting, "not what it prints"},
		"another program":           {greeting + greetingOutput + "```go\npackage main\n\nfunc main() { run() }\n```\n", "none of those"},
		"an unknown language":       {greeting + greetingOutput + "```golang\n```\n", `"golang"`},
		"an open block":             {greeting + "```go\n", "never closed"},
		"an example on no page":     {"```sh\nls\n```\n", "Example_greeting stands on no page"},
	} {
		t.Run(name, func(t *testing.T) {
			problems := problemsOf(t, test.page)
			if !slices.ContainsFunc(problems, func(p string) bool { return strings.Contains(p, test.problem) }) {
				t.Errorf("problems: %q, want one with %q", problems, test.problem)
			}
		})
	}
}
