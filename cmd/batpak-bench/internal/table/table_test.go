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

func TestFiguresAreShort(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 3: "3", 0.25: "0.25", 1.2345: "1.234", 12.34: "12.3", 123.4: "123", 1234.5: "1,234",
		1234567: "1,234,567", 12345678: "12.3 M", -1234: "-1,234", 0.0000123: "1.2e-05",
	} {
		if got := Figure(v); got != want {
			t.Errorf("Figure(%v) = %q, want %q", v, got, want)
		}
	}
	for v, want := range map[float64]string{9_999: "9,999 ns", 123_456: "123 us", 12_345_678: "12.3 ms"} {
		if got := Quantity(v, "ns"); got != want {
			t.Errorf("Quantity(%v) = %q, want %q", v, got, want)
		}
	}
	if Figure(figure.None()) != "-" || Quantity(figure.None(), "ns") != "-" {
		t.Error("a missing number is not a dash")
	}
}
