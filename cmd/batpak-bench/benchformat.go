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
	for _, metadata := range unitsOf(taken.Passes) {
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
				if err := writeBenchLine(out, config, r, sample); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func writeBenchLine(out *benchfmt.Writer, config []benchfmt.Config, r figure.Result, sample figure.Round) error {
	if figure.Missing(sample.Value) {
		return nil
	}
	unit := benchUnit(r.Unit)
	line := benchfmt.Result{
		Config: slices.Clone(config), Name: benchName(r), Iters: 1,
		Values: []benchfmt.Value{{Value: sample.Value, Unit: unit}},
	}
	if !r.Goal && !figure.Missing(sample.Reference) {
		line.Values = append(line.Values, benchfmt.Value{Value: sample.Reference, Unit: "ref-" + unit})
		if ratio := sample.Value / sample.Reference; !figure.Missing(ratio) {
			line.Values = append(line.Values, benchfmt.Value{Value: ratio, Unit: "x-ref"})
		}
	}
	return out.Write(&line)
}

// unitsOf says of each unit in which direction it is better, where all results that have it agree; benchstat takes
// smaller for better where nobody says.
func unitsOf(passes []baseline.Pass) (metadata []*benchfmt.UnitMetadata) {
	directions := make(map[string]figure.Better)
	for _, pass := range passes {
		for _, r := range pass.Results {
			unit := benchUnit(r.Unit)
			if known, seen := directions[unit]; seen && known != r.Better {
				directions[unit] = ""
			} else if !seen {
				directions[unit] = r.Better
			}
		}
	}
	for _, unit := range slices.Sorted(maps.Keys(directions)) {
		if directions[unit] == figure.Larger {
			metadata = append(metadata, &benchfmt.UnitMetadata{
				UnitMetadataKey: benchfmt.UnitMetadataKey{Unit: unit, Key: "better"}, OrigUnit: unit, Value: "higher",
			})
		}
	}
	return metadata
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
