// Graphs: what is in them, and what they say is not.

package engine_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// mustBeGraph compares a graph with what a look at every event finds.
func mustBeGraph(t failer, g *engine.Graph, known history, of event.Event, o engine.GraphOptions) {
	t.Helper()
	causes, effects := known.causes(of), known.effects(of.ID, o.Depth)
	truncated := len(effects) < len(known.effects(of.ID, 0))
	if o.Limit > 0 {
		truncated = truncated || len(causes)+len(effects) > o.Limit
		causes = causes.first(o.Limit)
		effects = effects[:min(len(effects), o.Limit-len(causes))]
	}
	levels := map[uint64]int{of.Sequence: 0}
	want := append(history{of}, causes...)
	for i, ev := range causes {
		levels[ev.Sequence] = -i - 1
	}
	for _, ev := range effects {
		levels[ev.Sequence] = int(ev.Position.Depth) - int(of.Position.Depth)
	}
	want = append(want, effects...)
	slices.SortFunc(want, func(a, b event.Event) int { return int(a.Sequence) - int(b.Sequence) })
	if g.Event != of.ID || g.Truncated != truncated || g.Unread != nil || len(g.Nodes) != len(want) {
		t.Fatalf("graph of %d, %+v: %d nodes, truncated %v, unread %v; want %d, %v", of.Sequence, o, len(g.Nodes), g.Truncated, g.Unread, len(want), truncated)
	}
	for i, n := range g.Nodes {
		if n.Header != want[i].Header || n.Coordinate != want[i].Coordinate || n.Level != levels[n.Sequence] || n.Missing {
			t.Fatalf("graph of %d, %+v: node %+v, want %s on level %d", of.Sequence, o, n, want[i], levels[n.Sequence])
		}
	}
}

func TestAGraphHoldsTheCausesAndTheEffectsOfAnEvent(t *testing.T) {
	t.Parallel()
	w := newWeaver(30)
	s := quickStore(t, small(engine.SyncManual()))
	w.weave(t, s, nil, 700)
	known := all(t, s, 0, 0, engine.ReadOptions{})
	truncated := 0
	for range 300 {
		of := known[w.random.IntN(1+w.random.IntN(len(known)))]
		o := engine.GraphOptions{Depth: w.random.IntN(4) * w.random.IntN(2), Limit: w.random.IntN(12) * w.random.IntN(2)}
		g, err := s.Graph(of.ID, o)
		if err != nil {
			t.Fatal(err)
		}
		mustBeGraph(t, g, known, of, o)
		if g.Truncated {
			truncated++
		}
	}
	if truncated < 20 {
		t.Errorf("%d truncated graphs", truncated)
	}
	if _, err := s.Graph(event.MakeID(1, 2, 3), engine.GraphOptions{}); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("graph of nothing: %v", err)
	}
}

// TestALimitIsReachedExactly: as many causes as the limit, and one more.
func TestALimitIsReachedExactly(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	var chain history
	var last event.ID
	for range 6 {
		r, err := caused(s, last)
		if err != nil {
			t.Fatal(err)
		}
		last = r.ID
	}
	chain = all(t, s, 0, 0, engine.ReadOptions{})
	for of := range chain {
		for limit := range 8 {
			for depth := range 8 {
				o := engine.GraphOptions{Depth: depth, Limit: limit}
				g, err := s.Graph(chain[of].ID, o)
				if err != nil {
					t.Fatal(err)
				}
				mustBeGraph(t, g, chain, chain[of], o)
			}
		}
	}
}

// TestAGraphTellsOfWhatCanNotBeRead has a chain of a thousand events, of which one segment is missing, and one event is
// damaged.
func TestAGraphTellsOfWhatCanNotBeRead(t *testing.T) {
	t.Parallel()
	path := quickDir(t)
	s := mustOpen(t, path, small(engine.SyncManual()))
	var last event.ID
	for i := range 2500 {
		r, err := s.AppendBytesWith(here, event.Data, event.CodecRaw, randomBytes(uint64(i), 40), engine.AppendOptions{Cause: last})
		if err != nil {
			t.Fatal(err)
		}
		last = r.ID
	}
	known := all(t, s, 0, 0, engine.ReadOptions{})
	mustClose(t, s)
	names := imageOf(t, path).segments()
	if len(names) < 4 {
		t.Fatalf("segments %v, want four", names)
	}
	if err := os.Remove(filepath.Join(path, names[1])); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, path, engine.Options{ReadOnly: true})
	defer mustClose(t, s)
	var damage told
	for _, err := range s.Events(0, 0, engine.ReadOptions{}) {
		if err != nil {
			damage.add(t, err)
		}
	}
	if len(damage) != 1 {
		t.Fatalf("damage %v", damage)
	}
	first, behind := damage[0][0], damage[0][1]+1

	g, err := s.Graph(known[behind+1].ID, engine.GraphOptions{})
	if err != nil {
		t.Fatal(err)
	}
	missing := g.Nodes[0]
	if len(g.Unread) != 1 || !errors.Is(g.Unread[0], engine.ErrCorrupt) || !missing.Missing || missing.Sequence != behind-1 || missing.ID != known[behind-2].ID {
		t.Errorf("behind the damage: unread %v, first node %+v", g.Unread, missing)
	}
	if got := uint64(len(g.Nodes)); got != uint64(len(known))-behind+2 || g.Truncated {
		t.Errorf("behind the damage: %d nodes, truncated %v", got, g.Truncated)
	}
	g, err = s.Graph(known[4].ID, engine.GraphOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Unread) != 1 || !errors.Is(g.Unread[0], engine.ErrCorrupt) || uint64(len(g.Nodes)) != first-1 {
		t.Errorf("before the damage: unread %v, %d nodes, want %d", g.Unread, len(g.Nodes), first-1)
	}
	if _, err := s.Graph(known[first].ID, engine.GraphOptions{}); !errors.Is(err, engine.ErrCorrupt) {
		t.Errorf("in the damage: %v", err)
	}
	mustDraw(t, g)
}
