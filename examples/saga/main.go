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

	"github.com/batpak/batpak/engine"
)

// The exit codes.
const (
	exitFine   = 0
	exitWrong  = 1 // a claim does not hold
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
	directory string // of the store; empty: a temporary one
	terms     terms  // of a new shop
	kill      bool
	die       int // kill this process at the call of a reactor's function with this number; 0: don't
}

// Limits of the settings.
const (
	maxOrders    = 1_000_000
	maxCustomers = 100_000
	maxProducts  = 100_000
)

// run is the program, with everything that it takes from the process as arguments.
func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) int {
	set, err := parse(arguments, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitFine
	}
	var wrong bool
	if err == nil {
		wrong, err = execute(ctx, set, stdout)
	}
	switch {
	case err != nil:
		fmt.Fprintln(stderr, "saga:", err)
		return exitFailed
	case wrong:
		return exitWrong
	}
	return exitFine
}

// parse reads the flags. Help goes to stderr, errors are returned.
func parse(arguments []string, stderr io.Writer) (settings, error) {
	var set settings
	flags := flag.NewFlagSet("saga", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the caller prints the error once
	flags.StringVar(&set.directory, "dir", "", "keep the store in `DIR`, made if it is missing (default: a temporary one)")
	flags.IntVar(&set.terms.Orders, "orders", 200, "of a new shop: the orders 1 to `N`")
	flags.IntVar(&set.terms.Customers, "customers", 20, "of a new shop: they are of `K` customers")
	flags.IntVar(&set.terms.Products, "products", 10, "of a new shop: they are for `P` products")
	flags.Uint64Var(&set.terms.Seed, "seed", 1, "of a new shop: what is ordered, and what the carrier does, follows from `S`; so does when the program is killed")
	flags.BoolVar(&set.kill, "kill", false, "run as children that are killed at random, then to the end")
	flags.IntVar(&set.die, "die", 0, "kill this process at the call of a reactor with number `C`; 0: don't")
	err := flags.Parse(arguments)
	switch {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(stderr)
		fmt.Fprintln(stderr, "usage: saga [--orders N] [--customers K] [--products P] [--seed S] [--dir DIR] [--kill]")
		flags.PrintDefaults()
		return set, err
	case err != nil:
		return set, err
	case flags.NArg() > 0:
		return set, fmt.Errorf("unexpected argument %q, see --help", flags.Arg(0))
	case set.terms.Orders < 1 || set.terms.Orders > maxOrders:
		return set, fmt.Errorf("--orders is %d, must be from 1 to %d", set.terms.Orders, maxOrders)
	case set.terms.Customers < 1 || set.terms.Customers > maxCustomers:
		return set, fmt.Errorf("--customers is %d, must be from 1 to %d", set.terms.Customers, maxCustomers)
	case set.terms.Products < 1 || set.terms.Products > maxProducts:
		return set, fmt.Errorf("--products is %d, must be from 1 to %d", set.terms.Products, maxProducts)
	case set.die < 0 || set.die > 0 && set.kill:
		return set, fmt.Errorf("--die is %d, must be 0 or more, and not together with --kill", set.die)
	}
	return set, nil
}

// execute is the whole program. It reports whether a claim does not hold.
func execute(ctx context.Context, set settings, stdout io.Writer) (wrong bool, err error) {
	if set.directory == "" {
		if set.directory, err = os.MkdirTemp("", "saga-"); err != nil {
			return false, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(set.directory)) }()
	}
	claims := claims{out: stdout}
	if set.kill {
		if err := liveAndDie(ctx, set, &claims); err != nil {
			return false, err
		}
	}
	err = claims.settle(ctx, set)
	return claims.wrong, err
}

// settle opens the shop, lets the reactors run until there is nothing left to do, and proves what must hold.
func (c *claims) settle(ctx context.Context, set settings) (err error) {
	store, err := engine.Open(set.directory, engine.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()

	shop, err := openShop(store, set.terms)
	if err != nil {
		return err
	}
	if set.die != 0 {
		if err := shop.dieAt(set.die); err != nil {
			return err
		}
	}
	begun, err := shop.start()
	if err != nil {
		return err
	}
	if err := shop.place(ctx); err != nil {
		return err
	}
	if err := begun.finish(ctx, store); err != nil {
		return err
	}
	for _, r := range begun {
		counts := r.Stats()
		fmt.Fprintf(c.out, "      %-8s %d events, %d reactions, %d known from before, %d judged again\n", r.name, counts.Events, counts.Reactions, counts.Duplicates, counts.Retries)
	}
	return shop.audit(c)
}

// claims prints what is proved.
type claims struct {
	out   io.Writer
	wrong bool // one does not hold
}

// claim prints what is claimed, and that it is wrong if it does not hold.
func (c *claims) claim(holds bool, format string, args ...any) {
	mark := "ok   "
	if !holds {
		mark, c.wrong = "WRONG", true
	}
	fmt.Fprintln(c.out, mark, fmt.Sprintf(format, args...))
}
