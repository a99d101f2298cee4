// The command: input, output, exit codes.

package main

import (
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the command with its exit code as the result.
func run(arguments []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("benchjson", flag.ContinueOnError)
	flags.SetOutput(stderr)
	exit := flags.Int("verdicts", -1, "check verdicts in place of results, which batpak-bench gave with this exit `code`")
	if err := flags.Parse(arguments); err != nil {
		return 2
	}
	rows := flags.Args()
	report, err := io.ReadAll(stdin)
	if err != nil {
		fmt.Fprintln(stderr, "benchjson: reading the report:", err)
		return 2
	}
	what := "report has"
	if *exit >= 0 {
		what, err = "verdicts have", checkVerdicts(report, rows, *exit)
	} else {
		err = checkReport(report, rows)
	}
	if err != nil {
		fmt.Fprintln(stderr, "benchjson:", err)
		return 1
	}
	fmt.Fprintf(stdout, "benchjson: the %s the promised shape and the %d rows asked for\n", what, len(rows))
	return 0
}
