// Results in the format of Go's benchmarks, which benchstat reads.

package main

import (
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"

	"github.com/batpak/batpak/cmd/batpak-bench/internal/baseline"
	"github.com/batpak/batpak/perfgates/figure"
)

// writeBench writes a line for each result and pass; where there is only one pass, for each of its rounds. So
// benchstat has samples to compare. A line has the value, and where they are there the reference, under a unit of its own, and the ratio.
func writeBench(w io.Writer, taken *baseline.Baseline) error {
	out := benchfmt.NewWriter(w)
	units := unitsOf(taken.Passes)
	for _, metadata := range units.metadata() {
		if err := out.Write(metadata); err != nil {
			return err
		}
	}
	config := benchConfig(taken)
	for _, pass := range taken.Passes {
		for _, stored := range pass.Results {
			r := figure.Result(stored)
			samples := []figure.Round{{Value: r.Value, Reference: r.ReferenceValue}}
			if len(taken.Passes) == 1 && len(r.Rounds) > 0 {
				samples = r.Rounds
			}
			for _, sample := range samples {
				if err := writeBenchLine(out, config, units, r, sample); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func writeBenchLine(out *benchfmt.Writer, config []benchfmt.Config, units benchUnits, r figure.Result, sample figure.Round) error {
	if figure.Missing(sample.Value) {
		return nil
	}
	line := benchfmt.Result{
		Config: slices.Clone(config), Name: benchName(r), Iters: 1,
		Values: []benchfmt.Value{{Value: sample.Value, Unit: units.of(benchUnit(r.Unit), r.Better)}},
	}
	if !r.Goal && !figure.Missing(sample.Reference) {
		line.Values = append(line.Values, benchfmt.Value{Value: sample.Reference, Unit: units.of(referenceUnit(r), r.Better)})
		if ratio := sample.Value / sample.Reference; !figure.Missing(ratio) {
			line.Values = append(line.Values, benchfmt.Value{Value: ratio, Unit: ratioUnit(r)})
		}
	}
	return out.Write(&line)
}

// ratioUnit is that of a result's ratio: those of times are better smaller, those of rates larger, whatever else is in a run.
func ratioUnit(r figure.Result) string {
	if r.Better == figure.Larger {
		return "x-ref-larger"
	}
	return "x-ref"
}

// referenceUnit is the unit of what stands beside a value, which improves as the value does.
func referenceUnit(r figure.Result) string { return "ref-" + benchUnit(r.Unit) }

// benchUnits are the units that results have, and in which directions each is better: in the format a unit has one direction.
type benchUnits map[string][]figure.Better

// of returns the name of a unit where it improves in that direction: a name of its own for larger ones where others are better smaller.
func (u benchUnits) of(unit string, better figure.Better) string {
	if better == figure.Larger && slices.Contains(u[unit], figure.Smaller) {
		return unit + "-larger"
	}
	return unit
}

func unitsOf(passes []baseline.Pass) benchUnits {
	units := make(benchUnits)
	for _, pass := range passes {
		for _, stored := range pass.Results {
			r := figure.Result(stored)
			names := []string{benchUnit(r.Unit)}
			if !r.Goal {
				names = append(names, referenceUnit(r), ratioUnit(r))
			}
			for _, name := range names {
				if !slices.Contains(units[name], r.Better) {
					units[name] = append(units[name], r.Better)
				}
			}
		}
	}
	return units
}

// metadata says of each unit in which direction it is better.
func (u benchUnits) metadata() (lines []*benchfmt.UnitMetadata) {
	words := map[figure.Better]string{figure.Larger: "higher", figure.Smaller: "lower"}
	for _, unit := range slices.Sorted(maps.Keys(u)) {
		for _, better := range u[unit] {
			name := u.of(unit, better)
			lines = append(lines, &benchfmt.UnitMetadata{
				UnitMetadataKey: benchfmt.UnitMetadataKey{Unit: name, Key: "better"}, OrigUnit: name, Value: words[better],
			})
		}
	}
	return lines
}

// benchName is Row/name-processors, as Go calls benchmarks; it has no blanks, nor a slash of the name's own.
func benchName(r figure.Result) benchfmt.Name {
	name := strings.NewReplacer(" ", "_", "\t", "_", "/", "_per_").Replace(r.Name)
	return benchfmt.Name(fmt.Sprintf("%s/%s-%d", r.Row, name, runtime.GOMAXPROCS(0)))
}

// benchUnit is a unit without blanks; a time is that of an operation.
func benchUnit(unit string) string {
	if unit == "ns" {
		return "ns/op"
	}
	return strings.Join(strings.Fields(unit), "_")
}

// benchConfig says under what the results were measured.
func benchConfig(taken *baseline.Baseline) (config []benchfmt.Config) {
	scale := "full"
	if taken.Options.Quick {
		scale = "quick"
	}
	commit := taken.Commit
	if commit != "" && taken.Modified {
		commit += " with changes"
	}
	m := taken.Machine
	for _, pair := range [][2]string{
		{"goos", m.OS}, {"goarch", m.Arch}, {"pkg", "github.com/batpak/batpak/cmd/batpak-bench"}, {"cpu", m.Processor}, {"go", m.Go},
		{"kernel", m.Kernel}, {"file-system", m.FileSystem}, {"device", m.Device}, {"commit", commit},
		{"surface", string(taken.Options.Surface)}, {"scale", scale},
	} {
		if pair[1] != "" {
			config = append(config, benchfmt.Config{Key: pair[0], Value: []byte(pair[1]), File: true})
		}
	}
	return config
}
