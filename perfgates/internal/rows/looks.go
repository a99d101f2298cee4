// Where to look when a row misses its target.

package rows

import "fmt"

// look is a benchmark of the part that a row is about.
type look struct{ directory, benchmark string }

// looks are by row. A row that weighs something, or has no benchmark near it, has none.
var looks = map[string]look{
	"P1":  {"./engine", "BenchmarkStagedAppend"},
	"P2":  {"./engine", "BenchmarkStagedAppend"},
	"P3":  {"./engine", "BenchmarkStagedAppend"},
	"P4":  {"./engine", "BenchmarkDurableAppend$"},
	"P5":  {"./engine", "BenchmarkDurableAppendOfManyCallers"},
	"P6":  {"./engine", "BenchmarkStagedAppend"},
	"P7":  {"./engine", "BenchmarkStagedAppend"},
	"P8":  {"./engine", "BenchmarkOpen"},
	"P9":  {"./recovery", "BenchmarkLoad$"},
	"P10": {"./index", "BenchmarkTailEnterAdd"},
	"P12": {"./engine", "BenchmarkReplay"},
	"P13": {"./engine", "BenchmarkGetInto"},
	"P14": {"./engine/internal/query", "BenchmarkStream"},
	"P15": {"./engine/internal/query", "BenchmarkStream"},
	"P16": {"./engine", "BenchmarkProject"},
	"P17": {"./engine", "BenchmarkVerifyChain"},
	"P18": {"./engine", "BenchmarkPoll"},
	"P19": {"./engine", "BenchmarkGetInto"},
	"P20": {"./engine", "BenchmarkGetInto"},
	"P21": {"./engine", "BenchmarkStagedAppend"},
	"P22": {"./engine", "BenchmarkDurableAppendOfManyCallers"},
	"P23": {"./engine", "BenchmarkOpen"},
	"P24": {"./index", "BenchmarkRunLookup"},
	"W1":  {"./engine", "BenchmarkStagedAppend"},
	"W2":  {"./engine", "BenchmarkGetInto"},
	"W3":  {"./engine", "BenchmarkStagedAppend"},
	"W4":  {"./engine", "BenchmarkPoll"},
}

// missedHeading is the heading in docs/PERFORMANCE.md below which each row that misses its target is explained.
const missedHeading = "What is missed, by how much, and what was tried"

// lookOf returns a heading, and behind a semicolon the command of a profile, where there is one.
func lookOf(row string) string {
	text := fmt.Sprintf("docs/PERFORMANCE.md, %q", missedHeading)
	if l, ok := looks[row]; ok {
		text += fmt.Sprintf("; go test %s -run '^$' -bench '%s' -cpuprofile cpu.out", l.directory, l.benchmark)
	}
	return text
}
