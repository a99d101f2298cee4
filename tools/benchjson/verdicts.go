// The promised shape of what `batpak-bench gate --json` prints.

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// decisions are what a verdict can be.
var decisions = []string{"passed", "denied", "undecided", "skipped", "reported"}

// judgement is the whole object.
type judgement struct {
	Machine  map[string]any `json:"machine"`
	Verdicts []verdict      `json:"verdicts"`
	Counts   map[string]int `json:"counts"`
}

type verdict struct {
	Row      string          `json:"row"`
	Decision string          `json:"decision"`
	Reason   string          `json:"reason"`
	Denial   json.RawMessage `json:"denial"`
}

// checkVerdicts returns what is wrong with a judgement that has to hold a verdict for each of the given rows and that the
// program ended with this exit code, or nil.
func checkVerdicts(text []byte, wanted []string, exit int) error {
	var j judgement
	if err := json.Unmarshal(text, &j); err != nil {
		return fmt.Errorf("the verdicts are not one JSON object: %w", err)
	}
	var wrong []error
	if len(j.Machine) == 0 {
		wrong = append(wrong, errors.New(`"machine" is empty`))
	}
	counted, seen := map[string]int{}, map[string]bool{}
	for n, v := range j.Verdicts {
		if err := v.check(); err != nil {
			wrong = append(wrong, fmt.Errorf("verdict %d (row %q): %w", n, v.Row, err))
		}
		counted[v.Decision]++
		seen[v.Row] = true
	}
	for _, name := range wanted {
		if !seen[name] {
			wrong = append(wrong, fmt.Errorf("no verdict for row %q", name))
		}
	}
	for _, decision := range decisions {
		if n, told := j.Counts[decision]; !told || n != counted[decision] {
			wrong = append(wrong, fmt.Errorf("the count of %q is %d (there: %v), there are %d such verdicts", decision, n, told, counted[decision]))
		}
	}
	if denied := counted["denied"] > 0; exit != 0 && exit != 1 || denied != (exit == 1) {
		wrong = append(wrong, fmt.Errorf("exit code %d with %d denials: must be 1 if there are any, else 0", exit, counted["denied"]))
	}
	return errors.Join(wrong...)
}

func (v verdict) check() error {
	switch {
	case v.Row == "":
		return errors.New(`"row" is empty`)
	case !slices.Contains(decisions, v.Decision):
		return fmt.Errorf("%q is no decision", v.Decision)
	case v.Reason == "" && v.Decision != "passed" && v.Decision != "reported":
		return fmt.Errorf("is %s without a reason", v.Decision)
	case v.Decision == "denied" && (len(v.Denial) == 0 || string(v.Denial) == "null"):
		return errors.New("is denied without the gate's denial")
	}
	return nil
}
