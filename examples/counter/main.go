// This file holds the command line, and the claims that are checked.

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

// The exit codes.
const (
	exitFine   = 0
	exitWrong  = 1 // a claim does not hold
	exitFailed = 2 // the program could not do its work
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is the program, with everything that it takes from the process as arguments.
func run(arguments []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("counter", flag.ContinueOnError)
	flags.SetOutput(stderr)
	directory := flags.String("dir", "", "keep the store in `DIR`, where there is none yet (default: a temporary directory)")
	switch err := flags.Parse(arguments); {
	case errors.Is(err, flag.ErrHelp):
		return exitFine
	case err != nil:
		return exitFailed
	case flags.NArg() > 0:
		fmt.Fprintf(stderr, "counter: unexpected argument %q, see --help\n", flags.Arg(0))
		return exitFailed
	}
	wrong, err := execute(*directory, stdout)
	switch {
	case err != nil:
		fmt.Fprintln(stderr, "counter:", err)
		return exitFailed
	case wrong:
		return exitWrong
	}
	return exitFine
}

// execute shows everything, in a store of its own. It reports whether a claim does not hold.
func execute(directory string, stdout io.Writer) (wrong bool, err error) {
	if directory == "" {
		if directory, err = os.MkdirTemp("", "counter-"); err != nil {
			return false, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(directory)) }()
	}
	c := &counter{directory: directory, out: stdout}
	defer func() { err = errors.Join(err, c.close()) }()
	for _, show := range []func() error{c.cold, c.kept, c.delta, c.restart, c.damage, c.version, c.each, c.watch} {
		if err := show(); err != nil {
			return false, err
		}
	}
	return c.wrong, nil
}

// claim prints what is claimed, and that it is wrong if it does not hold.
func (c *counter) claim(holds bool, format string, args ...any) {
	mark := "ok   "
	if !holds {
		mark, c.wrong = "WRONG", true
	}
	fmt.Fprintln(c.out, mark, fmt.Sprintf(format, args...))
}
