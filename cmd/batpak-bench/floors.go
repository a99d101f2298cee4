// The verb "floors".

package main

import (
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/batpak/batpak/perfgates"
	"github.com/batpak/batpak/perfgates/figure"
)

type floorsCommand struct {
	Quick bool   `help:"Measure each floor for a tenth of the time."`
	JSON  bool   `help:"Print one JSON array instead of a table." name:"json"`
	Dir   string `help:"Where to put the files, in a directory that is removed afterwards." default:"." placeholder:"DIR"`
}

// Run measures and prints every floor of this machine.
func (c *floorsCommand) Run(s *session) error {
	line := s.newProgress()
	machine, err := perfgates.Probe(s.ctx, perfgates.ProbeOptions{Directory: c.Dir, Quick: c.Quick, Progress: line.show, Warn: line.warn})
	line.clear()
	if c.JSON {
		return errors.Join(err, writeFloorsJSON(s, machine.Floors))
	}
	if len(machine.Floors) == 0 {
		return err
	}
	fmt.Fprintln(s.out, machine)
	return errors.Join(err, writeFloorsTable(s, machine.Floors))
}

func writeFloorsTable(s *session, floors []perfgates.Floor) error {
	columns := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	for _, f := range floors {
		fmt.Fprintf(columns, "%s\t%s\n", f.Name, figure.Quantity(f.Value, f.Unit))
	}
	return columns.Flush()
}

func writeFloorsJSON(s *session, floors []perfgates.Floor) error {
	var objects [][]byte
	for _, f := range floors {
		object, err := figure.Object(append([]figure.Detail{
			{Key: "name", Value: f.Name}, {Key: "value", Value: f.Value}, {Key: "unit", Value: f.Unit},
		}, f.Details...))
		if err != nil {
			return err
		}
		objects = append(objects, object)
	}
	return figure.WriteArray(s.out, objects)
}
