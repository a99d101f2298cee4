// In what two baselines differ beside their figures.

package baseline

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/batpak/batpak/perfgates"
)

// Differences returns a line for each thing that two baselines were not taken under alike, and whether they were taken on different
// machines: then only what is relative to something measured in the same round can be judged.
func Differences(old, new *Baseline) (warnings []string, foreign bool) {
	differ := func(what, was, is string) bool {
		if was == is {
			return false
		}
		warnings = append(warnings, fmt.Sprintf("%s was %s, is %s", what, orUnknown(was), orUnknown(is)))
		return true
	}
	was, is := old.Machine, new.Machine
	foreign = differ("the processor", was.Processor, is.Processor)
	foreign = differ("the number of processors", fmt.Sprint(was.CPUs), fmt.Sprint(is.CPUs)) || foreign
	foreign = differ("the architecture", was.Arch, is.Arch) || foreign
	foreign = differ("the system", was.OS, is.OS) || foreign
	if foreign {
		warnings = append(warnings, "another machine: only ratios to what was measured in the same round, and counts, are judged")
	}
	differ("the kernel", was.Kernel, is.Kernel)
	differ("the file system", placeOf(was), placeOf(is))
	differ("the write cache", was.WriteCache, is.WriteCache)
	differ("huge pages", was.HugePages, is.HugePages)
	differ("Go", was.Go, is.Go)
	differ("the commit", old.Built(), new.Built())
	differ("the scale", scaleOf(old.Options), scaleOf(new.Options))
	differ("the load", fmt.Sprintf("%+v", old.Options.Load), fmt.Sprintf("%+v", new.Options.Load))
	differ("the surface", string(surfaceOf(old.Options)), string(surfaceOf(new.Options)))
	return warnings, foreign
}

// Built returns the commit in short, and whether there were changes beside it; "" where that is unknown.
func (b *Baseline) Built() string {
	short := b.Commit[:min(len(b.Commit), 12)]
	if b.Modified && short != "" {
		short += " with changes"
	}
	return short
}

// RowsOnlyIn returns the ids of the rows that the first has and the second has not, in the first's order.
func RowsOnlyIn(first, second []Pass) (ids []string) {
	other := make(map[string]bool)
	for _, id := range rowsOf(second) {
		other[id] = true
	}
	return slices.DeleteFunc(rowsOf(first), func(id string) bool { return other[id] })
}

// rowsOf returns the ids of the rows that have results, each once.
func rowsOf(passes []Pass) (ids []string) {
	for _, pass := range passes {
		for _, r := range pass.Results {
			if !slices.Contains(ids, r.Row) {
				ids = append(ids, r.Row)
			}
		}
	}
	return ids
}

func orUnknown(text string) string {
	if strings.TrimSpace(text) == "" {
		return "unknown"
	}
	return text
}

func placeOf(m perfgates.Machine) string { return strings.TrimSpace(m.FileSystem + " on " + m.Device) }

func surfaceOf(o Options) perfgates.Surface {
	if o.Surface == "" {
		return perfgates.Native
	}
	return o.Surface
}

func scaleOf(o Options) string {
	scale := "full"
	if o.Quick {
		scale = "quick"
	}
	if o.Duration != 0 {
		scale += fmt.Sprintf(", %v a row", o.Duration.Round(time.Millisecond))
	}
	return scale
}
