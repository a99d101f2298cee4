// What a package imports, as the go command tells it.

package metrics_test

import (
	"os/exec"
	"testing"
)

// dependencies returns what a package of the module needs, one import path a line.
func dependencies(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "github.com/batpak/batpak/"+name).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	return "\n" + string(out)
}
