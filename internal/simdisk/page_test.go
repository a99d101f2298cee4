// This file holds the rules of sectors and pages: what is dirty, what is durable, what may be.

package simdisk

import (
	"bytes"
	"errors"
	"testing"
)

func TestWhatWasNotSyncedMayBeLostOrKeptBySector(t *testing.T) {
	d := New()
	f := durable(t, d.Mount(), "a", 2*PageSize)
	write(t, f, 0, filled(3*SectorSize, 1))
	oldest, newest := d.PowerCut(Oldest), d.PowerCut(Newest)
	wantFill(t, oldest, "a", 0, 2*PageSize, 0)
	wantFill(t, newest, "a", 0, 3*SectorSize, 1)
	middle := d.PowerCut(func(p Place, n int) int { return map[bool]int{true: n - 1}[p.Sector == 1] })
	wantFill(t, middle, "a", 0, SectorSize, 0)
	wantFill(t, middle, "a", SectorSize, SectorSize, 1)
	wantFill(t, middle, "a", 2*SectorSize, SectorSize, 0)
	if n := d.Stat().Places; n != 3 {
		t.Errorf("%d places", n)
	}
	wantFill(t, d, "a", 0, 3*SectorSize, 1) // the disk itself goes on
}

func TestWhatWasSyncedIsDurable(t *testing.T) {
	d := New()
	f := durable(t, d.Mount(), "a", PageSize)
	m := mapped(t, f)
	write(t, f, 0, filled(512, 1))
	m.Store(512, filled(512, 2))
	must(t, f.SyncData())
	m.Store(1024, filled(512, 3))
	image := d.PowerCut(Oldest)
	wantFill(t, image, "a", 0, 512, 1)
	wantFill(t, image, "a", 512, 512, 2)
	wantFill(t, image, "a", 1024, 512, 0)
	if s := image.Stat(); s.Places != 0 || s.DirtyPages != 0 {
		t.Errorf("after a power cut everything is durable, not %+v", s)
	}
}

func TestEveryVersionSinceTheSyncIsPossible(t *testing.T) {
	d := New()
	f := durable(t, d.Mount(), "a", 8)
	m := mapped(t, f)
	for v := byte(1); v <= 3; v++ {
		m.Store(0, filled(8, v))
	}
	found := outcomes(d, "a")
	for v := byte(0); v <= 3; v++ {
		if !found[string(filled(8, v))] {
			t.Errorf("version %d is not possible", v)
		}
	}
	if len(found) != 4 {
		t.Errorf("%d outcomes", len(found))
	}
}

func TestAStoreMayLackItsFirstWordOrItsEnd(t *testing.T) {
	d := New()
	f := durable(t, d.Mount(), "a", 32)
	mapped(t, f).Store(0, filled(32, 1))
	found := outcomes(d, "a")
	withoutStart := append(filled(8, 0), filled(24, 1)...)
	if !found[string(withoutStart)] || !found[string(filled(32, 1))] || !found[string(filled(32, 0))] {
		t.Errorf("outcomes: %v", found)
	}
	for outcome := range found {
		if outcome[0] == 1 && outcome != string(filled(32, 1)) {
			t.Errorf("%q has the first word, which is stored last, and not everything", outcome)
		}
	}
	if len(found) != 4 { // one with a part of the rest, too
		t.Errorf("outcomes: %v", found)
	}
}

func TestAWriteMayLackItsEnd(t *testing.T) {
	d := New()
	f := durable(t, d.Mount(), "a", 64)
	write(t, f, 0, filled(64, 1))
	for outcome := range outcomes(d, "a") {
		if bytes.Contains([]byte(outcome), []byte{0, 1}) {
			t.Errorf("%q begins without its first bytes", outcome)
		}
	}
	if n := len(outcomes(d, "a")); n != 3 {
		t.Errorf("%d outcomes", n)
	}
}

func TestStoringWhatIsThereDirtiesNothing(t *testing.T) {
	d := New()
	f := durable(t, d.Mount(), "a", 2*PageSize)
	m := mapped(t, f)
	m.Store(0, make([]byte, 64))
	if s := d.Stat(); s.DirtyPages != 0 || s.Places != 0 {
		t.Errorf("%+v", s)
	}
	m.Store(PageSize-8, append(filled(8, 0), filled(8, 1)...)) // the first page stays as it is
	if s := d.Stat(); s.DirtyPages != 1 || s.Places != 1 {
		t.Errorf("%+v", s)
	}
}

func TestWritingWhatIsThereDirties(t *testing.T) {
	d := New()
	f := durable(t, d.Mount(), "a", PageSize)
	write(t, f, 0, make([]byte, 64))
	if s := d.Stat(); s.DirtyPages != 1 || s.Places != 0 {
		t.Errorf("%+v", s)
	}
}

func TestAFailedSyncLeavesGhosts(t *testing.T) {
	d := New()
	dir := d.Mount()
	f := durable(t, dir, "a", 2*PageSize)
	m := mapped(t, f)
	m.Store(0, filled(64, 1))
	broken := errors.New("broken")
	dir.OnSync(func(name string) error {
		if name != "a" {
			t.Errorf("a sync of %q", name)
		}
		return broken
	})
	if err := f.SyncData(); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	dir.OnSync(nil)
	m.Store(PageSize, filled(64, 2))
	must(t, f.SyncData(), f.SyncAll()) // these believe that the first page is written
	m.Store(0, filled(64, 1))          // dirties nothing
	must(t, f.SyncAll())
	wantFill(t, d, "a", 0, 64, 1)
	wantFill(t, d.PowerCut(Oldest), "a", 0, 64, 0)
	wantFill(t, d.PowerCut(Newest), "a", 0, 64, 1)
	wantFill(t, d.PowerCut(Oldest), "a", PageSize, 64, 2)

	write(t, f, 0, filled(8, 1)) // the same bytes, but written
	must(t, f.SyncData())
	wantFill(t, d.PowerCut(Oldest), "a", 0, 64, 1)
}

func TestAnotherStoreIntoTheSamePageMakesGhostsDirtyAgain(t *testing.T) {
	d := New()
	dir := d.Mount()
	f := durable(t, dir, "a", PageSize)
	m := mapped(t, f)
	m.Store(0, filled(64, 1))
	dir.OnSync(func(string) error { return errors.New("broken") })
	_ = f.SyncData()
	dir.OnSync(nil)
	m.Store(2048, filled(64, 2))
	must(t, f.SyncData())
	wantFill(t, d.PowerCut(Oldest), "a", 0, 64, 1)
}

func TestStoresDuringASyncAreNotCovered(t *testing.T) {
	for name, result := range map[string]error{"succeeds": nil, "fails": errors.New("broken")} {
		t.Run(name, func(t *testing.T) {
			d := New()
			dir := d.Mount()
			f := durable(t, dir, "a", PageSize)
			m := mapped(t, f)
			m.Store(0, filled(64, 1))
			dir.OnSync(func(string) error {
				m.Store(64, filled(64, 2))
				return result
			})
			if err := f.SyncData(); !errors.Is(err, result) {
				t.Fatal(err)
			}
			dir.OnSync(nil)
			wantFill(t, d.PowerCut(Oldest), "a", 0, 64, map[bool]byte{true: 1}[result == nil])
			wantFill(t, d.PowerCut(Oldest), "a", 64, 64, 0)
			if n := d.Stat().DirtyPages; n != 1 {
				t.Errorf("%d dirty pages", n)
			}
			must(t, f.SyncData()) // writes the whole page
			wantFill(t, d.PowerCut(Oldest), "a", 0, 64, 1)
			wantFill(t, d.PowerCut(Oldest), "a", 64, 64, 2)
		})
	}
}

func TestRotIsOnTheDiskAndInMemory(t *testing.T) {
	d := New()
	f := durable(t, d.Mount(), "a", 2*PageSize)
	write(t, f, 0, filled(2*PageSize, 1))
	must(t, f.SyncAll())
	write(t, f, 0, filled(600, 2))
	copied := d.Clone()
	if !d.Damage("a", PageSize-4, filled(8, 9)) || d.Damage("a", 2*PageSize-4, filled(8, 9)) || d.Damage("b", 0, nil) {
		t.Error("only what there is can be damaged")
	}
	for _, left := range []*Disk{d, d.PowerCut(Oldest), d.PowerCut(Newest)} {
		wantFill(t, left, "a", PageSize-4, 8, 9)
		wantFill(t, left, "a", PageSize+4, 8, 1)
	}
	wantFill(t, d.PowerCut(Oldest), "a", 0, 600, 1)
	d.Damage("a", 0, []byte{9})
	wantFill(t, d.PowerCut(Oldest), "a", 1, 511, 2) // nothing older is possible there any more
	wantFill(t, d.PowerCut(Oldest), "a", 512, 88, 1)
	wantFill(t, copied, "a", PageSize-4, 8, 1)
}
