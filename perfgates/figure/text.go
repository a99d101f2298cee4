// Numbers as people read them.

package figure

import (
	"math"
	"strconv"
	"strings"
)

// Number prints a number with three or four significant digits, "-" when it is missing.
func Number(v float64) string {
	switch size := math.Abs(v); {
	case Missing(v):
		return "-"
	case size >= 10_000_000:
		return strconv.FormatFloat(v/1e6, 'f', 1, 64) + " M"
	case size >= 1_000:
		return thousands(strconv.FormatFloat(v, 'f', 0, 64))
	case size >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v == math.Trunc(v):
		return strconv.FormatFloat(v, 'f', 0, 64)
	case size >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case size >= 0.001:
		return strings.TrimRight(strings.TrimRight(strconv.FormatFloat(v, 'f', 3, 64), "0"), ".")
	}
	return strconv.FormatFloat(v, 'e', 1, 64)
}

// thousands puts a comma before every third digit of an integer, from the right.
func thousands(digits string) string {
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// Quantity prints a number with its unit, "-" when it is missing. Nanoseconds become micro- or milliseconds where that reads
// better.
func Quantity(v float64, unit string) string {
	if Missing(v) {
		return "-"
	}
	if unit == "ns" && v >= 10_000_000 {
		v, unit = v/1e6, "ms"
	} else if unit == "ns" && v >= 10_000 {
		v, unit = v/1e3, "us"
	}
	return Number(v) + " " + unit
}

// Bounded prints what a value that is better in this direction must keep to, as in "<= 1.3"; "-" where bound is None.
func (b Better) Bounded(bound float64) string {
	if Missing(bound) {
		return "-"
	}
	return b.Sign() + " " + Number(bound)
}

// Sign returns what stands between a value and a bound that it must keep to.
func (b Better) Sign() string {
	if b == Larger {
		return ">="
	}
	return "<="
}
