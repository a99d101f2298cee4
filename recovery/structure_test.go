// This file holds the tests of whole files that are missing, cut, foreign, of another version or not the store's.

package recovery_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
	"github.com/batpak/batpak/recovery"
)

// threeSegments writes three segments, the first sealed if asked for, all of them durable, without closing the last.
func threeSegments(t testing.TB, seal bool) *writer {
	w := write(t, vfs.NewMemory())
	w.events(5)
	w.rotate(seal)
	w.events(6)
	w.sync()
	w.rotate(false)
	w.events(3)
	w.sync()
	w.events(4)
	w.release()
	return w
}

// damage loads the files and fails unless they are damaged in this segment.
func damage(t testing.TB, files image, segment string) *loaded {
	t.Helper()
	dir := files.memory(t)
	l := load(t, dir, recovery.Options{})
	if len(l.state.Damage) == 0 || l.state.Damage[0].Segment != segment {
		t.Fatalf("damage %v, want some in %s", l.state.Damage, segment)
	}
	if _, err := l.state.Resume(dir, resumption()); !errors.Is(err, mmapseg.ErrCorrupt) {
		t.Fatalf("it is resumed: %v", err)
	}
	if !slices.Equal(slices.Sorted(mapKeys(files)), slices.Sorted(mapKeys(imageOf(t, dir)))) {
		t.Fatal("refusing to resume changed the directory")
	}
	return l
}

func mapKeys(files image) func(func(string) bool) {
	return func(yield func(string) bool) {
		for name := range files {
			if !yield(name) {
				return
			}
		}
	}
}

func TestAMissingSegmentIsNamed(t *testing.T) {
	w := threeSegments(t, true)
	files := imageOf(t, w.dir)

	first := files.clone()
	delete(first, name(0))
	l := damage(t, first, name(0))
	if d := l.state.Damage; len(d) != 1 || d[0].First != 1 || d[0].Last != 5 {
		t.Errorf("without the first: %v", d)
	}
	sameEvents(t, l.events, w.written[5:])

	middle := files.clone()
	delete(middle, name(1))
	l = damage(t, middle, name(1))
	if d := l.state.Damage[0]; d.First != 6 || d.Last != 11 {
		t.Errorf("without the second: %v", d)
	}
	sameEvents(t, l.events, slices.Concat(w.written[:5], w.written[11:]))

	last := files.clone()
	delete(last, name(2))
	l = damage(t, last, name(2))
	if d := l.state.Damage[0]; d.First != 12 || d.Last != math.MaxUint64 {
		t.Errorf("without the last: %v", d)
	}
	sameEvents(t, l.events, w.written[:11])

	delete(last, name(1))
	delete(last, name(0))
	last[name(0)] = nil
	if _, err := try(last.memory(t), recovery.Options{}); !errors.Is(err, mmapseg.ErrCorrupt) || !strings.Contains(err.Error(), name(0)) {
		t.Errorf("without any: %v", err)
	}
}

func TestASegmentThatWasCutIsNamed(t *testing.T) {
	w := threeSegments(t, true)
	files := imageOf(t, w.dir)
	for segment := range 3 {
		size := int64(len(files[name(segment)]))
		end := size
		if segment == 2 {
			end = w.tail
		}
		step := int64(40)
		if raceEnabled {
			step = 280
		}
		for at := int64(mmapseg.HeaderSize); at <= end; at += step {
			cut := files.clone()
			cut[name(segment)] = cut[name(segment)][:at]
			l := load(t, cut.memory(t), recovery.Options{})
			whole := segment < 2 && slices.Equal(l.events, w.written) // only zeros or a footer were cut off
			if !whole && (len(l.state.Damage) == 0 || l.state.Damage[0].Segment != name(segment)) {
				t.Fatalf("segment %d cut at %d: %+v", segment+1, at, l.state)
			}
		}
	}
	// Zeros behind the last frame are part of the file until it is closed.
	cut := files.clone()
	cut[name(2)] = cut[name(2)][:w.tail+8]
	sameEvents(t, damage(t, cut, name(2)).events, w.written)
}

func TestASegmentWithoutASoundHeaderIsNamed(t *testing.T) {
	w := threeSegments(t, false)
	files := imageOf(t, w.dir)
	for segment := range 3 {
		for _, size := range []int{0, 100, mmapseg.HeaderSize - 1} {
			cut := files.clone()
			cut[name(segment)] = cut[name(segment)][:size]
			l := damage(t, cut, name(segment))
			if segment == 0 {
				sameEvents(t, l.events, w.written[5:])
			}
		}
	}
	// With the salt from the end frame before it the frames are read all the same.
	broken := files.clone()
	clear(broken[name(1)][:mmapseg.HeaderSize])
	sameEvents(t, damage(t, broken, name(1)).events, w.written)
}

func TestASegmentInTheWrongPlaceIsNamed(t *testing.T) {
	w := threeSegments(t, false)
	files := imageOf(t, w.dir)
	other := imageOf(t, threeSegmentsOf(t, 7).dir)

	foreign := files.clone()
	foreign[name(1)] = other[name(1)]
	if _, err := try(foreign.memory(t), recovery.Options{}); !errors.Is(err, mmapseg.ErrForeign) {
		t.Errorf("a segment of another store: %v", err)
	}

	salted := files.clone()
	binary.LittleEndian.PutUint64(salted[name(1)][32:], 99)
	resum(salted[name(1)])
	l := damage(t, salted, name(1))
	sameEvents(t, l.events, slices.Concat(w.written[:5], w.written[11:]))

	renamed := files.clone()
	renamed[name(2)] = renamed[name(1)]
	damage(t, renamed, name(2))
}

// threeSegmentsOf is threeSegments of another store.
func threeSegmentsOf(t testing.TB, seed byte) *writer {
	dir := vfs.NewMemory()
	r := resumption()
	r.Random = seeded(seed)
	out, err := load(t, dir, recovery.Options{}).state.Resume(dir, r)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range out.Segments {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	w := write(t, dir)
	w.rotate(false)
	w.events(2)
	w.release()
	return w
}

// resum makes the checksum of a header right again.
func resum(b []byte) {
	sum := crc32.Checksum(b[:508], crc32.MakeTable(crc32.Castagnoli))
	binary.LittleEndian.PutUint32(b[508:], sum)
	copy(b[2048:], b[:512])
}

func TestAnotherVersionIsRefused(t *testing.T) {
	files := imageOf(t, threeSegments(t, false).dir)
	for what, change := range map[string]func(b []byte){
		"format version": func(b []byte) { b[8], b[2048+8] = 2, 2 },
		"feature flags":  func(b []byte) { b[12] = 1; resum(b) },
	} {
		for segment := range 3 {
			changed := files.clone()
			change(changed[name(segment)])
			_, err := try(changed.memory(t), recovery.Options{})
			var version *mmapseg.VersionError
			if !errors.As(err, &version) || version.What != what || version.File != name(segment) {
				t.Errorf("%s in segment %d: %v", what, segment+1, err)
			}
		}
	}
}

func TestAnUnknownFrameIsRefused(t *testing.T) {
	w := smallStore(t)
	files := imageOf(t, w.dir)
	for _, change := range []struct {
		what string
		bits byte // of the frame's byte at
		at   int64
		unit int // from the end: a batch, whose begin frame is a control frame; an event
	}{{"frame type", 0x40, 2, 2}, {"frame flags", 0x80, 3, 1}, {"frame flags", 0x01, 3, 2}} {
		changed := files.clone()
		b := changed[name(1)]
		u := w.units[len(w.units)-change.unit]
		b[u.offset+change.at] ^= change.bits
		reseal(b, u.offset)
		_, err := try(changed.memory(t), recovery.Options{})
		var version *mmapseg.VersionError
		if !errors.As(err, &version) || version.What != change.what {
			t.Errorf("%s: %v", change.what, err)
		}
	}
}

// reseal makes the checksum of a frame's header right again.
func reseal(b []byte, offset int64) {
	seed := uint32(salt(b)) + uint32(offset/8)*0x9E3779B1
	sum := crc32.Update(seed, crc32.MakeTable(crc32.Castagnoli), b[offset:offset+20])
	binary.LittleEndian.PutUint32(b[offset+20:], sum)
}

func TestFilesThatHoldNothingAreRemoved(t *testing.T) {
	eachDir(t, func(t *testing.T, dir vfs.Dir) {
		w := write(t, dir)
		w.events(3)
		prepared, err := mmapseg.Create(dir, mmapseg.Header{Number: 2, Hashing: true, Size: mmapseg.MinSize, Origin: w.out.Origin})
		if err != nil {
			t.Fatal(err)
		}
		if err := prepared.Close(); err != nil {
			t.Fatal(err)
		}
		w.close()
		run := fmt.Sprintf("%020d-%020d.run", 1, 2)
		image{
			name(4) + ".tmp": nil, name(2) + ".tmp": {1, 2}, name(3): nil, "notes.txt": {1}, "a.cursor": {2}, recovery.LockName: {3},
			run: {4}, run + ".tmp": {5}, // whose these are, that one looks after them
		}.put(t, dir)

		s := load(t, dir, recovery.Options{}).state
		want := []string{name(1), name(2) + ".tmp", name(3), name(4) + ".tmp"}
		if got := slices.Sorted(slices.Values(s.Unused)); !slices.Equal(got, want) || !s.Clean || !slices.Equal(s.Report.Ignored, []string{"notes.txt"}) {
			t.Fatalf("unused %v, ignored %v, clean %t", got, s.Report.Ignored, s.Clean)
		}
		again := write(t, dir)
		if got := slices.Sorted(slices.Values(again.out.Report.Removed)); !slices.Equal(got, want) {
			t.Errorf("removed %v", got)
		}
		names, err := dir.List()
		if err != nil || !slices.Equal(names, []string{name(0), run, run + ".tmp", "a.cursor", recovery.LockName, "notes.txt"}) {
			t.Errorf("left %v, %v", names, err)
		}
	})
}

func TestAStoreThatWasNotCreatedToTheEndIsCreatedAnew(t *testing.T) {
	fresh := vfs.NewMemory()
	w := write(t, fresh)
	end := w.tail
	w.release()
	files := imageOf(t, fresh)
	for at := int64(mmapseg.HeaderSize); at < end; at += 8 {
		torn := files.clone()
		clear(torn[name(0)][at:])
		dir := torn.memory(t)
		s := load(t, dir, recovery.Options{}).state
		if s.Exists || !slices.Equal(s.Unused, []string{name(0)}) || s.LastSequence != 0 {
			t.Fatalf("zero from %d: %+v", at, s)
		}
		again := write(t, dir)
		if again.out.Incarnation != 1 || again.out.Next != 1 {
			t.Fatalf("zero from %d: created as %+v", at, again.out)
		}
		again.events(1)
		again.release()
	}
}

func TestAStoreThatLostItsSegmentsIsNotCreatedAnew(t *testing.T) {
	for _, left := range []string{"orders.cursor", "000.run", "000.run.tmp", "projection.cache"} {
		if _, err := try(image{left: {1}}.memory(t), recovery.Options{}); !errors.Is(err, mmapseg.ErrCorrupt) || !strings.Contains(err.Error(), left) {
			t.Errorf("only %s is left: %v", left, err)
		}
		fresh := vfs.NewMemory()
		write(t, fresh).release()
		files := imageOf(t, fresh)
		clear(files[name(0)][mmapseg.HeaderSize:])
		files[left] = []byte{1}
		if _, err := try(files.memory(t), recovery.Options{}); !errors.Is(err, mmapseg.ErrCorrupt) {
			t.Errorf("%s beside a segment without frames: %v", left, err)
		}
	}
}

func TestASegmentThatIsNoFileIsRefused(t *testing.T) {
	path := t.TempDir()
	dir, err := vfs.OpenDir(path, false)
	if err != nil {
		t.Fatal(err)
	}
	w := write(t, dir)
	w.close()
	if err := os.Symlink(filepath.Join(path, name(0)), filepath.Join(path, name(1))); err != nil {
		t.Fatal(err)
	}
	if _, err := try(dir, recovery.Options{}); !errors.Is(err, vfs.ErrNotRegular) {
		t.Errorf("a symbolic link: %v", err)
	}
	if err := os.Remove(filepath.Join(path, name(1))); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(path, name(1)), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := try(dir, recovery.Options{}); !errors.Is(err, vfs.ErrNotRegular) {
		t.Errorf("a directory: %v", err)
	}
	if err := dir.Close(); err != nil {
		t.Error(err)
	}
}

func TestDamageInManyPlacesIsListedOnlyUpToALimitAndReadingGoesOn(t *testing.T) {
	w := write(t, vfs.NewMemory())
	w.rotateTo(1 << 20)
	w.events(6000)
	end := w.tail + mmapseg.EndSize
	w.rotateTo(mmapseg.MinSize)
	w.seal(w.out.Segments[1], end)
	w.close()
	files := imageOf(t, w.dir)
	var want []string
	for i, u := range w.units[1 : len(w.units)-2] {
		if i%4 == 1 {
			files[name(1)][u.offset+60] ^= 1
			continue
		}
		want = append(want, u.events...)
	}
	l := load(t, files.memory(t), recovery.Options{IgnoreFooters: true}) // what rotted in sealed segments is found by walking them only
	sameEvents(t, l.events, want)
	if n := len(l.state.Damage); n != 1024 || l.state.Report.Unlisted != 1500-1024 {
		t.Errorf("%d places are listed, %d more are not", n, l.state.Report.Unlisted)
	}
}

func TestBytesMadeToCostTimeAreGivenUp(t *testing.T) {
	// Headers with a sound checksum and a length up to the end of the segment, behind each of them a small sound frame:
	// looking at each body would take quadratic time.
	w := write(t, vfs.NewMemory())
	w.rotateTo(1 << 20)
	forged := len(w.units)
	for w.at.Fits(w.tail, 200) {
		w.events(2)
	}
	w.sync()
	w.events(1)
	w.release()
	files := imageOf(t, w.dir)
	b := files[name(1)]
	for i := forged; i < len(w.units)-1; i += 2 {
		at := w.units[i].offset
		binary.LittleEndian.PutUint32(b[at+4:], uint32(1<<20-at))
		reseal(b, at)
	}
	l := load(t, files.memory(t), recovery.Options{})
	if d := l.state.Damage; len(d) == 0 || !strings.Contains(d[len(d)-1].Problem, "given up") {
		t.Errorf("damage %v", d)
	}
}
