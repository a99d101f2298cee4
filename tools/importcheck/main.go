// The command: flags, output, exit codes.

package main

import (
	"flag"
	"fmt"
	"io"
	"os"
)

const (
	exitFine      = 0
	exitViolation = 1
	exitNotRun    = 2
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is the command with its exit code as the result.
func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("importcheck", flag.ContinueOnError)
	flags.SetOutput(stderr)
	dir := flags.String("C", ".", "check the module of this `directory`")
	if err := flags.Parse(args); err != nil {
		return exitNotRun
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "importcheck: unexpected argument %q\n", flags.Arg(0))
		return exitNotRun
	}
	found, err := load(*dir, "linux", "darwin")
	if found.module == "" {
		fmt.Fprintln(stderr, "importcheck: could not look:", err)
		return exitNotRun
	}
	violations := inspect(standingPlan(), found)
	for _, v := range violations {
		fmt.Fprintln(stderr, "importcheck:", v)
	}
	if err != nil {
		fmt.Fprintln(stderr, "importcheck: could not look everywhere:", err)
	}
	switch {
	case len(violations) > 0:
		return exitViolation
	case err != nil:
		return exitNotRun
	case len(found.packages) == 0:
		fmt.Fprintf(stderr, "importcheck: %s has no packages\n", found.module)
		return exitNotRun
	}
	fmt.Fprintf(stdout, "importcheck: %d packages, every floor holds\n", len(found.packages))
	return exitFine
}
