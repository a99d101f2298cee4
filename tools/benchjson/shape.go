// The promised shape of one row, and the check of a whole report.

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
)

// leadingKeys are the keys that each object begins with, in this order.
func leadingKeys() []string {
	return []string{
		"row", "name", "value", "unit", "reference", "reference_value", "ratio", "better", "target", "met",
	}
}

// row holds the promised fields of one object. A row that has no reference has
// null for its value and for the ratio; one whose reference is zero has null for
// the ratio, since JSON can't say infinity.
type row struct {
	Row            *string  `json:"row"`
	Name           *string  `json:"name"`
	Value          *float64 `json:"value"`
	Unit           *string  `json:"unit"`
	Reference      *string  `json:"reference"`
	ReferenceValue *float64 `json:"reference_value"`
	Ratio          *float64 `json:"ratio"`
	Better         *string  `json:"better"`
	Target         *float64 `json:"target"`
	Met            *bool    `json:"met"`

	Rounds   *int        `json:"rounds"`   // the ratio is the median of theirs
	Interval *[2]float64 `json:"interval"` // of that median
}

// checkReport returns what is wrong with a report that has to hold the given
// rows, or nil.
func checkReport(report []byte, wanted []string) error {
	var objects []json.RawMessage
	if err := json.Unmarshal(report, &objects); err != nil {
		return fmt.Errorf("the report is not one JSON array: %w", err)
	}
	var wrong []error
	seen := map[string]bool{}
	for n, object := range objects {
		name, err := checkRow(object)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("object %d (row %q): %w", n, name, err))
		}
		seen[name] = true
	}
	for _, name := range wanted {
		if !seen[name] {
			wrong = append(wrong, fmt.Errorf("no object for row %q", name))
		}
	}
	return errors.Join(wrong...)
}

// checkRow checks one object and returns the row that it names.
func checkRow(object []byte) (string, error) {
	keys, err := topKeys(object)
	if err != nil {
		return "", err
	}
	want := leadingKeys()
	if len(keys) < len(want) || !slices.Equal(keys[:len(want)], want) {
		return "", fmt.Errorf("begins with the keys %q, want %q", keys[:min(len(keys), len(want))], want)
	}
	var r row
	if err := json.Unmarshal(object, &r); err != nil {
		return "", err
	}
	if r.Row == nil || *r.Row == "" {
		return "", errors.New(`"row" is empty`)
	}
	return *r.Row, r.check()
}

func (r row) check() error {
	for _, field := range []struct {
		key   string
		value *string
	}{{"name", r.Name}, {"unit", r.Unit}} {
		if field.value == nil || *field.value == "" {
			return fmt.Errorf("%q is empty", field.key)
		}
	}
	switch {
	case r.Value == nil:
		return errors.New(`"value" is null, want a number`)
	case r.Better == nil || *r.Better != "smaller" && *r.Better != "larger":
		return errors.New(`"better" is neither "smaller" nor "larger"`)
	case (r.Ratio != nil) != (r.ReferenceValue != nil && *r.ReferenceValue != 0):
		return errors.New(`"ratio" and a "reference_value" that is not zero come without each other`)
	case r.Met != nil && r.Target == nil:
		return errors.New(`"met" is judged without a "target"`)
	case r.Ratio == nil:
		return nil
	case r.Reference == nil || *r.Reference == "":
		return errors.New(`"reference" is empty, but there is a "ratio"`)
	case r.Interval != nil && !within(*r.Ratio, *r.Interval):
		return fmt.Errorf(`"ratio" is %g, outside its own "interval" %v`, *r.Ratio, *r.Interval)
	case r.Rounds == nil && !isRatio(*r.Ratio, *r.Value, *r.ReferenceValue):
		return fmt.Errorf(`"ratio" is %g, want value / reference_value = %g / %g`, *r.Ratio, *r.Value, *r.ReferenceValue)
	}
	return nil
}

// within allows for figures that were rounded before they were printed.
func within(ratio float64, interval [2]float64) bool {
	slack := 1e-5 * math.Abs(ratio)
	return ratio >= interval[0]-slack && ratio <= interval[1]+slack
}

// isRatio allows for figures that were rounded before they were printed.
func isRatio(ratio, value, reference float64) bool {
	const tolerance = 0.02
	return math.Abs(ratio-value/reference) <= tolerance*max(1, math.Abs(value/reference))
}

// topKeys returns the keys of one JSON object in their order.
func topKeys(object []byte) ([]string, error) {
	decoder := json.NewDecoder(bytes.NewReader(object))
	if opening, err := decoder.Token(); err != nil || opening != json.Delim('{') {
		return nil, errors.New("is not a JSON object")
	}
	var keys []string
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		keys = append(keys, fmt.Sprint(key))
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, err
		}
	}
	return keys, nil
}
