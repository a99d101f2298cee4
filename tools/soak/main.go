// The command: flags, output, exit codes.

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"go.uber.org/goleak"
)

// The exit codes.
const (
	exitFine     = 0
	exitFound    = 1 // the outcome is not the one it must be
	exitNotToRun = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second interrupt ends it at once
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if code == exitFine {
		if err := goleak.Find(goleak.IgnoreAnyFunction("os/signal.loop")); err != nil {
			fmt.Fprintln(os.Stderr, "soak:", err)
			code = exitFound
		}
	}
	os.Exit(code)
}

// Limits and defaults of the flags.
const (
	defaultDuration = time.Minute
	defaultRound    = 4 * time.Second
	minRound        = 50 * time.Millisecond
	defaultEvents   = 1_000_000
	minEvents       = 1000
	progressEvery   = 10 * time.Second
)

// run is the command with its exit code as the result.
func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) int {
	c, err := parse(arguments, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitFine
	}
	if err == nil && c.directory == "" {
		if c.directory, err = os.MkdirTemp("", "soak-"); err == nil {
			defer os.RemoveAll(c.directory)
		}
	}
	if err != nil {
		fmt.Fprintln(stderr, "soak:", err)
		return exitNotToRun
	}
	fmt.Fprintf(stdout, "seed %d, %v, policy %s\n", c.seed, c.duration, c.policy)
	if isTerminal(stderr) {
		c.progress = stderr
	}
	k := newSoak(c)
	if err := k.run(ctx); err != nil {
		fmt.Fprintln(stderr, "soak:", err)
		return exitNotToRun
	}
	fmt.Fprint(stdout, k.report())
	if found := k.found(); len(found) > 0 {
		fmt.Fprintf(stdout, "NOT AS IT MUST BE (seed %d):\n  %s\n", c.seed, strings.Join(found, "\n  "))
		return exitFound
	}
	fmt.Fprintln(stdout, "all of it exact")
	return exitFine
}

// parse reads the flags. Help goes to stderr, errors are returned.
func parse(arguments []string, stderr io.Writer) (config, error) {
	c := config{patience: time.Minute}
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the caller prints the error once
	flags.DurationVar(&c.duration, "duration", defaultDuration, "end after this `time`, with the round that is on")
	flags.DurationVar(&c.round, "round", defaultRound, "close the store and open it again after this `time`")
	flags.Uint64Var(&c.events, "events", defaultEvents, "begin a new store after so `many` events, so that the disk has an end")
	flags.Uint64Var(&c.seed, "seed", uint64(time.Now().UnixNano()), "`seed` of the random numbers; which turns goroutines take is not among them")
	flags.StringVar(&c.policy, "policy", "mixed", "of syncs: `every`, often, manual, or mixed: another one in each round")
	flags.StringVar(&c.directory, "dir", "", "keep the stores in this `directory`, which is made; those without a violation are removed (default: a temporary one)")
	err := flags.Parse(arguments)
	switch {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(stderr)
		fmt.Fprintln(stderr, "usage: soak --duration TIME [flags]")
		flags.PrintDefaults()
		return c, err
	case err != nil:
		return c, err
	case flags.NArg() > 0:
		return c, fmt.Errorf("unexpected argument %q, see --help", flags.Arg(0))
	case c.duration <= 0:
		return c, fmt.Errorf("--duration is %v, must be more than 0", c.duration)
	case c.round < minRound:
		return c, fmt.Errorf("--round is %v, must be at least %v", c.round, minRound)
	case c.events < minEvents:
		return c, fmt.Errorf("--events is %d, must be at least %d", c.events, minEvents)
	case policies[c.policy] == nil:
		return c, fmt.Errorf("--policy is %q, must be every, often, manual or mixed", c.policy)
	}
	if c.directory != "" {
		err = os.MkdirAll(c.directory, 0o700)
	}
	return c, err
}

// isTerminal reports whether somebody looks at what is written.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
