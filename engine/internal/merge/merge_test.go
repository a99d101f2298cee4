// Merging: as segments are sealed, few runs are left, each the same as if it had been made at once.

package merge

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/internal/checked"
	"github.com/batpak/batpak/internal/vfs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var origin = [16]byte{15: 1}

// eventsPerPart is how many events the parts of these tests have.
const eventsPerPart = 20

// store is an index with the merger over it.
type store struct {
	t     *testing.T
	dir   vfs.Dir
	index *index.Index
	*Merger
}

// newStore returns a store without parts; its merger is not loaded.
func newStore(t *testing.T, dir vfs.Dir) *store {
	s := &store{t: t, dir: dir, index: &index.Index{}}
	s.reopen(Config{})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// reopen closes the merger, if there is one, and makes another.
func (s *store) reopen(c Config) {
	s.t.Helper()
	if s.Merger != nil {
		if err := s.Close(); err != nil {
			s.t.Fatal(err)
		}
	}
	c.Dir, c.Index, c.Origin = s.dir, s.index, origin
	c.Logger = slog.New(slog.DiscardHandler)
	s.Merger = New(c)
}

func (s *store) load() {
	s.t.Helper()
	if err := s.Load(); err != nil {
		s.t.Fatal(err)
	}
	s.Wait()
}

// seal adds a sealed part and lets it be merged.
func (s *store) seal(n int) {
	for range n {
		s.index.AddPart(sealedPart(s.t, uint64(len(s.index.Parts())+1)))
		s.Kick()
		s.Wait()
	}
}

// partOver returns the sealed part over a table.
func partOver(number uint64, table *index.Table) *index.Part {
	return index.NewSealedPart(index.Identity{Number: number, Salt: number * 3}, (number-1)*eventsPerPart+1, table,
		func(fn func()) error { fn(); return nil })
}

func sealedPart(t testing.TB, number uint64) *index.Part { return partOver(number, tableOf(t, number)) }

// damagedPart returns a part whose lists of hashes can't be read.
func damagedPart(t testing.TB, number uint64) *index.Part {
	t.Helper()
	table, err := index.OpenTable(eventsPerPart, func(kind uint32) (checked.Range, uint32, bool) {
		data, ok := sectionsOf(t, number)[kind]
		if kind == 22 {
			b, err := checked.New(data, make([]byte, checked.SumsSize(int64(len(data)))), nil)
			if err != nil {
				t.Fatal(err)
			}
			all, err := b.Range(0, b.Len())
			return all, versionOf(kind), err == nil
		}
		return checked.Of(data), versionOf(kind), ok
	})
	if err != nil {
		t.Fatal(err)
	}
	return partOver(number, table)
}

// tableOf returns the table of a segment.
func tableOf(t testing.TB, number uint64) *index.Table {
	t.Helper()
	sections := sectionsOf(t, number)
	table, err := index.OpenTable(eventsPerPart, func(kind uint32) (checked.Range, uint32, bool) {
		data, ok := sections[kind]
		return checked.Of(data), versionOf(kind), ok
	})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// sectionsOf returns the sections of a segment of events.
func sectionsOf(t testing.TB, number uint64) map[uint32][]byte {
	t.Helper()
	tail, first := index.NewTail(1<<12), (number-1)*eventsPerPart+1
	var e index.Entry
	for i := range uint64(eventsPerPart) {
		e.FillEvent(&event.Event{
			Header:     event.Header{ID: event.MakeID(first+i, 0, 0), Correlation: event.MakeID(first+i, 0, 0), Cause: event.MakeID(7, 0, 0)},
			Coordinate: event.MustAt(fmt.Sprintf("entity-%d", i%5), "scope"), Key: fmt.Sprintf("key-%d", first+i),
		})
		tail.Enter(&e).Clock++
		tail.Add(&e, index.Place{Ordinal: uint32(i), Wall: first + i})
	}
	sections := map[uint32][]byte{}
	if err := tail.Encode(func(kind, _ uint32, data []byte) { sections[kind] = data }); err != nil {
		t.Fatal(err)
	}
	return sections
}

// buffer is an io.WriterAt.
type buffer struct{ data []byte }

func (b *buffer) WriteAt(p []byte, at int64) (int, error) {
	b.data = append(b.data, make([]byte, max(0, int(at)+len(p)-len(b.data)))...)
	return copy(b.data[at:], p), nil
}

// atOnce returns the bytes of the run over parts, made from them alone.
func atOnce(t *testing.T, parts []*index.Part) []byte {
	t.Helper()
	var inputs []index.RunInput
	for i := range parts {
		inputs = append(inputs, index.RunInput{Parts: parts[i : i+1]})
	}
	w, err := index.NewRunWriter(origin, inputs)
	if err != nil {
		t.Fatal(err)
	}
	b := &buffer{}
	if err := w.Write(b, func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	return b.data
}

// wantRuns checks that the runs of the index cover so many segments each, one behind the other, and that their files are
// there, hold what they should, and are all that there is.
func (s *store) wantRuns(segments ...int) {
	s.t.Helper()
	runs, parts := s.index.Runs(), s.index.Parts()
	var got []int
	var names []string
	for _, r := range runs {
		got = append(got, int(r.Info().Segments))
		names = append(names, fileName(r.Info()))
		covered := covered(parts, r)
		if !r.Matches(covered) {
			s.t.Errorf("%s does not match its segments", fileName(r.Info()))
		} else if !bytes.Equal(readFile(s.t, s.dir, fileName(r.Info())), atOnce(s.t, covered)) {
			s.t.Errorf("%s holds something else", fileName(r.Info()))
		}
	}
	if !slices.Equal(got, segments) {
		s.t.Errorf("runs over %v segments, want %v", got, segments)
	}
	s.wantFiles(names...)
}

// wantFiles checks what is in the directory.
func (s *store) wantFiles(names ...string) {
	s.t.Helper()
	present, err := s.dir.List()
	if err != nil {
		s.t.Fatal(err)
	}
	slices.Sort(names)
	if !slices.Equal(present, names) {
		s.t.Errorf("files %v, want %v", present, names)
	}
}

func readFile(t *testing.T, dir vfs.Dir, name string) []byte {
	t.Helper()
	f, err := dir.Open(name, false)
	if err != nil {
		t.Fatal(err)
	}
	size, sizeErr := f.Size()
	data := make([]byte, size)
	_, readErr := f.ReadAt(data, 0)
	if err := errors.Join(sizeErr, readErr, f.Close()); err != nil {
		t.Fatal(err)
	}
	return data
}

func writeFile(t *testing.T, dir vfs.Dir, name string, data []byte) {
	t.Helper()
	if err := dir.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	f, err := dir.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt(data, 0)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// digits returns the powers of two that n is the sum of, without 1: a segment alone needs no run.
func digits(n int) (powers []int) {
	for bit := 1 << 20; bit > 1; bit >>= 1 {
		if n&bit != 0 {
			powers = append(powers, bit)
		}
	}
	return powers
}

func TestRunsCountInBinary(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	s.load()
	for n := 1; n <= 33; n++ {
		s.seal(1)
		s.wantRuns(digits(n)...)
	}
	if stats := s.Stats(); stats.Merges != 16 || stats.Failures != 0 || stats.Dropped != 0 || stats.Runs != 1 || stats.Bytes == 0 {
		t.Errorf("%+v", stats)
	}
}

func TestManySegmentsAreMergedInFewSteps(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	for n := range 300 {
		s.index.AddPart(sealedPart(t, uint64(n+1)))
	}
	s.load()
	s.wantRuns(256, 32, 8, 4)
	// 16 of 16, one of those; 2 of 16 and one of those; 8; 4
	if stats := s.Stats(); stats.Merges != 22 {
		t.Errorf("%+v", stats)
	}
}

func TestRunsAreTakenOverByTheNextOpening(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	s.load()
	s.seal(14)
	s.reopen(Config{})
	if runs := s.index.Runs(); len(runs) != 0 {
		t.Fatalf("%d runs are in the index of a closed merger", len(runs))
	}
	s.load()
	s.wantRuns(8, 4, 2)
	if stats := s.Stats(); stats.Merges != 0 || stats.Dropped != 0 || stats.Runs != 3 {
		t.Errorf("%+v", stats)
	}
	s.seal(2)
	s.wantRuns(16)
}

func TestEverythingIsMadeAnewWhereThatIsAsked(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	s.load()
	s.seal(7)
	s.reopen(Config{Rebuild: true})
	s.load()
	s.wantRuns(4, 2)
	if stats := s.Stats(); stats.Merges != 2 || stats.Dropped != 2 {
		t.Errorf("%+v", stats)
	}
}

func TestAReaderMapsRunsAndChangesNothing(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	s.load()
	s.seal(6)
	run := s.index.Runs()[0]
	damaged := fileName(index.RunInfo{First: 5, Last: 6})
	writeFile(t, s.dir, damaged, make([]byte, 5000))
	writeFile(t, s.dir, damaged+temporary, nil)
	s.reopen(Config{ReadOnly: true})
	s.load()
	s.Kick()
	s.Wait()
	if runs := s.index.Runs(); len(runs) != 1 || runs[0].Info() != run.Info() {
		t.Errorf("%d runs", len(runs))
	}
	s.Damaged(s.index.Runs()[0], errors.New("found by a reader"))
	if runs := s.index.Runs(); len(runs) != 0 {
		t.Errorf("%d runs", len(runs))
	}
	s.wantFiles(fileName(run.Info()), damaged, damaged+temporary)
}

func TestUnsealedAndUnreadablePartsAreLeftOut(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	var told []uint64
	s.reopen(Config{DamagedPart: func(p *index.Part, err error) {
		if told = append(told, p.Segment.Number); !errors.Is(err, checked.ErrDamaged) {
			t.Error(err)
		}
	}})
	for n := range uint64(12) {
		p := sealedPart(t, n+1)
		switch n + 1 {
		case 5:
			p = index.NewPart(p.Segment, p.First, index.NewTail(1), func(fn func()) error { fn(); return nil })
		case 8:
			p = damagedPart(t, n+1)
		}
		s.index.AddPart(p)
	}
	s.load()
	s.wantRuns(4, 2, 4)
	if !slices.Equal(told, []uint64{8}) || s.Stats().Failures != 1 {
		t.Errorf("told of %v, %+v", told, s.Stats())
	}
	s.index.Parts()[4].Seal(tableOf(t, 5))
	s.Kick()
	s.Wait()
	s.wantRuns(4, 3, 4) // 5 came before the run over 6 and 7
	if len(told) != 1 {
		t.Errorf("told of %v", told)
	}
}

// versionOf returns the version of a section, as the index writes it.
func versionOf(kind uint32) uint32 {
	if kind == 22 {
		return 2
	}
	return 1
}
