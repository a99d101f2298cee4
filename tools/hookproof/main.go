// The command: flags, output, exit codes.

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

const (
	exitFine     = 0
	exitDisproof = 1
	exitNotRun   = 2
)

// program is the package that is built: the smallest that uses the store as its users do.
const program = "./examples/quickstart"

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is the command with its exit code as the result.
func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("hookproof", flag.ContinueOnError)
	flags.SetOutput(stderr)
	dir := flags.String("C", ".", "look at the module of this `directory`")
	if err := flags.Parse(args); err != nil {
		return exitNotRun
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "hookproof: unexpected argument %q\n", flags.Arg(0))
		return exitNotRun
	}
	scratch, err := os.MkdirTemp("", "hookproof-")
	if err != nil {
		fmt.Fprintln(stderr, "hookproof: could not look:", err)
		return exitNotRun
	}
	defer os.RemoveAll(scratch)
	found, err := prove(*dir, program, scratch)
	var disproof *disproof
	switch {
	case errors.As(err, &disproof):
		fmt.Fprintln(stderr, disproof)
		return exitDisproof
	case err != nil:
		fmt.Fprintln(stderr, "hookproof: could not look:", err)
		return exitNotRun
	}
	fmt.Fprint(stdout, found)
	return exitFine
}
