// Batches beside readers: whoever reads, in whatever way, sees all of a batch or nothing of it.

package engine_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// whole is a store whose every event says to which batch it belongs and how long that is.
type whole struct {
	t      *testing.T
	store  *engine.Store
	number atomic.Uint64 // of batches
	reads  atomic.Int64
	done   atomic.Bool
}

const wholeWriters = 3

// wholeBatches is how many batches each writer appends: where the race detector watches fewer.
func wholeBatches() int {
	if raceBuild {
		return 30
	}
	return 60
}

// payload says: batch, items, place.
func wholePayload(number uint64, items, place int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, number)
	b = binary.LittleEndian.AppendUint64(b, uint64(items))
	b = binary.LittleEndian.AppendUint64(b, uint64(place))
	return append(b, make([]byte, number%7*60)...)
}

// write appends batches, of which each is over several entities, and single events between.
func (w *whole) write(seed uint64) {
	random := rand.New(rand.NewPCG(seed, 0))
	for n := range wholeBatches() {
		if n%8 == 0 { // so that neither side is done long before the other
			until(func() bool { return w.reads.Load() >= int64(n) || w.t.Failed() })
		}
		number, items := w.number.Add(1), 1+random.IntN(40)
		var batch engine.Batch
		for place := range items {
			at := event.MustAt(fmt.Sprint("entity-", place%5), fmt.Sprint("scope-", place%2))
			batch.AddBytes(at, event.Data, event.CodecRaw, wholePayload(number, items, place)).Tags("whole", fmt.Sprint("batch-", number))
		}
		var err error
		if items == 1 {
			_, err = w.store.AppendBytesWith(here, event.Data, event.CodecRaw, wholePayload(number, 1, 0), engine.AppendOptions{Tags: []string{"whole"}})
		} else {
			_, err = w.store.AppendBatch(&batch)
		}
		if err != nil {
			w.t.Errorf("append: %v", err)
			return
		}
	}
}

// tally counts the items of batches that a reader saw.
type tally map[uint64]int

// take counts an event; the test fails when its place does not follow from what was seen, in ascending order or
// descending.
func (w *whole) take(seen tally, ev *event.Event, backward bool) (number uint64, items int) {
	number = binary.LittleEndian.Uint64(ev.Payload)
	items, place := int(binary.LittleEndian.Uint64(ev.Payload[8:])), int(binary.LittleEndian.Uint64(ev.Payload[16:]))
	want := seen[number]
	if backward {
		want = items - 1 - want
	}
	if place != want {
		w.t.Errorf("batch %d: item %d where %d is due", number, place, want)
	}
	seen[number]++
	if items == seen[number] {
		delete(seen, number)
	}
	return number, items
}

// all reads everything in one direction.
func (w *whole) all(direction engine.Direction) {
	seen := make(tally)
	for ev, err := range w.store.Events(0, 0, engine.ReadOptions{Direction: direction, Limit: 0}) {
		if err != nil {
			w.t.Errorf("events: %v", err)
			return
		}
		w.take(seen, &ev, direction == engine.Backward)
	}
	w.mustBeWhole("events", seen)
}

func (w *whole) mustBeWhole(what string, seen tally) {
	for number, items := range seen {
		w.t.Errorf("%s: of batch %d only %d items are seen", what, number, items)
	}
}

// tagged asks for a tag that all events have, and for one that only the events of the newest batch have.
func (w *whole) tagged() {
	seen := make(tally)
	for ev, err := range w.store.Query(event.Tagged("whole"), engine.ReadOptions{}) {
		if err != nil {
			w.t.Errorf("query: %v", err)
			return
		}
		w.take(seen, &ev, false)
	}
	w.mustBeWhole("query", seen)
	for range 20 {
		newest := w.number.Load()
		for ev, err := range w.store.Query(event.Tagged(fmt.Sprint("batch-", newest)), engine.ReadOptions{}) {
			if err != nil {
				w.t.Errorf("query: %v", err)
				return
			}
			w.take(seen, &ev, false)
		}
		w.mustBeWhole("query of the newest", seen)
	}
}

// newest looks at the visible watermark: the event there is the last item of its batch, and the next one, if it is there
// by then, the first of another.
func (w *whole) newest() {
	var into event.Event
	for range 200 {
		visible := w.store.Stats().Visible
		if visible == 0 {
			continue
		}
		if err := w.store.GetInto(visible, &into); err != nil {
			w.t.Errorf("the event at the watermark %d: %v", visible, err)
			return
		}
		items, place := binary.LittleEndian.Uint64(into.Payload[8:]), binary.LittleEndian.Uint64(into.Payload[16:])
		if place != items-1 {
			w.t.Errorf("the watermark %d is at item %d of %d", visible, place, items)
			return
		}
	}
}

func TestReadersSeeABatchWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	for _, policy := range []engine.SyncPolicy{engine.SyncEveryAppend(), engine.SyncEvery(50, 0), engine.SyncManual()} {
		t.Run(policy.String(), func(t *testing.T) {
			t.Parallel()
			w := &whole{t: t, store: mustOpen(t, quickDir(t), small(policy))}
			var writing, reading sync.WaitGroup
			for seed := range uint64(wholeWriters) {
				writing.Go(func() { w.write(seed) })
			}
			for _, read := range []func(){
				func() { w.all(engine.Forward) }, func() { w.all(engine.Backward) }, w.tagged, w.newest,
			} {
				reading.Go(func() {
					for !w.done.Load() {
						read()
						w.reads.Add(1)
					}
				})
			}
			writing.Wait()
			w.done.Store(true)
			reading.Wait()
			w.all(engine.Forward)
			mustBeSound(t, all(t, w.store, 0, 0, engine.ReadOptions{}), true)
			mustClose(t, w.store)
		})
	}
}
