// This file holds the rules of sizes and names.

package simdisk

import (
	"errors"
	"slices"
	"testing"
)

// sizes returns what power cuts may leave of the size of a file.
func sizes(d *Disk, name string) []int {
	var found []int
	for candidate, n := 0, 1; candidate < n; candidate++ {
		image := d.PowerCut(func(p Place, of int) int {
			if p.Kind != SizePlace {
				return of - 1
			}
			n = of
			return candidate
		})
		b, _ := image.Content(name)
		found = append(found, len(b))
	}
	return found
}

func TestEverySizeSinceTheSyncIsPossible(t *testing.T) {
	d := New()
	f := durable(t, d.Mount(), "a", 1000)
	write(t, f, 1500, filled(100, 1))
	must(t, f.Truncate(300), f.Reserve(5000), f.Reserve(4000))
	if got := sizes(d, "a"); !slices.Equal(got, []int{1000, 1600, 300, 5000}) {
		t.Errorf("sizes %d", got)
	}
	must(t, f.SyncData())
	if got := sizes(d, "a"); !slices.Equal(got, []int{5000}) {
		t.Errorf("sizes %d", got)
	}
}

func TestOnlySyncAllMakesAShorterFileDurable(t *testing.T) {
	d := New()
	f := durable(t, d.Mount(), "a", 3*PageSize)
	write(t, f, 0, filled(3*PageSize, 1))
	must(t, f.SyncData(), f.Truncate(PageSize+10), f.SyncData())
	if got := sizes(d, "a"); !slices.Equal(got, []int{3 * PageSize, PageSize + 10}) {
		t.Errorf("sizes %d", got)
	}
	old := d.PowerCut(Oldest)
	wantFill(t, old, "a", 0, PageSize+10, 1)
	wantFill(t, old, "a", PageSize+10, PageSize-10, 0) // the rest of the last page was written as zeros
	wantFill(t, old, "a", 2*PageSize, PageSize, 1)
	must(t, f.SyncAll())
	if got := sizes(d, "a"); !slices.Equal(got, []int{PageSize + 10}) {
		t.Errorf("sizes %d", got)
	}
}

func TestAFileThatShrankIsZerosWhereItGrowsAgain(t *testing.T) {
	d := New()
	f := durable(t, d.Mount(), "a", 2*PageSize)
	write(t, f, 0, filled(2*PageSize, 1))
	must(t, f.SyncAll(), f.Truncate(100), f.Reserve(2*PageSize))
	wantFill(t, d, "a", 0, 100, 1)
	wantFill(t, d, "a", 100, 2*PageSize-100, 0)
	wantFill(t, d.PowerCut(Oldest), "a", 0, 2*PageSize, 1)
	must(t, f.SyncAll())
	wantFill(t, d.PowerCut(Oldest), "a", 100, 2*PageSize-100, 0)
}

func TestATruncationDoesNotSettleWhatAFailedSyncLeft(t *testing.T) {
	d := New()
	dir := d.Mount()
	f := durable(t, dir, "a", 2*PageSize)
	write(t, f, PageSize, filled(PageSize, 1))
	must(t, f.SyncAll(), f.Truncate(0), f.Reserve(2*PageSize))
	write(t, f, PageSize, filled(100, 2))
	dir.OnSync(func(string) error { return errors.New("broken") })
	_ = f.SyncData()
	dir.OnSync(nil)
	must(t, f.SyncAll()) // nothing is dirty: it settles the truncation and not the write
	wantFill(t, d, "a", PageSize, 100, 2)
	wantFill(t, d.PowerCut(Oldest), "a", PageSize, PageSize, 0)
	wantFill(t, d.PowerCut(Newest), "a", PageSize, 100, 2)
}

func TestASizeThatIsTooSmallCutsTheContent(t *testing.T) {
	d := New()
	f := durable(t, d.Mount(), "a", 100)
	write(t, f, 50, filled(PageSize, 1))
	lost := d.PowerCut(func(p Place, n int) int { return map[bool]int{true: n - 1}[p.Kind == SectorPlace] })
	wantFill(t, lost, "a", 50, 50, 1)
	again, err := lost.Mount().Open("a", true)
	must(t, err)
	must(t, again.Reserve(200))
	wantFill(t, lost, "a", 100, 100, 0)
}

func TestNamesAreDurableAfterASyncOfTheDirectory(t *testing.T) {
	d := New()
	dir := d.Mount()
	f := create(t, dir, "a", 10)
	must(t, f.SyncAll())
	if names := d.PowerCut(Oldest).Names(); len(names) > 0 {
		t.Errorf("names %q", names)
	}
	must(t, dir.Sync(), dir.Rename("a", "b"))
	for want, choose := range map[string]func(name string) bool{
		"a": func(string) bool { return false }, "b": func(string) bool { return true },
		"ab": func(name string) bool { return name == "b" }, "": func(name string) bool { return name == "a" },
	} {
		image := d.PowerCut(func(p Place, n int) int { return map[bool]int{true: n - 1}[choose(p.Name)] })
		got := ""
		for _, name := range image.Names() {
			got += name
			wantFill(t, image, name, 0, 10, 0)
		}
		if got != want {
			t.Errorf("names %q, want %q", got, want)
		}
	}
	must(t, dir.Sync())
	if names := d.PowerCut(Oldest).Names(); !slices.Equal(names, []string{"b"}) {
		t.Errorf("names %q", names)
	}
	must(t, dir.Remove("b"))
	if old, young := d.PowerCut(Oldest).Names(), d.PowerCut(Newest).Names(); len(old) != 1 || len(young) != 0 {
		t.Errorf("names %q and %q", old, young)
	}
	must(t, dir.Sync())
	if names := d.PowerCut(Oldest).Names(); len(names) > 0 {
		t.Errorf("names %q", names)
	}
}

func TestNamesGivenDuringASyncOfTheDirectoryAreNotCovered(t *testing.T) {
	d := New()
	dir := d.Mount()
	must(t, create(t, dir, "a", 0).Close())
	dir.OnSync(func(name string) error {
		if name != "." {
			t.Errorf("a sync of %q", name)
		}
		_, err := dir.Create("b")
		return err
	})
	must(t, dir.Sync())
	if names := d.PowerCut(Oldest).Names(); !slices.Equal(names, []string{"a"}) {
		t.Errorf("names %q", names)
	}
}

func TestAFailedSyncOfTheDirectoryMakesNothingDurable(t *testing.T) {
	d := New()
	dir := d.Mount()
	must(t, create(t, dir, "a", 0).Close())
	dir.OnSync(func(string) error { return errors.New("broken") })
	if dir.Sync() == nil {
		t.Error("the sync succeeded")
	}
	if names := d.PowerCut(Oldest).Names(); len(names) > 0 {
		t.Errorf("names %q", names)
	}
	dir.OnSync(nil)
	must(t, dir.Sync())
	if names := d.PowerCut(Oldest).Names(); len(names) != 1 {
		t.Errorf("names %q", names)
	}
}

func TestARenameOverAFileMayLeaveEither(t *testing.T) {
	d := New()
	dir := d.Mount()
	write(t, durable(t, dir, "new", 1), 0, []byte{2})
	write(t, durable(t, dir, "old", 1), 0, []byte{1})
	must(t, dir.Rename("new", "old"))
	found := make(map[byte]bool)
	for choice := range 2 {
		b, _ := d.PowerCut(func(p Place, n int) int {
			if p.Kind == NamePlace {
				return choice
			}
			return n - 1
		}).Content("old")
		found[b[0]] = true
	}
	if !found[1] || !found[2] {
		t.Errorf("found %v", found)
	}
}
