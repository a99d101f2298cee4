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
	"path/filepath"
	"time"
)

// Exit codes of the command.
const (
	exitFine   = 0
	exitFound  = 1
	exitNotRun = 2
)

// patience bounds the whole check, the browser's start with it.
const patience = 3 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the command with its exit code as the result.
func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("browser", flag.ContinueOnError)
	flags.SetOutput(stderr)
	report := flags.String("report", "", "the HTML `file` to check")
	saved := flags.String("json", "", "the saved measurement, a `file`, that the report's figures are compared with, too; none without it")
	screenshots := flags.String("screenshots", "", "the `directory` for screenshots, made if it is missing; none without it")
	if err := flags.Parse(arguments); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return exitFine
		}
		return exitNotRun
	}
	if *report == "" || flags.NArg() > 0 {
		fmt.Fprintln(stderr, "browser: --report FILE is needed, and nothing beside the flags")
		return exitNotRun
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var measured []pooled
	if *saved != "" {
		var err error
		if measured, err = loadSaved(*saved); err != nil {
			fmt.Fprintln(stderr, "browser:", err)
			return exitNotRun
		}
	}
	seen, err := look(ctx, *report, *screenshots)
	if err != nil {
		fmt.Fprintln(stderr, "browser:", err)
		return exitNotRun
	}
	seen.saved = measured
	wrong := seen.wrong()
	for _, text := range wrong {
		fmt.Fprintln(stderr, "browser:", text)
	}
	for _, path := range seen.screenshots {
		fmt.Fprintln(stdout, "browser: wrote", path)
	}
	if len(wrong) > 0 {
		return exitFound
	}
	fmt.Fprintf(stdout, "browser: %d numbers and words shown agree with the JSON, %d results, %d charts\n", len(seen.shown), seen.results, seen.charts)
	if measured != nil {
		fmt.Fprintf(stdout, "browser: the JSON agrees with %d results of %s\n", len(measured), *saved)
	}
	return exitFine
}

// look opens the report and gathers what is to be judged.
func look(ctx context.Context, report, screenshots string) (*sight, error) {
	path, err := filepath.Abs(report)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("no report to open: %w", err)
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("no report to open: %s is no ordinary file", path)
	}
	if screenshots != "" {
		if err := os.MkdirAll(screenshots, 0o755); err != nil {
			return nil, fmt.Errorf("no place for screenshots: %w", err)
		}
	}
	program, err := chromium()
	if err != nil {
		return nil, err
	}
	return visit(ctx, program, path, screenshots)
}
