// Results as a table for people.

package table

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/batpak/batpak/perfgates/figure"
)

// Write prints one line for each result, and below them the reasons that
// overrule a ratio.
func Write(w io.Writer, results []figure.Result) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "row\tname\tvalue\treference\t\tratio\ttarget\tmet\tspread")
	for _, r := range results {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			r.Row, r.Name, Quantity(r.Value, r.Unit), Quantity(r.ReferenceValue, r.Unit), r.Reference,
			Figure(r.Ratio()), bound(r), verdict(r), spread(r))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, r := range results {
		reason := ""
		switch {
		case r.Unjudged != "":
			reason = "is not judged: " + r.Unjudged
		case r.Violation != "":
			reason = "misses its target: " + r.Violation
		default:
			continue
		}
		if _, err := fmt.Fprintf(w, "%s %s %s\n", r.Row, r.Name, reason); err != nil {
			return err
		}
	}
	return nil
}

// Figure prints a number with three or four significant digits, "-" when it is missing.
func Figure(v float64) string {
	switch size := math.Abs(v); {
	case figure.Missing(v):
		return "-"
	case size >= 10_000_000:
		return strconv.FormatFloat(v/1e6, 'f', 1, 64) + " M"
	case size >= 1_000:
		return thousands(strconv.FormatFloat(v, 'f', 0, 64))
	case size >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case size >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case v == math.Trunc(v):
		return strconv.FormatFloat(v, 'f', 0, 64)
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

// Quantity prints a number with its unit, "-" when it is missing. Nanoseconds
// become micro- or milliseconds where that reads better.
func Quantity(v float64, unit string) string {
	if figure.Missing(v) {
		return "-"
	}
	if unit == "ns" && v >= 10_000_000 {
		v, unit = v/1e6, "ms"
	} else if unit == "ns" && v >= 10_000 {
		v, unit = v/1e3, "us"
	}
	return Figure(v) + " " + unit
}

func bound(r figure.Result) string {
	switch {
	case figure.Missing(r.Target):
		return "-"
	case r.Better == figure.Larger:
		return ">= " + Figure(r.Target)
	}
	return "<= " + Figure(r.Target)
}

func verdict(r figure.Result) string {
	met, judged := r.Met()
	switch {
	case !judged:
		return "-"
	case met:
		return "yes"
	}
	return "NO"
}

// spread prints the detail of that name as a percentage, when there is one.
func spread(r figure.Result) string {
	for _, d := range r.Details {
		if v, ok := d.Value.(float64); ok && d.Key == "spread" && !figure.Missing(v) {
			return Figure(100*v) + " %"
		}
	}
	return "-"
}
