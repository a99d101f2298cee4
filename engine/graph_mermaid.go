// A graph as Mermaid reads it.

package engine

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// WriteMermaid writes the graph as a Mermaid flowchart, which many viewers of Markdown
// draw where it stands in a block marked "mermaid". It shows what [Graph.WriteDOT] shows,
// in the same way. The error is that of w.
func (g *Graph) WriteMermaid(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintln(out, "flowchart LR")
	for i := range g.Nodes {
		n := &g.Nodes[i]
		class := ""
		switch {
		case n.Missing:
			class = ":::missing"
		case n.ID == g.Event:
			class = ":::asked"
		}
		fmt.Fprintf(out, "    %s[\"%s\"]%s\n", n.name(), mermaidLabel(n.label()), class)
	}
	for _, edge := range g.edges() {
		fmt.Fprintf(out, "    %s --> %s\n", edge.cause.name(), edge.effect.name())
	}
	if notes := g.notes(); len(notes) > 0 {
		fmt.Fprintf(out, "    remark[\"%s\"]:::missing\n", mermaidLabel(notes))
	}
	fmt.Fprintln(out, "    classDef asked stroke-width:3px")
	fmt.Fprintln(out, "    classDef missing stroke-dasharray:4 4")
	return out.Flush()
}

// mermaidLabel returns lines as the text of a label, to stand between quotes. All of ASCII but letters, digits and what is
// common in names is written by its number, since labels are looked through for comments, directives, Markdown, math, HTML and
// entities.
func mermaidLabel(lines []string) string {
	var b strings.Builder
	for i, line := range lines {
		if i > 0 {
			b.WriteString("<br/>")
		}
		for _, r := range line {
			if r >= 0x80 || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(" @._-/", r) {
				b.WriteRune(r)
			} else {
				fmt.Fprintf(&b, "#%d;", r)
			}
		}
	}
	return b.String()
}
