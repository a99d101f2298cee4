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
)

// The exit codes.
const (
	exitFine       = 0
	exitDifference = 1 // --check found one, or the store without its derived files
	exitFailed     = 2 // the program could not do its work
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// settings is what the command line says.
type settings struct {
	repository string // any directory of the repository
	directory  string // of the store
	check      bool
}

// run is the program, with everything that it takes from the process as arguments.
func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) int {
	set, err := parse(arguments, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitFine
	}
	if err != nil {
		fmt.Fprintln(stderr, "gitlog:", err)
		return exitFailed
	}
	differences, err := execute(ctx, set, stdout, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "gitlog:", err)
		return exitFailed
	}
	if differences > 0 {
		return exitDifference
	}
	return exitFine
}

// parse reads the flags. Help goes to stderr, errors are returned.
func parse(arguments []string, stderr io.Writer) (settings, error) {
	var set settings
	flags := flag.NewFlagSet("gitlog", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the caller prints the error once
	flags.StringVar(&set.repository, "repo", ".", "read the git repository that holds `PATH`")
	flags.StringVar(&set.directory, "dir", "", "store the events in `DIR`, made if it is missing (required)")
	flags.BoolVar(&set.check, "check", false, "compare the stored history with git's, exit 1 on a difference")
	err := flags.Parse(arguments)
	switch {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(stderr)
		fmt.Fprintln(stderr, "usage: gitlog --repo PATH --dir DIR [--check]")
		flags.PrintDefaults()
		return set, err
	case err != nil:
		return set, err
	case flags.NArg() > 0:
		return set, fmt.Errorf("unexpected argument %q, see --help", flags.Arg(0))
	case set.directory == "":
		return set, errors.New("--dir is missing: the directory of the store, see --help")
	case set.repository == "":
		return set, errors.New("--repo is empty, want a directory of a git repository")
	}
	return set, nil
}

// execute stores what is new, reads all back, asks the index, compares with git if told to, asks a
// copy without derived files, and prints the report. It returns the number of differences.
func execute(ctx context.Context, set settings, stdout, stderr io.Writer) (int, error) {
	source, err := findRepository(ctx, set.repository, stderr)
	if err != nil {
		return 0, err
	}
	summary := report{repository: source, directory: set.directory}
	if err := update(ctx, source, set.directory, &summary); err != nil {
		return 0, err
	}
	if err := inspect(ctx, source, set, &summary); err != nil {
		return 0, err
	}
	summary.rebuilt, err = rebuild(ctx, set.directory, summary.question, summary.answers)
	if err != nil {
		return 0, err
	}
	summary.differences = append(summary.differences, summary.rebuilt.changed)
	summary.print(stdout)
	return summary.differences.total(), nil
}
