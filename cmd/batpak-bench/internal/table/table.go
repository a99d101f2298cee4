// Results as a table for people.

package table

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/batpak/batpak/perfgates/figure"
)

// Write prints one line for each result, and below them the reasons that
// overrule a ratio.
func Write(w io.Writer, results []figure.Result) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "row\tname\tvalue\treference\t\tratio\ttarget\tmet\tspread")
	for _, r := range results {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			r.Row, r.Name, figure.Quantity(r.Value, r.Unit), figure.Quantity(r.ReferenceValue, r.Unit), r.Reference,
			figure.Number(r.Ratio()), r.Better.Bounded(r.Target), verdict(r), spread(r))
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

// WriteLatencies prints the percentiles of each result that has them, and the work done a second beside them; nothing where no result
// has any.
func WriteLatencies(w io.Writer, results []figure.Result) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	title := "\nrow\tname\tn\tp50\tp99\tp99.9\tp99.99\tmax\tops/s\tMB/s\n"
	for _, r := range results {
		operations, megabytes := detail(r, "ops_per_second", "events_per_second"), detail(r, "mb_per_second")
		if r.Curve == nil && figure.Missing(operations) && figure.Missing(megabytes) {
			continue
		}
		percentiles, err := percentilesOf(r.Curve)
		if err != nil {
			return fmt.Errorf("the latencies of %s %s: %w", r.Row, r.Name, err)
		}
		fmt.Fprintf(table, "%s%s\t%s\t%s\t%s\t%s\n", title, r.Row, r.Name, percentiles, figure.Number(operations), figure.Number(megabytes))
		title = ""
	}
	return table.Flush()
}

// percentilesOf prints the number of latencies, four percentiles and the longest, a column each.
func percentilesOf(curve *figure.Curve) (string, error) {
	if curve == nil {
		return "-\t-\t-\t-\t-\t-", nil
	}
	histogram, err := hdrhistogram.Decode(curve.Encoded)
	if err != nil {
		return "", err
	}
	columns := []string{figure.Number(float64(curve.Count))}
	for _, percentile := range []float64{50, 99, 99.9, 99.99} {
		columns = append(columns, figure.Quantity(float64(min(histogram.ValueAtPercentile(percentile), curve.Longest)), "ns"))
	}
	return strings.Join(append(columns, figure.Quantity(float64(curve.Longest), "ns")), "\t"), nil
}

// detail returns the first of the keys that is there, None where none is.
func detail(r figure.Result, keys ...string) float64 {
	for _, key := range keys {
		for _, d := range r.Details {
			if v, ok := d.Value.(float64); ok && d.Key == key {
				return v
			}
		}
	}
	return figure.None()
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
			return figure.Number(100*v) + " %"
		}
	}
	return "-"
}
