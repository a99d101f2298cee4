// The rows that there are, and how they are found by name.

package rows

import (
	"context"
	"fmt"
	"strings"

	"github.com/batpak/batpak/perfgates/figure"
)

// Row is one benchmark. Run returns at least one result unless it fails; when
// ctx ends it returns ctx's error after the round that is under way.
type Row struct {
	ID     string
	Title  string
	Target string
	Run    func(ctx context.Context, env *Env) ([]figure.Result, error)

	NativeOnly bool // it measures projections or their cache
	TakesLoad  bool // it does what Env.Load says
}

// All returns every row, in order of their numbers.
func All() []Row {
	all := listed()
	for i := range all {
		measure, look := all[i].Run, lookOf(all[i].ID)
		all[i].Run = func(ctx context.Context, env *Env) ([]figure.Result, error) {
			results, err := measure(ctx, env)
			for i := range results {
				results[i].Look = look
			}
			return results, err
		}
	}
	return all
}

func listed() []Row {
	return []Row{
		{ID: "P1", Title: "append, staged, one caller, 256 B raw, 1,000 entities, chain on, at least 8 segment changes",
			Target: "<= 1.3 x floor(256)", Run: stagedWithChain},
		{ID: "P2", Title: "append as in P1, chain off",
			Target: "<= 2.5 x floor(256) without hashes", Run: stagedWithoutChain},
		{ID: "P3", Title: "tail latency of P1 in an open loop at a third of its peak, at least 8 segment changes",
			Target: "p99.9 <= 10 x, p99.99 <= 2 x, longest <= 3 x the same loop over anonymous memory", Run: tail},
		{ID: "P4", Title: "durable append, one caller, 256 B",
			Target: "p50 <= 1.05 x F0, p99 <= 1.2 x F0; 1 flush and at most 1 extra page per commit", Run: durable},
		{ID: "P5", Title: "group commit: 8, 64 and 1,024 callers, each waiting for its own 256 B append",
			Target: ">= 0.8 x a bare generation barrier; with peers: 64 callers >= 1.0 x pebble, 1,024 >= 2.5 x", Run: groupCommit},
		{ID: "P6", Title: "batch of 256 x 256 B, durable; staged append with expectation and key",
			Target: "<= 1.1 x (256 x floor(256) + F0); <= 1.5 x a plain append", Run: batchAndAsking},
		{ID: "P7", Title: "two callers, staged, chain on, 256 B and 1 KiB",
			Target: ">= 1.05 x one caller at 256 B, >= 1.4 x at 1 KiB", Run: twoCallers},
		{ID: "P8", Title: "clean and unclean open of a big store, of 1,000 entities and of as many as events",
			Target: "<= 10 ms + 20 us per segment; after an unclean end plus scan and rewrite of the unsealed segments", Run: openBig},
		{ID: "P9", Title: "open with every derived file deleted and footers ignored, big store",
			Target: ">= 3 M events/s, >= 0.3 x a CRC-only scan; every query exact on return", Run: rebuildBig},
		{ID: "P10", Title: "heap",
			Target: "<= 1 B per sealed event, <= 64 B per unsealed one, <= 128 B and the name per entity touched since the last seal", Run: heap},
		{ID: "P11", Title: "disk per event beyond the payload after Close: root events, two 20-byte names",
			Target: "<= 160 B with chain, <= 128 B without", Run: diskPerEvent},
		{ID: "P12", Title: "replay through the iterator, 256 B, warm",
			Target: ">= 8 M events/s unchecked, >= 0.6 x a CRC scan checked, 0 allocations", Run: replay},
		{ID: "P13", Title: "GetInto by random sequence, by random id, warm",
			Target: "p50 <= 300 ns, by id <= 1 us, 0 allocations", Run: getOne},
		{ID: "P14", Title: "entity stream of 1,000 events among 1 million, pages touched before",
			Target: ">= 5 M events/s", Run: stream},
		{ID: "P15", Title: "region query: scope and kind, 1 % match of 1 million",
			Target: ">= 20 x a full replay with a filter", Run: regionQuery},
		{ID: "P16", Title: "projection of 1,000 events: cold, kept, and after 5 new events of short and long histories",
			Target: "cold >= 3 M events/s; kept <= 1 us; 5 new events <= 1.5 x those of a short history", Run: projections, NativeOnly: true},
		{ID: "P17", Title: "chain verify of a sealed store, 256 B, 1,000 entities",
			Target: ">= 0.8 x the hashing alone, all cores used", Run: verifyChains},
		{ID: "P18", Title: "append to delivery, manual policy; drain of a backlog by a cursor; appends beside subscriptions that wait",
			Target: "p99 <= 20 us for a spinning reader; a drain's time per event <= 1.5 x that of a tenth of it", Run: delivery},
		{ID: "P19", Title: "lookups paced at 100,000/s beside a saturating writer",
			Target: "p99 <= 3 x its idle p99; the writer loses <= 10 %", Run: beside},
		{ID: "P20", Title: "growth: append, random read and stream in a big store beside a small one, 1,000 entities",
			Target: "<= 1.5 x; very many entities reported", Run: growth},
		{ID: "P21", Title: "append p99.9 in an open loop during a cold full scan with a collection forced every second",
			Target: "<= 3 x idle", Run: coldScan},
		{ID: "P22", Title: "ten sustained minutes under each of two policies: longest append of a part of them (median of the parts), device bytes per byte of events",
			Target: "<= 2.3 device bytes; stalls reported", Run: sustained},
		{ID: "P23", Title: "store of one event: disk, open and close time; wake-ups of an idle open store",
			Target: "<= 1 MiB after Close, <= 10 ms each, no wake-ups", Run: oneEvent},
		{ID: "P24", Title: "idempotency key, hit and miss among very many, warm and cold",
			Target: "warm <= 2 us, cold <= 3 page reads, heap <= 1 B per sealed key", Run: keys},
		{ID: "W1", Title: "many small streams and few hot ones (Zipf 0.99, 100,000 entities), payloads of 64 B to 16 KiB: append",
			Target: "reported", Run: manySmallStreams, TakesLoad: true},
		{ID: "W2", Title: "70 % reads (by sequence, newest of an entity, short stream), 30 % appends, Zipf 0.99",
			Target: "reported", Run: mostlyReads, TakesLoad: true},
		{ID: "W3", Title: "30 % reads, 70 % appends, as W2",
			Target: "reported", Run: mostlyWrites, TakesLoad: true},
		{ID: "W4", Title: "reader that catches up from the beginning beside a writer at a steady pace",
			Target: "reported", Run: catchUp, TakesLoad: true},
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
