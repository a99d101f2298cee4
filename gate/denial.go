// This file holds denials: what a gate has against a context, as errors.

package gate

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// ErrDenied: a gate denied. Every [Denial] and [Denials] is it to errors.Is.
var ErrDenied = errors.New("batpak: denied by a gate")

// The codes that this package gives.
const (
	CodeDenied = "DENIED"      // the gate gave no code
	CodeDefect = "GATE_DEFECT" // the gate panicked, or returned a denial that is none
)

// Denial is a gate's "no" and why. Gates make one with [Deny].
type Denial struct {
	Gate    string   `json:"gate"`              // name of the gate; set when it is asked
	Code    string   `json:"code"`              // for programs, as in "OUT_OF_STOCK"
	Message string   `json:"message"`           // for people
	Context []Detail `json:"context,omitempty"` // what it rests on, in the order in which it was given
	// Err is the error that the gate returned, where that says more than the rest; of a panic a
	// [*PanicError]; else nil.
	Err error `json:"-"`
}

// Detail is a key of a denial's context and its value.
type Detail struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Deny returns a denial. An empty code becomes [CodeDenied] when the gate is asked.
func Deny(code, message string) *Denial { return &Denial{Code: code, Message: message} }

// With returns a copy of the denial with one more detail at the end: the value as fmt.Sprint prints it.
func (d *Denial) With(key string, value any) *Denial {
	with := *d
	with.Context = append(d.Context[:len(d.Context):len(d.Context)], Detail{key, fmt.Sprint(value)})
	return &with
}

// Detail returns the value of the first detail with this key, and whether there is one.
func (d *Denial) Detail(key string) (value string, ok bool) {
	for _, detail := range d.Context {
		if detail.Key == key {
			return detail.Value, true
		}
	}
	return "", false
}

// Error says all of it, as in
//
//	batpak: gate stock denied: OUT_OF_STOCK: not enough is left (left=3 wanted=5)
//
// Names, codes, keys and values that have spaces, quotes or the like are quoted.
func (d *Denial) Error() string {
	if d == nil {
		return "batpak: denied"
	}
	if d.Gate == "" {
		return "batpak: denied" + d.why()
	}
	return "batpak: gate " + word(d.Gate) + " denied" + d.why()
}

// why returns code, message and context, each as far as it is there.
func (d *Denial) why() string {
	var text strings.Builder
	if d.Code != "" {
		text.WriteString(": " + word(d.Code))
	}
	if d.Message != "" {
		text.WriteString(": " + d.Message)
	}
	for i, detail := range d.Context {
		text.WriteString([]string{" (", " "}[min(i, 1)])
		text.WriteString(word(detail.Key) + "=" + word(detail.Value))
	}
	if len(d.Context) != 0 {
		text.WriteByte(')')
	}
	return text.String()
}

// word returns the text, quoted unless it can be told from what stands around it.
func word(text string) string {
	odd := func(r rune) bool {
		return !unicode.IsPrint(r) || r == unicode.ReplacementChar || strings.ContainsRune(" \"=()", r)
	}
	if text == "" || strings.ContainsFunc(text, odd) {
		return strconv.Quote(text)
	}
	return text
}

// Is makes the error match [ErrDenied].
func (d *Denial) Is(target error) bool { return target == ErrDenied }

// Unwrap returns what the gate returned, or nil.
func (d *Denial) Unwrap() error {
	if d == nil {
		return nil
	}
	return d.Err
}

// Denials is every denial of one evaluation, in the order of the gates, at least one. As an error it
// wraps each of them.
type Denials []*Denial

// Error says all of it, as in
//
//	batpak: 2 gates denied: stock: OUT_OF_STOCK: not enough is left; hours: CLOSED
func (d Denials) Error() string {
	if len(d) == 1 {
		return d[0].Error()
	}
	text := "batpak: " + strconv.Itoa(len(d)) + " gates denied"
	for i, denial := range d {
		text += []string{": ", "; "}[min(i, 1)] + word(denial.Gate) + denial.why()
	}
	return text
}

// Is makes the error match [ErrDenied].
func (d Denials) Is(target error) bool { return target == ErrDenied }

// Unwrap returns the denials.
func (d Denials) Unwrap() []error {
	errs := make([]error, len(d))
	for i, denial := range d {
		errs[i] = denial
	}
	return errs
}

// PanicError is a gate's panic.
type PanicError struct {
	Value any    // what it panicked with
	Stack []byte // of its goroutine, as debug.Stack prints it
}

// Error returns the value that it panicked with, without the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
