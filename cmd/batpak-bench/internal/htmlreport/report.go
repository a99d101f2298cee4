// What a page is made from, and writing it.

package htmlreport

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"time"

	"github.com/batpak/batpak/cmd/batpak-bench/internal/baseline"
	"github.com/batpak/batpak/perfgates"
	"github.com/batpak/batpak/perfgates/figure"
)

// Report is what a page shows.
type Report struct {
	Baseline baseline.Baseline   // whose results are shown
	Against  *baseline.Baseline  // what they are compared with; nil: nothing
	Results  []figure.Result     // of all passes, as baseline.Pooled returns them
	Verdicts []perfgates.Verdict // of Results; a result without one is shown as not judged
	Changes  []Change            // between the two baselines; empty without Against
	Warnings []string            // why the two are not alike
	Made     time.Time
	Commands []string // how to get the same again, one line each
}

// Change is what happened to one result since another baseline.
type Change struct {
	Row, Name       string
	Basis           string // what was compared: a ratio, a value, ...
	Unit            string // of both sides
	Old, New        Side
	Delta           float64 // (new - old) / old of the medians
	P               float64 // of there being no difference, from 0 to 1
	SmallerIsBetter bool
	Word            string // what was found of it; "~" for nothing
	Class           string // "regression", "better" or "" of the word
}

// Side is one baseline's part of a change.
type Side struct{ Median, Low, High float64 }

//go:embed page.gohtml style.css script.js
var files embed.FS

// Write writes the page. The same report gives the same bytes.
func Write(w io.Writer, r Report) error {
	p, err := newPage(r)
	if err != nil {
		return err
	}
	layout, err := template.ParseFS(files, "page.gohtml")
	if err != nil {
		return fmt.Errorf("the report's layout: %w", err)
	}
	return layout.Execute(w, p)
}
