// Flags that were given and would have no effect beside the others: each is refused, since whoever gave it expects one.

package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// idleFlags is a verb some of whose flags count only beside others.
type idleFlags interface {
	// idle returns the names of flags that have no part in what the verb is to do, and why.
	idle() (names []string, why string)
}

// refuseIdle returns an error that names the flags which were given for nothing.
func refuseIdle(line *kong.Context) error {
	var given []string
	for _, element := range line.Path {
		if element.Flag != nil {
			given = append(given, element.Flag.Name)
		}
	}
	selected := line.Selected()
	if selected == nil {
		return nil
	}
	verb, ok := selected.Target.Addr().Interface().(idleFlags)
	if !ok {
		return nil
	}
	names, why := verb.idle()
	var refused []string
	for _, name := range names {
		if slices.Contains(given, name) {
			refused = append(refused, "--"+name)
		}
	}
	if len(refused) == 0 {
		return nil
	}
	return fmt.Errorf("%s would have no effect: %s", strings.Join(refused, ", "), why)
}

func (c *gateCommand) idle() (names []string, why string) {
	var reasons []string
	add := func(reason string, idle ...string) { names, reasons = append(names, idle...), append(reasons, reason) }
	if c.From != "" {
		add("--from judges what was measured, and measures nothing", "quick", "duration", "peers", "dir")
	} else {
		add("--baselines is for --from", "baselines")
	}
	if c.WriteProfile == "" {
		add("--headroom is for --write-profile", "headroom")
	}
	return names, strings.Join(reasons, "; ")
}

func (c *reportCommand) idle() (names []string, why string) {
	if c.Against == "" {
		return []string{"threshold"}, "it is for --against"
	}
	return nil, ""
}

func (c *runCommand) idle() (names []string, why string) {
	var reasons []string
	if c.Save == "" && c.Compare == "" {
		names, reasons = append(names, "baselines"), append(reasons, "--baselines is for --save and --compare")
	}
	if c.JSON && c.Format != formatJSON {
		names, reasons = append(names, "format"), append(reasons, "--json and --format "+c.Format+" exclude each other")
	}
	return names, strings.Join(reasons, "; ")
}
