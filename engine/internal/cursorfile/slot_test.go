// The bytes of a slot: what is written is read, and nothing else is believed.

package cursorfile

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
)

var update = flag.Bool("update", false, "write the golden file")

// positions draws any position.
func positions() *rapid.Generator[Position] {
	return rapid.Custom(func(t *rapid.T) Position {
		return Position{
			Identity: [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "identity")),
			Acked:    rapid.Uint64().Draw(t, "acked"), Told: rapid.Uint64().Draw(t, "told"),
			Event: [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "event")),
		}
	})
}

// names draws any name that a cursor may have.
func names() *rapid.Generator[string] { return rapid.StringN(1, -1, MaxName) }

func TestASlotSaysWhatWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := slot{name: names().Draw(t, "name"), generation: rapid.Uint64Range(1, 1<<64-2).Draw(t, "generation"), position: positions().Draw(t, "position")}
		b := s.encode()
		if len(b) != slotSize {
			t.Fatalf("%d bytes", len(b))
		}
		if got, err := decode("x", b); got != s || err != nil {
			t.Fatalf("got %+v, %v, want %+v", got, err, s)
		}
	})
}

func TestNoFlippedBitOfASlotIsOverlookedAndNoShorterOneIsBelieved(t *testing.T) {
	s := slot{name: "orders", generation: 7, position: Position{Acked: 9, Told: 3}}
	sound := s.encode()
	for bit := range slotSize * 8 {
		b := bytes.Clone(sound)
		b[bit/8] ^= 1 << (bit % 8)
		if got, err := decode("x", b); err == nil {
			t.Fatalf("bit %d flipped: %+v", bit, got)
		}
	}
	for length := range slotSize {
		if got, err := decode("x", sound[:length]); err == nil {
			t.Fatalf("%d bytes: %+v", length, got)
		}
	}
}

func TestASlotThatNoWriterMakesIsNotBelievedThoughItsChecksumIsRight(t *testing.T) {
	for what, s := range map[string]slot{
		"no name": {generation: 1}, "a name that is no text": {name: "\xff", generation: 1},
		"no generation": {name: "x"}, "no generation that could follow": {name: "x", generation: 1<<64 - 1},
	} {
		if got, err := decode("x", s.encode()); err == nil {
			t.Errorf("%s: %+v", what, got)
		}
	}
}

func TestAnotherVersionIsNamed(t *testing.T) {
	b := (&slot{name: "x", generation: 1}).encode()
	b[atVersion] = 2
	_, err := decode("the file", b)
	var version *mmapseg.VersionError
	if !errors.As(err, &version) || version.File != "the file" || version.Found != 2 || version.Known != 1 {
		t.Errorf("got %v, want a VersionError about version 2", err)
	}
}

func TestTheFileNameIsOneForEveryNameAndSafeInAnyDirectory(t *testing.T) {
	seen := make(map[string]string)
	for _, name := range []string{
		"orders", "Orders", "orders ", ".", "..", "/", "a/b", "../../etc/passwd", "\x00", "lock", "x.cursor", "x.cursor.tmp", "日本語", "a\nb", "CON", strings.Repeat("n", MaxName),
	} {
		file := FileName(name)
		if !IsFileName(file) || filepath.Base(file) != file || len(file) != 39 {
			t.Errorf("%q has the file %q", name, file)
		}
		if other, known := seen[file]; known {
			t.Errorf("%q and %q share %s", name, other, file)
		}
		seen[file] = name
	}
	const golden = "3cf8ef7e57a0cbe1a4f3ac6ef2ce1c4c"
	for _, file := range []string{"", ".cursor", "lock", golden, golden + ".cursor.tmp", golden + ".run", strings.ToUpper(golden) + ".cursor", golden[1:] + ".cursor", golden + "0.cursor", "g" + golden[1:] + ".cursor"} {
		if IsFileName(file) {
			t.Errorf("%q is taken for a cursor's file", file)
		}
	}
}

// goldenPosition is what the golden file says.
var goldenPosition = Position{
	Identity: [16]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, Acked: 1000, Told: 77,
	Event: [16]byte{0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf, 0xb0},
}

func TestTheFormatStays(t *testing.T) {
	dir := vfs.NewMemory()
	f, err := Create(dir, "orders/日本", Position{Identity: goldenPosition.Identity})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Write(goldenPosition); err != nil {
		t.Fatal(err)
	}
	got := mustContent(t, dir, FileName("orders/日本"))
	path := filepath.Join("testdata", "v1.cursor.golden")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, golden) {
		t.Error("other bytes are written")
	}
	c, err := parse(FileName("orders/日本"), [2][]byte{golden[:slotSize], golden[pageSize:][:slotSize]})
	if err != nil || c.Position != goldenPosition || c.Name != "orders/日本" || c.Fallback != nil {
		t.Errorf("the golden file says %+v, %v", c, err)
	}
}

func FuzzFile(f *testing.F) {
	first := (&slot{name: "orders", generation: 1, position: Position{Acked: 5}}).encode()
	second := (&slot{name: "orders", generation: 2, position: Position{Acked: 6, Told: 2}}).encode()
	f.Add(first, second)
	f.Add(second, []byte(magic))
	f.Add([]byte{}, bytes.Repeat([]byte{0xff}, slotSize))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		a, b = a[:min(len(a), slotSize)], b[:min(len(b), slotSize)]
		file := FileName("orders")
		c, err := parse(file, [2][]byte{a, b})
		var refused *Error
		switch {
		case err == nil:
			if FileName(c.Name) != file || c.slots[c.newer].generation == 0 {
				t.Fatalf("%+v is believed", c)
			}
			if again := c.slots[c.newer].encode(); !bytes.Equal(again, [2][]byte{a, b}[c.newer]) {
				t.Fatal("a slot is believed that no writer makes")
			}
		case !errors.As(err, &refused) || !errors.Is(err, mmapseg.ErrCorrupt) && !errors.Is(err, mmapseg.ErrVersion):
			t.Fatalf("got %v, want an Error that is ErrCorrupt or ErrVersion", err)
		}
	})
}
