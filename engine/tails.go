// The index of what is not sealed, as opening finds it: built from the frames that
// recovery reads. (A second goroutine that builds from copies of them was tried: on two
// cores it was not faster with few entities, and little with many.)

package engine

import (
	"github.com/batpak/batpak/engine/internal/query"
	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/mmapseg"
	"github.com/batpak/batpak/recovery"
)

// tails builds the index of every segment whose events it is shown.
type tails struct {
	indexer *query.Indexer
	built   map[*recovery.Segment]*index.Tail

	segment *recovery.Segment // of the last event
	name    string
	tail    *index.Tail
	begin   mmapseg.BatchBegin // of the last batch
}

func newTails(decoder *mmapseg.Decoder) *tails {
	return &tails{indexer: query.NewIndexer(decoder), built: make(map[*recovery.Segment]*index.Tail)}
}

// batch takes the begin frame of a batch, before its first event.
func (t *tails) batch(_ *recovery.Segment, b *mmapseg.BatchBegin) error {
	t.begin = *b
	if hooks.Enabled && hooks.Planted(hooks.BatchKeyNotRecovered) {
		t.begin.Key = ""
	}
	return nil
}

// add takes one event; it is what recovery calls. The error is that of a frame that does
// not hold what it should.
func (t *tails) add(s *recovery.Segment, f *mmapseg.Frame) error {
	if s != t.segment {
		t.segment, t.name, t.tail = s, s.Header.Name(), index.NewTail(s.Header.Size)
		t.built[s] = t.tail
	}
	var batch query.Batch
	if f.InBatch() && f.Sequence() == t.begin.FirstSequence {
		batch.Key = t.begin.Key
	}
	return t.indexer.Add(t.tail, uint32(f.Sequence()-s.Contents.Floor), f, batch, t.name)
}

// of returns the index of a segment that has no footer. Events that its frames should
// hold and don't are noted as unknown.
func (t *tails) of(s *recovery.Segment) *index.Tail {
	tail := t.built[s]
	if tail == nil {
		tail = index.NewTail(s.Header.Size)
	}
	most := uint64(s.Header.Size / mmapseg.MinEventSize)
	if expected := min(s.Last+1-s.Contents.Floor, most); uint64(tail.Events()) < expected {
		tail.Hole(tail.Events(), uint32(expected-1))
	}
	return tail
}
