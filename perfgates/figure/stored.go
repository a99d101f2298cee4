// Results as they are stored: everything, to be read again.

package figure

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Stored is a result whose JSON holds all of it, rounds and curve too, where that of a Result is for readers. What is None is null, and
// numbers have as many digits as they need. A detail is read again as int64, uint64 beyond that, float64, bool or string, None where it is
// null; details of other types come back as encoding/json reads them.
type Stored Result

// exact is a float that is null when it is missing, and that can be told from an integer.
type exact float64

func (e exact) MarshalJSON() ([]byte, error) {
	if Missing(float64(e)) {
		return []byte("null"), nil
	}
	text := strconv.FormatFloat(float64(e), 'g', -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return []byte(text), nil
}

func (e *exact) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*e = exact(None())
		return nil
	}
	return json.Unmarshal(text, (*float64)(e))
}

// storedResult is the layout. A round and a point are arrays: there are many of them.
type storedResult struct {
	Row            string     `json:"row"`
	Name           string     `json:"name"`
	Value          exact      `json:"value"`
	Unit           string     `json:"unit"`
	Reference      string     `json:"reference"`
	ReferenceValue exact      `json:"reference_value"`
	Better         Better     `json:"better"`
	Target         exact      `json:"target"`
	Unjudged       string     `json:"unjudged,omitempty"`
	Violation      string     `json:"violation,omitempty"`
	Goal           bool       `json:"goal,omitempty"`
	Counted        bool       `json:"counted,omitempty"`
	Calibration    exact      `json:"calibration"`
	Look           string     `json:"look,omitempty"`
	Details        Pairs      `json:"details,omitempty"`
	Rounds         [][3]exact `json:"rounds,omitempty"` // value, reference, floor
	Series         [][2]exact `json:"series,omitempty"` // seconds, operations per second
	Curve          *Curve     `json:"curve,omitempty"`
}

// MarshalJSON writes all of the result.
func (s Stored) MarshalJSON() ([]byte, error) {
	layout := storedResult{
		Row: s.Row, Name: s.Name, Value: exact(s.Value), Unit: s.Unit, Reference: s.Reference, ReferenceValue: exact(s.ReferenceValue),
		Better: s.Better, Target: exact(s.Target), Unjudged: s.Unjudged, Violation: s.Violation, Goal: s.Goal, Counted: s.Counted,
		Calibration: exact(s.Calibration), Look: s.Look, Details: s.Details, Curve: s.Curve,
	}
	for _, r := range s.Rounds {
		layout.Rounds = append(layout.Rounds, [3]exact{exact(r.Value), exact(r.Reference), exact(r.Floor)})
	}
	for _, p := range s.Series {
		layout.Series = append(layout.Series, [2]exact{exact(p.Seconds), exact(p.PerSecond)})
	}
	return encode(layout)
}

// UnmarshalJSON reads what MarshalJSON wrote. Unknown keys, a direction that is none, and a result without a row or a name are
// errors.
func (s *Stored) UnmarshalJSON(text []byte) error {
	var layout storedResult
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&layout); err != nil {
		return fmt.Errorf("reading a stored result: %w", err)
	}
	switch {
	case layout.Row == "" || layout.Name == "":
		return fmt.Errorf("reading a stored result: row %q, name %q: one of them is empty", layout.Row, layout.Name)
	case layout.Better != Smaller && layout.Better != Larger:
		return fmt.Errorf("reading a stored result: %s %s: better is %q, must be %q or %q", layout.Row, layout.Name, layout.Better, Smaller, Larger)
	}
	*s = Stored{
		Row: layout.Row, Name: layout.Name, Value: float64(layout.Value), Unit: layout.Unit, Reference: layout.Reference,
		ReferenceValue: float64(layout.ReferenceValue), Better: layout.Better, Target: float64(layout.Target), Unjudged: layout.Unjudged,
		Violation: layout.Violation, Goal: layout.Goal, Counted: layout.Counted, Calibration: float64(layout.Calibration),
		Look: layout.Look, Details: layout.Details, Curve: layout.Curve,
	}
	for _, r := range layout.Rounds {
		s.Rounds = append(s.Rounds, Round{float64(r[0]), float64(r[1]), float64(r[2])})
	}
	for _, p := range layout.Series {
		s.Series = append(s.Series, Point{float64(p[0]), float64(p[1])})
	}
	return nil
}

// Pairs are details as one JSON object that keeps their order and every digit, to be read again as Stored says.
type Pairs []Detail

// MarshalJSON writes the object; no pairs give {}.
func (p Pairs) MarshalJSON() ([]byte, error) {
	exactly := make([]Detail, len(p))
	for i, d := range p {
		if f, ok := d.Value.(float64); ok {
			d.Value = exact(f)
		}
		exactly[i] = d
	}
	return Object(exactly)
}

// UnmarshalJSON reads an object.
func (p *Pairs) UnmarshalJSON(text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	opening, err := decoder.Token()
	if err != nil {
		return err
	}
	if opening != json.Delim('{') {
		return errors.New("details are no JSON object")
	}
	*p = nil
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return err
		}
		var value any
		if err := decoder.Decode(&value); err != nil {
			return err
		}
		*p = append(*p, Detail{key.(string), valueOf(value)})
	}
	return nil
}

// valueOf gives a number its type back: a float has a point or an exponent.
func valueOf(value any) any {
	if value == nil {
		return None()
	}
	n, ok := value.(json.Number)
	if !ok {
		return value
	}
	text := n.String()
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i
	}
	if u, err := strconv.ParseUint(text, 10, 64); err == nil {
		return u
	}
	f, err := n.Float64()
	if err != nil {
		return text // out of range: better shown than lost
	}
	return f
}
