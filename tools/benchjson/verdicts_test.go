// Judgements that hold the shape, and each way in which one can break it.

package main

import (
	"bytes"
	"strings"
	"testing"
)

const soundVerdicts = `{"machine":{"cpus":2},"verdicts":[{"row":"P1","decision":"denied","reason":"slow","denial":{"code":"x"}},` +
	`{"row":"P4","decision":"passed","reason":""}],"counts":{"passed":1,"denied":1,"undecided":0,"skipped":0,"reported":0}}`

func TestVerdictsWithThePromisedShapeAreAccepted(t *testing.T) {
	if err := checkVerdicts([]byte(soundVerdicts), []string{"P1", "P4"}, 1); err != nil {
		t.Error(err)
	}
}

func TestVerdictsWithoutThePromisedShapeAreRefused(t *testing.T) {
	tests := map[string]struct{ old, replacement, want string }{
		"no machine":        {`{"cpus":2}`, `{}`, `"machine" is empty`},
		"no row":            {`"row":"P4"`, `"row":""`, `"row" is empty`},
		"missing row":       {`"row":"P4"`, `"row":"P5"`, `no verdict for row "P4"`},
		"unknown decision":  {`"decision":"passed"`, `"decision":"fine"`, "is no decision"},
		"wrong count":       {`"passed":1`, `"passed":2`, `the count of "passed" is 2`},
		"missing count":     {`,"reported":0`, ``, `the count of "reported"`},
		"no reason":         {`"reason":"slow"`, `"reason":""`, "without a reason"},
		"no denial":         {`,"denial":{"code":"x"}`, ``, "without the gate's denial"},
		"denial of nothing": {`{"code":"x"}`, `null`, "without the gate's denial"},
		"not an object":     {soundVerdicts, `[]`, "not one JSON object"},
	}
	for name, test := range tests {
		if !strings.Contains(soundVerdicts, test.old) {
			t.Fatalf("%s: the sound verdicts lack %s", name, test.old)
		}
		text := strings.Replace(soundVerdicts, test.old, test.replacement, 1)
		if err := checkVerdicts([]byte(text), []string{"P1", "P4"}, 1); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one about %s", name, err, test.want)
		}
	}
}

func TestTheExitCodeMustFitTheDenials(t *testing.T) {
	for _, exit := range []string{"0", "2"} {
		var out bytes.Buffer
		if code := run([]string{"--verdicts", exit, "P1"}, strings.NewReader(soundVerdicts), &out, &out); code != 1 || !strings.Contains(out.String(), "exit code "+exit) {
			t.Errorf("exit code %s: %d, %s", exit, code, out.String())
		}
	}
	var out bytes.Buffer
	if code := run([]string{"--verdicts", "1", "P1", "P4"}, strings.NewReader(soundVerdicts), &out, &out); code != 0 {
		t.Errorf("%d, %s", code, out.String())
	}
	if code := run([]string{"--verdicts", "many"}, strings.NewReader(soundVerdicts), &out, &out); code != 2 {
		t.Errorf("no number: %d", code)
	}
}
