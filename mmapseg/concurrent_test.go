package mmapseg

// Readers beside the appender, the sealer and the closer. The race detector sees every byte, since mappings are heap
// memory there.

import (
	"errors"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/batpak/batpak/internal/vfs"
)

func TestClosingWaitsForReaders(t *testing.T) {
	m, p := oneSegment(t, 5, 10)
	inside, leave := make(chan struct{}), make(chan struct{})
	read := make(chan error)
	go func() {
		read <- p.s.Read(func() {
			close(inside)
			<-leave
			if leWord(p.s.read.Bytes()[HeaderSize:]) == 0 {
				t.Error("unmapped under a reader")
			}
		})
	}()
	<-inside
	closed := make(chan error)
	go func() { closed <- p.s.Close() }()
	for p.s.holders.Hold() { // until Close refuses further readers
		p.s.holders.Let()
		runtime.Gosched()
	}
	if err := p.s.Read(func() { t.Error("read from a segment that is being closed") }); !errors.Is(err, ErrSegmentClosed) {
		t.Errorf("%v", err)
	}
	select {
	case <-closed:
		t.Fatal("closed under a reader")
	default:
	}
	close(leave)
	must(t, <-read)
	must(t, <-closed)
	must(t, p.s.Close())
	if p.s.read.Bytes() != nil {
		t.Error("still mapped")
	}
	if _, _, _, err := m.set.Find(1, nil, true); !errors.Is(err, ErrSegmentClosed) {
		t.Errorf("find: %v", err)
	}
}

func TestReadingAfterCloseSaysSo(t *testing.T) {
	for _, broken := range []bool{false, true} {
		m, _ := oneSegment(t, 200, 1000)
		started, backward := m.set.Reader(1, 200, true), m.set.Backward(1, 200, true)
		for range 3 {
			_, _, ok, err := started.Next()
			must(t, err)
			_, _, okBackward, err := backward.Next()
			must(t, err)
			if !ok || !okBackward {
				t.Fatal("ended")
			}
		}
		if broken { // the way past damage reads the file, which is closed too
			started.chunk[started.at] = 0
		}
		must(t, m.set.Close())
		for name, r := range map[string]frames{
			"started": started, "started backward": backward,
			"new": m.set.Reader(1, 200, true), "new backward": m.set.Backward(1, 200, true),
		} {
			for steps := 0; ; steps++ {
				_, _, ok, err := r.Next()
				if ok && steps < 200 { // what was copied before
					continue
				}
				if !errors.Is(err, ErrSegmentClosed) {
					t.Errorf("%s, broken %v: %v %v", name, broken, ok, err)
				}
				if _, _, ok, err := r.Next(); ok || err != nil {
					t.Errorf("%s went on: %v %v", name, ok, err)
				}
				break
			}
			r.Close()
		}
		if _, _, _, err := m.set.Find(7, nil, true); !errors.Is(err, ErrSegmentClosed) {
			t.Errorf("find: %v", err)
		}
	}
}

func TestManyCloseAtOnce(t *testing.T) {
	for range 50 {
		_, p := oneSegment(t, 1, 1)
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() { must(elsewhere{t}, p.s.Close()) })
			group.Go(func() {
				for p.s.Read(func() {}) == nil {
				}
			})
		}
		group.Wait()
	}
}

// TestACloseThatFailsSaysSoEveryTime: the error of the file is the segment's.
func TestACloseThatFailsSaysSoEveryTime(t *testing.T) {
	created := false
	dir := vfs.Faulty(vfs.NewMemory(), func(op vfs.Op) error {
		if op.Kind == vfs.OpClose && created {
			return errInjected
		}
		return nil
	})
	s, err := Create(dir, testHeader(1, MinSize))
	must(t, err)
	created = true
	for range 3 {
		if err := s.Close(); !errors.Is(err, errInjected) {
			t.Errorf("%v", err)
		}
	}
	var set Set
	set.Add(s)
	if err := set.Close(); !errors.Is(err, errInjected) {
		t.Errorf("%v", err)
	}
}

// elsewhere is a test seen from another goroutine than its own.
type elsewhere struct{ *testing.T }

// Fatalf ends the goroutine.
func (t elsewhere) Fatalf(format string, args ...any) {
	t.Errorf(format, args...)
	runtime.Goexit()
}

// run is one store with a writer and readers at work.
type run struct {
	t       *testing.T
	m       *model
	sizes   []int
	done    atomic.Bool
	readers sync.WaitGroup
}

// payloadOf is known to readers without asking the writer.
func (r *run) payloadOf(sequence uint64) int { return r.sizes[sequence%uint64(len(r.sizes))] }

// readAll reads everything that is visible, in one direction, and expects no gap.
func (r *run) readAll(backward bool, first uint64) (closed bool) {
	visible := r.m.set.Visible()
	rows := frames(r.m.set.Reader(first, math.MaxUint64, true))
	if backward {
		rows = r.m.set.Backward(first, visible, true)
	}
	defer rows.Close()
	next := first
	if backward {
		next = visible
	}
	for n := uint64(0); ; n++ {
		f, _, ok, err := rows.Next()
		if errors.Is(err, ErrSegmentClosed) {
			return true
		}
		if err != nil {
			r.t.Error(err)
			return true
		}
		if !ok {
			if visible >= first && n < visible-first+1 {
				r.t.Errorf("backward %v: %d events read of %d to %d", backward, n, first, visible)
			}
			return false
		}
		if f.Sequence() != next {
			r.t.Errorf("backward %v: read %d, want %d", backward, f.Sequence(), next)
			return true
		}
		checkEvent(elsewhere{r.t}, r.m.decoder, &f, next, r.payloadOf(next))
		if next++; backward {
			next -= 2
		}
	}
}

// findAll looks for single events up to the visible one.
func (r *run) findAll() (closed bool) {
	var buf []byte
	visible := r.m.set.Visible()
	for sequence := uint64(1); sequence <= visible; sequence += 1 + sequence%17 {
		f, _, grown, err := r.m.set.Find(sequence, buf, sequence%2 == 0)
		buf = grown
		if errors.Is(err, ErrSegmentClosed) {
			return true
		}
		if err != nil {
			r.t.Error(err)
			return true
		}
		checkEvent(elsewhere{r.t}, r.m.decoder, &f, sequence, r.payloadOf(sequence))
	}
	return false
}

// write fills segments, seals them while readers read, and begins the next.
func (r *run) write(segments int) {
	for i := range segments {
		p := r.m.segment(r.t, 128<<10, 0)
		for n := 0; p.s.Fits(p.tail, 20_000); n++ {
			if n%5 == 4 {
				p.batch(r.payloadOf(p.next), r.payloadOf(p.next+1), r.payloadOf(p.next+2))
			} else {
				p.event(r.payloadOf(p.next))
			}
			r.m.set.SetVisible(p.next - 1)
		}
		r.m.next = p.next
		if i < segments-1 {
			p.seal()
		}
	}
}

func TestReadersSeeEveryEventWhileSegmentsAreFilledAndSealed(t *testing.T) {
	for name, dir := range map[string]vfs.Dir{"disk": diskDir(t), "memory": vfs.NewMemory()} {
		t.Run(name, func(t *testing.T) {
			r := &run{t: t, m: newModel(dir), sizes: []int{0, 7, 100, 1000, 3, 64, 5000}}
			for i := range 4 {
				r.readers.Go(func() {
					for n := 0; !r.done.Load(); n++ {
						switch i {
						case 0, 1:
							r.readAll(i == 1, 1)
						case 2:
							r.readAll(n%2 == 1, max(r.m.set.Visible(), 40)-39)
						case 3:
							r.findAll()
						}
					}
				})
			}
			r.write(6)
			r.done.Store(true)
			r.readers.Wait()
			if r.readAll(false, 1) || r.readAll(true, 1) || r.findAll() {
				t.Error("not all is readable in the end")
			}
		})
	}
}

func TestClosingUnderReadersEndsThemWithoutAFault(t *testing.T) {
	dir := diskDir(t)
	for range 10 {
		r := &run{t: t, m: newModel(vfs.NewMemory()), sizes: []int{100, 1000}}
		r.m.dir = dir
		r.write(2)
		for i := range 3 {
			r.readers.Go(func() {
				for closed := false; !closed; {
					switch i {
					case 0, 1:
						closed = r.readAll(i == 1, 1)
					case 2:
						closed = r.findAll()
					}
				}
			})
		}
		must(t, r.m.set.Close())
		r.readers.Wait()
		for _, s := range r.m.set.Segments() {
			must(t, dir.Remove(s.Name()))
		}
	}
}
