// Logs for the tests of this package: over a directory in memory whose calls can be
// held up or made to fail, begun without recovery.

package commit

import (
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
)

var errInjected = errors.New("injected")

// disk is a directory in memory with a say before every call.
type disk struct {
	vfs.Dir
	mu     sync.Mutex
	decide func(vfs.Op) error
	calls  map[string]int // by kind and name
}

func newDisk() *disk {
	d := &disk{calls: make(map[string]int)}
	d.Dir = vfs.Faulty(vfs.NewMemory(), func(op vfs.Op) error {
		d.mu.Lock()
		d.calls[op.Kind.String()+" "+op.Name]++
		decide := d.decide
		d.mu.Unlock()
		if decide == nil {
			return nil
		}
		return decide(op)
	})
	return d
}

// when sets what is decided from now on.
func (d *disk) when(decide func(vfs.Op) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.decide = decide
}

func (d *disk) count(kind vfs.OpKind, name string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls[kind.String()+" "+name]
}

func segmentName(number uint64) string { return mmapseg.FileName(number, 0) }

// isSync reports whether op syncs a segment, under whichever name.
func isSync(op vfs.Op, segment uint64) bool {
	return op.Kind == vfs.OpSyncData && strings.HasPrefix(op.Name, segmentName(segment))
}

// newLog returns a log with one empty segment of 64 KiB, the largest ordinary
// size too.
func newLog(t *testing.T, dir vfs.Dir, everyAppend bool) (*Log, *mmapseg.Set) {
	t.Helper()
	return newHookedLog(t, dir, everyAppend, nil)
}

// newHookedLog is newLog with what is to happen at points.
func newHookedLog(t *testing.T, dir vfs.Dir, everyAppend bool, points *hooks.Set) (*Log, *mmapseg.Set) {
	t.Helper()
	first, err := mmapseg.Create(dir, mmapseg.Header{Number: 1, Hashing: true, Salt: 7, Size: mmapseg.MinSize})
	if err != nil {
		t.Fatal(err)
	}
	first.Activate(1, 0)
	set := new(mmapseg.Set)
	set.Add(first)
	x := indexOf(first)
	l := New(Config{
		Dir: dir, Set: set, Index: x, Head: headIn(x), Sealed: func(*Retired) {}, Published: func() {}, Poisoned: func(error) {}, EveryAppend: everyAppend, Hashing: true,
		SegmentSize: mmapseg.MinSize, Limit: 1 << 16, Clock: time.Now, Hooks: points, Logger: slog.New(slog.DiscardHandler),
		Start: Start{Tail: mmapseg.HeaderSize, Next: 1},
	})
	t.Cleanup(func() {
		_ = l.Close() // tests that care call it themselves
		if err := set.Close(); err != nil {
			t.Error(err)
		}
	})
	return l, set
}

// indexOf returns an index with a part for the first segment.
func indexOf(first *mmapseg.Segment) *index.Index {
	x := new(index.Index)
	x.AddPart(NewPart(first, index.NewTail(first.Size)))
	return x
}

// headIn finds heads in the tails before the one given; these logs don't swap tails for tables.
func headIn(x *index.Index) func(string, uint64, *index.Tail) (index.Head, error) {
	return func(entity string, hash uint64, tail *index.Tail) (index.Head, error) {
		older := false
		for _, part := range slices.Backward(x.Parts()) {
			if older {
				if head, ok := part.Tail().HeadOf(hash, entity); ok {
					return head, nil
				}
			}
			older = older || part.Tail() == tail
		}
		return index.Head{}, nil
	}
}

// appendBytes appends one event with a payload of n bytes.
func appendBytes(l *Log, n int) (Receipt, error) {
	u := l.NewUnit()
	draft := event.Draft{Coordinate: event.MustAt("entity", "scope"), Kind: event.Data, Payload: make([]byte, n)}
	u.Draft = draft
	l.Encode(u, Cause{}, Gate{})
	_, err := l.Append(u, WaitPolicy)
	receipt, err := receiptOf(u, err)
	l.Release(u)
	return receipt, err
}

// receiptOf returns the receipt of a unit's event, if it was stored.
func receiptOf(u *Unit, err error) (Receipt, error) {
	if err != nil {
		return Receipt{}, err
	}
	return u.Receipt(0), nil
}

// fill appends small events until the active segment has no room for n bytes of
// payload more.
func fill(t *testing.T, l *Log, n int) {
	t.Helper()
	for {
		l.mu.Lock()
		fits := l.active.Fits(l.tail, n)
		l.mu.Unlock()
		if !fits {
			return
		}
		if _, err := appendBytes(l, 1000); err != nil {
			t.Fatal(err)
		}
	}
}

// until yields the processor until the condition holds.
func until(condition func() bool) {
	for !condition() {
		runtime.Gosched()
	}
}
