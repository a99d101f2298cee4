// Flags, exit codes and interrupts.

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/alecthomas/kong"

	"github.com/batpak/batpak/internal/ending"
	"github.com/batpak/batpak/perfgates"
	"github.com/batpak/batpak/perfgates/figure"
)

// Exit codes of the command.
const (
	exitFine     = 0
	exitFound    = 1
	exitNotToRun = 2
)

// finding says what was found where everything could be run: a regression, a gate that denies.
type finding struct{ text string }

func (f *finding) Error() string { return f.text }

// commands are the verbs and their flags.
type commands struct {
	Floors floorsCommand `cmd:"" help:"Print what the pieces of an append cost on this machine, without a store."`
	Gate   gateCommand   `cmd:"" help:"Judge this machine: ask every gate, print every verdict, exit with 1 if one denies."`
	List   listCommand   `cmd:"" help:"List the rows and their targets."`
	Report reportCommand `cmd:"" help:"Write a saved measurement as one HTML page."`
	Run    runCommand    `cmd:"" help:"Measure rows beside their references."`
}

// session is what a command works with.
type session struct {
	ctx      context.Context
	out      io.Writer
	messages io.Writer
	live     bool // messages is a terminal: a line there may be overwritten

	// These are perfgates.Measure and perfgates.Probe, but in tests.
	measure func(context.Context, perfgates.Config) ([]figure.Result, error)
	probe   func(context.Context, perfgates.ProbeOptions) (perfgates.Machine, error)
}

func main() {
	// The first signal ends the work in good order, a second one at once.
	ctx, stop := ending.Notify(context.Background())
	code := execute(os.Args[1:], &session{
		ctx: ctx, out: os.Stdout, messages: os.Stderr, live: isTerminal(os.Stderr), measure: perfgates.Measure, probe: perfgates.Probe,
	})
	stop()
	os.Exit(code)
}

// finished ends parsing when kong has printed help and would exit.
type finished int

// execute runs one command line and returns the exit code.
func execute(arguments []string, s *session) (code int) {
	defer func() {
		switch early := recover().(type) {
		case nil:
		case finished:
			code = int(early)
		default:
			panic(early)
		}
	}()
	var verbs commands
	parser, err := kong.New(&verbs,
		kong.Name("batpak-bench"),
		kong.Description("Measures the engine beside what the machine itself allows."),
		kong.Writers(s.out, s.messages),
		kong.Exit(func(code int) { panic(finished(code)) }),
	)
	if err != nil {
		return s.fail(err)
	}
	line, err := parser.Parse(arguments)
	if err != nil {
		return s.fail(err)
	}
	if err := refuseEmpty(line); err != nil {
		return s.fail(err)
	}
	if err := refuseIdle(line); err != nil {
		return s.fail(err)
	}
	if err := line.Run(s); err != nil {
		return s.fail(err)
	}
	return exitFine
}

// refuseEmpty refuses flags that were given with nothing in them, as by a variable of a script that is not set: taken for flags that
// were not given, they would leave out what was asked for.
func refuseEmpty(line *kong.Context) error {
	for _, element := range line.Path {
		if element.Flag == nil {
			continue
		}
		empty := false
		switch given := line.FlagValue(element.Flag).(type) {
		case string:
			empty = given == ""
		case []string:
			empty = len(given) == 0 || slices.Contains(given, "")
		}
		if empty {
			return fmt.Errorf("--%s is empty", element.Flag.Name)
		}
	}
	return nil
}

// fail prints the error and returns its exit code: that of a finding only where nothing else went wrong.
func (s *session) fail(err error) int {
	fmt.Fprintf(s.messages, "batpak-bench: %v\n", err)
	var found *finding
	if errors.As(err, &found) && err.Error() == found.text { // kong joins errors, of one alone, too
		return exitFound
	}
	return exitNotToRun
}

// warn prints a warning.
func (s *session) warn(text string) { fmt.Fprintf(s.messages, "batpak-bench: warning: %s\n", text) }
