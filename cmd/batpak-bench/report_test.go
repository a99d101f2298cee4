// The verb "report": what it writes, and what it refuses.

package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/batpak/batpak/cmd/batpak-bench/internal/baseline"
	"github.com/batpak/batpak/perfgates"
	"github.com/batpak/batpak/perfgates/figure"
)

// saveForReport saves a baseline of one result, whose rounds lie around the value, in six passes.
func saveForReport(t *testing.T, directory, name string, value float64, taken time.Time) {
	t.Helper()
	b := &baseline.Baseline{
		Name: name, Taken: taken, Commit: "abc123", Machine: perfgates.Machine{Processor: "a processor", CPUs: 2},
		Options: baseline.Options{Surface: perfgates.Neutral, Quick: true, Rows: []string{"P1"}},
	}
	for pass := range 8 {
		result := figure.Result{
			Row: "P1", Name: "append", Value: value, Unit: "ns", Reference: "floor(256)", ReferenceValue: 100, Better: figure.Smaller, Target: 1.3, Calibration: 100,
		}
		for round := range 6 {
			result.Rounds = append(result.Rounds, figure.Round{Value: value + float64(pass+round)/100, Reference: 100})
		}
		result.Value += float64(pass) / 100
		b.Passes = append(b.Passes, baseline.Pass{Started: taken, Results: []figure.Stored{figure.Stored(result)}})
	}
	if _, err := baseline.Directory(directory).Save(b); err != nil {
		t.Fatal(err)
	}
}

func TestAReportShowsVerdictsAndWhatChangedSinceAnotherBaseline(t *testing.T) {
	directory := t.TempDir()
	day := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	saveForReport(t, directory, "old", 100, day)
	saveForReport(t, directory, "new", 200, day.Add(time.Hour))
	path := filepath.Join(directory, "report.html")
	code, out, messages := runs(t.Context(), "report", "--html", path, "--against", "old", "--baselines", directory)
	if code != exitFine || messages != "" || !strings.Contains(out, "baseline new, 1 results") {
		t.Fatalf("exit code %d, output %q, messages %q", code, out, messages)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"batpak-bench: new", "Since old", "append", `data-key="verdict">denied<`, `data-key="word">worse<`, "git checkout abc123",
		"run --rows P1 --surface neutral --quick --passes 8 --save new",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is missing", want)
		}
	}
}

func TestAReportOfAnotherBaselineIsThatBaselines(t *testing.T) {
	directory := t.TempDir()
	saveForReport(t, directory, "old", 100, time.Unix(1, 0))
	saveForReport(t, directory, "new", 200, time.Unix(2, 0))
	path := filepath.Join(directory, "report.html")
	if code, _, messages := runs(t.Context(), "report", "--html", path, "--of", "old", "--baselines", directory); code != exitFine {
		t.Fatalf("exit code %d, messages %q", code, messages)
	}
	if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), `data-key="verdict">passed<`) || strings.Contains(string(text), "Since") {
		t.Errorf("%v, in a page of %d bytes", err, len(text))
	}
}

// socket returns the path of a file that is no ordinary one, and that nobody misses should it be replaced.
func socket(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return path
}

func TestAReportThatCannotBeMadeExitsWithTwoAndLeavesTheOldOne(t *testing.T) {
	directory := t.TempDir()
	saveForReport(t, directory, "there", 100, time.Unix(1, 0))
	path := filepath.Join(directory, "report.html")
	if err := os.WriteFile(path, []byte("the old one"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		arguments []string
		want      string
	}{
		"no file":          {[]string{"report", "--baselines", directory}, "--html"},
		"unknown baseline": {[]string{"report", "--html", path, "--of", "gone", "--baselines", directory}, "there are there"},
		"unknown other":    {[]string{"report", "--html", path, "--against", "gone", "--baselines", directory}, "there are there"},
		"no baselines":     {[]string{"report", "--html", path, "--baselines", filepath.Join(directory, "none")}, "there are no baselines"},
		"no such place":    {[]string{"report", "--html", filepath.Join(directory, "none", "x.html"), "--baselines", directory}, "could not be written"},
		"a directory":      {[]string{"report", "--html", directory, "--baselines", directory}, "no ordinary file"},
		"a socket":         {[]string{"report", "--html", socket(t), "--baselines", directory}, "no ordinary file"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, messages := runs(t.Context(), c.arguments...)
			if code != exitNotToRun || out != "" || !strings.Contains(messages, c.want) {
				t.Errorf("exit code %d, output %q, messages %q", code, out, messages)
			}
		})
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "the old one" {
		t.Errorf("%q, %v", text, err)
	}
	if entries, err := os.ReadDir(directory); err != nil || len(entries) != 2 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestAReportWrittenThroughALinkReplacesWhatItNames(t *testing.T) {
	directory := t.TempDir()
	saveForReport(t, directory, "there", 100, time.Unix(1, 0))
	path, link := filepath.Join(directory, "report.html"), filepath.Join(directory, "link")
	if err := os.WriteFile(path, []byte("the old one"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, link); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	if code, _, messages := runs(t.Context(), "report", "--html", link, "--baselines", directory); code != exitFine {
		t.Fatalf("exit code %d, messages %q", code, messages)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v", err)
	}
	if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), "batpak-bench: there") {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}

func TestCommandsAreQuotedForAShell(t *testing.T) {
	for word, want := range map[string]string{"a/b.html": "a/b.html", "a b": "'a b'", "it's": `'it'\''s'`, "": "''", "$x": "'$x'"} {
		if got := quoted(word); got != want {
			t.Errorf("%q is quoted as %s, want %s", word, got, want)
		}
	}
}

func TestAReportComparesAsTheCommandDoes(t *testing.T) {
	directory := t.TempDir()
	saveForReport(t, directory, "old", 100, time.Unix(1, 0))
	saveForReport(t, directory, "new", 120, time.Unix(2, 0))
	path := filepath.Join(directory, "report.html")
	for threshold, want := range map[string]string{"10%": `data-key="word">worse<`, "30%": `data-key="word">~<`} {
		if code, _, messages := runs(t.Context(), "report", "--html", path, "--against", "old", "--threshold", threshold, "--baselines", directory); code != exitFine {
			t.Fatalf("exit code %d, messages %q", code, messages)
		}
		text, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(text), want) || strings.Contains(string(text), ">regression<") || !strings.Contains(string(text), "--threshold "+threshold) {
			t.Errorf("threshold %s: %v, %q or the flag is missing, or an unconfirmed regression is there", threshold, err, want)
		}
	}
	other, err := baseline.Directory(directory).Load("old")
	if err != nil {
		t.Fatal(err)
	}
	other.Name, other.Options.Quick = "full", false
	if _, err := baseline.Directory(directory).Save(other); err != nil {
		t.Fatal(err)
	}
	for want, arguments := range map[string][]string{
		"the scale was full, would be quick": {"--of", "new", "--against", "full"},
		"--threshold would have no effect":   {"--of", "new", "--threshold", "5%"},
	} {
		code, out, messages := runs(t.Context(), append([]string{"report", "--html", path, "--baselines", directory}, arguments...)...)
		if code != exitNotToRun || out != "" || !strings.Contains(messages, want) {
			t.Errorf("%v: exit code %d, output %q, messages %q", arguments, code, out, messages)
		}
	}
}
