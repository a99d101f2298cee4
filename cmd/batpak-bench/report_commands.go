// How to get a report's figures again: the command lines that it ends with.

package main

import (
	"strconv"
	"strings"

	"github.com/batpak/batpak/cmd/batpak-bench/internal/baseline"
	"github.com/batpak/batpak/perfgates"
)

// commands returns one line for each step: the source, the measurement, the page.
func (c *reportCommand) commands(of *baseline.Baseline) (lines []string) {
	if of.Commit != "" {
		checkout := "git checkout " + of.Commit
		if of.Modified {
			checkout += "   # with changes that are in no commit"
		}
		lines = append(lines, checkout)
	}
	const bench = "go run ./cmd/batpak-bench "
	report := bench + "report --html " + quoted(c.HTML) + " --of " + quoted(of.Name)
	if c.Against != "" {
		report += " --against " + quoted(c.Against)
	}
	if c.Threshold != nil {
		report += " --threshold " + strconv.FormatFloat(100*float64(*c.Threshold), 'g', 6, 64) + "%"
	}
	return append(lines, bench+"run"+runFlags(of), report)
}

// runFlags are those of the run that made the baseline. Its surface chose the rows, unless they were named.
func runFlags(of *baseline.Baseline) string {
	o := of.Options
	flags := ""
	add := func(flag, value string) { flags += " --" + flag + " " + quoted(value) }
	if len(o.Rows) > 0 {
		add("rows", strings.Join(o.Rows, ","))
	}
	if o.Surface != "" && o.Surface != perfgates.Native {
		add("surface", string(o.Surface))
	}
	if o.Quick {
		flags += " --quick"
	}
	if o.Duration > 0 {
		add("duration", o.Duration.String())
	}
	if o.Peers {
		flags += " --peers"
	}
	if o.Load.Rate > 0 {
		add("rate", strconv.FormatFloat(o.Load.Rate, 'f', -1, 64))
	}
	if o.Load.Count > 0 {
		add("count", strconv.Itoa(o.Load.Count))
	}
	if o.Load.Payload > 0 {
		add("payload", strconv.Itoa(o.Load.Payload))
	}
	if o.Load.Sync != "" {
		add("sync", o.Load.Sync)
	}
	add("passes", strconv.Itoa(len(of.Passes)))
	add("save", of.Name)
	return flags
}

// quoted returns a word as a shell reads it.
func quoted(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./,:=+@%", r)
	}
	if word != "" && strings.TrimFunc(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
