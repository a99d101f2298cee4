// What results each row gives: for who names one before anything is measured.

package rows

import "github.com/batpak/batpak/perfgates/figure"

// Known is a result that a row gives, at every scale.
type Known struct {
	Row    string
	Name   string
	Unit   string
	Better figure.Better
}

// Catalogue returns what every row gives, in the order of the rows and of their results.
func Catalogue() []Known {
	var all []Known
	for _, row := range All() {
		all = append(all, givenBy(row.ID)...)
	}
	return all
}

// givenBy returns the results of one row.
func givenBy(row string) (given []Known) {
	less := func(unit string, names ...string) {
		for _, name := range names {
			given = append(given, Known{row, name, unit, figure.Smaller})
		}
	}
	more := func(unit string, names ...string) {
		for _, name := range names {
			given = append(given, Known{row, name, unit, figure.Larger})
		}
	}
	switch row {
	case "P1":
		less("ns", "append")
	case "P2":
		less("ns", "append")
	case "P3":
		less("ns", "p99.9", "p99.99", "longest")
	case "P4":
		less("ns", "p50", "p99")
		less("flushes", "flushes per commit")
		less("pages", "pages written per commit")
	case "P5":
		more("events/s", "8 callers", "64 callers", "1,024 callers", "8 callers, beside floor(256) and barrier",
			"64 callers, beside floor(256) and barrier", "1,024 callers, beside floor(256) and barrier")
	case "P6":
		less("ns", "batch of 256, durable, p50", "batch of 256, beside an F0 of as many bytes", "append with expectation and key")
	case "P7":
		more("events/s", "two callers, 256 B", "two callers, 1 KiB")
	case "P8":
		less("ns", "1,000 entities", "1,000 entities, unclean", "an entity per event", "an entity per event, unclean")
	case "P9":
		more("events/s", "1,000 entities", "1,000 entities, beside a scan", "an entity per event",
			"an entity per event, beside a scan")
	case "P10":
		less("bytes", "1,000 entities, sealed event", "1,000 entities, sealed event, after reading all",
			"an entity per event, sealed event", "an entity per event, sealed event, after reading all", "unsealed event",
			"new entity, less its name", "entity touched again, less its name")
	case "P11":
		less("bytes/event", "chain on", "chain off")
	case "P12":
		more("events/s", "unchecked", "checked")
		less("allocations/op", "allocations")
	case "P13":
		less("ns", "p50")
		less("allocations/op", "allocations")
		less("ns", "by id, p50")
		less("allocations/op", "by id, allocations")
	case "P14":
		more("events/s", "checked", "unchecked")
	case "P15":
		more("queries/s", "scope and kind")
	case "P16":
		more("events/s", "cold", "cold, scattered over the store", "cold, a map")
		less("ns", "kept", "kept, a map of 100 keys, cloned", "kept, a map of 100 keys, encoded", "5 new, a short history",
			"5 new, a tenth of the longest", "5 new, the longest history")
	case "P17":
		more("events/s", "whole store with its tree")
		more("x", "as many workers as cores, beside one")
		more("events/s", "every entity by region, without the tree")
	case "P18":
		less("ns", "append to delivery, spinning, p99", "append to delivery, waiting, p99")
		less("ns/event", "drain of everything", "drain of a hot entity", "drain of a sparse entity")
		less("ns", "append beside 1 that wait", "append beside 100 that wait", "append beside 1000 that wait")
	case "P19":
		less("ns", "lookup p99")
		more("events/s", "writer")
	case "P20":
		less("ns", "1,000 entities, append", "1,000 entities, by sequence, p50", "1,000 entities, event of a stream",
			"a tenth as many entities as events, append", "a tenth as many entities as events, by sequence, p50",
			"a tenth as many entities as events, event of a stream")
	case "P21":
		less("ns", "append p99.9")
	case "P22":
		less("ns", "manual, one caller, longest append")
		less("bytes", "manual, one caller, device bytes per event byte")
		less("ns", "every append, 64 callers, longest append")
		less("bytes", "every append, 64 callers, device bytes per event byte")
	case "P23":
		less("bytes", "disk")
		less("ns", "open", "close after the append", "close after the reopening")
		less("wake-ups/s", "wake-ups of an idle open store")
	case "P24":
		less("ns", "hit, warm, p50", "miss, warm, p50")
		less("page reads", "hit, cold", "miss, cold")
		less("bytes", "sealed key, heap")
	case "W1":
		more("ops/s", "peak, one caller")
		less("ns", "append, open loop, p99")
	case "W2", "W3":
		more("ops/s", "peak, one caller")
		less("ns", "append, open loop, p99", "read, open loop, p99")
	case "W4":
		more("ops/s", "append, peak, one caller")
		more("events/s", "catch-up alone", "catch-up beside the writer")
		less("ns", "append beside the reader, open loop, p99")
	}
	return given
}
