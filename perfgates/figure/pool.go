// Several passes as one result: what is shown and judged of a measurement that was taken more than once.

package figure

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/batpak/batpak/perfgates/internal/stats"
)

// Pool returns each result of several passes once, in the order in which they appear first: medians of the passes' figures, all their
// rounds, all their latencies in one curve. What denies in one pass denies in all, and what can't be judged in one in none. A result of
// one pass only is as it was. A curve that can't be decoded is an error that names its result.
func Pool(passes ...[]Result) ([]Result, error) {
	type identity struct{ row, name string }
	var order []identity
	of := map[identity][]Result{}
	for _, pass := range passes {
		for _, r := range pass {
			id := identity{r.Row, r.Name}
			if of[id] == nil {
				order = append(order, id)
			}
			of[id] = append(of[id], r)
		}
	}
	pooled := make([]Result, len(order))
	for i, id := range order {
		var err error
		if pooled[i], err = pool(of[id]); err != nil {
			return nil, fmt.Errorf("%s %s: %w", id.row, id.name, err)
		}
	}
	return pooled, nil
}

// pool makes one result of the same one of several passes, of which there is at least one.
func pool(same []Result) (Result, error) {
	all := same[0]
	if len(same) == 1 {
		return all, nil
	}
	all.Value = medianOf(same, func(r Result) float64 { return r.Value })
	all.ReferenceValue = medianOf(same, func(r Result) float64 { return r.ReferenceValue })
	all.Calibration = medianOf(same, func(r Result) float64 { return r.Calibration })
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
		if _, is := Numeric(detail.Value); is {
			detail.Value = medianOf(same, func(r Result) float64 { return r.detail(detail.Key) })
		}
		all.Details = append(all.Details, detail)
	}
	var err error
	all.Curve, err = mergeCurves(same)
	return all, err
}

// mergeCurves adds the latencies of the results that have any; nil when none has.
func mergeCurves(same []Result) (*Curve, error) {
	var sum *hdrhistogram.Histogram
	longest := int64(0)
	for _, r := range same {
		if r.Curve == nil {
			continue
		}
		histogram, err := hdrhistogram.Decode(bytes.Clone(r.Curve.Encoded))
		if err != nil {
			return nil, fmt.Errorf("its latencies can't be decoded: %w", err)
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
	return &Curve{Count: sum.TotalCount(), Longest: longest, Encoded: encoded}, nil
}

// medianOf returns the median of what there is, None when there is nothing.
func medianOf(results []Result, value func(Result) float64) float64 {
	values := make([]float64, 0, len(results))
	for _, r := range results {
		if v := value(r); !Missing(v) {
			values = append(values, v)
		}
	}
	return stats.Median(values)
}

// detail returns the numeric detail of that key, None when there is none.
func (r Result) detail(key string) float64 {
	for _, detail := range r.Details {
		if v, is := Numeric(detail.Value); is && detail.Key == key {
			return v
		}
	}
	return None()
}

// Numeric returns what a detail's value is as a number, if it is one. A detail that was read from a file is a float64 or a json.Number.
func Numeric(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case uint64:
		return float64(v), true
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	}
	return 0, false
}
