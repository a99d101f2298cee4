// What the table says.

package table

import (
	"bytes"
	"strings"
	"testing"

	"github.com/batpak/batpak/perfgates/figure"
)

func TestTheTableNamesTheVerdictAndTheReasonForNone(t *testing.T) {
	var b bytes.Buffer
	err := Write(&b, []figure.Result{
		{Row: "P1", Name: "append", Value: 1234.5, Unit: "ns", Reference: "floor", ReferenceValue: 1000, Better: figure.Smaller, Target: 1.3},
		{Row: "P2", Name: "append", Value: 9, Unit: "ns", Reference: "floor", ReferenceValue: 1, Better: figure.Smaller, Target: 2},
		{Row: "P4", Name: "flushes", Value: figure.None(), Unit: "flushes", ReferenceValue: figure.None(), Target: 1, Unjudged: "no counters"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1,23", "1.23", "<= 1.3", "yes", "NO", "P4 flushes is not judged: no counters"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
}
