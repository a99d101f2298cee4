// What is found, and how it is printed.

package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/batpak/batpak/perfgates"
)

// level says how much a finding matters.
type level string

const (
	fine    level = "ok"
	warning level = "warn"    // it works, at the price that the finding names
	broken  level = "bad"     // a store would not work here
	unknown level = "unknown" // the system does not tell
)

// levels in the order in which they are counted.
var levels = [...]level{fine, warning, broken, unknown}

// finding is one thing that was looked at.
type finding struct {
	Name   string `json:"name"`
	Level  level  `json:"level"`
	Found  string `json:"found"`
	Advice string `json:"advice,omitempty"` // what to do, of warnings and what is bad
}

// report is everything that was found.
type report struct {
	Directory string            `json:"directory"`
	Machine   perfgates.Machine `json:"machine"`
	Findings  []finding         `json:"findings"`
	Counts    map[level]int     `json:"counts"`
}

// count fills in the counts, each level included, and says whether nothing is bad.
func (r *report) count() bool {
	r.Counts = make(map[level]int)
	for _, l := range levels {
		r.Counts[l] = 0
	}
	for _, f := range r.Findings {
		r.Counts[f.Level]++
	}
	return r.Counts[broken] == 0
}

func (r *report) writeJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

func (r *report) writeText(w io.Writer) error {
	if _, err := fmt.Fprintf(w, "%s\nfor a store in %s\n\n", r.Machine, r.Directory); err != nil {
		return err
	}
	for _, f := range r.Findings {
		if _, err := fmt.Fprintf(w, "%-8s %-15s %s\n", f.Level, f.Name, f.Found); err != nil {
			return err
		}
		if f.Advice == "" {
			continue
		}
		if _, err := fmt.Fprintf(w, "%-24s -> %s\n", "", f.Advice); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "\n%d ok, %d warn, %d bad, %d unknown\n", r.Counts[fine], r.Counts[warning], r.Counts[broken], r.Counts[unknown])
	return err
}

// bytesText writes a number of bytes as people read it, in powers of 1,024.
func bytesText(n uint64) string {
	const units = "KMGTPE"
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n)/1024, 0
	for value >= 1024 {
		value /= 1024
		unit++
	}
	return fmt.Sprintf("%.1f %ciB", value, units[unit])
}
