// The page's JSON: every number that it shows, before rounding.

package htmlreport

import (
	"encoding/json"
	"fmt"
	"html/template"

	"github.com/batpak/batpak/cmd/batpak-bench/internal/baseline"
	"github.com/batpak/batpak/perfgates/figure"
)

// documentFormat is the version of the JSON's layout.
const documentFormat = 1

// The arrays of the document, as [shown.In] names them.
const (
	inRuns       = "runs"
	inFloors     = "floors"
	inResults    = "results"
	inAgainst    = "against"
	inComparison = "comparison"
	inCounts     = "counts"
)

// document is the page's JSON. Each array's elements have a row and a name, in which no two are the same.
type document struct {
	Format     int            `json:"format"`
	Runs       []documentRun  `json:"runs"` // the baseline, then what it is compared with
	Counts     []documentItem `json:"counts"`
	Floors     []documentItem `json:"floors"`
	Results    []documentItem `json:"results"`
	Against    []documentItem `json:"against"`
	Comparison []documentItem `json:"comparison"`
}

// documentItem is an object whose keys have no fixed order.
type documentItem map[string]any

// documentRun says where one baseline comes from.
type documentRun struct {
	Row      string           `json:"row"` // "this" or "against"
	Name     string           `json:"name"`
	Version  string           `json:"version"`
	Commit   string           `json:"commit"`
	Modified bool             `json:"modified"`
	Taken    string           `json:"taken"`
	Passes   int              `json:"passes"`
	Machine  documentItem     `json:"machine"`
	Options  baseline.Options `json:"options"`
}

func newRun(row string, b *baseline.Baseline) documentRun {
	return documentRun{
		Row: row, Name: b.Name, Version: b.Version, Commit: b.Commit, Modified: b.Modified, Taken: moment(b.Taken), Passes: len(b.Passes),
		Machine: documentItem{
			"processor": b.Machine.Processor, "cpus": b.Machine.CPUs, "os": b.Machine.OS, "kernel": b.Machine.Kernel, "arch": b.Machine.Arch,
			"go": b.Machine.Go, "memory": b.Machine.Memory, "file_system": b.Machine.FileSystem, "device": b.Machine.Device,
			"write_cache": b.Machine.WriteCache, "huge_pages": b.Machine.HugePages,
		},
		Options: b.Options,
	}
}

// newItem begins an element with what identifies it.
func newItem(p place) documentItem { return documentItem{"row": p.row, "name": p.name} }

// set puts a number under a key; a missing one is null.
func (d documentItem) set(key string, v float64) { d[key] = number(v) }

// encode returns the document for a script element: no character in it ends the element.
func (d *document) encode() (template.JS, error) {
	for _, array := range []struct {
		name  string
		items []documentItem
	}{{inFloors, d.Floors}, {inResults, d.Results}, {inAgainst, d.Against}, {inComparison, d.Comparison}} {
		if err := identified(array.name, array.items); err != nil {
			return "", err
		}
	}
	encoded, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("the report's JSON: %w", err)
	}
	return template.JS(encoded), nil // json.Marshal escapes <, > and &
}

// identified refuses elements that no one could tell apart.
func identified(array string, items []documentItem) error {
	type identity struct{ row, name any }
	seen := map[identity]bool{}
	for _, item := range items {
		id := identity{item["row"], item["name"]}
		if seen[id] {
			return fmt.Errorf("the report's %s hold %v %v twice", array, id.row, id.name)
		}
		seen[id] = true
	}
	return nil
}

// details returns a result's details by key: numbers as such, all else as text.
func details(r figure.Result) documentItem {
	item := documentItem{}
	for _, detail := range r.Details {
		if v, is := figure.Numeric(detail.Value); is {
			item.set(detail.Key, v)
		} else if detail.Value != nil {
			item[detail.Key] = wordOf(detail.Value)
		} else {
			item[detail.Key] = nil
		}
	}
	return item
}
