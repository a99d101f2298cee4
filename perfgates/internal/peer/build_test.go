// Finding the source. That it builds is for the peers' own tests: it takes minutes and the network.

package peer

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestTheSourceIsFoundAboveTheWorkingDirectory(t *testing.T) {
	source, err := findSource()
	if err != nil {
		t.Fatal(err)
	}
	if name, err := moduleOf(filepath.Join(source, "go.mod")); err != nil || name != peersModule {
		t.Errorf("%s holds the module %q (%v)", source, name, err)
	}
}

func TestOnlyThePeersOwnModuleIsTheirSource(t *testing.T) {
	root := t.TempDir()
	below := filepath.Join(root, "a", "b")
	for _, directory := range []string{below, filepath.Join(root, peersDirectory), filepath.Join(root, "a", peersDirectory)} {
		if err := os.MkdirAll(directory, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := sourceAbove(below); !errors.Is(err, ErrNoSource) {
		t.Errorf("directories without a module: %v", err)
	}
	write := func(directory, text string) {
		if err := os.WriteFile(filepath.Join(directory, peersDirectory, "go.mod"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(root, "a"), "module example.test/other\n")
	if _, err := sourceAbove(below); !errors.Is(err, ErrNoSource) {
		t.Errorf("another module: %v", err)
	}
	write(root, "// peers\nmodule "+peersModule+"\n\ngo 1.26.0\n")
	if source, err := sourceAbove(below); err != nil || source != filepath.Join(root, peersDirectory) {
		t.Errorf("got %q, %v", source, err)
	}
}
