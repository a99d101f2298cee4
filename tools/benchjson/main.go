// The command: input, output, exit codes.

package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the command with its exit code as the result.
func run(rows []string, stdin io.Reader, stdout, stderr io.Writer) int {
	report, err := io.ReadAll(stdin)
	if err != nil {
		fmt.Fprintln(stderr, "benchjson: reading the report:", err)
		return 2
	}
	if err := checkReport(report, rows); err != nil {
		fmt.Fprintln(stderr, "benchjson:", err)
		return 1
	}
	fmt.Fprintf(stdout, "benchjson: the report has its shape and the %d rows asked for\n", len(rows))
	return 0
}
