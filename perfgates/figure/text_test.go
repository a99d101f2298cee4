// How numbers are shortened for people.

package figure

import "testing"

func TestFiguresAreShort(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 3: "3", 0.25: "0.25", 1.2345: "1.234", 12.34: "12.3", 123.4: "123", 1234.5: "1,234",
		1234567: "1,234,567", 12345678: "12.3 M", -1234: "-1,234", 0.0000123: "1.2e-05",
	} {
		if got := Number(v); got != want {
			t.Errorf("Number(%v) = %q, want %q", v, got, want)
		}
	}
	for v, want := range map[float64]string{9_999: "9,999 ns", 123_456: "123 us", 12_345_678: "12.3 ms"} {
		if got := Quantity(v, "ns"); got != want {
			t.Errorf("Quantity(%v) = %q, want %q", v, got, want)
		}
	}
	if Number(None()) != "-" || Quantity(None(), "ns") != "-" || Larger.Bounded(None()) != "-" {
		t.Error("a missing number is not a dash")
	}
}
