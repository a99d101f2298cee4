// Several passes as one: what the page shows of a baseline that was measured more than once.

package htmlreport

import (
	"fmt"
	"slices"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/batpak/batpak/cmd/batpak-bench/internal/baseline"
	"github.com/batpak/batpak/perfgates/figure"
)

// Pool returns each result once, in the order in which they appear first: medians of the passes' figures, all their rounds, all
// their latencies in one curve. What denies in one pass denies in all. A curve that can't be decoded is an error that names its result.
func Pool(passes []baseline.Pass) ([]figure.Result, error) {
	type identity struct{ row, name string }
	var order []identity
	of := map[identity][]figure.Result{}
	for _, pass := range passes {
		for _, stored := range pass.Results {
			id := identity{stored.Row, stored.Name}
			if of[id] == nil {
				order = append(order, id)
			}
			of[id] = append(of[id], figure.Result(stored))
		}
	}
	pooled := make([]figure.Result, len(order))
	for i, id := range order {
		var err error
		if pooled[i], err = pool(of[id]); err != nil {
			return nil, fmt.Errorf("%s %s: %w", id.row, id.name, err)
		}
	}
	return pooled, nil
}

// pool makes one result of the same one of several passes, of which there is at least one.
func pool(same []figure.Result) (figure.Result, error) {
	all := same[0]
	if len(same) == 1 {
		return all, nil
	}
	all.Value = medianOf(same, func(r figure.Result) float64 { return r.Value })
	all.ReferenceValue = medianOf(same, func(r figure.Result) float64 { return r.ReferenceValue })
	all.Calibration = medianOf(same, func(r figure.Result) float64 { return r.Calibration })
	all.Rounds, all.Details = nil, nil
	for _, r := range same {
		all.Rounds = append(all.Rounds, r.Rounds...)
		if all.Unjudged == "" {
			all.Unjudged = r.Unjudged
		}
		if all.Violation == "" {
			all.Violation = r.Violation
		}
	}
	for _, detail := range same[0].Details {
		if _, is := numberOf(detail.Value); is {
			detail.Value = medianOf(same, func(r figure.Result) float64 { return detailOf(r, detail.Key) })
		}
		all.Details = append(all.Details, detail)
	}
	var err error
	all.Curve, err = mergeCurves(same)
	return all, err
}

// mergeCurves adds the latencies of the results that have any; nil when none has.
func mergeCurves(same []figure.Result) (*figure.Curve, error) {
	var sum *hdrhistogram.Histogram
	longest := int64(0)
	for _, r := range same {
		if r.Curve == nil {
			continue
		}
		histogram, err := decode(r.Curve)
		if err != nil {
			return nil, err
		}
		longest = max(longest, r.Curve.Longest)
		if sum == nil {
			sum = histogram
			continue
		}
		if dropped := sum.Merge(histogram); dropped != 0 {
			return nil, fmt.Errorf("%d latencies are beyond the other passes' range", dropped)
		}
	}
	if sum == nil {
		return nil, nil
	}
	encoded, err := sum.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		return nil, fmt.Errorf("encoding the passes' latencies: %w", err)
	}
	return &figure.Curve{Count: sum.TotalCount(), Longest: longest, Encoded: encoded}, nil
}

// medianOf returns the median of what there is, None when there is nothing.
func medianOf(results []figure.Result, value func(figure.Result) float64) float64 {
	values := make([]float64, 0, len(results))
	for _, r := range results {
		if v := value(r); !figure.Missing(v) {
			values = append(values, v)
		}
	}
	return median(values)
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return figure.None()
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// detailOf returns a result's numeric detail of that key, None when it has none.
func detailOf(r figure.Result, key string) float64 {
	for _, detail := range r.Details {
		if v, is := numberOf(detail.Value); is && detail.Key == key {
			return v
		}
	}
	return figure.None()
}
