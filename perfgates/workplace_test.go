// Workplaces: those of the living stay, those of the dead go, and what is none is left alone.

package perfgates

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestWhatAKilledProcessLeftIsRemovedAndWhatIsInUseIsNot(t *testing.T) {
	base := t.TempDir()
	inUse, err := newWorkplace(base, nil)
	if err != nil {
		t.Fatal(err)
	}
	killed, err := newWorkplace(base, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(killed.path, "store", "deep"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := killed.held.Unlock(); err != nil { // as the end of a process does
		t.Fatal(err)
	}
	beingMade, other := filepath.Join(base, workplacePrefix+"1"), filepath.Join(base, "other")
	for _, path := range []string{beingMade, other} {
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(other, workplaceLock), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var said []string
	next, err := newWorkplace(base, func(text string) { said = append(said, text) })
	if err != nil {
		t.Fatal(err)
	}
	for path, stays := range map[string]bool{inUse.path: true, killed.path: false, beingMade: true, other: true, next.path: true} {
		if _, err := os.Stat(path); (err == nil) != stays {
			t.Errorf("%s: %v, to stay: %v", path, err, stays)
		}
	}
	if !slices.ContainsFunc(said, func(text string) bool { return strings.Contains(text, "removed "+killed.path) }) {
		t.Errorf("said %q", said)
	}
	for _, w := range []*workplace{inUse, next} {
		if err := w.remove(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(w.path); !os.IsNotExist(err) {
			t.Errorf("%s is still there: %v", w.path, err)
		}
	}
}
