// The bytes of a run file and of a section of lists do not change by accident.

package index

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var updateRuns = flag.Bool("update-runs", false, "write the golden files of runs")

func TestTheFormatOfRunsStays(t *testing.T) {
	data, want := smallRun(t)
	section := encodeLists(&[lists][]link{0: {{5 << 60, 8}, {9 << 60, 7}}, 4: {{3 << 60, 2}}})
	for name, got := range map[string][]byte{"run-v2.golden": data, "links-v2.golden": section} {
		path := filepath.Join("testdata", name)
		if *updateRuns {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		golden, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, golden) {
			t.Errorf("%s: other bytes are written", name)
		}
		if name == "run-v2.golden" && soundOrDamaged(t, openRun(t, golden), want) {
			t.Error("the golden run is damaged")
		}
	}
}
