// The measurement that a report was made of: what its passes say together, formed here again and compared with the page's JSON.

package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// savedFile is what is read of a baseline.
type savedFile struct {
	Passes []struct{ Results []savedResult }
}

// savedResult is one result of one pass.
type savedResult struct {
	Row, Name      string
	Value          *float64
	ReferenceValue *float64 `json:"reference_value"`
	Counted        bool
	Rounds         [][3]*float64 // value, reference, floor
	Curve          *savedCurve
}

type savedCurve struct {
	Count, Longest int64
	Encoded        []byte
}

// pooled is one result of all passes together.
type pooled struct {
	row, name               string
	value, reference, ratio *float64
	latencies               *hdrhistogram.Histogram // nil: it is no latency
	longest                 int64
}

// loadSaved reads a baseline and pools its passes.
func loadSaved(path string) ([]pooled, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("no measurement to compare with: %w", err)
	}
	var saved savedFile
	if err := json.Unmarshal(text, &saved); err != nil {
		return nil, fmt.Errorf("%s is no saved measurement: %w", path, err)
	}
	type identity struct{ row, name string }
	var order []identity
	of := map[identity][]savedResult{}
	for _, pass := range saved.Passes {
		for _, r := range pass.Results {
			id := identity{r.Row, r.Name}
			if of[id] == nil {
				order = append(order, id)
			}
			of[id] = append(of[id], r)
		}
	}
	if len(order) == 0 {
		return nil, fmt.Errorf("%s is no saved measurement: it has no results", path)
	}
	var all []pooled
	for _, id := range order {
		p, err := pool(of[id])
		if err != nil {
			return nil, fmt.Errorf("%s: %s %s: %w", path, id.row, id.name, err)
		}
		all = append(all, p)
	}
	return all, nil
}

// pool forms medians of the passes' figures, the median of all their rounds' ratios, and one histogram of all their latencies.
func pool(same []savedResult) (pooled, error) {
	p := pooled{row: same[0].Row, name: same[0].Name}
	var values, references, ratios []float64
	for _, r := range same {
		values, references = appendFinite(values, r.Value), appendFinite(references, r.ReferenceValue)
		for _, round := range r.Rounds {
			ratios = appendFinite(ratios, quotient(round[0], round[1]))
		}
		if r.Curve == nil {
			continue
		}
		latencies, err := hdrhistogram.Decode(r.Curve.Encoded)
		if err != nil {
			return p, fmt.Errorf("its latencies can't be decoded: %w", err)
		}
		if have := latencies.TotalCount(); have != r.Curve.Count {
			return p, fmt.Errorf("its histogram holds %d latencies, of %d that were counted", have, r.Curve.Count)
		}
		p.longest = max(p.longest, r.Curve.Longest)
		if p.latencies == nil {
			p.latencies = latencies
		} else if dropped := p.latencies.Merge(latencies); dropped != 0 {
			return p, fmt.Errorf("%d latencies are beyond the other passes' range", dropped)
		}
	}
	p.value, p.reference = median(values), median(references)
	switch {
	case p.value == nil || p.reference == nil || *p.reference == 0:
	case len(ratios) > 0 && !same[0].Counted:
		p.ratio = median(ratios)
	default:
		p.ratio = quotient(p.value, p.reference)
	}
	return p, nil
}

func quotient(a, b *float64) *float64 {
	if a == nil || b == nil {
		return nil
	}
	q := *a / *b
	return &q
}

func appendFinite(values []float64, v *float64) []float64 {
	if v == nil || math.IsNaN(*v) || math.IsInf(*v, 0) {
		return values
	}
	return append(values, *v)
}

// median returns that of the values, nil of none.
func median(values []float64) *float64 {
	if len(values) == 0 {
		return nil
	}
	slices.Sort(values)
	middle := (values[(len(values)-1)/2] + values[len(values)/2]) / 2
	return &middle
}

// wrongBeside returns where the page's results differ from what was saved, and what only one of them has.
func (d document) wrongBeside(saved []pooled) (wrong []string) {
	items := map[[2]string]map[string]any{}
	for _, item := range d["results"] {
		items[[2]string{fmt.Sprint(item["row"]), fmt.Sprint(item["name"])}] = item
	}
	shown := map[string][]*hdrhistogram.Histogram{} // by row
	for _, p := range saved {
		if item := items[[2]string{p.row, p.name}]; item != nil && item["latency"] != nil && p.latencies != nil {
			shown[p.row] = append(shown[p.row], p.latencies)
		}
	}
	for _, p := range saved {
		item, there := items[[2]string{p.row, p.name}]
		if !there {
			wrong = append(wrong, fmt.Sprintf("%s %s was saved, and is not in the page's JSON", p.row, p.name))
			continue
		}
		delete(items, [2]string{p.row, p.name})
		for key, was := range map[string]*float64{"value": p.value, "reference_value": p.reference, "ratio": p.ratio} {
			if text := differs(item[key], was); text != "" {
				wrong = append(wrong, fmt.Sprintf("%s %s, %s: %s", p.row, p.name, key, text))
			}
		}
		wrong = append(wrong, p.wrongLatencies(item, shown[p.row])...)
	}
	for id := range items {
		wrong = append(wrong, fmt.Sprintf("%s %s is in the page's JSON, and was not saved", id[0], id[1]))
	}
	slices.Sort(wrong)
	return wrong
}

// wrongLatencies compares percentiles. A result may go without where those of another one of its row are the same and are shown.
func (p pooled) wrongLatencies(item map[string]any, shown []*hdrhistogram.Histogram) (wrong []string) {
	figures, _ := item["latency"].(map[string]any)
	switch {
	case p.latencies == nil || p.latencies.TotalCount() == 0:
		if figures != nil {
			wrong = append(wrong, fmt.Sprintf("%s %s has latencies in the page's JSON, and none were saved", p.row, p.name))
		}
		return wrong
	case figures == nil:
		if !slices.ContainsFunc(shown, p.latencies.Equals) {
			wrong = append(wrong, fmt.Sprintf("%s %s has latencies that were saved and are not in the page's JSON", p.row, p.name))
		}
		return wrong
	}
	count, longest := float64(p.latencies.TotalCount()), float64(p.longest)
	want := map[string]*float64{"count": &count, "max": &longest}
	for key, percentile := range map[string]float64{"p50": 50, "p90": 90, "p99": 99, "p99_9": 99.9, "p99_99": 99.99} {
		want[key] = nil
		if count*(1-percentile/100) >= 1-1e-6 { // else it is the longest
			v := min(float64(p.latencies.ValueAtPercentile(percentile)), longest)
			want[key] = &v
		}
	}
	for key, was := range want {
		if text := differs(figures[key], was); text != "" {
			wrong = append(wrong, fmt.Sprintf("%s %s, latency/%s: %s", p.row, p.name, key, text))
		}
	}
	return wrong
}

// differs says what is otherwise; "" where nothing is. Sums of the same numbers may differ in their last digits.
func differs(shown any, saved *float64) string {
	v, is := shown.(float64)
	switch {
	case saved == nil && shown == nil:
		return ""
	case saved == nil:
		return fmt.Sprintf("the page's JSON has %v, the passes give none", shown)
	case !is:
		return fmt.Sprintf("the page's JSON has %v, the passes give %v", shown, *saved)
	case math.Abs(v-*saved) > 1e-9*math.Abs(*saved):
		return fmt.Sprintf("the page's JSON has %v, the passes give %v", v, *saved)
	}
	return ""
}
