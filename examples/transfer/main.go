// This file holds the command line: flags, exit codes and the order of the phases.

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/batpak/batpak/engine"
)

// The exit codes.
const (
	exitFine   = 0
	exitWrong  = 1 // a comparison at the end failed
	exitFailed = 2 // the program could not do its work
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// settings is what the command line says.
type settings struct {
	directory  string // of the store; empty: a temporary one
	goroutines int
	transfers  int
	terms      opened // of a new bank
	decided    func() // called, if it is set, for each transfer that this run has an answer for
}

// Limits of the settings.
const (
	maxGoroutines = 10_000
	maxTransfers  = 100_000_000
	maxAccounts   = 100_000
	maxBalance    = 1_000_000_000_000
)

// run is the program, with everything that it takes from the process as arguments.
func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) int {
	set, err := parse(arguments, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitFine
	}
	wrong := false
	if err == nil {
		wrong, err = execute(ctx, set, stdout)
	}
	switch {
	case err != nil:
		fmt.Fprintln(stderr, "transfer:", err)
		return exitFailed
	case wrong:
		return exitWrong
	}
	return exitFine
}

// parse reads the flags. Help goes to stderr, errors are returned.
func parse(arguments []string, stderr io.Writer) (settings, error) {
	var set settings
	flags := flag.NewFlagSet("transfer", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the caller prints the error once
	flags.StringVar(&set.directory, "dir", "", "keep the store in `DIR`, made if it is missing (default: a temporary one)")
	flags.IntVar(&set.goroutines, "goroutines", 8, "make `N` transfers at a time")
	flags.IntVar(&set.transfers, "transfers", 1000, "make the transfers 1 to `M`")
	flags.IntVar(&set.terms.Accounts, "accounts", 100, "of a new bank: `K` accounts")
	flags.Int64Var(&set.terms.Balance, "balance", 10_000, "of a new bank: each is opened with the amount `B`")
	flags.Uint64Var(&set.terms.Seed, "seed", 1, "of a new bank: the transfers follow from `S`")
	err := flags.Parse(arguments)
	switch {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(stderr)
		fmt.Fprintln(stderr, "usage: transfer --dir DIR --goroutines N --transfers M [--accounts K] [--balance B] [--seed S]")
		flags.PrintDefaults()
		return set, err
	case err != nil:
		return set, err
	case flags.NArg() > 0:
		return set, fmt.Errorf("unexpected argument %q, see --help", flags.Arg(0))
	case set.goroutines < 1 || set.goroutines > maxGoroutines:
		return set, fmt.Errorf("--goroutines is %d, must be from 1 to %d", set.goroutines, maxGoroutines)
	case set.transfers < 0 || set.transfers > maxTransfers:
		return set, fmt.Errorf("--transfers is %d, must be from 0 to %d", set.transfers, maxTransfers)
	case set.terms.Accounts < 2 || set.terms.Accounts > maxAccounts:
		return set, fmt.Errorf("--accounts is %d, must be from 2 to %d", set.terms.Accounts, maxAccounts)
	case set.terms.Balance < 0 || set.terms.Balance > maxBalance:
		return set, fmt.Errorf("--balance is %d, must be from 0 to %d", set.terms.Balance, int64(maxBalance))
	}
	return set, nil
}

// execute opens the bank, makes the transfers, reads everything back and prints what it found. It reports
// whether something is wrong.
func execute(ctx context.Context, set settings, stdout io.Writer) (wrong bool, err error) {
	if set.directory == "" {
		if set.directory, err = os.MkdirTemp("", "transfer-"); err != nil {
			return false, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(set.directory)) }()
	}
	kinds := newKinds()
	store, err := engine.Open(set.directory, engine.Options{Registry: kinds.registry})
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()

	b, err := openBank(store, kinds, set.terms)
	if err != nil {
		return false, err
	}
	begin := time.Now()
	done, err := b.transferAll(ctx, set)
	if err != nil {
		return false, fmt.Errorf("after %d of %d transfers: %w; start again with the same flags to go on", done.answered(), set.transfers, err)
	}
	elapsed := time.Since(begin)
	found, err := b.inspect(set.transfers)
	if err != nil {
		return false, err
	}
	b.report(stdout, set, done, elapsed, found)
	return len(found.problems) > 0, nil
}
