// The command: flags, the order of what is looked at, output, exit codes.

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/batpak/batpak/internal/ending"
	"github.com/batpak/batpak/perfgates"
)

const (
	exitFine   = 0
	exitBad    = 1
	exitNotRun = 2
)

func main() {
	ctx, stop := ending.Notify(context.Background())
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// patient is who is looked at. Tests put other systems in its place.
type patient struct {
	directory string // absolute, without symbolic links
	root      fs.FS  // "/", for what the kernel tells in files
	// command runs a program and returns the first line that it prints.
	command func(ctx context.Context, name string, arguments ...string) (string, error)
}

// run is the command with its exit code as the result.
func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("doctor", flag.ContinueOnError)
	flags.SetOutput(stderr)
	directory := flags.String("dir", ".", "the `directory` in which the store is to be; it must exist")
	asJSON := flags.Bool("json", false, "print the findings as JSON")
	if err := flags.Parse(arguments); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return exitFine
		}
		return exitNotRun
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "doctor: unexpected argument %q\n", flags.Arg(0))
		return exitNotRun
	}
	if *directory == "" { // as by a variable that is not set
		fmt.Fprintln(stderr, "doctor: --dir is empty")
		return exitNotRun
	}
	p, err := patientIn(*directory)
	if err != nil {
		fmt.Fprintln(stderr, "doctor:", err)
		return exitNotRun
	}
	r := p.examine(ctx)
	if err := ctx.Err(); err != nil {
		fmt.Fprintln(stderr, "doctor: interrupted")
		return exitNotRun
	}
	healthy := r.count()
	write := r.writeText
	if *asJSON {
		write = r.writeJSON
	}
	if err := write(stdout); err != nil {
		fmt.Fprintln(stderr, "doctor: printing:", err)
		return exitNotRun
	}
	if !healthy {
		return exitBad
	}
	return exitFine
}

// patientIn is this machine with the store's place.
func patientIn(directory string) (patient, error) {
	resolved, err := filepath.Abs(directory)
	if err != nil {
		return patient{}, err
	}
	if resolved, err = filepath.EvalSymlinks(resolved); err != nil {
		return patient{}, fmt.Errorf("the directory: %w", err)
	}
	if info, err := os.Stat(resolved); err != nil {
		return patient{}, fmt.Errorf("the directory: %w", err)
	} else if !info.IsDir() {
		return patient{}, fmt.Errorf("%s is no directory", resolved)
	}
	return patient{resolved, os.DirFS("/"), firstLine}, nil
}

// examine looks at everything, what is quick first.
func (p patient) examine(ctx context.Context) *report {
	r := &report{Directory: p.directory, Machine: perfgates.Describe(p.directory)}
	r.Findings = append(r.Findings, p.tools(ctx)...)
	r.Findings = append(r.Findings, p.processor(r.Machine)...)
	r.Findings = append(r.Findings, p.kernel(r.Machine)...)
	r.Findings = append(r.Findings, p.limits()...)
	r.Findings = append(r.Findings, p.groups(r.Machine)...)
	r.Findings = append(r.Findings, p.place()...)
	store := p.store()
	r.Findings = append(r.Findings, store)
	if store.Level == broken || ctx.Err() != nil {
		return r // where no store can be, syncs can't be measured
	}
	probed, err := perfgates.Probe(ctx, perfgates.ProbeOptions{Directory: p.directory, Quick: true})
	if err != nil {
		r.Findings = append(r.Findings, finding{"sync", broken, fmt.Sprintf("measuring failed: %v", err), "mend what the error names"})
		return r
	}
	r.Machine = probed
	r.Findings = append(r.Findings, syncs(probed)...)
	return r
}

// firstLine runs a program of this machine.
func firstLine(ctx context.Context, name string, arguments ...string) (string, error) {
	out, err := exec.CommandContext(ctx, name, arguments...).Output()
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		err = fmt.Errorf("%w: %s", err, strings.TrimSpace(string(failed.Stderr)))
	}
	return line, err
}
