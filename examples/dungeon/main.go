// This file holds the command line.

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/batpak/batpak/engine"
)

func main() {
	err := run(os.Args[1:], os.Stdout)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "dungeon:", err)
		os.Exit(1)
	}
}

// run is the program: one visit to the door, and the history of all visits.
func run(arguments []string, stdout io.Writer) (err error) {
	flags := flag.NewFlagSet("dungeon", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // main prints the error
	dir := flags.String("dir", "", "store the events in `DIR`, made if it is missing; without it in a temporary one")
	if err := flags.Parse(arguments); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			flags.SetOutput(stdout)
			flags.Usage()
		}
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q, see --help", flags.Arg(0))
	}
	if *dir == "" {
		if *dir, err = os.MkdirTemp("", "batpak-dungeon-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(*dir)) }()
	}
	store, err := engine.Open(*dir, engine.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()

	v := &visit{store: store, out: stdout}
	if err := v.toTheDoor(); err != nil {
		return err
	}
	return v.history()
}
