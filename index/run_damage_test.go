// Runs that are damaged, forged, cut or of somebody else.

package index

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/klauspost/crc32"

	"github.com/batpak/batpak/internal/checked"
	"github.com/batpak/batpak/internal/fault"
	"github.com/batpak/batpak/internal/mmap"
)

// smallRun returns a run with two entities and a key, and the hashes in it by type.
func smallRun(t testing.TB) (data []byte, want map[Type]map[uint64][]uint64) {
	t.Helper()
	part := func(number, first uint64, events uint32, entries [lists][]link) *Part {
		table := &Table{events: events, linked: checked.Of(encodeLists(&entries))}
		return NewSealedPart(Identity{Number: number, Salt: number}, first, table, func(fn func()) error { fn(); return nil })
	}
	a := part(1, 1, 9, [lists][]link{0: {{5 << 60, 8}, {9 << 60, 7}}, 1: {{3 << 60, 2}}})
	b := part(2, 10, 5, [lists][]link{0: {{5 << 60, 0}}})
	return writeRun(t, RunInput{Parts: []*Part{a}}, RunInput{Parts: []*Part{b}}), map[Type]map[uint64][]uint64{
		Entity: {5 << 60: {9, 10}, 9 << 60: {8}, 3 << 60: nil},
		Key:    {3 << 60: {3}, 5 << 60: nil},
		Cause:  {3 << 60: nil},
	}
}

// soundOrDamaged asks for everything: answers are as wanted, or damage.
func soundOrDamaged(t *testing.T, r *Run, want map[Type]map[uint64][]uint64) (damaged bool) {
	t.Helper()
	for typ, hashes := range want {
		for hash, sequences := range hashes {
			got, err := r.lookup(nil, typ, hash)
			if errors.Is(err, checked.ErrDamaged) {
				damaged = true
			} else if err != nil || !slices.Equal(got, sequences) {
				t.Errorf("%v %x: got %v, want %v, error %v", typ, hash, got, sequences, err)
			}
		}
	}
	return damaged
}

// sumsOf returns where the block sums of a run begin.
func sumsOf(data []byte) int {
	return runHeaderSize + (len(data)-runHeaderSize)/(checked.BlockSize+4)*checked.BlockSize
}

func TestNoChangedByteChangesAnAnswer(t *testing.T) {
	data, want := smallRun(t)
	if soundOrDamaged(t, openRun(t, data), want) {
		t.Fatal("the run is damaged as it was written")
	}
	noticed := 0
	for i := range data {
		data[i] ^= 1 << (i % 8)
		r, err := OpenRun(data, runOrigin, nil, nil)
		var refused *RunError
		switch {
		case err != nil && (!errors.As(err, &refused) || i >= runHeaderSize):
			t.Fatalf("byte %d: %v", i, err)
		case err == nil && i < runHeaderSize:
			t.Fatalf("byte %d of the header makes no difference", i)
		case err == nil && soundOrDamaged(t, r, want):
			noticed++
		}
		data[i] ^= 1 << (i % 8)
	}
	if noticed < (sumsOf(data)-runHeaderSize)/2 {
		t.Errorf("only %d changes were noticed", noticed)
	}
}

func TestACutRunIsRefused(t *testing.T) {
	data, _ := smallRun(t)
	for _, n := range []int{0, 1, runHeaderSize - 1, runHeaderSize, len(data) - 4096, len(data) - 1} {
		if _, err := OpenRun(data[:n], runOrigin, nil, nil); !errors.Is(err, checked.ErrDamaged) {
			t.Errorf("%d of %d bytes: %v", n, len(data), err)
		}
	}
	if _, err := OpenRun(append(data, 0), runOrigin, nil, nil); !errors.Is(err, checked.ErrDamaged) {
		t.Errorf("a byte more: %v", err)
	}
	if _, err := OpenRun(make([]byte, len(data)), runOrigin, nil, nil); !errors.Is(err, checked.ErrDamaged) {
		t.Errorf("zeros: %v", err)
	}
}

func TestWhatWasNeverWrittenIsDamage(t *testing.T) {
	data, want := smallRun(t)
	clear(data[runHeaderSize:]) // the header reached the disk and nothing else did
	if r := openRun(t, data); !soundOrDamaged(t, r, want) {
		t.Error("a run of zeros answers")
	}
}

func TestAFileThatIsCutUnderARunIsAnErrorOfReading(t *testing.T) {
	data, _ := smallRun(t)
	path := filepath.Join(t.TempDir(), "run")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := mmap.Map(f, len(data), mmap.ReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	var brought int
	r, err := OpenRun(m.Bytes(), runOrigin, func(from, to int) { brought += to - from }, m.Unmap)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	err = r.read(func() { _, _ = r.lookup(nil, Entity, 5<<60) })
	if !errors.Is(err, fault.ErrMapFault) || brought == 0 {
		t.Errorf("%v, %d bytes brought in", err, brought)
	}
	if err := r.Close(); err != nil {
		t.Errorf("a reader that fell out of a run holds it: %v", err)
	}
}

func TestARunOfAnotherStoreOrVersionIsToldApart(t *testing.T) {
	data, _ := smallRun(t)
	if _, err := OpenRun(data, [16]byte{9}, nil, nil); !errors.Is(err, ErrForeign) || errors.Is(err, checked.ErrDamaged) {
		t.Errorf("another store's: %v", err)
	}
	data[8] = runVersion + 1
	if _, err := OpenRun(data, runOrigin, nil, nil); !errors.Is(err, ErrVersion) || errors.Is(err, checked.ErrDamaged) {
		t.Errorf("another version: %v", err)
	}
}

// forge changes a field of a header and makes its checksum right.
func forge(data []byte, at int, value uint64) []byte {
	forged := slices.Clone(data)
	binary.LittleEndian.PutUint64(forged[at:], value)
	binary.LittleEndian.PutUint32(forged[runCRCAt:], crc32.Checksum(forged[:runCRCAt], castagnoli))
	return forged
}

func TestAForgedHeaderIsRefusedOrHarmless(t *testing.T) {
	data, want := smallRun(t)
	for at := 32; at < 128; at += 8 {
		original := binary.LittleEndian.Uint64(data[at:])
		for _, value := range []uint64{0, 1, original - 1, original + 1, 1 << 32, 1<<32 + 1, 1 << 40, 1 << 63, math.MaxUint64} {
			r, err := OpenRun(forge(data, at, value), runOrigin, nil, nil)
			if err != nil {
				var refused *RunError
				if !errors.As(err, &refused) || !errors.Is(err, checked.ErrDamaged) {
					t.Errorf("%d at byte %d: %v", value, at, err)
				}
				continue
			}
			for typ, hashes := range want { // whatever it says
				for hash := range hashes {
					_, _ = r.lookup(nil, typ, hash)
					_, _, _ = r.newest(typ, hash)
				}
			}
		}
	}
}

func TestADamagedInputIsNamed(t *testing.T) {
	data, _ := smallRun(t)
	first := &openRun(t, data).body.lists[0]
	a, b := linkedPart(t, 8, 100, 50, rand.New(rand.NewPCG(1, 2))), linkedPart(t, 9, 150, 50, rand.New(rand.NewPCG(1, 3)))
	parts := []*Part{{Segment: Identity{Number: 1}, First: 1}, {Segment: Identity{Number: 2}, First: 10}}
	for what, change := range map[string]func(p []byte){
		"a wrong block":  func(p []byte) { p[runHeaderSize+first.hashAt(0)] ^= 1 },
		"a wrong order":  func(p []byte) { copy(p[runHeaderSize+first.hashAt(0):], p[runHeaderSize+first.hashAt(2):][:8]) },
		"a value beyond": func(p []byte) { p[runHeaderSize+first.valueAt(0)] = 14 },
	} {
		forged := slices.Clone(data)
		change(forged)
		if what != "a wrong block" {
			sums := sumsOf(forged)
			copy(forged[sums:], checked.AppendSums(nil, forged[runHeaderSize:sums]))
		}
		w, err := NewRunWriter(runOrigin, []RunInput{{parts, openRun(t, forged)}, {Parts: []*Part{a.part}}, {Parts: []*Part{b.part}}})
		if err != nil {
			t.Fatal(err)
		}
		var input *InputError
		err = w.Write(discard{}, func() error { return nil })
		if !errors.As(err, &input) || input.Input != 0 || !errors.Is(err, checked.ErrDamaged) {
			t.Errorf("%s: %v", what, err)
		}
	}
	failure := errors.New("segment is closed")
	b.part.read = func(func()) error { return failure }
	_, err := NewRunWriter(runOrigin, []RunInput{{Parts: []*Part{a.part}}, {Parts: []*Part{b.part}}})
	var input *InputError
	if !errors.As(err, &input) || input.Input != 1 || !errors.Is(err, failure) {
		t.Errorf("a part that can't be read: %v", err)
	}
}

// FuzzRun opens and asks whatever comes, with checksums made right.
func FuzzRun(f *testing.F) {
	data, _ := smallRun(f)
	f.Add(data[:128], data[runHeaderSize:len(data)-24], uint64(5<<60))
	f.Add(data[:128], []byte{}, uint64(0))
	f.Fuzz(func(t *testing.T, header, body []byte, hash uint64) {
		file := make([]byte, runHeaderSize)
		copy(file[:runCRCAt], header)
		binary.LittleEndian.PutUint32(file[runCRCAt:], crc32.Checksum(file[:runCRCAt], castagnoli))
		body = append(bytes.Clone(body), make([]byte, (runAlign-len(body)%runAlign)%runAlign)...)
		file = checked.AppendSums(append(file, body...), body)
		r, err := OpenRun(file, runOrigin, nil, func() error { return nil })
		if err != nil {
			return
		}
		for _, typ := range listTypes {
			all, err := r.lookup(nil, typ, hash)
			if err == nil && !slices.IsSorted(all) || len(all) > len(file) {
				t.Errorf("%v: %d found, error %v", typ, len(all), err)
			}
			_, _, _ = r.newest(typ, hash)
			_, _ = r.between(nil, typ, hash, hash>>40, math.MaxUint64)
		}
		w, err := NewRunWriter(runOrigin, []RunInput{{[]*Part{{Segment: Identity{Number: 1}, First: 1}}, r}})
		if err == nil {
			_ = w.Write(discard{}, func() error { return nil })
		}
	})
}
