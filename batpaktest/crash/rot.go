// This file holds rot: bytes of something durable change without a trace, and nothing durable may go silently.

package crash

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/simdisk"
	"github.com/batpak/batpak/mmapseg"
)

// rotKind is how bytes change.
type rotKind uint8

const (
	flipped rotKind = iota // one bit
	zeroed                 // a sector reads zeros
	copied                 // a sector was written where another one belongs, too
	swapped                // two sectors stand in each other's place
	stale                  // a sector is as it was earlier: a write was lost
	rotKinds
)

// String names the kind.
func (k rotKind) String() string {
	return [...]string{"a flipped bit", "a zeroed sector", "a copied sector", "two swapped sectors", "a stale sector"}[k]
}

// rot is one change.
type rot struct {
	Kind rotKind
	Seed uint64
}

func rotBy(r *rand.Rand) *rot { return &rot{rotKind(r.IntN(int(rotKinds))), r.Uint64()} }

// framed is where a frame stands.
type framed struct {
	file     string
	mark     mmapseg.Mark // of its beginning
	unit     mmapseg.Mark // of the beginning of the last frame of its batch, without which it does not count; its own if there is none
	from, to int64
	carries  mmapseg.Mark
	sequence uint64 // of an event, else 0
	opens    bool   // it is an open frame
	touched  bool
}

// survey is the segments of a disk as they are read from front to back.
type survey struct {
	files   map[string][]byte
	salts   map[string]mmapseg.Salt
	names   []string // of segments
	frames  []framed // in their order
	highest mmapseg.Mark
}

// surveyOf reads the segments.
func surveyOf(disk *simdisk.Disk) (*survey, error) {
	s := &survey{files: make(map[string][]byte), salts: make(map[string]mmapseg.Salt)}
	for _, name := range disk.Names() {
		number, _, ok := mmapseg.ParseFileName(name)
		content, _ := disk.Content(name)
		if !ok || len(content) < mmapseg.HeaderSize {
			continue
		}
		header, err := mmapseg.DecodeHeader(name, content[:mmapseg.HeaderSize])
		if err != nil {
			return nil, err
		}
		s.files[name], s.salts[name] = content, header.Salt
		s.names = append(s.names, name)
		scanner := mmapseg.NewScanner(mmapseg.Memory(content), header.Salt, name, mmapseg.HeaderSize, int64(len(content)))
		begin := 0 // of the batch
		for {
			f, ok, err := scanner.Next()
			if err != nil || !ok {
				break
			}
			at := framed{
				file: name, mark: mmapseg.MakeMark(number, f.Offset), from: f.Offset, to: f.End(), carries: f.Mark, opens: f.Type == mmapseg.FrameOpen,
			}
			if f.Type == mmapseg.FrameEvent {
				at.sequence = f.Sequence()
			}
			at.unit = at.mark
			s.frames = append(s.frames, at)
			switch f.Type {
			case mmapseg.FrameBatchBegin:
				begin = len(s.frames) - 1
			case mmapseg.FrameBatchCommit:
				for i := begin; i < len(s.frames); i++ {
					s.frames[i].unit = at.mark
				}
			}
		}
	}
	return s, nil
}

// proofs finds the highest mark that any frame header carries, now that the disk has rotted.
func (s *survey) proofs(disk *simdisk.Disk) {
	for _, name := range s.names {
		content, _ := disk.Content(name)
		scanner := mmapseg.NewScanner(mmapseg.Memory(content), s.salts[name], name, mmapseg.HeaderSize, int64(len(content)))
		_ = scanner.Headers(func(at mmapseg.Sighting) bool { // reading memory does not fail
			s.highest = max(s.highest, at.Mark)
			return true
		})
		for i := range s.frames {
			if f := &s.frames[i]; f.file == name {
				f.touched = f.to > int64(len(content)) || !bytes.Equal(content[f.from:f.to], s.files[name][f.from:f.to])
			}
		}
	}
}

// of returns the frame of an event, nil if it has none.
func (s *survey) of(sequence uint64) *framed {
	i := slices.IndexFunc(s.frames, func(f framed) bool { return f.sequence == sequence })
	if i < 0 {
		return nil
	}
	return &s.frames[i]
}

// ambiguous reports whether nothing that is left tells the loss of a frame from a torn tail: something before it, or
// itself or its batch, is not sound any more, and no frame says that this had been durable.
func (s *survey) ambiguous(lost *framed) bool {
	return slices.ContainsFunc(s.frames, func(f framed) bool { return f.touched && f.mark <= lost.unit && f.mark >= s.highest })
}

// forgetful reports whether an open frame may be lost like that: nobody knows then which sequences were given away since.
func (s *survey) forgetful() bool {
	return slices.ContainsFunc(s.frames, func(f framed) bool { return f.opens && s.ambiguous(&f) })
}

// damage makes the bytes of a disk rot. old is the disk as it was earlier.
func (o *rot) damage(disk *simdisk.Disk, s *survey, old *simdisk.Disk) string {
	r := rand.New(rand.NewPCG(o.Seed, 1))
	name, at := s.pick(r)
	sector := slices.Clone(s.files[name][at:min(at+simdisk.SectorSize, int64(len(s.files[name])))])
	var instead []byte
	switch o.Kind {
	case flipped:
		instead = slices.Clone(sector)
		instead[r.IntN(len(instead))] ^= 1 << r.IntN(8)
	case zeroed:
		instead = make([]byte, len(sector))
	case copied, swapped:
		other, there := s.pick(r)
		if r.IntN(2) == 0 { // the same place in another file
			if other = s.names[r.IntN(len(s.names))]; at < int64(len(s.files[other])) {
				there = at
			}
		}
		there = min(there, int64(len(s.files[other])-1)&^(simdisk.SectorSize-1))
		instead = slices.Clone(s.files[other][there:min(there+int64(len(sector)), int64(len(s.files[other])))])
		if o.Kind == swapped {
			disk.Damage(other, there, sector[:len(instead)])
		}
	case stale:
		instead = make([]byte, len(sector))
		if content, ok := old.Content(name); ok && at < int64(len(content)) {
			copy(instead, content[at:])
		}
	}
	disk.Damage(name, at, instead)
	return fmt.Sprintf("%s in %s at %d", o.Kind, name, at)
}

// pick picks a sector, most often one with frames.
func (s *survey) pick(r *rand.Rand) (name string, at int64) {
	if len(s.frames) > 0 && r.IntN(6) > 0 {
		f := s.frames[r.IntN(len(s.frames))]
		return f.file, (f.from + r.Int64N(f.to-f.from)) &^ (simdisk.SectorSize - 1)
	}
	name = s.names[r.IntN(len(s.names))]
	if size := int64(len(s.files[name])); r.IntN(2) == 0 { // a footer, or nothing
		return name, (size - 1 - r.Int64N(min(size, 4096))) &^ (simdisk.SectorSize - 1)
	}
	return name, r.Int64N(int64(len(s.files[name]))) &^ (simdisk.SectorSize - 1)
}

// rot lets an image rot, of which all is durable, and opens it.
func (t *trying) rot(image *simdisk.Disk, v *view, old *simdisk.Disk) error {
	disk := t.cut(&cut{How: oldest}, image)
	sound, err := t.look(disk.Clone(), v, nil)
	if errors.Is(err, engine.ErrNoStore) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("before it rots: %w", err)
	}
	s, err := surveyOf(disk)
	if err != nil {
		return fmt.Errorf("before it rots: %w", err)
	}
	what := t.Rot.damage(disk, s, old)
	s.proofs(disk)
	x := &rotten{survey: s, view: v, sound: sound}
	dir := disk.Clone().Mount()
	defer dir.Kill()
	if err := x.opened(t.Last.openToRead(dir)); err != nil {
		return fmt.Errorf("%s, opened for reading only: %w", what, err)
	}
	dir = disk.Mount()
	defer dir.Kill()
	x.writable = true
	if err := x.opened(t.Last.open(dir)); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// rotten is a look at a store that rotted.
type rotten struct {
	survey   *survey
	view     *view
	sound    []entry // what it held before
	writable bool
}

// opened judges an opening.
func (x *rotten) opened(store *engine.Store, err error) error {
	switch {
	case errors.Is(err, engine.ErrCorrupt):
		return nil // it names what it is about
	case errors.Is(err, engine.ErrNoStore):
		return x.complete(nil, nil)
	case err != nil:
		return fmt.Errorf("opening: %w", err)
	}
	err = x.read(store)
	if e := store.Close(); err == nil && e != nil && !errors.Is(e, engine.ErrCorrupt) {
		return fmt.Errorf("close: %w", e)
	}
	return err
}

// read reads everything, and fails if something is there that was not.
func (x *rotten) read(store *engine.Store) error {
	returned := make(map[uint64]bool)
	for ev, err := range store.Events(0, 0, engine.ReadOptions{}) {
		if errors.Is(err, engine.ErrCorrupt) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		if !x.appended(&ev) {
			return fmt.Errorf("sequence %d, %s, is not what was there", ev.Sequence, ev.ID)
		}
		returned[ev.Sequence] = true
	}
	if top := store.Stats().Staged; x.writable && top < x.view.top && !x.survey.forgetful() {
		return fmt.Errorf("it goes on behind sequence %d, somebody was told of %d; %s", top, x.view.top, store.Report())
	}
	if err := x.streams(store, returned); err != nil {
		return err
	}
	return x.complete(store, returned)
}

// streams asks for the events of each entity, for which the indices are needed, and compares them with all there are.
func (x *rotten) streams(store *engine.Store, returned map[uint64]bool) error {
	streamed, corrupt := make(map[uint64]bool), len(store.Report().Damage) > 0
	for i := range coordinates {
		for ev, err := range store.Stream(coordinates[i].Entity(), engine.ReadOptions{}) {
			switch {
			case errors.Is(err, engine.ErrCorrupt):
				corrupt = true
				continue
			case err != nil:
				return fmt.Errorf("stream: %w", err)
			case !x.appended(&ev) || stampOf(&ev).entity() != i:
				return fmt.Errorf("stream of %s: sequence %d, %s, is not what was there", coordinates[i], ev.Sequence, ev.ID)
			}
			streamed[ev.Sequence] = true
		}
	}
	for sequence := range returned {
		if !corrupt && !streamed[sequence] {
			return fmt.Errorf("sequence %d is in no stream of an entity", sequence)
		}
	}
	return nil
}

// appended reports whether an event is one that was there, and as it was. Who opens it for reading only, and reads on behind
// damage, also finds what had been appended and was cut off, or stands behind a hole: the damage hides that.
func (x *rotten) appended(ev *event.Event) bool {
	if stampOf(ev).check(ev, new(label)) != "" {
		return false
	}
	i, found := slices.BinarySearchFunc(x.sound, ev.Sequence, bySequence)
	if found || x.writable {
		return found && x.sound[i] == entryOf(ev)
	}
	n := ev.Sequence - x.view.first
	return ev.Sequence < x.view.first || n >= uint64(len(x.view.live)) || x.view.live[n].at == never || x.view.live[n].entry == entryOf(ev)
}

// complete fails if something durable is missing without a word.
func (x *rotten) complete(store *engine.Store, returned map[uint64]bool) error {
	for i := range x.sound {
		sequence := x.sound[i].Sequence
		if returned[sequence] || sequence > max(x.view.durable, x.view.first-1) || x.explained(store, sequence) {
			continue
		}
		if store == nil {
			return fmt.Errorf("sequence %d, which is durable, is gone, and there is no store", sequence)
		}
		return fmt.Errorf("sequence %d, which is durable, is gone without a word: %s", sequence, store.Report())
	}
	return nil
}

// explained reports whether something says that an event is damaged, or nothing can.
func (x *rotten) explained(store *engine.Store, sequence uint64) bool {
	f := x.survey.of(sequence)
	if f == nil || x.survey.ambiguous(f) {
		return true
	}
	if store == nil {
		return false
	}
	if _, err := store.At(sequence); errors.Is(err, engine.ErrCorrupt) {
		return true
	}
	return slices.ContainsFunc(store.Report().Damage, func(e *mmapseg.CorruptError) bool {
		return e.First <= sequence && sequence <= e.Last || e.First == 0 && e.Last == 0 && e.Segment == f.file ||
			e.First <= sequence && e.Last == math.MaxUint64
	})
}
