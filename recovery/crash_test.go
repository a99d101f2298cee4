// This file holds the tests of a writable opening that is cut off: at each call, with torn writes, again and again.

package recovery_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
	"github.com/batpak/batpak/recovery"
)

var errCrash = errors.New("crash")

// crashing is a directory whose calls fail from the n-th on that changes something. A write that is the n-th is torn:
// some of its sectors are written.
type crashing struct {
	vfs.Dir
	left   int
	random *rand.Rand
}

func (c *crashing) dead() bool {
	c.left--
	return c.left < 0
}

func (c *crashing) Create(name string) (vfs.File, error) {
	if c.dead() {
		return nil, errCrash
	}
	return c.wrap(c.Dir.Create(name))
}

func (c *crashing) Open(name string, writable bool) (vfs.File, error) {
	if c.left < 0 {
		return nil, errCrash
	}
	return c.wrap(c.Dir.Open(name, writable))
}

func (c *crashing) wrap(f vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	return &crashingFile{f, c}, nil
}

func (c *crashing) Rename(a, b string) error {
	if c.dead() {
		return errCrash
	}
	return c.Dir.Rename(a, b)
}

func (c *crashing) Remove(name string) error {
	if c.dead() {
		return errCrash
	}
	return c.Dir.Remove(name)
}

func (c *crashing) Sync() error {
	if c.dead() {
		return errCrash
	}
	return c.Dir.Sync()
}

type crashingFile struct {
	vfs.File
	crash *crashing
}

func (f *crashingFile) WriteAt(p []byte, offset int64) (int, error) {
	if !f.crash.dead() {
		return f.File.WriteAt(p, offset)
	}
	if f.crash.left < -1 {
		return 0, errCrash
	}
	for at := 0; at < len(p); {
		n := min(512-int(offset+int64(at))%512, len(p)-at)
		if f.crash.random.IntN(2) == 0 {
			if _, err := f.File.WriteAt(p[at:at+n], offset+int64(at)); err != nil {
				return at, err
			}
		}
		at += n
	}
	return 0, errCrash
}

func (f *crashingFile) Reserve(size int64) error {
	if f.crash.dead() {
		return errCrash
	}
	return f.File.Reserve(size)
}

func (f *crashingFile) Truncate(size int64) error {
	if f.crash.dead() {
		return errCrash
	}
	return f.File.Truncate(size)
}

func (f *crashingFile) SyncData() error {
	if f.crash.dead() {
		return errCrash
	}
	return f.File.SyncData()
}

func (f *crashingFile) SyncAll() error {
	if f.crash.dead() {
		return errCrash
	}
	return f.File.SyncAll()
}

// resumeUntil resumes the store with a crash after n calls, and reports whether it was through before.
func resumeUntil(t testing.TB, dir vfs.Dir, n int, random *rand.Rand) (*recovery.Resumed, bool) {
	t.Helper()
	state := load(t, dir, recovery.Options{}).state
	r := resumption()
	r.Random = rand.NewChaCha8([32]byte{byte(random.Uint64())})
	out, err := state.Resume(&crashing{dir, n, random}, r)
	if err != nil && !errors.Is(err, errCrash) {
		t.Fatalf("crash after %d calls: %v", n, err)
	}
	if out != nil {
		for _, s := range out.Segments {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	return out, err == nil
}

// crashStores are the stores whose opening is cut off, and the events and the highest sequence that they gave away.
func crashStores(t testing.TB) map[string]*writer {
	stores := map[string]*writer{}
	stores["new"] = &writer{t: t, dir: vfs.NewMemory(), next: 1}

	clean := write(t, vfs.NewMemory())
	clean.events(3)
	clean.close()
	stores["closed"] = clean

	full := write(t, vfs.NewMemory())
	for full.at.Fits(full.tail, 1000) {
		full.events(1)
	}
	full.close()
	for { // close and open until no open frame fits any more
		again := write(t, full.dir)
		again.written = append(full.written, again.written...)
		again.close()
		full = again
		state := load(t, full.dir, recovery.Options{}).state
		room := mmapseg.Segment{Header: state.Segments[len(state.Segments)-1].Header}
		if !room.FitsControl(state.Segments[len(state.Segments)-1].Contents.End, mmapseg.OpenSize(0)) {
			break
		}
	}
	stores["closed and full"] = full

	torn := smallStore(t)
	files := imageOf(t, torn.dir)
	last := torn.units[len(torn.units)-2]
	clear(files[name(1)][last.offset+40 : last.offset+80])
	torn.dir = files.memory(t)
	torn.written = torn.written[:len(torn.written)-3]
	stores["torn"] = torn

	later := smallStore(t)
	files = imageOf(t, later.dir)
	end := later.units[5]
	clear(files[name(0)][end.offset:])
	clear(files[name(1)][mmapseg.HeaderSize:])
	copy(files[name(1)][end.end:], files[name(0)][end.offset:]) // nothing: no frame is sound there
	later.dir = files.memory(t)
	later.written = later.written[:5]
	stores["without its end frame"] = later

	named := write(t, vfs.NewMemory())
	named.events(4)
	named.rotate(false)
	named.release()
	stores["with an empty successor"] = named
	return stores
}

func TestAnOpeningCutOffAtAnyCallCanBeRepeated(t *testing.T) {
	for what, w := range crashStores(t) {
		files := imageOf(t, w.dir)
		random := rand.New(rand.NewPCG(1, 2))
		for n, done := 0, false; !done; n++ {
			if n > 200 {
				t.Fatalf("%s: it never gets through", what)
			}
			rounds := 6 // other sectors, other nested crashes
			if raceEnabled {
				rounds = 2
			}
			for round := range rounds {
				dir := files.memory(t)
				_, done = resumeUntil(t, dir, n, random)
				for range round % 4 {
					resumeUntil(t, dir, random.IntN(25), random)
				}
				checkAfterCrash(t, w, dir, fmt.Sprintf("%s, crash after %d calls, round %d", what, n, round))
			}
		}
	}
}

// checkAfterCrash checks that the store is what it was, then that it can be opened and goes on.
func checkAfterCrash(t *testing.T, w *writer, dir vfs.Dir, what string) {
	t.Helper()
	l := load(t, dir, recovery.Options{})
	if !slices.Equal(l.events, w.written) || len(l.state.Damage) != 0 {
		t.Fatalf("%s: events %q, want %q; %+v", what, l.events, w.written, l.state)
	}
	again := write(t, dir)
	if again.next < w.next {
		t.Fatalf("%s: goes on with %d, %d was given away", what, again.next, w.next-1)
	}
	if again.out.Report.Torn != nil && again.out.Lost.IsZero() && l.state.Exists {
		t.Fatalf("%s: cut without a lost range", what)
	}
	again.events(2)
	again.batch(2)
	again.close()
	after := load(t, dir, recovery.Options{})
	sameEvents(t, after.events, append(slices.Clone(w.written), again.written...))
	if !after.state.Clean || len(after.state.Unused)+len(after.state.Later) != 0 {
		t.Fatalf("%s: left behind: %+v", what, after.state)
	}
	for i := 1; i < len(after.state.Lost); i++ {
		if after.state.Lost[i].First <= after.state.Lost[i-1].Last {
			t.Fatalf("%s: lost ranges %v", what, after.state.Lost)
		}
	}
}
