//go:build dangerous_test_hooks

// The choice of the planted defect by the environment.

package hooks

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestTheEnvironmentPlantsOneDefect(t *testing.T) {
	for _, d := range Defects() {
		if got, ok := defectNamed(d.String()); got != d || !ok {
			t.Errorf("%v is taken for %v, %v", d, got, ok)
		}
	}
	if got, ok := defectNamed(""); got != 0 || !ok {
		t.Errorf("nothing is taken for %v, %v", got, ok)
	}
}

func TestWithoutTheEnvironmentNoDefectIsPlanted(t *testing.T) {
	for _, d := range Defects() {
		if planted := d.String() == os.Getenv(DefectVariable); Planted(d) != planted {
			t.Errorf("%v is planted: %v", d, Planted(d))
		}
	}
}

func TestADefectThatDoesNotExistEndsTheProcess(t *testing.T) {
	child := exec.Command(os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), DefectVariable+"=misspelt")
	said, err := child.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(string(said), DefectVariable+"=misspelt") {
		t.Errorf("the child ended with %v, saying %q", err, said)
	}
}
