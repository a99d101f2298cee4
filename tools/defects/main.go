// The command: flags, the course of a run, output, exit codes.

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/batpak/batpak/hooks"
)

const (
	exitFine      = 0
	exitNotCaught = 1
	exitNotRun    = 2
)

// testTimeout bounds one process. A test that hangs because of a defect has not caught it.
const testTimeout = time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the command with its exit code as the result.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("defects", flag.ContinueOnError)
	flags.SetOutput(stderr)
	only := flags.String("only", "", "try only the defects with these `names`, separated by commas")
	asJSON := flags.Bool("json", false, "print the result as JSON")
	if err := flags.Parse(args); err != nil {
		return exitNotRun
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "defects: unexpected argument %q\n", flags.Arg(0))
		return exitNotRun
	}
	chosen, err := choose(*only)
	if err != nil {
		fmt.Fprintln(stderr, "defects:", err)
		return exitNotRun
	}
	built, err := buildTests(ctx, packagesFor(chosen), testTimeout)
	if err != nil {
		fmt.Fprintln(stderr, "defects:", err)
		return exitNotRun
	}
	each := func(r result) { fmt.Fprintln(stdout, r) }
	if *asJSON {
		each = func(r result) { fmt.Fprintln(stderr, r) }
	}
	results, err := try(ctx, chosen, built.run, each)
	if e := built.close(); err == nil {
		err = e
	}
	if *asJSON && len(results) > 0 {
		if e := json.NewEncoder(stdout).Encode(results); err == nil {
			err = e
		}
	}
	return conclude(results, err, stderr)
}

// conclude tells how it went and returns the exit code.
func conclude(results []result, err error, stderr io.Writer) int {
	var broken *brokenError
	switch {
	case errors.As(err, &broken):
		fmt.Fprintln(stderr, "defects:", err)
		return exitNotCaught
	case err != nil:
		fmt.Fprintln(stderr, "defects:", err)
		return exitNotRun
	}
	caught := 0
	for _, r := range results {
		if r.Caught {
			caught++
		}
	}
	fmt.Fprintf(stderr, "defects: %d of %d were caught\n", caught, len(results))
	if caught < len(results) {
		return exitNotCaught
	}
	return exitFine
}

// choose returns the defects with these names, all for no names.
func choose(names string) ([]hooks.Defect, error) {
	all := hooks.Defects()
	if names == "" {
		return all, nil
	}
	var chosen []hooks.Defect
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(all, func(d hooks.Defect) bool { return d.String() == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no defect %q", name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// packagesFor returns the packages whose tests are needed.
func packagesFor(chosen []hooks.Defect) []string {
	var packages []string
	for _, d := range detectorsFor(chosen) {
		packages = append(packages, d.pkg)
	}
	slices.Sort(packages)
	return slices.Compact(packages)
}

// detectorsFor returns every test that may be asked, once.
func detectorsFor(chosen []hooks.Defect) []detector {
	var all []detector
	for _, defect := range chosen {
		for _, d := range detectorsOf(defect) {
			if !slices.Contains(all, d) {
				all = append(all, d)
			}
		}
	}
	return all
}
