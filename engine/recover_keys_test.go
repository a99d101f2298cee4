// Keys after everything that can happen to a store's files: killed and closed, derived files deleted, torn at every place.
// A request that was stored is told so again, with the same receipts, and one that was not is stored.

package engine_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// retry is an append or a batch with keys; it is the same one whenever it is made.
type retry struct {
	number   int
	batch    bool
	key      string   // of the batch, or of the event
	items    []string // keys of the items
	size     int      // of a payload, bytes
	receipts []engine.Receipt
}

// retries makes up what is asked of a store, one batch of which does not fit into an ordinary segment, nor the first thing.
func retries(seed uint64, n int) []*retry {
	random := rand.New(rand.NewPCG(seed, 3))
	list := make([]*retry, n)
	for i := range list {
		r := &retry{number: i, key: fmt.Sprintf("request %d", i), size: 1 + random.IntN(6000), batch: i == 0 || random.IntN(3) == 0}
		if r.batch {
			r.items = make([]string, 1+random.IntN(6))
			if i%40 == 39 {
				r.size, r.items = 200_000, make([]string, 6)
			}
			for k := range r.items {
				r.items[k] = fmt.Sprintf("request %d, item %d", i, k)
			}
			switch random.IntN(3) {
			case 0:
				clear(r.items) // the batch alone has a key
			case 1:
				r.key = "" // the items have
			}
		}
		list[i] = r
	}
	return list
}

// make makes the request.
func (r *retry) make(s *engine.Store) ([]engine.Receipt, error) {
	at := event.MustAt(fmt.Sprint("entity", r.number%7), "scope")
	if !r.batch {
		receipt, err := s.AppendBytesWith(at, event.Data, event.CodecRaw, randomBytes(uint64(r.number), r.size), engine.AppendOptions{Key: r.key})
		return []engine.Receipt{receipt}, err
	}
	batch := engine.Batch{Key: r.key}
	for i, key := range r.items {
		item := batch.AddBytes(at, event.Data, event.CodecRaw, randomBytes(uint64(r.number+i), r.size)).Key(key)
		if i > 0 {
			item.CausedByIndex(0)
		}
	}
	return s.AppendBatch(&batch)
}

// mustStore makes the request for the first time.
func (r *retry) mustStore(t failer, s *engine.Store) {
	t.Helper()
	receipts, err := r.make(s)
	if err != nil {
		t.Fatalf("request %d: %v", r.number, err)
	}
	for i := range receipts {
		if receipts[i].Duplicate {
			t.Fatalf("request %d is said to be stored already", r.number)
		}
	}
	r.receipts = receipts
}

// mustBeKnown makes a request again that was stored.
func (r *retry) mustBeKnown(t failer, s *engine.Store) {
	t.Helper()
	receipts, err := r.make(s)
	if err != nil {
		t.Fatalf("request %d again: %v", r.number, err)
	}
	want := slices.Clone(r.receipts)
	for i := range want {
		want[i].Duplicate = true
	}
	if !slices.Equal(receipts, want) {
		t.Fatalf("request %d again: %+v, want %+v", r.number, receipts, want)
	}
}

func keyOptions() engine.Options {
	return engine.Options{SegmentSize: engine.MinSegmentSize, MaxBatchBytes: engine.MaxBatchBytes}
}

func TestKeysAreKnownWhateverHappenedToWhatIsDerived(t *testing.T) {
	t.Parallel()
	list := retries(1, 900)
	path := quickDir(t)
	s := mustOpen(t, path, keyOptions())
	for i, r := range list {
		r.mustStore(t, s)
		if i == 300 || i == 301 { // control frames in front of batches
			mustClose(t, s)
			s = mustOpen(t, path, keyOptions())
		}
	}
	settle(s)
	for _, r := range list {
		r.mustBeKnown(t, s)
	}
	killed := imageOf(t, path)
	mustClose(t, s)
	closed := imageOf(t, path)
	if n := len(closed.sealed()); n < 4 || len(closed.runs()) == 0 {
		t.Fatalf("%d sealed segments, runs %v", n, closed.runs())
	}
	for how, files := range map[string]image{"killed": killed, "closed": closed} {
		for _, loss := range losses {
			t.Run(how+", lost "+loss.what, func(t *testing.T) {
				t.Parallel()
				path := quickDir(t)
				loss.from(files.clone()).write(t, path)
				o := keyOptions()
				o.Rebuild = loss.rebuild
				s := mustOpen(t, path, o)
				last := s.Stats().Staged
				for _, r := range list {
					r.mustBeKnown(t, s)
				}
				if got := s.Stats().Staged; got != last {
					t.Errorf("the last sequence went from %d to %d", last, got)
				}
				next := retries(2, len(list)+40)[len(list):]
				for _, r := range next {
					r.mustStore(t, s)
				}
				mustClose(t, s)
				s = mustOpen(t, path, keyOptions())
				for _, r := range append(next, list...) {
					r.mustBeKnown(t, s)
				}
				mustClose(t, s)
			})
		}
	}
}

// TestABatchThatIsTornAnywhereIsNotThereAndItsKeysAreFree cuts the file of the last segment at every eighth byte, and around it, of
// the last two units, as if nothing behind had reached the disk.
func TestABatchThatIsTornAnywhereIsNotThereAndItsKeysAreFree(t *testing.T) {
	t.Parallel()
	for _, leading := range []int{0, 3} { // the batch is the first thing in the store, or not
		path := quickDir(t)
		s := mustOpen(t, path, keyOptions())
		before := retries(5, leading)
		for _, r := range before {
			r.mustStore(t, s)
		}
		torn := &retry{number: 77, batch: true, key: "batch", items: []string{"one", "", "three"}, size: 30}
		from := tailEnd(t, path)
		torn.mustStore(t, s)
		files := imageOf(t, path)
		mustClose(t, s)
		tail := files.segments()[0]
		end := tailEndOf(files[tail])
		if from >= end {
			t.Fatalf("the batch stands from %d to %d", from, end)
		}
		for cut := from; cut <= end; cut++ {
			if cut%8 > 1 && cut%8 < 7 {
				continue // words reach a disk whole
			}
			left := files.clone()
			clear(left[tail][cut:])
			mustBeTornAt(t, left, before, torn, bytes.Equal(left[tail], files[tail]))
		}
	}
}

// mustBeTornAt opens an image in which a batch may be whole.
func mustBeTornAt(t *testing.T, left image, before []*retry, torn *retry, whole bool) {
	t.Helper()
	s, err := engine.OpenDir(left.memory(t), keyOptions())
	if err != nil {
		t.Fatalf("whole: %v: %v", whole, err)
	}
	defer mustClose(t, s)
	for _, r := range before {
		r.mustBeKnown(t, s)
	}
	if whole {
		torn.mustBeKnown(t, s)
		return
	}
	for ev, err := range s.Events(0, 0, engine.ReadOptions{}) {
		if err != nil || ev.Key == "one" || ev.Key == "three" {
			t.Fatalf("an item of the torn batch, %v, %v", ev.Header, err)
		}
	}
	again := *torn
	again.mustStore(t, s)
	again.mustBeKnown(t, s)
}

// tailEnd returns where the frames of a store's only segment end.
func tailEnd(t failer, path string) int {
	t.Helper()
	files := imageOf(t, path)
	return tailEndOf(files[files.segments()[0]])
}

// tailEndOf returns the first multiple of 8 behind the last byte that is not zero.
func tailEndOf(segment []byte) int {
	return (len(bytes.TrimRight(segment, "\x00")) + 7) / 8 * 8
}

// TestADamagedBatchThatWasAcknowledgedRefusesTheStore: nobody could tell its keys from free ones.
func TestADamagedBatchThatWasAcknowledgedRefusesTheStore(t *testing.T) {
	t.Parallel()
	path := quickDir(t)
	s := mustOpen(t, path, keyOptions())
	from := tailEnd(t, path)
	batch := &retry{number: 77, batch: true, key: "batch", items: []string{"one", "two"}, size: 30}
	batch.mustStore(t, s)
	end := tailEnd(t, path)
	(&retry{number: 78, key: "behind"}).mustStore(t, s)
	files := imageOf(t, path)
	mustClose(t, s)
	tail := files.segments()[0]
	for at := from; at < end; at += 3 {
		left := files.clone()
		left[tail][at] ^= 4
		if s, err := engine.OpenDir(left.memory(t), keyOptions()); err == nil {
			mustClose(t, s)
			t.Errorf("damage at %d of %d to %d: the store opens", at, from, end)
		}
	}
}
