// Saving, comparing and formats of the verb "run", with measurements made up: exit codes, files, words.

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/perf/benchfmt"

	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/perfgates"
	"github.com/batpak/batpak/perfgates/figure"
)

// fake measures without measuring: each row's one result is ratio times its reference, a little more in each call.
type fake struct {
	ratio    float64
	calls    []perfgates.Config
	failing  int  // from this call on; 0: none
	outlier  int  // this call's results take half as long again; 0: none's
	restless bool // every second call's do
	twice    bool // each row has a second result, of the same latencies
}

var errBroken = errors.New("broken on purpose")

func (f *fake) measure(_ context.Context, config perfgates.Config) (results []figure.Result, err error) {
	f.calls = append(f.calls, config)
	if f.failing > 0 && len(f.calls) >= f.failing {
		return nil, errBroken
	}
	latency := hdrhistogram.New(1, 1_000_000, 3)
	if err := latency.RecordValue(1000); err != nil {
		return nil, err
	}
	encoded, err := latency.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		return nil, err
	}
	for _, row := range config.Rows {
		value := 100 * f.ratio * (1 + float64(len(f.calls)%7)/1000)
		if len(f.calls) == f.outlier || f.restless && len(f.calls)%2 == 0 {
			value *= 1.5
		}
		r := figure.Result{
			Row: row.ID, Name: "append, p50", Value: value, Unit: "ns", Reference: "floor(256)", ReferenceValue: 100,
			Better: figure.Smaller, Target: figure.None(), Rounds: []figure.Round{{Value: value, Reference: 100}, {Value: value, Reference: 100}},
			Curve: &figure.Curve{Count: 1, Longest: 1000, Encoded: encoded},
		}
		results = append(results, r.Add("ops_per_second", 5.0).Add("mb_per_second", 7.0))
		if f.twice {
			r.Name = "append, p99"
			results = append(results, r)
		}
	}
	return results, nil
}

func (f *fake) runs(t *testing.T, arguments ...string) (code int, out, messages string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	probe := func(context.Context, perfgates.ProbeOptions) (perfgates.Machine, error) {
		return perfgates.Describe("."), nil
	}
	s := &session{ctx: t.Context(), out: &stdout, messages: &stderr, measure: f.measure, probe: probe}
	code = execute(append([]string{"run"}, arguments...), s)
	return code, stdout.String(), stderr.String()
}

func TestComparingFindsASlowdownAndNothingInUnchangedCode(t *testing.T) {
	directory := t.TempDir()
	if code, _, said := (&fake{ratio: 1}).runs(t, "--rows", "P1,P4", "--save", "a", "--baselines", directory); code != exitFine || !strings.Contains(said, "saved a: 5 passes of 2 rows") {
		t.Fatalf("saving: %d, %s", code, said)
	}
	unchanged := &fake{ratio: 1}
	code, out, said := unchanged.runs(t, "--compare", "a", "--baselines", directory)
	if code != exitFine || len(unchanged.calls) != passesToCompare || !strings.Contains(out, "0 regressions") {
		t.Errorf("unchanged: %d after %d passes\n%s%s", code, len(unchanged.calls), out, said)
	}
	if first := unchanged.calls[0]; !first.Quick || first.Peers || len(first.Rows) != 2 {
		t.Errorf("not measured as the baseline was: %+v", first)
	}
	slower := &fake{ratio: 1.2}
	code, out, said = slower.runs(t, "--compare", "a", "--baselines", directory, "--rows", "P1")
	if code != exitFound || len(slower.calls) != passesToCompare+8 || !strings.Contains(out, "regression") || !strings.Contains(said, "worse than \"a\"") {
		t.Errorf("slower: %d after %d passes\n%s%s", code, len(slower.calls), out, said)
	}
	if code, _, said := (&fake{ratio: 1.2}).runs(t, "--compare", "a", "--baselines", directory, "--threshold", "30%"); code != exitFine {
		t.Errorf("less than the threshold: %d, %s", code, said)
	}
	code, out, _ = (&fake{ratio: 1.2}).runs(t, "--compare", "a", "--save", "b", "--baselines", directory, "--json")
	var object struct{ Regressions int }
	if err := json.Unmarshal([]byte(out), &object); code != exitFound || err != nil || object.Regressions != 2 {
		t.Errorf("saving and comparing: %d, %v\n%s", code, err, out)
	}
	if _, err := os.Stat(directory + "/b.json"); err != nil {
		t.Error(err)
	}
}

func TestABaselineIsMeasuredUntilItIsSteadyOrSaidNotToBe(t *testing.T) {
	directory := t.TempDir()
	once := &fake{ratio: 1, outlier: 2}
	code, _, said := once.runs(t, "--rows", "P1", "--save", "once", "--baselines", directory)
	if code != exitFine || len(once.calls) != passesToSave+passesToSteady || !strings.Contains(said, "4 times: P1") || strings.Contains(said, "p50 varies by") {
		t.Errorf("one pass far away: %d after %d passes, %s", code, len(once.calls), said)
	}
	restless := &fake{ratio: 1, restless: true}
	code, _, said = restless.runs(t, "--rows", "P1", "--save", "restless", "--baselines", directory)
	if code != exitFine || len(restless.calls) != passesToSave+passesToSteady || !strings.Contains(said, "P1 append, p50 varies by 49.9 %") {
		t.Errorf("every second pass: %d after %d passes, %s", code, len(restless.calls), said)
	}
	code, out, said := (&fake{ratio: 1.2}).runs(t, "--compare", "restless", "--baselines", directory)
	if code != exitFine || !strings.Contains(out, "1 undecided") || !strings.Contains(said, "P1 append, p50 is undecided") {
		t.Errorf("slower than what is restless: %d\n%s%s", code, out, said)
	}
}

func TestAFailedPassSavesNothingAndExitsWithTwo(t *testing.T) {
	directory := t.TempDir()
	broken := &fake{ratio: 1, failing: 3}
	code, out, said := broken.runs(t, "--rows", "P1", "--save", "a", "--baselines", directory)
	if code != exitNotToRun || !strings.Contains(said, errBroken.Error()) || !strings.Contains(out, "P1") || len(broken.calls) != 3 {
		t.Errorf("%d, %s\n%s", code, said, out)
	}
	if left, err := os.ReadDir(directory); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestFlagsThatMakeNoSenseAreRefusedBeforeAnythingIsMeasured(t *testing.T) {
	directory := t.TempDir()
	(&fake{ratio: 1}).runs(t, "--rows", "P1", "--passes", "1", "--save", "few", "--baselines", directory)
	(&fake{ratio: 1}).runs(t, "--rows", "P1", "--save", "whole", "--baselines", directory)
	for want, arguments := range map[string][]string{
		"unknown surface":          {"--surface", "square"},
		"--format":                 {"--format", "xml"},
		"exclude each other":       {"--format", "bench", "--json"},
		"--format table exclude":   {"--json", "--format", "table"},
		"--baselines would have":   {"--rows", "P1", "--baselines", "x"},
		"unknown baseline":         {"--compare", "missing"},
		"there are few":            {"--compare", "missing"},
		"too few":                  {"--compare", "few"},
		"can't be a baseline's":    {"--save", "../a"},
		"from 0% to 1000%":         {"--compare", "few", "--threshold=-1%"},
		"is no percentage":         {"--compare", "few", "--threshold", "much"},
		"--compare is empty":       {"--compare", ""},
		"--save is empty":          {"--save", ""},
		"--rows is empty":          {"--rows", ""},
		"was quick, would be full": {"--compare", "whole", "--no-quick"},
		"would take the place":     {"--compare", "whole", "--save", "whole"},
		"would be quick, 3s a row": {"--compare", "whole", "--duration", "3s"},
		"is for --compare":         {"--threshold", "5%"},
		"--passes is 0":            {"--passes", "0"},
		"--passes is 51":           {"--passes", "51"},
		"W1, W2, W3, W4":           {"--rows", "P1,W1", "--rate", "5"},
		"the rate is":              {"--rows", "W1", "--rate=-5"},
		"the sync policy is":       {"--rows", "W1", "--sync", "never"},
	} {
		f := &fake{ratio: 1}
		if slices.Contains(arguments, "--compare") || slices.Contains(arguments, "--save") {
			arguments = append(arguments, "--baselines", directory)
		}
		code, out, said := f.runs(t, arguments...)
		if code != exitNotToRun || !strings.Contains(said, want) || out != "" || len(f.calls) != 0 {
			t.Errorf("%q: %d after %d passes, %q, %q; want %q", arguments, code, len(f.calls), out, said, want)
		}
	}
}

func TestBenchstatCanReadEveryRoundOrPass(t *testing.T) {
	for passes, lines := range map[string]int{"1": 2, "3": 3} {
		_, out, said := (&fake{ratio: 1}).runs(t, "--rows", "P1", "--format", "bench", "--passes", passes)
		reader, read := benchfmt.NewReader(strings.NewReader(out), "run"), 0
		for reader.Scan() {
			if _, unit := reader.Result().(*benchfmt.UnitMetadata); unit {
				continue
			}
			r, ok := reader.Result().(*benchfmt.Result)
			if !ok {
				t.Errorf("not a result: %v", reader.Result())
				continue
			}
			read++
			if value, ok := r.Value("sec/op"); !ok || value <= 0 || r.Name.String() == "" || r.GetConfig("scale") != "full" {
				t.Errorf("read %+v", r)
			}
			if base, _ := r.Name.Parts(); string(base) != "P1" {
				t.Errorf("name %s", r.Name)
			}
		}
		if err := reader.Err(); err != nil || read != lines {
			t.Errorf("%s passes: %d lines, want %d, %v\n%s%s", passes, read, lines, err, out, said)
		}
	}
}

func TestLatenciesStandInTheTableAndInFiles(t *testing.T) {
	directory := t.TempDir() + "/latencies"
	code, out, said := (&fake{ratio: 1}).runs(t, "--rows", "P1", "--hgrm", directory)
	if code != exitFine || !strings.Contains(out, "p99.99") || !strings.Contains(out, "MB/s") {
		t.Errorf("%d, %s\n%s", code, said, out)
	}
	written, err := os.ReadFile(directory + "/P1_append_p50.hgrm")
	if err != nil || !strings.Contains(string(written), "Total count    =            1]") {
		t.Errorf("%v\n%s", err, written)
	}
}

func TestASlowdownThatThisBuildCannotPlantIsRefused(t *testing.T) {
	t.Setenv(hooks.SlowdownVariable, "20")
	code, _, said := (&fake{ratio: 1}).runs(t, "--rows", "P1")
	if hooks.Enabled && (code != exitFine || !strings.Contains(said, "takes longer")) || !hooks.Enabled && (code != exitNotToRun || !strings.Contains(said, "dangerous_test_hooks")) {
		t.Errorf("%d, %s", code, said)
	}
}

func TestAPlaceForNoLatenciesIsFoundBeforeMeasuring(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	closed := filepath.Join(t.TempDir(), "closed")
	if err := os.Mkdir(closed, 0o500); err != nil {
		t.Fatal(err)
	}
	places := []string{file, filepath.Join(file, "in")}
	if os.Geteuid() != 0 { // to whom no directory is closed
		places = append(places, closed)
	}
	for _, place := range places {
		f := &fake{ratio: 1}
		if code, out, said := f.runs(t, "--rows", "P1", "--hgrm", place); code != exitNotToRun || out != "" || len(f.calls) != 0 || !strings.Contains(said, "no place for latencies") {
			t.Errorf("%s: %d after %d passes, %q, %q", place, code, len(f.calls), out, said)
		}
	}
}

func TestOneDistributionOfLatenciesIsOneFileOfAllPasses(t *testing.T) {
	directory := t.TempDir()
	f := &fake{ratio: 1, twice: true}
	code, _, said := f.runs(t, "--rows", "P1,P4", "--passes", "3", "--hgrm", directory)
	if code != exitFine || !strings.Contains(said, "wrote 2 distributions") {
		t.Errorf("%d, %s", code, said)
	}
	written, err := os.ReadFile(filepath.Join(directory, "P1_append_p50.hgrm"))
	if err != nil || !strings.Contains(string(written), "Total count    =            3]") {
		t.Errorf("%v\n%s", err, written)
	}
	if files, err := os.ReadDir(directory); err != nil || len(files) != 2 {
		t.Errorf("%v, %v", files, err)
	}
}
