// This file holds the tests of files that can't be believed, and of what is in the place of one.

package cache

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/batpak/batpak/internal/vfs"
)

func TestAFileThatIsNotBelievedIsRemovedAndCountedAndToldOnce(t *testing.T) {
	key := keyOf(1)
	other := FilesConfig{Origin: testOrigin, Identity: testIdentity}
	encode := func(change func(c *FilesConfig, k *Key, s *FileState)) []byte {
		c, k, s := other, *key, stateOf(1, 10, 0)
		change(&c, &k, &s)
		return encodeFile(&c, &k, &s)
	}
	whole := encode(func(*FilesConfig, *Key, *FileState) {})
	resummed := func(change func(b []byte)) []byte {
		b := bytes.Clone(whole)
		change(b)
		return sealFile(b)
	}
	for _, c := range []struct {
		name, says string
		content    []byte
	}{
		{"empty", "0 bytes", nil},
		{"cut in the header", "50 bytes", whole[:50]},
		{"cut", "header says something else", whole[:len(whole)-1]},
		{"longer", "header says something else", append(bytes.Clone(whole), 0)},
		{"zeros", "does not begin", make([]byte, len(whole))},
		{"zeros behind the header", "checksum", append(bytes.Clone(whole[:headerSize]), make([]byte, len(whole)-headerSize)...)},
		{"another format", "does not begin", append([]byte("BATPAKRN"), whole[8:]...)},
		{"a later version", "format version 2", resummed(func(b []byte) { b[8] = 2 })},
		{"reserved bytes", "in place of zero", resummed(func(b []byte) { b[79] = 1 })},
		{"a length of 2^64-1", "header says something else", resummed(func(b []byte) { copy(b[80:88], bytes.Repeat([]byte{255}, 8)) })},
		{"lengths that overflow", "header says something else", resummed(func(b []byte) { copy(b[64:76], bytes.Repeat([]byte{255}, 12)); b[80], b[84] = 0, 255 })},
		{"another store's", "origin", encode(func(c *FilesConfig, _ *Key, _ *FileState) { c.Origin[15]++ })},
		{"of a copy that this one does not go back to", "identity", encode(func(c *FilesConfig, _ *Key, _ *FileState) { c.Identity[0]++ })},
		{"ahead of the log", "1001", encode(func(_ *FilesConfig, _ *Key, s *FileState) { s.Sequence = 1001 })},
		{"an event behind its end", "event of sequence 11", encode(func(_ *FilesConfig, _ *Key, s *FileState) { s.Last = 11 })},
		{"another version of the fold", "another fold", encode(func(_ *FilesConfig, k *Key, _ *FileState) { k.Version++ })},
		{"another fold", "another fold", encode(func(_ *FilesConfig, k *Key, _ *FileState) { k.Projection += "x" })},
		{"another type", "another fold", encode(func(_ *FilesConfig, k *Key, _ *FileState) { k.Type = "x" })},
		{"another region", "another fold", encode(func(_ *FilesConfig, k *Key, _ *FileState) { k.Region = "" })},
		{"a boundary moved", "another fold", resummed(func(b []byte) { b[64]++; b[68]-- })},
		{"larger than all may be", "all files together", make([]byte, 2<<20)},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, lines := vfs.NewMemory(), &logged{}
			writeFile(t, dir, fileName(key), c.content)
			f := openFiles(t, dir, func(c *FilesConfig) { c.Logger = lines.logger() })
			for range 3 {
				wantState(t, f, 1, 0, 0)
			}
			wantNames(t, dir)
			if got := f.Stats(); got.Discarded != 1 || got.Misses != 3 || got.Failed != 0 || got.Files != 0 || got.Bytes != 0 {
				t.Errorf("%+v", got)
			}
			if lines.count() != 1 || !strings.Contains(lines.String(), c.says) || strings.Contains(lines.String(), "state of 1") {
				t.Errorf("logged %q", lines)
			}
			writeFile(t, dir, fileName(key), c.content)
			again := openFiles(t, dir, nil)
			again.Put(key, stateOf(1, 5, 0)) // whatever the file claims
			wantState(t, again, 1, 5, 0)
			if got := again.Stats(); got.Written != 1 || got.Discarded != 1 || got.Older != 0 {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestEveryFlippedBitIsFound(t *testing.T) {
	c := FilesConfig{Origin: testOrigin, Identity: testIdentity, Holds: func([16]byte, uint64) bool { return true }}
	key, state := keyOf(1), stateOf(1, 10, 0)
	whole := encodeFile(&c, key, &state)
	if got, err := decodeFile(&c, key, bytes.Clone(whole)); err != nil || !bytes.Equal(got.Encoded, state.Encoded) || got.Sequence != 10 || got.Last != 5 {
		t.Fatalf("%+v, error %v", got, err)
	}
	for bit := range len(whole) * 8 {
		b := bytes.Clone(whole)
		b[bit/8] ^= 1 << (bit % 8)
		if _, err := decodeFile(&c, key, b); err == nil {
			t.Errorf("a flip of bit %d of byte %d is missed", bit%8, bit/8)
		}
	}
	for length := range whole {
		if _, err := decodeFile(&c, key, whole[:length]); err == nil {
			t.Errorf("%d bytes of %d are believed", length, len(whole))
		}
	}
}

func TestAStateThatIsSaidToBeWrongIsDiscarded(t *testing.T) {
	dir := vfs.NewMemory()
	f := openFiles(t, dir, nil)
	f.Discard(keyOf(1), "nothing is there")
	f.Put(keyOf(1), stateOf(1, 10, 0))
	f.Put(keyOf(2), stateOf(2, 10, 0))
	f.Discard(keyOf(1), "it does not decode")
	wantNames(t, dir, fileName(keyOf(2)))
	wantState(t, f, 1, 0, 0)
	f.Put(keyOf(1), stateOf(1, 3, 0)) // an older one is better than none
	wantState(t, f, 1, 3, 0)
	f.Discard(keyOf(1), "it does not decode")
	f.Discard(keyOf(1), "it is gone")
	if got := f.Stats(); got.Discarded < 2 || got.Discarded > 3 || got.Files != 1 || got.Bytes != 4096 || got.Failed != 0 {
		t.Errorf("%+v", got)
	}

	late := openFiles(t, dir, func(c *FilesConfig) { c.Go = func(func()) bool { return false } })
	late.Put(keyOf(5), stateOf(5, 10, 0))
	late.Discard(keyOf(5), "it does not decode")
	late.Close()
	wantNames(t, dir, fileName(keyOf(2)))
}

// TestWhatIsNoFileOfOursIsLeftAlone has a FIFO, links and a directory in the place of a file and of one that is being written:
// nothing waits for them, follows them or writes to them.
func TestWhatIsNoFileOfOursIsLeftAlone(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	for _, c := range []struct {
		name string
		make func(path string) error
	}{
		{"FIFO", func(path string) error { return exec.Command("mkfifo", path).Run() }},
		{"symbolic link", func(path string) error { return os.Symlink(outside, path) }},
		{"dangling link", func(path string) error { return os.Symlink(outside+".missing", path) }},
		{"directory", func(path string) error { return os.MkdirAll(filepath.Join(path, "inside"), 0o700) }},
	} {
		for _, opened := range []bool{false, true} { // before it is met, or while the directory is known
			t.Run(c.name, func(t *testing.T) {
				state := stateOf(1, 10, 0)
				content := encodeFile(&FilesConfig{Origin: testOrigin, Identity: testIdentity}, keyOf(1), &state)
				if err := os.WriteFile(outside, content, 0o600); err != nil {
					t.Fatal(err)
				}
				path := t.TempDir()
				dir, err := vfs.OpenDir(path, false)
				if err != nil {
					t.Fatal(err)
				}
				defer dir.Close()
				lines := &logged{}
				f := openFiles(t, dir, func(c *FilesConfig) { c.Logger, c.Limit = lines.logger(), MinLimit })
				if opened {
					f.Put(keyOf(2), stateOf(2, 10, 0))
				}
				name := fileName(keyOf(1))
				if err := c.make(filepath.Join(path, name)); err != nil {
					t.Fatal(err)
				}
				if err := c.make(filepath.Join(path, temporaryName(fileName(keyOf(3))))); err != nil {
					t.Fatal(err)
				}
				wantState(t, f, 1, 0, 0)
				if !opened {
					f.Put(keyOf(1), stateOf(1, 11, 0))
					wantState(t, f, 1, 0, 0)
					if got := f.Stats(); got.Failed < 2 || got.Written != 0 || lines.count() == 0 {
						t.Errorf("%+v, logged %q", got, lines)
					}
					if _, err := os.Lstat(filepath.Join(path, name)); err != nil {
						t.Error(err)
					}
				}
				f.Put(keyOf(3), stateOf(3, 10, 0)) // its temporary name is taken
				f.Put(keyOf(4), stateOf(4, 10, MinLimit-4096))
				wantState(t, f, 4, 10, MinLimit-4096)
				if got, err := os.ReadFile(outside); err != nil || !bytes.Equal(got, content) {
					t.Errorf("what is outside was changed: %d bytes, error %v", len(got), err)
				}
				if _, err := os.Lstat(outside + ".missing"); err == nil {
					t.Error("a link was followed")
				}
				if got := f.Stats(); got.Discarded != 0 || got.Files != 1 {
					t.Errorf("%+v", got)
				}
			})
		}
	}
}

// TestAHugeFileCostsNothing has a file that says it is large, and is.
func TestAHugeFileCostsNothing(t *testing.T) {
	path := t.TempDir()
	dir, err := vfs.OpenDir(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	f := openFiles(t, dir, func(c *FilesConfig) { c.Limit = 1 << 50 })
	name := filepath.Join(path, fileName(keyOf(1)))
	if err := os.WriteFile(name, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(name, 1<<40); err != nil {
		t.Skipf("no sparse files: %v", err)
	}
	if bytes := testing.AllocsPerRun(1, func() { wantState(t, f, 1, 0, 0) }); bytes > 100 {
		t.Errorf("%v allocations", bytes)
	}
	if got := f.Stats(); got.Discarded != 1 {
		t.Errorf("%+v", got)
	}
}
