// The command line and its exit codes.

package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/batpak/batpak/tools/peers/internal/peer"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run is the command with its exit code as the result.
func run(arguments []string, in io.Reader, out, messages io.Writer) int {
	if len(arguments) != 1 {
		fmt.Fprintf(messages, "peers: give one name: %s\n", strings.Join(peer.Names(), ", "))
		return 2
	}
	kind, err := peer.Find(arguments[0])
	if err != nil {
		fmt.Fprintln(messages, "peers:", err)
		return 2
	}
	if err := serve(kind, in, out); err != nil {
		fmt.Fprintln(messages, "peers:", err)
		return 1
	}
	return 0
}
