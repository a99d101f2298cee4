// The page's parts, from the report's.

package htmlreport

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/batpak/batpak/cmd/batpak-bench/internal/baseline"
	"github.com/batpak/batpak/perfgates"
	"github.com/batpak/batpak/perfgates/figure"
)

// page is what the layout fills in.
type page struct {
	Title      string
	Made       string
	Style      template.CSS
	Script     template.JS
	JSON       template.JS
	About      []fact
	Machine    []fact
	Other      []fact // of the machine and run that it is compared with
	Warnings   []string
	Counts     []count
	Denials    []words
	Missing    []words // what gave no result
	Rows       []rowPart
	Floors     []labelled
	Latencies  []figurePart
	Throughput []figurePart
	Comparison []changePart
	Against    string
	Commands   []string

	document *document
	scripts  int // names given to charts
}

// fact is a line of words about a run.
type fact struct {
	Name  string
	Value shown
}

type labelled struct {
	Label string
	Value shown
}

// count says how many results have a verdict.
type count struct {
	Decision string
	Value    shown
}

// words is what a gate says of a result.
type words struct{ Row, Name, Text string }

func newPage(r Report) (*page, error) {
	style, err := files.ReadFile("style.css")
	if err != nil {
		return nil, err
	}
	script, err := files.ReadFile("script.js")
	if err != nil {
		return nil, err
	}
	p := &page{
		Title: "batpak-bench: " + r.Baseline.Name, Made: moment(r.Made), Style: template.CSS(style), Script: template.JS(script),
		Warnings: r.Warnings, Commands: r.Commands, document: &document{Format: documentFormat},
	}
	p.runs(r)
	p.floors(r.Baseline.Machine)
	p.results(r)
	if err := p.latencies(r); err != nil {
		return nil, err
	}
	p.throughput(r.Baseline.Passes)
	p.comparison(r)
	p.JSON, err = p.document.encode()
	return p, err
}

// runs says where the figures come from.
func (p *page) runs(r Report) {
	p.document.Runs = append(p.document.Runs, newRun("this", &r.Baseline))
	p.About, p.Machine = aboutRun("this", &r.Baseline), aboutMachine("this", r.Baseline)
	if r.Against != nil {
		p.Against = r.Against.Name
		p.document.Runs = append(p.document.Runs, newRun("against", r.Against))
		p.Other = append(aboutRun("against", r.Against), aboutMachine("against", *r.Against)...)
	}
}

func aboutRun(row string, b *baseline.Baseline) []fact {
	at := place{inRuns, row, b.Name}
	facts := []fact{{"Baseline", at.word("name", b.Name)}, {"Taken", at.word("taken", moment(b.Taken))}}
	if b.Commit != "" {
		facts = append(facts, fact{"Commit", at.word("commit", b.Commit)})
	}
	if b.Modified {
		facts = append(facts, fact{"Source", shown{Text: "changed since that commit"}})
	}
	if b.Version != "" {
		facts = append(facts, fact{"Version", at.word("version", b.Version)})
	}
	scale := "full"
	if b.Options.Quick {
		scale = "quick"
	}
	facts = append(facts,
		fact{"Passes", at.count("passes", len(b.Passes))},
		fact{"Surface", at.word("options/surface", string(b.Options.Surface))},
		fact{"Scale", shown{Text: scale}},
	)
	if b.Options.Duration > 0 {
		facts = append(facts, fact{"Duration of a row", shown{Text: b.Options.Duration.String()}})
	}
	return facts
}

func aboutMachine(row string, b baseline.Baseline) (facts []fact) {
	at, m := place{inRuns, row, b.Name}, b.Machine
	for _, f := range []struct{ name, key, text string }{
		{"Processor", "processor", m.Processor}, {"Kernel", "kernel", m.Kernel}, {"System", "os", m.OS}, {"Architecture", "arch", m.Arch},
		{"Go", "go", m.Go}, {"File system", "file_system", m.FileSystem}, {"Device", "device", m.Device},
		{"Write cache", "write_cache", m.WriteCache}, {"Huge pages", "huge_pages", m.HugePages},
	} {
		if f.text != "" {
			facts = append(facts, fact{f.name, at.word("machine/"+f.key, f.text)})
		}
	}
	if m.CPUs > 0 {
		facts = slices.Insert(facts, min(1, len(facts)), fact{"CPUs", at.count("machine/cpus", m.CPUs)})
	}
	if m.Memory > 0 {
		facts = append(facts, fact{"Memory", at.word("machine/memory", fmt.Sprintf("%.1f GiB", float64(m.Memory)/(1<<30)))})
	}
	return facts
}

func (p *page) floors(m perfgates.Machine) {
	for _, f := range m.Floors {
		at := place{inFloors, "floor", f.Name}
		item := newItem(at)
		item.set("value", f.Value)
		item["unit"] = f.Unit
		p.document.Floors = append(p.document.Floors, item)
		p.Floors = append(p.Floors, labelled{f.Name, at.quantity("value", f.Value, f.Unit)})
	}
}

// throughput draws what was done over time, where that was recorded: each pass has a line.
func (p *page) throughput(passes []baseline.Pass) {
	var order []string
	recorded := map[string][]figure.Result{}
	for _, pass := range passes {
		for _, stored := range pass.Results {
			if len(stored.Series) < 2 {
				continue
			}
			if recorded[stored.Row] == nil {
				order = append(order, stored.Row)
			}
			recorded[stored.Row] = append(recorded[stored.Row], figure.Result(stored))
		}
	}
	for _, row := range order {
		for _, group := range groupsOf(recorded[row], palette) {
			p.Throughput = append(p.Throughput, p.overTime(row, group))
		}
	}
}

// groupsOf parts results into groups with at most n names each, keeping those of a name together.
func groupsOf(results []figure.Result, n int) (groups [][]figure.Result) {
	var names []string
	for _, r := range results {
		if !slices.Contains(names, r.Name) {
			names = append(names, r.Name)
		}
	}
	for some := range slices.Chunk(names, n) {
		var group []figure.Result
		for _, name := range some {
			for _, r := range results {
				if r.Name == name {
					group = append(group, r)
				}
			}
		}
		groups = append(groups, group)
	}
	return groups
}

// titleOf names a row with its title, where it still exists.
func titleOf(row string) string {
	if title := rowTitle(row); title != "" {
		return row + ": " + title
	}
	return row
}

func rowTitle(id string) string {
	for _, row := range perfgates.Rows() {
		if row.ID == id {
			return row.Title
		}
	}
	return ""
}

func (p *page) chartID(kind string) string {
	p.scripts++
	return fmt.Sprintf("%s-%d", kind, p.scripts)
}

func moment(t time.Time) string { return strings.TrimSpace(t.UTC().Format("2006-01-02 15:04:05 UTC")) }
