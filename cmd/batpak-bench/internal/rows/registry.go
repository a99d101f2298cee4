package rows

// The rows that there are, and how they are found by name.

import (
	"context"
	"fmt"
	"strings"

	"github.com/batpak/batpak/cmd/batpak-bench/internal/report"
)

// Row is one benchmark. Run returns at least one result unless it fails; when
// ctx ends it returns ctx's error after the round that is under way.
type Row struct {
	ID     string
	Title  string
	Target string
	Run    func(ctx context.Context, env *Env) ([]report.Result, error)
}

// All returns every row, in order of their numbers.
func All() []Row {
	return []Row{
		{"P1", "append, staged, one caller, 256 B raw, 1,000 entities, chain on, at least 8 segment changes",
			"<= 1.3 x floor(256)", stagedWithChain},
		{"P2", "append as in P1, chain off",
			"<= 2.5 x floor(256) without hashes", stagedWithoutChain},
		{"P3", "tail latency of P1 in an open loop at a third of its peak, at least 8 segment changes",
			"p99.9 <= 10 x, p99.99 <= 2 x, longest <= 3 x the same loop over anonymous memory", tail},
		{"P4", "durable append, one caller, 256 B",
			"p50 <= 1.05 x F0, p99 <= 1.2 x F0; 1 flush and at most 1 extra page per commit", durable},
		{"P11", "disk per event beyond the payload after Close: root events, two 20-byte names",
			"<= 160 B with chain, <= 128 B without", diskPerEvent},
		{"P12", "replay through the iterator, 256 B, warm",
			">= 8 M events/s unchecked, >= 0.6 x a CRC scan checked, 0 allocations", replay},
		{"P13", "GetInto by random sequence, warm",
			"p50 <= 300 ns, 0 allocations", getBySequence},
		{"P23", "store of one event: disk, open and close time; wake-ups of an idle open store",
			"<= 1 MiB after Close, <= 10 ms each, no wake-ups", oneEvent},
	}
}

// UnknownRowError names a row that does not exist, and those that do.
type UnknownRowError struct {
	Name  string
	Known []string
}

func (e *UnknownRowError) Error() string {
	return fmt.Sprintf("unknown row %q; there are %s", e.Name, strings.Join(e.Known, ", "))
}

// Select returns the named rows in the order given, each once; the case of
// letters does not matter. No names select all rows. An unknown name is an
// *UnknownRowError.
func Select(names []string) ([]Row, error) {
	all := All()
	if len(names) == 0 {
		return all, nil
	}
	var selected []Row
	chosen := make(map[string]bool)
	for _, name := range names {
		row, found := find(all, strings.TrimSpace(name))
		if !found {
			unknown := &UnknownRowError{Name: name}
			for _, row := range all {
				unknown.Known = append(unknown.Known, row.ID)
			}
			return nil, unknown
		}
		if !chosen[row.ID] {
			chosen[row.ID] = true
			selected = append(selected, row)
		}
	}
	return selected, nil
}

func find(all []Row, name string) (Row, bool) {
	for _, row := range all {
		if strings.EqualFold(row.ID, name) {
			return row, true
		}
	}
	return Row{}, false
}
