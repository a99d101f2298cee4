// This file holds a trial: what one image is, what becomes of it, and whether what is left keeps what was promised.

package crash

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/internal/simdisk"
	"github.com/batpak/batpak/mmapseg"
)

// trial is one image and its fate. It is all that a finding needs beside the journal, so its fields are exported.
type trial struct {
	Moment int    // how many entries of the journal are on the disk
	First  cut    // what makes the image
	Steps  []step // openings that are cut off too, in turn
	Rot    *rot   // nil: none
	Last   opening
	Deep   bool // everything is computed again, and looked for in all ways
	Anew   bool // opened with Rebuild
	Plain  bool // the store has no hash chain
}

// step is an opening that is cut off.
type step struct {
	Opening opening
	After   int64 // changes before the process is killed; negative: it is not before it has appended
	Appends int
	Cut     cut
}

// trialBy returns some trial.
func trialBy(r *rand.Rand, moment, depth int, plain bool) *trial {
	t := &trial{Moment: moment, First: cutBy(r), Last: openingBy(r, plain), Deep: r.IntN(8) == 0, Anew: r.IntN(16) == 0, Plain: plain}
	for n := r.IntN(8); n > 3 && len(t.Steps) < depth && len(t.Steps) < n-3; { // half of them have none
		s := step{Opening: openingBy(r, plain), After: r.Int64N(32), Cut: cutBy(r)}
		switch r.IntN(4) {
		case 0:
			s.After, s.Appends = -1, r.IntN(20)
		case 1:
			s.After, s.Appends = r.Int64N(100), 20
		}
		t.Steps = append(t.Steps, s)
	}
	if r.IntN(10) == 0 {
		t.Rot = rotBy(r)
	}
	return t
}

// cuts returns its cuts, in their order.
func (t *trial) cuts() []*cut {
	all := []*cut{&t.First}
	for i := range t.Steps {
		all = append(all, &t.Steps[i].Cut)
	}
	return all
}

// clone returns a copy that shares nothing which is changed.
func (t *trial) clone() *trial {
	again := *t
	again.Steps = slices.Clone(t.Steps)
	return &again
}

// broken says where a broken promise was found.
func broken(where string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", where, err)
}

// run carries the trial out on the disk of its moment, which it leaves as it is. spell, if given, gets every cut before
// it is made, and may write it down otherwise. The error is a broken
// promise.
func (t *trial) run(disk *simdisk.Disk, v *view, old *simdisk.Disk, count *tally, spell func(*cut, *simdisk.Disk)) error {
	x := &trying{trial: t, tally: count, spell: spell}
	image := x.cut(&t.First, disk)
	for i := range t.Steps {
		told, err := x.open(&t.Steps[i], image, v, uint32(i))
		if err != nil {
			return broken(fmt.Sprintf("opening %d of %d", i+1, len(t.Steps)+1), err)
		}
		v = told
		image = x.cut(&t.Steps[i].Cut, image)
	}
	count.trials.Add(1)
	if t.Rot != nil {
		count.rotted.Add(1)
		return broken("with rot", x.rot(image, v, old))
	}
	return x.end(image, v)
}

// trying is a trial being carried out.
type trying struct {
	*trial
	*tally
	spell func(*cut, *simdisk.Disk)
	depth int
}

// cut makes a cut.
func (x *trying) cut(c *cut, d *simdisk.Disk) *simdisk.Disk {
	if x.spell != nil {
		x.spell(c, d)
	}
	x.tally.cut(c.How, x.depth)
	x.depth++
	return c.of(d)
}

// examine checks a store of an image.
func (x *trying) examine(v *view, store *engine.Store, writable bool) (*examination, error) {
	x.images.Add(1)
	return v.examine(store, writable, x.Deep, !x.Plain)
}

// list takes the notes of a trial, as a journal does those of a life.
type list []*note

// Note adds a note.
func (l *list) Note(v any) { *l = append(*l, v.(*note)) }

// open opens the store until it is cut off, or appends to it and cuts it off then. It returns what was told by then.
func (x *trying) open(s *step, disk *simdisk.Disk, v *view, number uint32) (*view, error) {
	dir := disk.Mount()
	defer dir.Kill()
	if s.After >= 0 {
		dir.KillAfter(s.After)
	}
	store, err := s.Opening.open(dir)
	if errors.Is(err, simdisk.ErrKilled) {
		return v.unserved(), nil
	}
	if err != nil {
		return nil, err
	}
	defer func() {
		dir.Kill()
		_ = store.Close() // of no consequence
	}()
	found, err := x.examine(v, store, true)
	served := store.Stats().Staged
	if dir.Killed() { // perhaps before it was served
		return v.unserved(), nil
	}
	if err != nil {
		return nil, err
	}
	notes := list{{Kind: opened, Entries: slices.Clip(found.held), Sequence: served}}
	if err := x.follow(&found.history, v, store, dir.Killed, s.Opening.Seed, int(s.Opening.Seed>>8%3), &notes); err != nil {
		return nil, err
	}
	if err := x.session(&found.history, v, store, dir, s.Opening, 1<<20+number, &notes).append(s.Appends); err != nil {
		return nil, err
	}
	r, err := notes.record(v)
	if err != nil {
		return nil, err
	}
	return r.seen(len(notes)), nil
}

// record builds the record from the notes.
func (l list) record(before *view) (*record, error) {
	r := newRecord(before)
	for at, n := range l {
		if text := r.take(at, n); text != "" {
			return nil, errors.New(text)
		}
	}
	return r, nil
}

// end opens what is left to the end and checks it in every way: as it is, for reading only, after a power cut that loses
// all that was not synced, and after a close.
func (x *trying) end(image *simdisk.Disk, v *view) error {
	if x.Deep {
		if err := v.marks(image); err != nil {
			return broken("before opening", err)
		}
	}
	var before []entry
	if x.Last.Seed%2 == 0 && !v.blank {
		var err error
		if before, err = x.look(image.Clone(), v, nil); err != nil && !errors.Is(err, engine.ErrNoStore) {
			return broken("opening for reading only", err)
		}
	}
	dir := image.Mount()
	defer dir.Kill()
	options := x.Last.options()
	options.Rebuild = x.Anew
	store, err := openStore(dir, options)
	if err != nil {
		return broken("opening", err)
	}
	found, err := x.examine(v, store, true)
	if err == nil && before != nil {
		err = same(before, found.held, "opened for reading only")
	}
	if err != nil {
		_ = store.Close() // the first error is the one to tell
		return broken("opened", err)
	}
	held := slices.Clip(found.held)
	notes := list{{Kind: opened, Entries: held, Sequence: store.Stats().Staged}}
	power, late := (*simdisk.Disk)(nil), x.Last.Seed%3 == 0
	if !late {
		power = x.cut(&cut{How: oldest}, image)
	}
	if err := x.use(&found.history, v, store, dir, &notes); err != nil {
		_ = store.Close() // the first error is the one to tell
		return broken("opened", err)
	}
	r, err := notes.record(v)
	if err != nil {
		return broken("opened", err)
	}
	served := r.seen(0)
	if late {
		power, served, held = x.cut(&cut{How: oldest}, image), r.seen(len(notes)), nil
	}
	segments := store.Stats().Segments
	if err := store.Close(); err != nil {
		return broken("closing", err)
	}
	if err := leaks(image, segments); err != nil {
		return broken("closed", err)
	}
	if _, err := x.look(power, served, held); err != nil {
		return broken("served, and then lost to a power cut", err)
	}
	if x.Last.Seed%8 < 3 {
		return x.reopen(image, r, len(notes))
	}
	return nil
}

// use does with a store that was opened to the end what its user would: it follows, folds, appends, and has the reactor go on.
func (x *trying) use(h *history, v *view, store *engine.Store, dir *simdisk.Directory, notes *list) error {
	for _, step := range []func() error{
		func() error { return v.positions(store, h) },
		func() error { return x.follow(h, v, store, dir.Killed, x.Last.Seed, x.some(8, 2), notes) },
		func() error { return x.project(h, store, x.Last.Seed, x.states(3)) },
		func() error {
			return x.session(h, v, store, dir, x.Last, 1<<20+maxDepth, notes).again(x.retries())
		},
		func() error { return x.project(h, store, x.Last.Seed, x.states(2)) }, // the same ones again, from what is kept
	} {
		if err := step(); err != nil {
			return err
		}
	}
	if x.Last.Seed>>20%32 == 0 {
		return x.reactToAll(store, notes)
	}
	return nil
}

// some returns how often something is tried that is to be sampled: by some bits of the seed never, or so often at most; more if
// everything is looked at.
func (x *trying) some(bits, most int) int {
	if x.Deep {
		return most
	}
	return int(x.Last.Seed>>bits) % (most + 1)
}

// states returns how many states are folded, so many at most. Most trials fold none: what keeps them takes its time to be made and ended.
func (x *trying) states(most int) int {
	if x.Last.Seed>>24%4 > 0 {
		return 0
	}
	return most
}

// retries returns how many units with keys are appended again behind an opening.
func (x *trying) retries() int {
	if x.Deep {
		return rememberedUnits
	}
	return 3
}

// look opens the store for reading only, checks it, and compares it with what it is to hold; nil: anything.
func (x *trying) look(disk *simdisk.Disk, v *view, want []entry) ([]entry, error) {
	dir := disk.Mount()
	defer dir.Kill()
	store, err := x.Last.openToRead(dir)
	if err != nil {
		return nil, err
	}
	found, err := x.examine(v, store, false)
	if err == nil && want != nil {
		err = same(found.held, want, "served")
	}
	if err == nil {
		err = v.positions(store, &found.history)
	}
	if err == nil {
		err = x.project(&found.history, store, x.Last.Seed, x.states(1))
	}
	if err = errors.Join(err, store.Close()); err != nil {
		return nil, err
	}
	return found.held, nil
}

// reopen opens the store again that was closed at this moment of its record.
func (x *trying) reopen(disk *simdisk.Disk, r *record, at int) error {
	r.take(at, &note{Kind: closed})
	v := r.seen(at + 1)
	disk = x.cut(&cut{How: oldest}, disk)
	dir := disk.Mount()
	defer dir.Kill()
	store, err := x.Last.open(dir)
	if err != nil {
		return broken("opening what was closed", err)
	}
	found, err := x.examine(v, store, true)
	if err == nil {
		err = v.positions(store, &found.history)
	}
	if err == nil {
		err = x.follow(&found.history, v, store, dir.Killed, x.Last.Seed, x.some(14, 2), new(list))
	}
	return broken("opened after a close", errors.Join(err, store.Close()))
}

// leaks checks that nothing lies about in a store that was closed, but what was left of making a cursor or keeping a state: that is
// removed by who makes or keeps the next one.
func leaks(disk *simdisk.Disk, segments int) error {
	names := disk.Names()
	for _, name := range names {
		if _, _, ok := mmapseg.ParseFileName(name); ok {
			segments--
		}
		if strings.HasSuffix(name, ".tmp") && !strings.HasSuffix(name, ".cursor.tmp") && !strings.HasSuffix(name, ".cache.tmp") {
			return fmt.Errorf("%s was left", name)
		}
	}
	if segments != 0 {
		return fmt.Errorf("the directory has %d segment files too many: %v", -segments, names)
	}
	return nil
}

// marks checks that the frames of a disk carry the durable positions that those who appended them knew.
func (v *view) marks(disk *simdisk.Disk) error {
	s, err := surveyOf(disk)
	if err != nil {
		return nil // recovery has to judge that
	}
	ends := make(map[uint64]mmapseg.Mark)
	for i := range s.frames {
		f := &s.frames[i]
		ends[f.sequence] = f.mark + mmapseg.Mark((f.to-f.from)/mmapseg.FrameAlign)
		n := f.sequence - v.first
		if f.sequence < v.first || n >= uint64(len(v.live)) || v.live[n].behind == 0 {
			continue
		}
		if known := v.live[n].behind; ends[known] > f.carries {
			return fmt.Errorf("the frame of sequence %d carries the mark %x, the end of sequence %d, which was durable before, is %x",
				f.sequence, f.carries, known, ends[known])
		}
	}
	return nil
}

// same compares what two openings held.
func same(got, want []entry, what string) error {
	if len(got) != len(want) {
		return fmt.Errorf("%s were %d events, now there are %d", what, len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			return fmt.Errorf("%s was sequence %d, %s, now it is %d, %s", what, got[i].Sequence, got[i].ID, want[i].Sequence, want[i].ID)
		}
	}
	return nil
}
