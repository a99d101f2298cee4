// What results point at is there.

package rows

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../../../"

func TestWhereToLookIsThere(t *testing.T) {
	page, err := os.ReadFile(root + "docs/PERFORMANCE.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "\n## "+missedHeading+"\n") {
		t.Errorf("docs/PERFORMANCE.md has no heading %q", missedHeading)
	}
	known := make(map[string]bool)
	for _, row := range listed() {
		known[row.ID] = true
	}
	for row, l := range looks {
		if !known[row] {
			t.Errorf("there is no row %s", row)
		}
		if !hasBenchmark(t, l) {
			t.Errorf("%s points at %s in %s, which is not there", row, l.benchmark, l.directory)
		}
	}
	if text := lookOf("P11"); strings.Contains(text, "go test") {
		t.Errorf("a row without a benchmark says %q", text)
	}
}

// hasBenchmark reads the tests of the directory, in which -bench matches the beginning of a name.
func hasBenchmark(t *testing.T, l look) bool {
	t.Helper()
	form := regexp.MustCompile(`(?m)^func (Benchmark\w+)\(`)
	chosen := regexp.MustCompile(l.benchmark)
	files, err := filepath.Glob(filepath.Join(root, l.directory, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range form.FindAllStringSubmatch(string(text), -1) {
			if chosen.MatchString(found[1]) {
				return true
			}
		}
	}
	return false
}
