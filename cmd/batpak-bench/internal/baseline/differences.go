// In what two baselines differ beside their figures.

package baseline

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/batpak/batpak/perfgates"
)

// Differences returns a line for each thing that two baselines were not taken under alike, and whether they were taken on different
// machines or disks: then only what is relative to something measured in the same round can be judged.
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
	foreign = differ("the file system", placeOf(was), placeOf(is)) || foreign
	if foreign {
		warnings = append(warnings, "another machine or disk: only ratios to what was measured in the same round, and counts, are judged")
	}
	differ("the kernel", was.Kernel, is.Kernel)
	differ("the write cache", was.WriteCache, is.WriteCache)
	differ("huge pages", was.HugePages, is.HugePages)
	differ("Go", was.Go, is.Go)
	differ("the commit", old.Built(), new.Built())
	differ("the scale", scaleOf(old.Options), scaleOf(new.Options))
	differ("the load", fmt.Sprintf("%+v", old.Options.Load), fmt.Sprintf("%+v", new.Options.Load))
	differ("the surface", string(surfaceOf(old.Options)), string(surfaceOf(new.Options)))
	return warnings, foreign
}

// OtherWork returns an error that names both where one of two measurements was of other work than the other: at another scale, or under
// another load. Their figures are of different things, and no difference between them says anything about the program.
func OtherWork(old, new Options) error {
	var differ []string
	if was, is := scaleOf(old), scaleOf(new); was != is {
		differ = append(differ, fmt.Sprintf("the scale was %s, would be %s", was, is))
	}
	if old.Load != new.Load {
		differ = append(differ, fmt.Sprintf("the load was %+v, would be %+v", old.Load, new.Load))
	}
	if len(differ) == 0 {
		return nil
	}
	return errors.New("not to be compared: " + strings.Join(differ, "; "))
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

// ResultsGone returns the results of rows that both have which only the first has, in the first's order: of the same row, something that is no
// longer measured.
func ResultsGone(first, second []Pass) (gone []Key) {
	before, now := samplesOf(first), samplesOf(second)
	rows := rowsOf(second)
	for _, key := range before.order {
		if now.of[key] == nil && slices.Contains(rows, key.Row) {
			gone = append(gone, key)
		}
	}
	return gone
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

func placeOf(m perfgates.Machine) string {
	if m.Device == "" {
		return m.FileSystem
	}
	return m.FileSystem + " on " + m.Device
}

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
