// This file holds the command line, and the claims that are checked.

package main

import (
	"context"
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

// The bounds of --messages: fewer than these leave the slow member nothing to miss.
const (
	fewestMessages = 10
	mostMessages   = 100_000
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is the program, with everything that it takes from the process as arguments.
func run(arguments []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("chat", flag.ContinueOnError)
	flags.SetOutput(stderr)
	directory := flags.String("dir", "", "keep the store in `DIR`, made if it is missing (default: a temporary one)")
	messages := flags.Int("messages", 300, "everybody says `N` messages, 10 to 100,000")
	switch err := flags.Parse(arguments); {
	case errors.Is(err, flag.ErrHelp):
		return exitFine
	case err != nil:
		return exitFailed
	case flags.NArg() > 0:
		fmt.Fprintf(stderr, "chat: unexpected argument %q, see --help\n", flags.Arg(0))
		return exitFailed
	case *messages < fewestMessages || *messages > mostMessages:
		fmt.Fprintf(stderr, "chat: --messages is %d, must be %d to %d\n", *messages, fewestMessages, mostMessages)
		return exitFailed
	}
	wrong, err := execute(*directory, *messages, stdout)
	switch {
	case err != nil:
		fmt.Fprintln(stderr, "chat:", err)
		return exitFailed
	case wrong:
		return exitWrong
	}
	return exitFine
}

// execute opens the store and shows everything. It reports whether a claim does not hold.
func execute(directory string, messages int, stdout io.Writer) (wrong bool, err error) {
	if directory == "" {
		if directory, err = os.MkdirTemp("", "chat-"); err != nil {
			return false, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(directory)) }()
	}
	kinds := newKinds()
	// What is said is heard at once; a power cut may take what was said last.
	store, err := engine.Open(directory, engine.Options{Registry: kinds.registry, Sync: engine.SyncEvery(1000, 0)})
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()

	h := &house{store: store, said: kinds.said, messages: messages, out: stdout}
	for _, show := range []func(context.Context) error{h.live, h.slow, h.late, h.leave} {
		if err := show(context.Background()); err != nil {
			return false, err
		}
	}
	return h.wrong, nil
}

// claim prints what is claimed, and that it is wrong if it does not hold.
func (h *house) claim(holds bool, format string, args ...any) {
	mark := "ok   "
	if !holds {
		mark, h.wrong = "WRONG", true
	}
	fmt.Fprintln(h.out, mark, fmt.Sprintf(format, args...))
}
