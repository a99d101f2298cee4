// The table of detectors.

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/batpak/batpak/hooks"
)

func TestEveryDefectHasADetector(t *testing.T) {
	for _, defect := range hooks.Defects() {
		if len(detectorsOf(defect)) == 0 {
			t.Errorf("no test is to catch %s", defect)
		}
	}
	if len(detectors) != len(hooks.Defects()) {
		t.Errorf("detectors for %d defects, there are %d", len(detectors), len(hooks.Defects()))
	}
}

func TestEveryDetectorIsATest(t *testing.T) {
	sources := make(map[string]string) // of a package's tests
	for _, d := range detectorsFor(hooks.Defects()) {
		if sources[d.pkg] == "" {
			files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(d.pkg), "*_test.go"))
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files {
				source, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				sources[d.pkg] += string(source)
			}
		}
		if !strings.Contains(sources[d.pkg], "\nfunc "+d.top()+"(") {
			t.Errorf("there is no %s", d)
		}
	}
}

func TestEveryDefectIsPlantedInOnePlace(t *testing.T) {
	planted := make(map[string]int)
	root := filepath.Join("..", "..")
	for _, room := range []string{"cache", "engine", "gate", "index", "internal", "mmapseg", "recovery"} {
		err := filepath.WalkDir(filepath.Join(root, room), func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, rest := range strings.Split(string(source), "hooks.Planted(hooks.")[1:] {
				name, _, _ := strings.Cut(rest, ")")
				planted[name]++
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, places := range planted {
		if places != 1 {
			t.Errorf("%s is planted in %d places", name, places)
		}
	}
	if len(planted) != len(hooks.Defects()) {
		t.Errorf("%d defects are planted, there are %d", len(planted), len(hooks.Defects()))
	}
}
