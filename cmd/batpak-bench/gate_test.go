// The verb "gate": exit codes, what is printed, profiles, saved measurements. No test looks at a time.

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/batpak/batpak/cmd/batpak-bench/internal/baseline"
	"github.com/batpak/batpak/perfgates"
	"github.com/batpak/batpak/perfgates/figure"
)

// p4 returns P4's p50 with the same ratio to F0 in each of eight rounds; its budget is 1.05.
func p4(ratio float64) figure.Result {
	r := figure.Result{
		Row: "P4", Name: "p50", Value: ratio * 1000, Unit: "ns", Reference: "F0", ReferenceValue: 1000, Better: figure.Smaller, Target: 1.05,
	}
	for range 8 {
		r.Rounds = append(r.Rounds, figure.Round{Value: ratio * 1000, Reference: 1000})
	}
	return r
}

// judges executes one command line over results that are given, on a machine with a disk.
func judges(results []figure.Result, failure error, arguments ...string) (code int, out, messages string) {
	var stdout, stderr bytes.Buffer
	s := &session{ctx: context.Background(), out: &stdout, messages: &stderr}
	s.measure = func(context.Context, perfgates.Config) ([]figure.Result, error) { return results, failure }
	s.probe = func(context.Context, perfgates.ProbeOptions) (perfgates.Machine, error) {
		return perfgates.Machine{CPUs: 2, FileSystem: "ext4"}, nil
	}
	code = execute(append([]string{"gate"}, arguments...), s)
	return code, stdout.String(), stderr.String()
}

func TestTheGateExitsWithOneOnADenialOnly(t *testing.T) {
	few := p4(9)
	few.Rounds = few.Rounds[:3]
	broken := errors.New("row P6: broken")
	for name, c := range map[string]struct {
		results []figure.Result
		failure error
		code    int
		out     string
		message string
	}{
		"passed":             {[]figure.Result{p4(1)}, nil, exitFine, "1 passed", ""},
		"denied":             {[]figure.Result{p4(1.2)}, nil, exitFound, `batpak: gate "P4 p50" denied: MISSED`, "1 of 1 budgets denied"},
		"undecided":          {[]figure.Result{few}, nil, exitFine, "1 undecided", "P4 p50 is undecided, which is not passed"},
		"denied, row failed": {[]figure.Result{p4(1.2)}, broken, exitNotToRun, "1 denied", "row P6: broken"},
		"nothing measured":   {nil, broken, exitNotToRun, "", "row P6: broken"},
		"nothing given":      {nil, nil, exitFine, "1 skipped", "P4 is skipped, which is not passed: the row gave no result"},
	} {
		code, out, messages := judges(c.results, c.failure, "--rows", "P4")
		if code != c.code || !strings.Contains(out, c.out) || !strings.Contains(messages, c.message) {
			t.Errorf("%s: exit code %d, want %d\n%s\n%s", name, code, c.code, out, messages)
		}
	}
}

func TestTheGatePrintsOneJSONObject(t *testing.T) {
	code, out, _ := judges([]figure.Result{p4(1.2)}, nil, "--rows", "P4,P1", "--json")
	var object struct {
		Machine  perfgates.Machine
		Verdicts []struct{ Row, Decision string }
		Counts   map[string]int
	}
	if err := json.Unmarshal([]byte(out), &object); err != nil || code != exitFound {
		t.Fatalf("exit code %d, %v in\n%s", code, err, out)
	}
	if object.Machine.CPUs != 2 || len(object.Verdicts) != 2 || object.Counts["denied"] != 1 || object.Counts["skipped"] != 1 || len(object.Counts) != 5 {
		t.Errorf("%+v", object)
	}
}

func TestAProfileThatWasWrittenJudgesTheNextRun(t *testing.T) {
	file := filepath.Join(t.TempDir(), "here.json")
	if code, _, messages := judges([]figure.Result{p4(1)}, nil, "--rows", "P4", "--quick", "--write-profile", file, "--headroom", "2"); code != exitFine {
		t.Fatalf("exit code %d: %s", code, messages)
	}
	slow := p4(3)
	slow.Target = figure.None() // only the profile denies
	if code, out, _ := judges([]figure.Result{slow}, nil, "--rows", "P4", "--quick", "--profile", file); code != exitFound || !strings.Contains(out, "<= 2,000 ns") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	if code, _, messages := judges([]figure.Result{slow}, nil, "--rows", "P4", "--profile", file); code != exitNotToRun || !strings.Contains(messages, "a quick run") {
		t.Errorf("another scale: exit code %d: %s", code, messages)
	}
}

func TestARowThatFailsLeavesTheProfileAsItWas(t *testing.T) {
	file := filepath.Join(t.TempDir(), "here.json")
	code, _, messages := judges([]figure.Result{p4(1)}, errors.New("row P6: broken"), "--rows", "P4,P6", "--write-profile", file)
	if _, err := os.Stat(file); code != exitNotToRun || !strings.Contains(messages, "no profile was written") || !os.IsNotExist(err) {
		t.Errorf("exit code %d, %v: %s", code, err, messages)
	}
}

func TestWhatWasSavedIsJudgedWithTheRoundsOfAllPasses(t *testing.T) {
	directory := t.TempDir()
	saved := &baseline.Baseline{Name: "a", Options: baseline.Options{Rows: []string{"P4"}}}
	for range 3 {
		few := p4(1.2)
		few.Rounds = few.Rounds[:2]
		saved.Passes = append(saved.Passes, baseline.Pass{Results: []figure.Stored{figure.Stored(few)}})
	}
	if _, err := baseline.Directory(directory).Save(saved); err != nil {
		t.Fatal(err)
	}
	code, out, messages := judges(nil, errors.New("measured"), "--from", "a", "--baselines", directory)
	if code != exitFound || !strings.Contains(out, "1 denied") || strings.Contains(messages, "measured") {
		t.Errorf("exit code %d\n%s\n%s", code, out, messages)
	}
}

func TestWrongGateCommandLinesExitWithTwoAndSayWhy(t *testing.T) {
	wrong := filepath.Join(t.TempDir(), "wrong.json")
	if err := os.WriteFile(wrong, []byte(`{"name": "x", "budgets": [{"row": "P99"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, arguments := range map[string][]string{
		`unknown row "P99"`:                  {"--rows", "P99"},
		`unknown surface "x"`:                {"--surface", "x"},
		`unknown profile "x"`:                {"--profile", "x"},
		`there is no row "P99"`:              {"--profile", wrong},
		"is no ordinary file":                {"--profile", t.TempDir()},
		"--headroom is 0.5":                  {"--headroom", "0.5"},
		"--duration is -1s":                  {"--duration=-1s"},
		"--quick would have no effect":       {"--from", "a", "--quick"},
		"--duration, --peers, --dir would":   {"--from", "a", "--no-peers", "--dir", ".", "--duration", "1s"},
		"--from judges what was measured":    {"--from", "a", "--peers"},
		"--baselines would have no effect":   {"--rows", "P4", "--baselines", "x"},
		"--headroom would have no effect":    {"--rows", "P4", "--headroom", "1.5"},
		`unknown baseline "a"`:               {"--from", "a", "--baselines", t.TempDir()},
		"virtual-2\" is for the full scale":  {"--profile", "virtual-2", "--quick"},
		"no profile could be written":        {"--write-profile", filepath.Join(wrong, "p.json")},
		"no profile was written: perfgates:": {"--rows", "P1", "--write-profile", wrong},
	} {
		if code, _, messages := judges(nil, nil, arguments...); code != exitNotToRun || !strings.Contains(messages, want) {
			t.Errorf("%v: exit code %d, %s, want %q", arguments, code, messages, want)
		}
	}
}

func TestAProfileOfAnUnfinishedRunIsNotWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "here.json")
	if err := os.WriteFile(file, []byte("the old one"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, messages := judges([]figure.Result{p4(1)}, errors.New("interrupted"), "--rows", "P4", "--write-profile", file)
	if text, err := os.ReadFile(file); err != nil || string(text) != "the old one" || code != exitNotToRun || !strings.Contains(messages, "no profile was written") {
		t.Errorf("exit code %d, %v, %q\n%s", code, err, text, messages)
	}
}

func TestAPlaceForNoProfileIsFoundBeforeMeasuring(t *testing.T) {
	directory := t.TempDir()
	for _, file := range []string{filepath.Join(directory, "none", "p.json"), directory, socket(t)} {
		code, out, messages := judges(nil, errors.New("measured"), "--write-profile", file)
		if code != exitNotToRun || out != "" || strings.Contains(messages, "measured") || !strings.Contains(messages, "no profile could be written") {
			t.Errorf("%s: exit code %d, %q\n%s", file, code, out, messages)
		}
	}
}

func TestWhatWasSavedElsewhereIsJudgedWithAWarning(t *testing.T) {
	directory := t.TempDir()
	saved := &baseline.Baseline{
		Name: "a", Version: "v0.0.1-other", Commit: "abc", Options: baseline.Options{Rows: []string{"P4"}}, Machine: perfgates.Machine{CPUs: 1000},
		Passes: []baseline.Pass{{Results: []figure.Stored{figure.Stored(p4(1))}}},
	}
	if _, err := baseline.Directory(directory).Save(saved); err != nil {
		t.Fatal(err)
	}
	_, _, messages := judges(nil, nil, "--from", "a", "--baselines", directory)
	for _, want := range []string{"version v0.0.1-other, commit abc, taken on", "warning: the commit was abc", "warning: the number of processors was 1000"} {
		if !strings.Contains(messages, want) {
			t.Errorf("%q is not in\n%s", want, messages)
		}
	}
}

func TestASavedMeasurementIsJudgedByThisProgramsTargets(t *testing.T) {
	directory := t.TempDir()
	edited, gone, none := p4(1.2), p4(1), p4(1)
	edited.Target = 9
	gone.Name = "p51"
	none.Row, none.Name, none.Target = "P99", "made up", figure.None()
	saved := &baseline.Baseline{
		Name: "a", Options: baseline.Options{Rows: []string{"P4"}},
		Passes: []baseline.Pass{{Results: []figure.Stored{figure.Stored(edited), figure.Stored(gone), figure.Stored(none)}}},
	}
	if _, err := baseline.Directory(directory).Save(saved); err != nil {
		t.Fatal(err)
	}
	code, out, messages := judges(nil, nil, "--from", "a", "--baselines", directory)
	if code != exitFound || !strings.Contains(out, "1 denied, 0 undecided, 1 skipped, 0 passed, 1 reported") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	for _, want := range []string{
		`warning: baseline "a": "P4" "p50": its target is 9, this program judges by 1.05`, `"P4" "p51": no row of this program gives such a result: it is not judged`,
		`"P99" "made up": no row of this program gives such a result: it is not judged`,
	} {
		if !strings.Contains(messages, want) {
			t.Errorf("%q is missing in\n%s", want, messages)
		}
	}
}

func TestABoundThatDependsOnTheReferenceIsNoWarningInSeveralPasses(t *testing.T) {
	directory := t.TempDir()
	saved := &baseline.Baseline{Name: "a", Options: baseline.Options{Rows: []string{"P4"}}}
	for _, reference := range []float64{1, 2, 4} {
		pages := figure.Result{
			Row: "P4", Name: "pages written per commit", Value: 2, Unit: "pages", Reference: "F0", ReferenceValue: reference, Better: figure.Smaller, Target: 1 + 1/reference,
		}
		saved.Passes = append(saved.Passes, baseline.Pass{Results: []figure.Stored{figure.Stored(pages)}})
	}
	if _, err := baseline.Directory(directory).Save(saved); err != nil {
		t.Fatal(err)
	}
	_, out, messages := judges(nil, nil, "--from", "a", "--baselines", directory)
	if strings.Contains(messages, "this program judges by") || !strings.Contains(out, "<= 1.5 x F0") {
		t.Errorf("%s\n%s", out, messages)
	}
}
