// Findings: they are made smaller, saved, and found again.

package crash

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/simdisk"
)

// liar lets a store live under the manual policy that somebody is told about what is not true: that all is durable. It
// returns the journal and the finding that comes of it.
func liar(t *testing.T) (*scene, *Finding) {
	t.Helper()
	disk := simdisk.New()
	f := &Finding{Seed: 1, Chain: 2, Life: 3, journal: disk.Record(), before: nothing()}
	dir := disk.Mount()
	store, err := opening{Policy: 1, Seed: 5}.open(dir)
	if err != nil {
		t.Fatal(err)
	}
	f.journal.Note(&note{Kind: opened})
	for n := range uint32(20) {
		s := stamp{laneOf(1, small, 0), n + 1}
		u := alone(s, event.ID{})
		receipts, err := u.append(store, engine.WaitPolicy)
		if err != nil {
			t.Fatal(err)
		}
		e := u.entries(receipts)[0]
		f.journal.Note(&note{Kind: told, Event: e})
		f.journal.Note(&note{Kind: durable, Sequence: e.Sequence})
	}
	f.journal.Stop()
	dir.Kill()
	_ = store.Close() // of no consequence
	r, broken := recordOf(f.journal, f.before)
	if broken != "" {
		t.Fatal(broken)
	}
	return sceneOf(f.journal, r), f
}

func TestAFindingIsMadeSmaller(t *testing.T) {
	t.Parallel()
	scene, _ := liar(t)
	began := &trial{
		Moment: len(scene.ops), First: cut{How: random, Style: simdisk.MostlyOldest, Seed: 3}, Deep: true, Last: opening{Policy: 3},
		Steps: []step{{After: 7, Cut: cut{How: random, Style: simdisk.AnySector, Seed: 4}}, {After: 3, Cut: cut{How: killed}}},
	}
	err := scene.run(began, new(tally))
	if err == nil {
		t.Fatal("nothing was found")
	}
	shrunk, err := scene.shrink(began, err)
	if err == nil || len(shrunk.Steps) != 0 || shrunk.First.How != oldest || len(shrunk.First.Except) != 0 || shrunk.Deep || shrunk.Last.Policy != 0 {
		t.Errorf("what is left breaks %v:\n%s", err, shrunk)
	}
	if shrunk.Moment >= began.Moment/2 {
		t.Errorf("moment %d is left of %d", shrunk.Moment, began.Moment)
	}
	if again := scene.run(shrunk, new(tally)); again == nil || !strings.Contains(again.Error(), "acknowledged as durable") {
		t.Errorf("what is left breaks %v", again)
	}
}

func TestChoicesThatAFindingNeedsAreKept(t *testing.T) {
	t.Parallel()
	scene, _ := liar(t)
	scene.move(len(scene.ops))
	var needed []choice
	scene.disk.PowerCut(func(p simdisk.Place, n int) int {
		if p.Kind == simdisk.SectorPlace && p.Sector > 9 {
			needed = append(needed, choice{placeOf(p), 0})
		}
		return n - 1
	})
	if len(needed) < 3 {
		t.Fatalf("only %d sectors have a choice", len(needed))
	}
	shrunk, err := scene.shrink(&trial{Moment: len(scene.ops), First: cut{How: newest, Except: needed}}, errors.New("found"))
	if err == nil {
		t.Fatal("nothing is left")
	}
	if n := len(shrunk.First.Except); n > 1 {
		t.Errorf("%d of %d choices are left, one is enough", n, len(needed))
	}
}

func TestASavedFindingIsFoundAgain(t *testing.T) {
	t.Parallel()
	scene, f := liar(t)
	f.trial = &trial{Moment: len(scene.ops), First: cut{How: oldest}}
	if f.File, f.Unsaved = f.save(t.TempDir()); f.Unsaved != nil {
		t.Fatal(f.Unsaved)
	}
	again, err := Replay(f.File)
	if err != nil {
		t.Fatal(err)
	}
	if again.Seed != 1 || again.Chain != 2 || again.Life != 3 || !strings.Contains(again.Description, "acknowledged as durable") {
		t.Errorf("replayed:\n%s", again)
	}
	for _, what := range []string{"seed 1, store 2, life 3, moment", "synced last", f.File} {
		if !strings.Contains(again.String(), what) {
			t.Errorf("%q is missing in:\n%s", what, again)
		}
	}
}

func TestAFindingThatIsNoneAnyMoreIsSaid(t *testing.T) {
	t.Parallel()
	_, f := liar(t)
	f.trial = &trial{Moment: 0, First: cut{How: oldest}}
	path, err := f.save(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Replay(path); !errors.Is(err, ErrNotAgain) {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsNoFindingIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	if _, err := Replay(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a file: %v", err)
	}
	if err := os.WriteFile(path, []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Replay(path); err == nil || errors.Is(err, ErrNotAgain) {
		t.Errorf("with another file: %v", err)
	}
}
