// The command line: what can't be looked at.

package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatCannotBeLookedAtExitsWithTwoAndSaysWhy(t *testing.T) {
	directory := t.TempDir()
	for name, c := range map[string]struct {
		arguments []string
		want      string
	}{
		"no report":      {nil, "--report FILE is needed"},
		"missing report": {[]string{"--report", filepath.Join(directory, "missing.html")}, "no report to open"},
		"a directory":    {[]string{"--report", directory}, "no ordinary file"},
		"no measurement": {[]string{"--report", directory, "--json", filepath.Join(directory, "missing.json")}, "no measurement to compare with"},
		"unknown flag":   {[]string{"--fast"}, "fast"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, messages bytes.Buffer
			if code := run(t.Context(), c.arguments, &out, &messages); code != exitNotRun || !strings.Contains(messages.String(), c.want) || out.Len() != 0 {
				t.Errorf("exit code %d, output %q, messages %q", code, out.String(), messages.String())
			}
		})
	}
}

func TestANamedBrowserThatIsNoneIsSaid(t *testing.T) {
	t.Setenv("CHROME", filepath.Join(t.TempDir(), "missing"))
	if path, err := chromium(); err == nil || !strings.Contains(err.Error(), "$CHROME") {
		t.Errorf("%q, %v", path, err)
	}
}
