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
	"runtime"
	"runtime/debug"
	"time"

	"github.com/batpak/batpak/batpaktest/crash"
)

const (
	exitFine     = 0
	exitFound    = 1
	exitNotToRun = 2
)

// A trial leaves much and keeps little: with so many bytes that are never touched, the heap grows to twice as much between
// collections, which makes half as many images again. What is allocated during a collection counts as kept, which can
// build up where processors are busy: hence the limit.
const (
	ballast = 32 << 20
	limit   = 512 << 20
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second interrupt ends it at once
	debug.SetMemoryLimit(limit)
	weight := make([]byte, ballast)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	runtime.KeepAlive(weight)
	os.Exit(code)
}

// run is the command with its exit code as the result.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c crash.Config
	flags := flag.NewFlagSet("crash", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.DurationVar(&c.Duration, "duration", 0, "end after this `time`; 0: see cuts")
	cuts := flags.Int64("cuts", 0, "end after this `number` of power cuts; 0: see duration; neither: 60 s")
	seed := flags.Uint64("seed", uint64(time.Now().UnixNano()), "`seed` of the random numbers; which turns goroutines take is not among them")
	flags.IntVar(&c.Workers, "workers", 0, "so `many` stores at once; 0: as many as there are processors")
	flags.IntVar(&c.Depth, "depth", 3, "cut off so `many` openings one after the other, at most")
	flags.IntVar(&c.Findings, "findings", 1, "end after so `many` findings")
	flags.StringVar(&c.Save, "save", "", "write findings to files in this `directory`, which is made")
	flags.DurationVar(&c.Patience, "patience", time.Minute, "a life or a trial that takes longer than this `time` is a finding")
	replay := flags.String("replay", "", "try the finding in this `file` again, and nothing else")
	quiet := flags.Bool("quiet", false, "print the result only")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return exitFine
		}
		return exitNotToRun
	}
	if flags.NArg() > 0 || *cuts < 0 || c.Duration < 0 || c.Patience <= 0 || c.Workers < 0 || c.Depth < 1 || c.Depth > 16 || c.Findings < 1 {
		fmt.Fprintln(stderr, "crash: arguments: none but flags; numbers: none negative, patience not 0, depth 1 to 16, findings 1 or more")
		return exitNotToRun
	}
	if *replay != "" {
		return again(*replay, stdout, stderr)
	}
	if c.Save != "" {
		if err := os.MkdirAll(c.Save, 0o700); err != nil {
			fmt.Fprintln(stderr, "crash:", err)
			return exitNotToRun
		}
	}
	c.Cuts, c.Seed = uint64(*cuts), *seed
	if c.Cuts == 0 && c.Duration == 0 {
		c.Duration = time.Minute
	}
	if !*quiet {
		c.Progress = func(r crash.Report) {
			fmt.Fprintf(stderr, "crash: %d power cuts, %d images, %d findings\n", r.Cuts, r.Images, len(r.Findings))
		}
	}
	report := crash.Run(ctx, c)
	fmt.Fprintln(stdout, report)
	if len(report.Findings) > 0 {
		return exitFound
	}
	return exitFine
}

// again replays a finding.
func again(path string, stdout, stderr io.Writer) int {
	found, err := crash.Replay(path)
	switch {
	case errors.Is(err, crash.ErrNotAgain):
		fmt.Fprintf(stdout, "%s\n%v\n", found, err)
		return exitFine
	case err != nil:
		fmt.Fprintln(stderr, "crash:", err)
		return exitNotToRun
	}
	fmt.Fprintln(stdout, found)
	return exitFound
}
