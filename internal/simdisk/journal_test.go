// This file holds the rules that hold whatever is done: with random changes, against a model and against each other.

package simdisk

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/batpak/batpak/internal/mmap"
	"github.com/batpak/batpak/internal/vfs"
)

// wantEqual fails unless two disks are the same, and everything that power cuts may leave of them.
func wantEqual(t *testing.T, got, want *Disk) {
	t.Helper()
	if g, w := got.Stat(), want.Stat(); g != w {
		t.Fatalf("it is %+v, want %+v", g, w)
	}
	wantSameContent(t, got, want)
	for style := range Styles {
		for seed := range uint64(3) {
			chooser := func() Chooser { return Random(rand.New(rand.NewPCG(seed, 0)), Style(style)) }
			wantSameContent(t, got.PowerCut(chooser()), want.PowerCut(chooser()))
		}
	}
}

func wantSameContent(t *testing.T, got, want *Disk) {
	t.Helper()
	if !slices.Equal(got.Names(), want.Names()) {
		t.Fatalf("names %q, want %q", got.Names(), want.Names())
	}
	for _, name := range got.Names() {
		g, _ := got.Content(name)
		w, _ := want.Content(name)
		if !bytes.Equal(g, w) {
			t.Fatalf("the contents of %s differ", name)
		}
	}
}

// wantSound fails unless the log leads from what is durable to what processes see.
func wantSound(t *testing.T, d *Disk) {
	t.Helper()
	for number, i := range d.state.inodes {
		for n, p := range i.pages {
			if p == nil {
				continue
			}
			b := *bytesOf(p.durable)
			for _, c := range p.log {
				c.apply(&b, c.states())
			}
			if b != *bytesOf(p.cache) {
				t.Fatalf("page %d of inode %d: the log leads elsewhere", n, number)
			}
		}
	}
}

// user does random things on a disk.
type user struct {
	t      *testing.T
	r      *rand.Rand
	dir    *Directory
	files  []vfs.File
	memory map[vfs.File]*mmap.Mapping
}

func newUser(t *testing.T, d *Disk, seed uint64) *user {
	u := &user{t: t, r: rand.New(rand.NewPCG(seed, 1)), dir: d.Mount(), memory: make(map[vfs.File]*mmap.Mapping)}
	u.dir.OnSync(func(string) error {
		if u.r.IntN(5) == 0 {
			return errors.New("broken")
		}
		if len(u.files) > 0 && u.r.IntN(3) == 0 {
			u.write(u.files[u.r.IntN(len(u.files))])
		}
		return nil
	})
	return u
}

// write changes the content of a file.
func (u *user) write(f vfs.File) {
	b := filled(8*(1+u.r.IntN(200)), byte(u.r.IntN(4)))
	if m := u.memory[f]; m != nil && u.r.IntN(2) == 0 {
		m.Store(8*u.r.IntN((len(m.Bytes())-len(b))/8), b)
		return
	}
	write(u.t, f, int64(u.r.IntN(2*PageSize)), b)
}

// step does one thing.
func (u *user) step() {
	names, err := u.dir.List()
	must(u.t, err)
	if len(u.files) == 0 || u.r.IntN(20) == 0 {
		f, err := u.dir.Create(fmt.Sprintf("%d", u.r.Uint32()))
		must(u.t, err)
		must(u.t, f.Reserve(3*PageSize))
		m, err := f.Map(3*PageSize, mmap.ReadWrite)
		must(u.t, err)
		u.files, u.memory[f] = append(u.files, f), m
		return
	}
	f := u.files[u.r.IntN(len(u.files))]
	switch u.r.IntN(12) {
	case 0:
		_ = f.SyncAll() // it may be broken
	case 1, 2:
		_ = f.SyncData()
	case 3:
		_ = u.dir.Sync()
	case 4:
		must(u.t, f.Truncate(int64(u.r.IntN(4*PageSize))))
	case 5:
		must(u.t, f.Reserve(int64(u.r.IntN(4*PageSize))))
	case 6:
		if len(names) > 0 {
			must(u.t, u.dir.Rename(names[u.r.IntN(len(names))], fmt.Sprint(u.r.IntN(5))))
		}
	case 7:
		if len(names) > 3 {
			must(u.t, u.dir.Remove(names[u.r.IntN(len(names))]))
		}
	default:
		u.write(f)
	}
}

func TestAReplayMakesTheSameDiskAgain(t *testing.T) {
	seeds := uint64(10)
	if raceEnabled {
		seeds = 2
	}
	for seed := range seeds {
		d := New()
		u := newUser(t, d, seed)
		for range 30 {
			u.step()
		}
		journal := d.Record()
		moments := make(map[int]*Disk)
		for n := range 60 {
			u.step()
			journal.Note(n)
			moments[len(journal.Ops())] = d.Clone()
			wantSound(t, d)
		}
		again := journal.Base()
		for n, op := range journal.Ops() {
			again.Apply(op)
			if moments[n+1] != nil {
				wantEqual(t, again, moments[n+1])
				again.PowerCut(Newest) // leaves it as it is
			}
		}
		wantEqual(t, journal.At(len(journal.Ops())), again)
	}
}

type noted struct{ Sequence uint64 }

func TestASavedJournalIsTheSame(t *testing.T) {
	gob.Register(noted{})
	for seed := range uint64(5) {
		d := New()
		u := newUser(t, d, seed)
		for range 40 {
			u.step()
		}
		journal := d.Record()
		for n := range uint64(40) {
			u.step()
			journal.Note(noted{n})
		}
		var saved bytes.Buffer
		must(t, journal.Encode(&saved))
		again, err := DecodeJournal(&saved)
		must(t, err)
		if !reflect.DeepEqual(notes(again), notes(journal)) || len(notes(again)) != 40 {
			t.Fatalf("notes %v", notes(again))
		}
		for n := 0; n <= len(journal.Ops()); n += 13 {
			wantEqual(t, again.At(n), journal.At(n))
		}
		if _, err := DecodeJournal(bytes.NewReader(saved.Bytes())); err == nil {
			t.Error("nothing was decoded")
		}
	}
}

func notes(j *Journal) (notes []any) {
	for _, op := range j.Ops() {
		if op.Kind == OpNote {
			notes = append(notes, op.Note)
		}
	}
	return notes
}

func TestCopiesDoNotSeeEachOther(t *testing.T) {
	for seed := range uint64(20) {
		d := New()
		u := newUser(t, d, seed)
		var copies, same []*Disk
		for range 8 {
			for range 12 {
				u.step()
			}
			c := d.Clone()
			copies, same = append(copies, c), append(same, separate(c))
			v := newUser(t, c.PowerCut(Random(u.r, Style(u.r.IntN(Styles)))), u.r.Uint64())
			for range 5 {
				v.step() // writes to what an image shares
			}
			wantSound(t, v.dir.disk)
		}
		for n := range copies {
			wantEqual(t, copies[n], same[n])
		}
	}
}

// separate returns a copy that shares nothing.
func separate(d *Disk) *Disk {
	c := d.Clone()
	saved := c.state.save()
	for _, i := range saved.Inodes {
		for _, p := range i.Pages {
			p.Cache, p.Durable = bytes.Clone(p.Cache), bytes.Clone(p.Durable)
		}
	}
	s, err := saved.load()
	if err != nil {
		panic(err)
	}
	return newDisk(s)
}

func TestNewestLosesNothingAndOldestIsStable(t *testing.T) {
	for seed := range uint64(20) {
		d := New()
		u := newUser(t, d, seed)
		for range 80 {
			u.step()
		}
		wantSameContent(t, d.PowerCut(Newest), d)
		for style := range Styles {
			image := d.PowerCut(Random(u.r, Style(style)))
			wantSound(t, image)
			if n := image.Stat().Places; n != 0 {
				t.Fatalf("an image has %d places", n)
			}
			wantSameContent(t, image.PowerCut(Oldest), image)
		}
		oldest := d.PowerCut(Oldest)
		u.dir.Kill()
		wantSameContent(t, d.PowerCut(Oldest), oldest) // a kill writes nothing
	}
}

func TestStoreOrderKeepsEverythingUpToOneChange(t *testing.T) {
	for seed := range uint64(50) {
		d := New()
		dir := d.Mount()
		f := durable(t, dir, "a", 16*PageSize)
		m := mapped(t, f)
		for n := range 64 {
			m.Store(n*PageSize/4, filled(8, 1))
		}
		image := d.PowerCut(Random(rand.New(rand.NewPCG(seed, 0)), StoreOrder))
		b, _ := image.Content("a")
		ended := false
		for n := range 64 {
			kept := b[n*PageSize/4] == 1
			if kept && ended {
				t.Fatalf("seed %d: store %d is there, and one before is not", seed, n)
			}
			ended = !kept
		}
	}
}
