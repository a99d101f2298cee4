// A header of which one copy is damaged: the other one serves, and the report says so.

package recovery

import (
	"slices"
	"strings"
	"testing"

	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
)

func TestAHeaderThatItsCopyMendedIsReported(t *testing.T) {
	dir := vfs.NewMemory()
	state, err := Load(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	resumed, err := state.Resume(dir, Resumption{SegmentSize: mmapseg.MinSize, Ahead: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := closeAll(resumed.Segments); err != nil {
		t.Fatal(err)
	}
	name := mmapseg.FileName(1, 0)
	file, err := dir.Open(name, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteAt([]byte{0}, 0); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	state, err = Load(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !state.Exists || len(state.Damage) != 0 || !slices.Equal(state.Report.Mended, []string{name}) {
		t.Errorf("exists %v, damage %v, mended %v", state.Exists, state.Damage, state.Report.Mended)
	}
	if text := state.Report.String(); !strings.Contains(text, "header mended by its copy") || !strings.Contains(text, name) {
		t.Errorf("the text of the report does not say so:\n%s", text)
	}
}
