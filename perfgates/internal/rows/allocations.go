// Counting allocations.

package rows

import (
	"math"
	"runtime"

	"github.com/batpak/batpak/perfgates/figure"
)

// allocations returns the number of heap objects allocated so far by the whole
// process. It stops the world for a moment.
func allocations() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.Mallocs
}

// allocationsOf returns how many heap objects are allocated while work runs, the
// smallest of a few tries: what others allocate at the same time only adds.
func allocationsOf(work func() error) (float64, error) {
	const tries = 5
	fewest := uint64(math.MaxUint64)
	for range tries {
		before := allocations()
		if err := work(); err != nil {
			return 0, err
		}
		fewest = min(fewest, allocations()-before)
	}
	return float64(fewest), nil
}

// noAllocations is the result of a row that must not allocate. perOp is rounded to
// four places, so that a stray object of the runtime does not count as one in
// every operation.
func noAllocations(row, name string, perOp float64) figure.Result {
	return counting(figure.Result{
		Row: row, Name: name, Value: math.Round(max(perOp, 0)*1e4) / 1e4, Unit: "allocations/op",
		Reference: "one allocation", ReferenceValue: 1, Better: figure.Smaller, Target: 0,
	})
}
