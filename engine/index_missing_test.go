// Events that are gone: no answer is short without saying so.

package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// told collects the ranges of sequences that errors named.
type told [][2]uint64

func (r *told) add(t *testing.T, err error) {
	t.Helper()
	var corrupt *engine.CorruptError
	if !errors.As(err, &corrupt) {
		t.Fatal(err)
	}
	*r = append(*r, [2]uint64{corrupt.First, corrupt.Last})
}

func (r told) cover(sequence uint64) bool {
	for _, in := range r {
		if sequence >= in[0] && sequence <= in[1] {
			return true
		}
	}
	return false
}

// gone is a store of several segments, opened for reading: the second segment is missing, and in the third the first event
// of "rare" is damaged. Every hundredth event is of "rare", the others of "often"; sequence and clocks are known.
func gone(t *testing.T) *engine.Store {
	t.Helper()
	path := quickDir(t)
	s := mustOpen(t, path, small(engine.SyncManual()))
	for i := range 2000 {
		entity := "often"
		if i%100 == 0 {
			entity = "rare"
		}
		if _, err := s.AppendBytes(event.MustAt(entity, "scope"), event.Data, event.CodecRaw, fmt.Appendf(nil, "payload-%08d", i+1)); err != nil {
			t.Fatal(err)
		}
	}
	mustClose(t, s)
	files := imageOf(t, path)
	names := files.segments()
	if len(names) < 4 {
		t.Fatalf("segments %v, want four", names)
	}
	third := files[names[2]]
	third[bytes.Index(third, []byte("rarescope"))] ^= 1
	if err := os.WriteFile(filepath.Join(path, names[2]), third, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(path, names[1])); err != nil {
		t.Fatal(err)
	}
	return mustOpen(t, path, engine.Options{ReadOnly: true})
}

func TestAnAnswerIsNotShortWithoutTellingOfEverythingThatIsGone(t *testing.T) {
	t.Parallel()
	s := gone(t)
	ofRare := func(sequence uint64) bool { return sequence%100 == 1 }
	clock := func(sequence uint64) uint64 { return sequence/100 + 1 }
	for _, c := range []struct {
		what   string
		region event.Region
		wanted func(sequence uint64) bool
	}{
		{"a stream", event.Entity("rare"), ofRare},
		{"everything", event.Everything(), func(uint64) bool { return true }},
		{"a scope and sequences", event.Scope("scope").Sequences(300, 1900), func(s uint64) bool { return s >= 300 && s <= 1900 }},
		{"clocks", event.Entity("rare").Clocks(5, 8), func(s uint64) bool { return ofRare(s) && clock(s) >= 5 && clock(s) <= 8 }},
		{"clocks of what is missing", event.Entity("often").Clocks(500, 600), func(s uint64) bool {
			at := s - (s-1)/100 - 1
			return !ofRare(s) && at >= 500 && at <= 600
		}},
	} {
		for _, direction := range []engine.Direction{engine.Forward, engine.Backward} {
			var damage told
			seen := make(map[uint64]bool)
			for ev, err := range s.Query(c.region, engine.ReadOptions{Direction: direction}) {
				if err != nil {
					damage.add(t, err)
					continue
				}
				seen[ev.Sequence] = true
			}
			for sequence := uint64(1); sequence <= 2000; sequence++ {
				if c.wanted(sequence) && !seen[sequence] && !damage.cover(sequence) {
					t.Errorf("%s, direction %d: event %d is missing, told of %v", c.what, direction, sequence, damage)
					break
				}
			}
		}
	}
	mustClose(t, s)
}

func TestNamesThatMayBeMissingAreToldOfBehindTheOthers(t *testing.T) {
	t.Parallel()
	path := quickDir(t)
	s := mustOpen(t, path, small(engine.SyncManual()))
	var rare uint64
	for i := range 1500 {
		at := event.MustAt(fmt.Sprint("entity-", i%10), "scope")
		if i == 700 {
			at = event.MustAt("once", "elsewhere")
		}
		r, err := s.AppendBytes(at, event.Data, event.CodecRaw, []byte("payload"))
		if err != nil {
			t.Fatal(err)
		}
		if i == 700 {
			rare = r.Sequence
		}
	}
	mustClose(t, s)
	files := imageOf(t, path)
	for _, name := range files.segments() {
		if at := bytes.Index(files[name], []byte("onceelsewhere")); at >= 0 {
			files[name][at] ^= 1
		}
	}
	files.write(t, path)
	for _, o := range []engine.Options{{ReadOnly: true, Rebuild: true}, {Rebuild: true}} {
		s := mustOpen(t, path, o)
		for what, names := range map[string]func() (int, told){
			"entities": func() (n int, damage told) {
				for _, err := range s.Entities("") {
					if err != nil {
						damage.add(t, err)
					} else if n++; damage != nil {
						t.Error("a name behind the damage")
					}
				}
				return n - 9, damage
			},
			"scopes": func() (n int, damage told) {
				for _, err := range s.Scopes() {
					if err != nil {
						damage.add(t, err)
					} else {
						n++
					}
				}
				return n, damage
			},
		} {
			if n, damage := names(); n != 1 || !damage.cover(rare) {
				t.Errorf("%s: %d beside, damage %v; want 1 and sequence %d among the damaged", what, n, damage, rare)
			}
		}
		mustClose(t, s)
	}
}
