// The verb "list".

package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/batpak/batpak/perfgates"
)

type listCommand struct{}

// Run prints a line for each row.
func (*listCommand) Run(s *session) error {
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "row\twhat\ttarget")
	for _, row := range perfgates.Rows() {
		fmt.Fprintf(table, "%s\t%s\t%s\n", row.ID, row.Title, row.Target)
	}
	return table.Flush()
}
