// Results as JSON: one array, one object a line, keys in a fixed order.

package figure

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
)

// significantDigits is the precision of printed numbers: far below the noise of
// any measurement, and short enough to be read.
const significantDigits = 6

// number is a float that is null when it is missing.
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	if Missing(float64(n)) {
		return []byte("null"), nil
	}
	short, err := strconv.ParseFloat(strconv.FormatFloat(float64(n), 'g', significantDigits, 64), 64)
	if err != nil {
		return nil, err
	}
	return json.Marshal(short)
}

// MarshalJSON writes the ten keys that every result has in their fixed order. "ratio" is as Ratio says: where there are rounds the median of their
// ratios, from which "value" over "reference_value" may differ, as percentiles do most. Where there are rounds, how many, and the
// interval of the ratio, where there is one; then the details in their order, then the reasons that overrule the ratio.
func (r Result) MarshalJSON() ([]byte, error) {
	details := []Detail{
		{"row", r.Row},
		{"name", r.Name},
		{"value", r.Value},
		{"unit", r.Unit},
		{"reference", r.Reference},
		{"reference_value", r.ReferenceValue},
		{"ratio", r.Ratio()},
		{"better", string(r.Better)},
		{"target", r.Target},
		{"met", nil},
	}
	if met, judged := r.Met(); judged {
		details[len(details)-1].Value = met
	}
	if low, high, ok := r.Interval(); ok {
		details = append(details, Detail{"interval", [2]number{number(low), number(high)}})
	}
	if len(r.Rounds) > 0 {
		details = append(details, Detail{"rounds", len(r.Rounds)})
	}
	for _, d := range r.Details {
		if d.Key != "rounds" || len(r.Rounds) == 0 { // the same key twice would be no object
			details = append(details, d)
		}
	}
	if r.Unjudged != "" {
		details = append(details, Detail{"unjudged", r.Unjudged})
	}
	if r.Violation != "" {
		details = append(details, Detail{"violation", r.Violation})
	}
	return Object(details)
}

// Object encodes the pairs as one JSON object that keeps their order. Floats
// get six significant digits, and a missing one is null.
func Object(pairs []Detail) ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, p := range pairs {
		if i > 0 {
			b.WriteString(", ")
		}
		if f, ok := p.Value.(float64); ok {
			p.Value = number(f)
		}
		value, err := encode(p.Value)
		if err != nil {
			return nil, fmt.Errorf("encoding %q: %w", p.Key, err)
		}
		key, err := encode(p.Key)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteString(": ")
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// encode is json.Marshal without the escapes that only HTML needs.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// WriteJSON writes one array with an object a line; no results give "[]".
func WriteJSON(w io.Writer, results []Result) error {
	objects := make([][]byte, len(results))
	for i, r := range results {
		object, err := r.MarshalJSON()
		if err != nil {
			return err
		}
		objects[i] = object
	}
	return WriteArray(w, objects)
}

// WriteArray writes encoded objects as one JSON array, one a line.
func WriteArray(w io.Writer, objects [][]byte) error {
	if len(objects) == 0 {
		_, err := io.WriteString(w, "[]\n")
		return err
	}
	var b bytes.Buffer
	for i, object := range objects {
		b.WriteString(map[bool]string{true: "[\n  ", false: ",\n  "}[i == 0])
		b.Write(object)
	}
	b.WriteString("\n]\n")
	_, err := w.Write(b.Bytes())
	return err
}
