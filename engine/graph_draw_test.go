// Graphs as drawings: golden files, and labels that mean what was put in.

package engine_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"html"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

var updateGraphs = flag.Bool("update-graphs", false, "write the golden files of drawings anew")

// mustDraw returns both drawings, DOT first.
func mustDraw(t failer, g *engine.Graph) (dot, mermaid string) {
	t.Helper()
	var d, m bytes.Buffer
	if err := errors.Join(g.WriteDOT(&d), g.WriteMermaid(&m)); err != nil {
		t.Fatalf("%v", err)
	}
	return d.String(), m.String()
}

// mustBeGolden compares both drawings of a graph with files of testdata, or writes them.
func mustBeGolden(t *testing.T, name string, g *engine.Graph) {
	t.Helper()
	dot, mermaid := mustDraw(t, g)
	for path, got := range map[string]string{name + ".dot": dot, name + ".mmd": mermaid} {
		path = filepath.Join("testdata", "graph", path)
		if *updateGraphs {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
		}
	}
}

// orderStore is a store with an order, made of the same ids every time.
func orderStore(t *testing.T) (s *engine.Store, receipts []engine.Receipt) {
	t.Helper()
	o := small(engine.SyncManual())
	o.Random = zeros{}
	o.Clock = func() time.Time { return time.UnixMilli(1_763_875_200_000) }
	s = quickStore(t, o)
	placed, paid, shipped := event.MustKind(0xF, 1), event.MustKind(0xF, 2), event.MustKind(0xF, 3)
	var batch engine.Batch
	order := batch.Add(event.MustAt("order-7", "shop"), placed, nil)
	batch.Add(event.MustAt("stock:tea", "warehouse"), event.Data, nil).CausedBy(order)
	batch.Add(event.MustAt("stock:cups", "warehouse"), event.Data, nil).CausedBy(order)
	receipts, err := s.AppendBatch(&batch)
	if err != nil {
		t.Fatal(err)
	}
	for _, next := range []event.Kind{paid, shipped} {
		r, err := s.AppendReaction(receipts[len(receipts)/4*3].ID, event.MustAt("order-7", "shop"), next, nil, engine.AppendOptions{})
		if err != nil {
			t.Fatal(err)
		}
		receipts = append(receipts, r)
	}
	return s, receipts
}

// zeros is a source of randomness for what shall be the same every time.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestADrawingIsTheSameEveryTime(t *testing.T) {
	t.Parallel()
	s, receipts := orderStore(t)
	for name, c := range map[string]struct {
		of      int
		options engine.GraphOptions
	}{
		"order": {of: 0}, "payment": {of: 3}, "short": {of: 0, options: engine.GraphOptions{Depth: 1, Limit: 2}},
	} {
		g, err := s.Graph(receipts[c.of].ID, c.options)
		if err != nil {
			t.Fatal(err)
		}
		mustBeGolden(t, name, g)
		again, err := s.Graph(receipts[c.of].ID, c.options)
		if err != nil {
			t.Fatal(err)
		}
		mustBeGolden(t, name, again)
	}
}

// hostileNames are what would mean something else where it is not escaped.
var hostileNames = []string{
	`"]; evil -> n1; n9 ["`, `say "hi" & bye\`, "two\nlines\r\n\ttab", "</b><script>alert(1)</script>", "%%{init: {}}%%", "&quot;&#34;#quot;#35;",
	"`markdown **bold** _it_`", "$$x^2$$", "ünïcödé 日本語 🚀", "right\u202eto left", "zero\u200bwidth\x00", "fa:fa-ban end", "style:x#;", "classDef a:#;", `\N\G\l\r`, strings.Repeat("long ", 60),
}

// hostileGraph is a chain of events with such names.
func hostileGraph() *engine.Graph {
	g := &engine.Graph{Event: event.MakeID(1000, 3, 7)}
	var cause event.Header
	for i, name := range hostileNames {
		h := event.Header{ID: event.MakeID(1000, uint32(i), 7), Sequence: uint64(i) + 1, Kind: event.Data, Cause: cause.ID, CauseSequence: cause.Sequence}
		g.Nodes = append(g.Nodes, engine.GraphNode{Header: h, Coordinate: event.MustAt(name, "scope"), Level: i - 3})
		cause = h
	}
	return g
}

func TestNamesCanNotBreakOutOfADrawing(t *testing.T) {
	t.Parallel()
	mustBeGolden(t, "hostile", hostileGraph())
}

func TestADrawingSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	g := hostileGraph()
	g.Nodes = g.Nodes[8:10]
	g.Nodes = append([]engine.GraphNode{{Header: event.Header{ID: g.Nodes[0].Cause, Sequence: g.Nodes[0].CauseSequence}, Missing: true, Level: 4}}, g.Nodes...)
	g.Truncated = true
	for i := range 7 {
		g.Unread = append(g.Unread, &engine.CorruptError{Segment: "00000000000000000001-00000.seg", Offset: 4096, First: uint64(i), Last: uint64(i) + 1, Problem: `a "quoted" problem`})
	}
	mustBeGolden(t, "missing", g)
}

// The labels as they stand in the drawings, and what they mean.
var (
	dotNode     = regexp.MustCompile(`^\t[nm][0-9a-f]+ \[label="((?:[^"\\]|\\.)*)"(?:, [a-z]+=[a-z0-9]+)?\];$`)
	mermaidNode = regexp.MustCompile(`^    [nm][0-9a-f]+\["([^"]*)"\](?::::[a-z]+)?$`)
	numbered35  = regexp.MustCompile(`#[0-9]+;`)
)

func readDOT(label string) []string {
	lines := strings.Split(strings.ReplaceAll(label, `\\`, "\x01"), `\n`)
	for i, line := range lines {
		lines[i] = strings.ReplaceAll(html.UnescapeString(strings.ReplaceAll(line, `\"`, `"`)), "\x01", `\`)
	}
	return lines
}

func readMermaid(label string) []string {
	lines := strings.Split(label, "<br/>")
	for i, line := range lines {
		lines[i] = numbered35.ReplaceAllStringFunc(line, func(s string) string {
			n, _ := strconv.Atoi(s[1 : len(s)-1])
			return string(rune(n))
		})
	}
	return lines
}

// TestALabelIsReadAsTheNameThatWasPutIn draws random names of the characters that have a meaning.
func TestALabelIsReadAsTheNameThatWasPutIn(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 1))
	alphabet := []rune(`"\&#;<>[](){}|%` + "`'$*_~^!? aZ09é日-=nN/")
	for range 500 {
		name := make([]rune, 1+random.IntN(48))
		for i := range name {
			name[i] = alphabet[random.IntN(len(alphabet))]
		}
		h := event.Header{ID: event.MakeID(5, 6, 7), Sequence: 12, Kind: 0xF001}
		g := &engine.Graph{Event: h.ID, Nodes: []engine.GraphNode{{Header: h, Coordinate: event.MustAt(string(name), "s")}}}
		want := fmt.Sprint([]string{"#12 0xF001", string(name) + "@s", h.ID.String()})
		dot, mermaid := mustDraw(t, g)
		node := dotNode.FindStringSubmatch(strings.Split(dot, "\n")[3])
		if node == nil || fmt.Sprint(readDOT(node[1])) != want {
			t.Fatalf("%q in DOT:\n%s", string(name), dot)
		}
		node = mermaidNode.FindStringSubmatch(strings.Split(mermaid, "\n")[1])
		if node == nil || fmt.Sprint(readMermaid(node[1])) != want {
			t.Fatalf("%q in Mermaid:\n%s", string(name), mermaid)
		}
	}
}

// full is a writer that takes so many bytes.
type full struct{ left int }

func (w *full) Write(p []byte) (int, error) {
	if len(p) > w.left {
		return w.left, io.ErrShortWrite
	}
	w.left -= len(p)
	return len(p), nil
}

func TestADrawingThatCanNotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()
	g := hostileGraph()
	for _, room := range []int{0, 100, 1000} {
		if err := g.WriteDOT(&full{room}); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("DOT into %d bytes: %v", room, err)
		}
		if err := g.WriteMermaid(&full{room}); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("Mermaid into %d bytes: %v", room, err)
		}
	}
}
