// A graph as Graphviz reads it.

package engine

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// WriteDOT writes the graph in the language of Graphviz, for instance for "dot -Tsvg": a box
// for every event, with its sequence and kind, its coordinate and its id, and an arrow
// from each cause to its effect. The event that the graph is about has a thick border,
// a cause that could not be read a dashed one; a note says where there is more than is
// shown. The same graph is always written the same way.
//
// Names longer than 48 characters are cut, and characters that can't be seen are shown as
// Go writes them in strings. The error is that of w.
func (g *Graph) WriteDOT(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintln(out, "digraph causality {")
	fmt.Fprintln(out, "\trankdir=LR;")
	fmt.Fprintln(out, "\tnode [shape=box, fontname=monospace];")
	for i := range g.Nodes {
		n := &g.Nodes[i]
		style := ""
		switch {
		case n.Missing:
			style = ", style=dashed"
		case n.ID == g.Event:
			style = ", penwidth=3"
		}
		fmt.Fprintf(out, "\t%s [label=\"%s\"%s];\n", n.name(), dotLabel(n.label()), style)
	}
	for _, edge := range g.edges() {
		fmt.Fprintf(out, "\t%s -> %s;\n", edge.cause.name(), edge.effect.name())
	}
	if notes := g.notes(); len(notes) > 0 {
		fmt.Fprintf(out, "\tremark [label=\"%s\", shape=note, style=dotted];\n", dotLabel(notes))
	}
	fmt.Fprintln(out, "}")
	return out.Flush()
}

// dotEscapes are what means something between the quotes of a label.
var dotEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `&`, `&amp;`)

// dotLabel returns lines as the text of a label, to stand between quotes.
func dotLabel(lines []string) string {
	escaped := make([]string, len(lines))
	for i, line := range lines {
		escaped[i] = dotEscapes.Replace(line)
	}
	return strings.Join(escaped, `\n`)
}
