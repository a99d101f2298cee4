// This file holds the tests of openings that fail on the way, and of stores whose frames and headers were forged one by one.

package recovery_test

import (
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
	"github.com/batpak/batpak/recovery"
)

var errInjected = errors.New("injected")

// TestWithoutRandomNumbersNothingIsOpenedAndTheNextOpeningGoesOn lets the source of random numbers end after every number of
// bytes that an opening asks for.
func TestWithoutRandomNumbersNothingIsOpenedAndTheNextOpeningGoesOn(t *testing.T) {
	for what, begun := range map[string]bool{"a new store": false, "a store that is cut": true} {
		failed := 0
		for limit := int64(0); ; limit++ {
			dir := &openFiles{Dir: vfs.NewMemory()}
			events := []string(nil)
			if begun {
				w := write(t, dir)
				w.events(3)
				w.release()
				events = w.written
			}
			r := resumption()
			r.Random = io.MultiReader(io.LimitReader(seeded(2), limit), failing{})
			out, err := load(t, dir, recovery.Options{}).state.Resume(dir, r)
			if err == nil {
				for _, s := range out.Segments {
					if err := s.Close(); err != nil {
						t.Fatal(err)
					}
				}
				break
			}
			failed++
			if !errors.Is(err, errInjected) || !strings.Contains(err.Error(), "random numbers") {
				t.Fatalf("%s, %d bytes: %v", what, limit, err)
			}
			if n := dir.now; n != 0 {
				t.Fatalf("%s, %d bytes: %d files are open still", what, limit, n)
			}
			again := write(t, dir)
			again.events(1)
			again.close()
			sameEvents(t, load(t, dir, recovery.Options{}).events, append(slices.Clone(events), again.written...))
		}
		if failed < 8 {
			t.Errorf("%s: %d bytes are enough", what, failed)
		}
	}
}

// failing is a source that has nothing.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errInjected }

// TestFilesBehindACutThatCouldNotBeRemovedAreRemovedByTheNextOpening fails the removal behind the cut: the next opening finds
// files with lower numbers than the tail's that no end frame leads to.
func TestFilesBehindACutThatCouldNotBeRemovedAreRemovedByTheNextOpening(t *testing.T) {
	w := write(t, vfs.NewMemory())
	w.events(3)
	end, durable := w.tail, slices.Clone(w.written)
	w.rotate(false)
	w.events(2)
	w.release()
	files := imageOf(t, w.dir)
	clear(files[name(0)][end:])
	dir := files.memory(t)
	stuck := vfs.Faulty(dir, func(op vfs.Op) error {
		if op.Kind == vfs.OpRemove {
			return errInjected
		}
		return nil
	})
	if _, err := load(t, stuck, recovery.Options{}).state.Resume(stuck, resumption()); !errors.Is(err, errInjected) {
		t.Fatalf("the removal failed: %v", err)
	}
	l := load(t, dir, recovery.Options{})
	if s := l.state; !slices.Equal(s.Later, []string{name(1)}) || len(s.Segments) != 2 || s.Segments[1].Header.Number != 3 || len(s.Damage) != 0 {
		t.Fatalf("behind the cut %v, segments %d, damage %v", s.Later, len(s.Segments), s.Damage)
	}
	again := write(t, dir)
	if _, ok := imageOf(t, dir)[name(1)]; ok || !slices.Contains(again.out.Report.Removed, name(1)) {
		t.Errorf("it was not removed, but %v", again.out.Report.Removed)
	}
	again.events(1)
	again.close()
	sameEvents(t, load(t, dir, recovery.Options{}).events, append(durable, again.written...))
}

func TestASegmentThatDisagreesAboutHashingIsNamed(t *testing.T) {
	files := imageOf(t, threeSegments(t, true).dir)
	b := files[name(1)]
	b[28] = 0
	resum(b)
	if d := damage(t, files, name(1)).state.Damage[0]; d.Offset != 28 || !strings.Contains(d.Problem, "hashing") {
		t.Errorf("%v", d)
	}
}

// bare makes a store of segments, each with one event that carries no mark and nothing else, or without frames where the
// sequence is 0.
func bare(t *testing.T, sequences ...uint64) vfs.Dir {
	t.Helper()
	dir := vfs.NewMemory()
	for i, sequence := range sequences {
		s, err := mmapseg.Create(dir, mmapseg.Header{Number: uint64(i) + 1, Salt: mmapseg.Salt(i) + 9, Size: mmapseg.MinSize, Origin: mmapseg.Origin{1}})
		if err != nil {
			t.Fatal(err)
		}
		if sequence > 0 {
			d := event.Draft{Coordinate: event.MustAt("entity", "scope"), Kind: event.Data}
			unit, e := mmapseg.EncodeEvent(nil, &d, &mmapseg.EventOptions{})
			e.Assign(unit, &mmapseg.Assigned{Sequence: sequence, Clock: 1, ID: event.MakeID(1, 1, 1)}, s.Salt, mmapseg.HeaderSize, 0)
			s.Store(mmapseg.HeaderSize, unit)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestEventsWithoutAnOpenFrameBeforeThemAreReadAndNotGoneOnBehind(t *testing.T) {
	l := damage(t, imageOf(t, bare(t, 1)), name(0))
	if d := l.state.Damage; len(d) != 1 || !strings.Contains(d[0].Problem, "no open frame") {
		t.Errorf("damage %v", d)
	}
	if len(l.events) != 1 {
		t.Errorf("events %v", l.events)
	}
}

func TestAFirstSegmentWithoutFramesBesideLaterOnesWithSomeIsDamaged(t *testing.T) {
	l := damage(t, imageOf(t, bare(t, 0, 1)), name(0))
	if d := l.state.Damage[0]; d.First != 1 || d.Last != math.MaxUint64 || !strings.Contains(d.Problem, "holds no frame") {
		t.Errorf("damage %v", d)
	}
}
