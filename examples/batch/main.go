// This file holds the command line, and the claims that are checked.

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/batpak/batpak/engine"
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
	flags := flag.NewFlagSet("batch", flag.ContinueOnError)
	flags.SetOutput(stderr)
	directory := flags.String("dir", "", "keep the store in `DIR`, made if it is missing (default: a temporary one)")
	switch err := flags.Parse(arguments); {
	case errors.Is(err, flag.ErrHelp):
		return exitFine
	case err != nil:
		return exitFailed
	case flags.NArg() > 0:
		fmt.Fprintf(stderr, "batch: unexpected argument %q, see --help\n", flags.Arg(0))
		return exitFailed
	}
	wrong, err := execute(*directory, stdout)
	switch {
	case err != nil:
		fmt.Fprintln(stderr, "batch:", err)
		return exitFailed
	case wrong:
		return exitWrong
	}
	return exitFine
}

// execute opens the store and shows everything. It reports whether a claim does not hold.
func execute(directory string, stdout io.Writer) (wrong bool, err error) {
	if directory == "" {
		if directory, err = os.MkdirTemp("", "batch-"); err != nil {
			return false, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(directory)) }()
	}
	kinds := newKinds()
	store, err := engine.Open(directory, engine.Options{Registry: kinds.registry})
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()

	shop := shop{store: store, kinds: kinds, out: stdout}
	for _, show := range []func() error{shop.deliver, shop.order, shop.conflict, shop.repeat, shop.reuse} {
		if err := show(); err != nil {
			return false, err
		}
	}
	return shop.wrong, nil
}

// claim prints what is claimed, and that it is wrong if it does not hold.
func (s *shop) claim(holds bool, format string, args ...any) {
	mark := "ok   "
	if !holds {
		mark, s.wrong = "WRONG", true
	}
	fmt.Fprintln(s.out, mark, fmt.Sprintf(format, args...))
}
