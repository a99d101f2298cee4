// Graph: a piece of the causal graph around one event, held in memory.

package engine

import (
	"cmp"
	"errors"
	"iter"
	"math"
	"slices"

	"github.com/batpak/batpak/event"
)

// Graph is what led to an event and what came of it. [Graph.WriteDOT] and
// [Graph.WriteMermaid] draw it. It is made by [Store.Graph] and shares no memory with the
// store.
type Graph struct {
	// Event is the id of the event that the graph is about.
	Event event.ID
	// Nodes are the events, ascending by sequence. Each but the root names its cause; the
	// causes of all but the first are among them.
	Nodes []GraphNode
	// Truncated says that there are more causes than Limit, or more effects than Limit or
	// Depth let in.
	Truncated bool
	// Unread are the errors for what may be missing because it can't be read: [ErrCorrupt],
	// or [ErrNotFound] for a cause that is not in the store any more.
	Unread []error
}

// GraphNode is an event of a [Graph], without its payload.
type GraphNode struct {
	event.Header
	event.Coordinate
	// Level is how many steps the event is from the one that the graph is about: above 0
	// for effects, below it for causes.
	Level int
	// Missing says that the event could not be read. Only ID and Sequence are known then, from
	// its effect.
	Missing bool
}

// Graph returns the neighbourhood of the event with this id: its causes up to the root, and
// its effects as [Store.Effects] yields them, options.Depth levels far. options.Limit bounds
// the events beside this one, causes first, nearest first. Without a limit the graph can
// be as large as the store, about 250 bytes an event.
//
// What can't be read is left out and told of in Unread. Errors: [ErrNotFound] when no
// visible event has the id; [ErrCorrupt] when that one is damaged; [ErrInvalid] for options;
// [ErrMapFault]; [ErrClosed].
func (s *Store) Graph(id event.ID, options GraphOptions) (*Graph, error) {
	if err := options.check(); err != nil {
		return nil, err
	}
	var ev event.Event
	if err := s.GetIDInto(id, &ev); err != nil {
		return nil, err
	}
	g := &Graph{Event: id}
	g.add(&ev, 0)
	causes, err := g.addCauses(s.reader.Causes(id, oneMore(options.Limit)), options.Limit)
	if err != nil {
		return nil, err
	}
	most := oneMore(options.Limit - causes)
	if options.Limit > 0 && causes == options.Limit {
		most = 1
	}
	if err := g.addEffects(s.reader.Effects(id, oneMore(options.Depth), most), options.Depth, most); err != nil {
		return nil, err
	}
	slices.SortFunc(g.Nodes, func(a, b GraphNode) int {
		return cmp.Or(cmp.Compare(a.Sequence, b.Sequence), a.ID.Compare(b.ID))
	})
	return g, nil
}

// oneMore returns the bound that shows whether there is more than a bound lets in.
func oneMore(bound int) int {
	if bound <= 0 || bound == math.MaxInt {
		return 0
	}
	return bound + 1
}

func (g *Graph) add(ev *event.Event, level int) {
	g.Nodes = append(g.Nodes, GraphNode{Header: ev.Header, Coordinate: ev.Coordinate, Level: level})
}

// unread notes an error for what can't be read; any other one is returned.
func (g *Graph) unread(err error) error {
	if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrNotFound) {
		return err
	}
	g.Unread = append(g.Unread, err)
	return nil
}

// addCauses adds at most limit causes, 0 being no limit, and returns how many.
func (g *Graph) addCauses(causes iter.Seq2[event.Event, error], limit int) (added int, err error) {
	for ev, err := range causes {
		switch {
		case err != nil:
			effect := &g.Nodes[added]
			missing := event.Header{ID: effect.Cause, Sequence: effect.CauseSequence}
			g.Nodes = append(g.Nodes, GraphNode{Header: missing, Level: -added - 1, Missing: true})
			return added, g.unread(err)
		case limit > 0 && added == limit:
			g.Truncated = true
			return added, nil
		}
		added++
		g.add(&ev, -added)
	}
	return added, nil
}

// addEffects adds effects down to a depth, one less than most of them; 0 is no bound.
func (g *Graph) addEffects(effects iter.Seq2[event.Event, error], depth, most int) error {
	levels := map[event.ID]int{g.Event: 0}
	added := 0
	for ev, err := range effects {
		if err != nil {
			if err := g.unread(err); err != nil {
				return err
			}
			continue
		}
		added++
		level := levels[ev.Cause] + 1
		if depth > 0 && level > depth || added == most {
			g.Truncated = true
			return nil
		}
		levels[ev.ID] = level
		g.add(&ev, level)
	}
	return nil
}
