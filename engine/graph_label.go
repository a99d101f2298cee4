// What the drawings of a graph have in common: names, labels, arrows, notes.

package engine

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/batpak/batpak/event"
)

// name returns a node's identifier in a drawing.
func (n *GraphNode) name() string {
	if n.Missing {
		return "m" + n.ID.String()
	}
	return fmt.Sprintf("n%d", n.Sequence)
}

// label returns a node's lines.
func (n *GraphNode) label() []string {
	if n.Missing {
		return []string{fmt.Sprintf("#%d can't be read", n.Sequence), n.ID.String()}
	}
	return []string{fmt.Sprintf("#%d %s", n.Sequence, n.Kind), visible(n.Entity()) + "@" + visible(n.Scope()), n.ID.String()}
}

// graphEdge leads from a cause to its effect.
type graphEdge struct{ cause, effect *GraphNode }

// edges returns the arrows, ascending by the sequence of the effect.
func (g *Graph) edges() []graphEdge {
	nodes := make(map[event.ID]*GraphNode, len(g.Nodes))
	for i := range g.Nodes {
		nodes[g.Nodes[i].ID] = &g.Nodes[i]
	}
	var edges []graphEdge
	for i := range g.Nodes {
		if cause := nodes[g.Nodes[i].Cause]; cause != nil {
			edges = append(edges, graphEdge{cause, &g.Nodes[i]})
		}
	}
	return edges
}

// mostNotes bounds the errors that a drawing shows.
const mostNotes = 5

// notes returns what a drawing says beside the events.
func (g *Graph) notes() []string {
	var lines []string
	if g.Truncated {
		lines = append(lines, "there is more than is shown")
	}
	for i, err := range g.Unread {
		if i == mostNotes {
			lines = append(lines, fmt.Sprintf("and %d more", len(g.Unread)-i))
			break
		}
		lines = append(lines, shown(err.Error(), 200))
	}
	return lines
}

// visible returns a name as a drawing shows it.
func visible(name string) string { return shown(name, 48) }

// shown returns text on one line, so many characters of it, with those that can't be seen, or that change the direction of
// others, as Go writes them.
func shown(text string, most int) string {
	var b strings.Builder
	for _, r := range text {
		if most--; most < 0 {
			b.WriteRune('…')
			break
		}
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
