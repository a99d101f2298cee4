// This file holds the comparison of the tier in files with a naive one, and its use by many at once.

package cache

import (
	"bytes"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/batpak/batpak/internal/vfs"
)

// checkFiles compares what is counted with what is in the directory.
func (f *Files) checkFiles(t interface{ Fatalf(string, ...any) }, disk vfs.Dir) {
	names, err := disk.List()
	if err != nil {
		t.Fatalf("list: %v", err)
	}
	var total int64
	for _, name := range names {
		size, err := (&Files{FilesConfig: FilesConfig{Dir: disk}}).sizeOf(name)
		if err != nil || !isFileName(name) {
			t.Fatalf("%s is left, error %v", name, err)
		}
		total += blocks(size)
	}
	got := f.Stats()
	if got.Files != uint64(len(names)) || got.Bytes != total || got.Bytes > f.Limit || f.used.Len() != len(names) {
		t.Fatalf("%+v; there are %d files, %d bytes", got, len(names), total)
	}
}

// fileModel is the tier in files beside what it may have.
type fileModel struct {
	disk    vfs.Dir
	files   *Files
	fails   vfs.OpKind // the calls that fail; 0: none
	holds   uint64     // the store's highest sequence
	puts    uint64
	written bool                // in this opening
	newest  map[int]fileContent // what the files have
}

type fileContent struct {
	sequence uint64
	encoded  []byte
}

func (m *fileModel) open(t *rapid.T) {
	dir := vfs.Faulty(m.disk, func(op vfs.Op) error {
		if op.Kind == m.fails {
			return vfs.ErrNoSpace
		}
		return nil
	})
	f, err := OpenFiles(FilesConfig{
		Dir: dir, Limit: MinLimit, Origin: testOrigin, Identity: testIdentity, Go: atOnce,
		Holds: func(_ [16]byte, sequence uint64) bool { return sequence <= m.holds },
	})
	if err != nil {
		t.Fatal(err)
	}
	m.files, m.written = f, false
}

func drawKey(t *rapid.T) int { return rapid.IntRange(0, 6).Draw(t, "key") }

func (m *fileModel) put(t *rapid.T) {
	n, size := drawKey(t), rapid.IntRange(0, 30_000).Draw(t, "size")
	sequence := rapid.Uint64Range(0, m.holds).Draw(t, "sequence")
	m.puts++
	c := fileContent{sequence, stateOf(int(m.puts), m.puts, size).Encoded}
	if _, err := (&Files{FilesConfig: FilesConfig{Dir: m.disk}}).sizeOf(fileName(keyOf(n))); err != nil {
		delete(m.newest, n) // it was evicted
	}
	before := m.files.Stats()
	m.files.Put(keyOf(n), FileState{Sequence: sequence, Encoded: c.encoded})
	if m.files.Stats().Written > before.Written {
		if old, ok := m.newest[n]; ok && old.sequence >= sequence {
			t.Fatalf("%d was replaced by %d", old.sequence, sequence)
		}
		m.newest[n], m.written = c, true
	}
}

func (m *fileModel) get(t *rapid.T) {
	n := drawKey(t)
	got, ok := m.files.Get(keyOf(n))
	want, has := m.newest[n]
	switch {
	case ok && (!has || got.Sequence != want.sequence || !bytes.Equal(got.Encoded, want.encoded) || got.Sequence > m.holds):
		t.Fatalf("got %d, want %d of %v", got.Sequence, want.sequence, has)
	case !ok:
		delete(m.newest, n)
	}
}

// loseEvents has the store end earlier.
func (m *fileModel) loseEvents(t *rapid.T) {
	m.holds = rapid.Uint64Range(m.holds/2, m.holds).Draw(t, "holds")
	for n, c := range m.newest {
		if c.sequence > m.holds {
			wantMiss(t, m.files, n) // or a Put finds it out, in another opening
			delete(m.newest, n)
		}
	}
}

func (m *fileModel) damage(t *rapid.T) {
	n := drawKey(t)
	file, err := m.disk.Open(fileName(keyOf(n)), true)
	if err != nil {
		return
	}
	defer file.Close()
	size, _ := file.Size()
	if err := file.Truncate(rapid.Int64Range(0, max(size-1, 0)).Draw(t, "length")); err != nil {
		t.Fatal(err)
	}
	wantMiss(t, m.files, n)
	delete(m.newest, n)
}

func (m *fileModel) discard(t *rapid.T) {
	n := drawKey(t)
	m.files.Discard(keyOf(n), "tried")
	if m.fails != vfs.OpRemove { // else it stays, and is whole
		wantMiss(t, m.files, n)
		delete(m.newest, n)
	}
}

// TestTheTierInFilesIsAModelThatForgets puts, gets, opens again and damages: what is found is what was put last and is not
// ahead of the store, and what is put never takes the place of something newer.
func TestTheTierInFilesIsAModelThatForgets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &fileModel{disk: vfs.NewMemory(), holds: 100, newest: map[int]fileContent{}}
		m.open(t)
		t.Repeat(map[string]func(*rapid.T){
			"put": m.put, "get": m.get, "lose events": m.loseEvents, "damage": m.damage, "discard": m.discard,
			"open again": func(t *rapid.T) {
				m.files.Close()
				m.open(t)
			},
			"fail": func(t *rapid.T) {
				m.fails = rapid.SampledFrom([]vfs.OpKind{0, 0, 0, vfs.OpCreate, vfs.OpWriteAt, vfs.OpRename, vfs.OpRemove}).Draw(t, "call")
			},
			"": func(t *rapid.T) {
				if m.fails == 0 && m.written && m.files.Stats().Failed == 0 {
					m.files.checkFiles(t, m.disk)
				}
			},
		})
		m.files.Close()
	})
}

func wantMiss(t *rapid.T, f *Files, n int) {
	if got, ok := f.Get(keyOf(n)); ok {
		t.Fatalf("key %d has a state of sequence %d", n, got.Sequence)
	}
}

// TestManyUseTheFiles has goroutines put, get and discard while files are written in the background and evicted.
func TestManyUseTheFiles(t *testing.T) {
	const keys = 20
	disk := vfs.NewMemory()
	var newest [keys]atomic.Uint64
	for opening := range 3 {
		f := openFiles(t, disk, func(c *FilesConfig) {
			c.Go, c.Limit = nil, MinLimit+int64(opening)*(1<<20)
			c.Holds = func([16]byte, uint64) bool { return true }
		})
		var wg sync.WaitGroup
		for user := range 4 {
			random := rand.New(rand.NewPCG(3, uint64(user)))
			wg.Go(func() {
				for step := range rounds(2000) {
					n := random.IntN(keys)
					switch random.IntN(8) {
					case 0, 1, 2:
						sequence := newest[n].Add(1)
						if random.IntN(4) == 0 {
							sequence = random.Uint64N(sequence) + 1
						}
						f.Put(keyOf(n), stateOf(n, sequence, random.IntN(9000)))
					case 3:
						if random.IntN(20) == 0 {
							f.Discard(keyOf(n), "tried")
						}
					default:
						got, ok := f.Get(keyOf(n))
						text := stateOf(n, got.Sequence, 0).Encoded
						if ok && (got.Sequence > newest[n].Load() || !bytes.HasSuffix(got.Encoded, text)) {
							t.Errorf("key %d: %d bytes for sequence %d", n, len(got.Encoded), got.Sequence)
						}
					}
					if user == 0 && step == rounds(1900) {
						f.Close()
					}
				}
			})
		}
		wg.Wait()
		f.Close()
		got := f.Stats()
		f.checkFiles(t, disk)
		if got.Written == 0 || got.Hits == 0 || got.Failed != 0 || opening == 0 && got.Evicted == 0 {
			t.Errorf("%+v", got)
		}
	}
}
