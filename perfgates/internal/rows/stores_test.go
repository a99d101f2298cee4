// The big stores and their copies, and the events that fill them.

package rows

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
)

// tinyStore lends a tiny big store for the test.
func tinyStore(t *testing.T, env *Env, entities int) *grown {
	t.Helper()
	g, giveBack, err := env.grown(t.Context(), entities)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(giveBack)
	return g
}

func tinyEnv(t *testing.T) *Env { return &Env{Directory: t.TempDir(), Scale: Tiny()} }

// tinyOpen opens a tiny big store for the test.
func tinyOpen(t *testing.T) *engine.Store {
	t.Helper()
	store, err := tinyStore(t, tinyEnv(t), entityCount).open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func TestABigStoreIsFilledOncePerRun(t *testing.T) {
	env := tinyEnv(t)
	env.Stores = NewStores(env.Directory)
	first, second := tinyStore(t, env, entityCount), tinyStore(t, env, entityCount)
	other := tinyStore(t, env, env.Scale.Grown)
	if first != second || first.path == other.path {
		t.Errorf("%s, %s and %s", first.path, second.path, other.path)
	}
	for _, g := range []*grown{first, other} {
		store, err := g.open()
		if err != nil {
			t.Fatal(err)
		}
		if events := store.Stats().Events; events != uint64(env.Scale.Grown) {
			t.Errorf("%d events, want %d", events, env.Scale.Grown)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestABigStoreThatIsNotFinishedIsRemoved(t *testing.T) {
	env := tinyEnv(t)
	env.Stores = NewStores(env.Directory)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := env.grown(ctx, entityCount); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(env.Directory); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	tinyStore(t, env, entityCount) // the next row fills it anew
}

func TestACloneSharesWhatIsSealedAndCopiesTheRest(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()+"/clone"
	content := map[string]string{
		"1.seg": "sealed", "2.seg": strings.Repeat("\x00", copyWindow) + "used" + strings.Repeat("\x00", copyWindow),
		"3.seg": strings.Repeat("\x00", 100), "1-1.run": "derived", "lock": "123",
	}
	for name, text := range content {
		if err := os.WriteFile(filepath.Join(from, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := cloneOf(from, to, 1, false)
	if err != nil {
		t.Fatal(err)
	}
	if want := []copiedFile{{"2.seg", copyWindow + 4}, {"3.seg", 0}}; !slices.Equal(c.copied, want) {
		t.Errorf("copied %v, want %v", c.copied, want)
	}
	for _, name := range []string{"1.seg", "2.seg", "3.seg"} {
		if got, err := os.ReadFile(filepath.Join(to, name)); err != nil || string(got) != content[name] {
			t.Errorf("%s differs (%v)", name, err)
		}
	}
	for _, name := range []string{"lock", "1-1.run"} {
		if _, err := os.Stat(filepath.Join(to, name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is there (%v)", name, err)
		}
	}
	if err := os.WriteFile(filepath.Join(to, "2.seg"), []byte("changed"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(from, "2.seg")); err != nil || string(got) != content["2.seg"] {
		t.Errorf("writing to the clone changed the store (%v)", err)
	}
}

func TestScanAndRewriteChangesNothing(t *testing.T) {
	directory := t.TempDir()
	content := strings.Repeat("frame", 1000)
	if err := os.WriteFile(directory+"/1.seg", []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := scanAndRewrite(directory, copiedFile{"1.seg", 4000}, 404); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(directory + "/1.seg"); err != nil || string(got) != content {
		t.Errorf("the file differs (%v)", err)
	}
}

func TestOtherAnswersAreNoticed(t *testing.T) {
	store := tinyOpen(t)
	events := int(store.Stats().Events)
	before, err := answersOf(store, events)
	if err != nil {
		t.Fatal(err)
	}
	if err := sameAnswers(store, events, before); err != nil {
		t.Error(err)
	}
	if err := newWorkload().appendMany(store, entityCount); err != nil { // every clock goes on
		t.Fatal(err)
	}
	if err := sameAnswers(store, events, before); err == nil {
		t.Error("other clocks are taken for the same")
	}
	if _, err := answersOf(store, 1<<40); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("events that are not there: %v", err)
	}
}

func TestACrowdGivesEveryEntityItsTurn(t *testing.T) {
	for _, entities := range []int{1, 2, 7, 300, 1000, 1001, 4096, 10_000} {
		w := newCrowd(entities)
		met := make(map[string]int)
		for range 2 * entities {
			met[w.coordinate().Entity()]++
		}
		for entity, times := range met {
			if times != 2 || len(entity) != nameBytes {
				t.Fatalf("of %d entities %s had %d turns", entities, entity, times)
			}
		}
		if len(met) != entities {
			t.Errorf("%d entities had a turn, want %d", len(met), entities)
		}
	}
}

func TestAPartOfAWorkloadGoesOnWhereItWas(t *testing.T) {
	whole, parted := newCrowd(100), newCrowd(100)
	first, second := parted.part(30), parted.part(40)
	for place := range 70 {
		from := first
		if place >= 30 {
			from = second
		}
		if want, got := whole.coordinate(), from.coordinate(); got != want {
			t.Fatalf("event %d is %s's, want %s's", place, got, want)
		}
	}
}

func TestNamesOfEntitiesAreNumbersOfThirteenDigits(t *testing.T) {
	for number, want := range map[int]string{0: "entity:0000000000000", 42: "entity:0000000000042", 9_999_999: "entity:0000009999999"} {
		if got := entityName(number); got != want {
			t.Errorf("%d is %s, want %s", number, got, want)
		}
	}
}

func TestStreamsAreReadOnceAndTheirGapsNoticed(t *testing.T) {
	store := tinyOpen(t)
	r := newStreamRun(store, entityCount)
	if events, err := r.read(1<<30, engine.ReadOptions{}); err != nil || uint64(events) != store.Stats().Events {
		t.Errorf("all streams have %d events (%v), want %d", events, err, store.Stats().Events)
	}
	if events, err := r.read(1, engine.ReadOptions{}); err != nil || events != 3 {
		t.Errorf("one stream has %d events (%v), want 3", events, err)
	}
	if _, err := readStream(store, "nobody", engine.ReadOptions{}); err == nil {
		t.Error("a stream without events is taken for one")
	}
	if _, err := readStream(store, entityName(1), engine.ReadOptions{Direction: engine.Backward}); err == nil {
		t.Error("a stream that begins with clock 3 is taken for whole")
	}
}

func TestPlacesAreFramesOfTheFiles(t *testing.T) {
	directory := t.TempDir()
	for name, text := range map[string]string{"1.seg": "aaaabb", "2.seg": "ccccddddee", "3.seg": "-", "4.seg": "-", "5.run": "-"} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := newPlaces(directory, 4)
	if err != nil {
		t.Fatal(err)
	}
	met := make(map[string]int)
	for range 300 {
		if err := p.copyFrame(); err != nil {
			t.Fatal(err)
		}
		met[string(p.frame)]++
	}
	if len(met) != 3 || met["aaaa"] < 50 || met["cccc"] < 50 || met["dddd"] < 50 {
		t.Errorf("met %v, want three frames about equally often", met)
	}
	if err := p.close(); err != nil {
		t.Error(err)
	}
	if _, err := newPlaces(t.TempDir(), 4); err == nil {
		t.Error("a directory without segments has places")
	}
	if _, err := newPlaces(directory+"/missing", 4); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing directory gives %v", err)
	}
}
