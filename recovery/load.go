// This file holds Load: following the segments from the first to the tail.
//
// States of a loader: it follows segments (position: the state's LastSequence, TreeSize, HLC) -> it ended, at the tail
// or at damage behind which nothing counts -> finish has judged what is left. Only walk and its frame functions move
// the position; what a sealed segment's footer says goes through the same functions, and is taken back if they object.

package recovery

import (
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
)

// loader is one Load.
type loader struct {
	dir   vfs.Dir
	o     Options
	log   *slog.Logger
	files *inventory
	state *State

	// highest is the highest durable mark that any frame seen so far carries: a true claim, whoever wrote it.
	highest mmapseg.Mark
	sweep   sweep
	// pending is the damage behind which no frame has yet said how many sequences it took; nil: none.
	pending *mmapseg.CorruptError
	// treeUnsure: the number of events in the tree was guessed, the next control frame tells it.
	treeUnsure bool
	open       bool // there was an open frame
	// openUnsure: there may have been another one behind it, in what is damaged.
	openUnsure bool
	borne      *mmapseg.CorruptError // the last damage that keeps nobody from writing, or nil

	sweeping window        // over the file that is searched for frame headers
	control  window        // over the file whose control frames are read
	frame    mmapseg.Frame // that functions of the options are shown
	points   []uint32      // of the segment being walked; memory that is used again
	last     *walk         // the walk through the last segment that counts
	images   []*Segment    // those whose image is still held
	read     int64         // bytes
}

// Load reads the store in dir, changes nothing, and returns what the files say. The caller holds the directory's lock.
//
// Of a segment with a sound footer it reads the header, the footer's end, the control frames and the end frame, and
// compares them with each other and with the segments before: some system calls, whatever the segment holds. What events
// it holds is the footer's to say, and theirs to prove when they are read: bytes that rotted among them are not found here.
// Every frame is read of the other segments: those that were not sealed yet, those whose footer is not believed, and
// those that follow damage without an end frame that leads to them. Load blocks for as long as that takes, and holds in
// memory the ones that nothing proves durable, which is two at most in a store that this engine wrote.
//
// Damage is in the state and not an error. Errors are: one of reading; vfs.ErrNotRegular and vfs.ErrForeignOwner;
// [mmapseg.ErrVersion] for a file that a later version wrote; [mmapseg.ErrForeign] for segments of different stores;
// [mmapseg.ErrCorrupt] where there are segment files but none with a sound header, or cursor or derived files without
// a store: nothing can be read then; and what a function of the options returned.
func Load(dir vfs.Dir, o Options) (*State, error) {
	began := time.Now() // for the report only
	l := &loader{
		dir: dir, o: o, log: o.Logger, state: &State{loaded: true}, sweeping: window{piece: sweepPiece}, control: window{piece: controlPiece},
	}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	if hooks.Enabled {
		if err := o.Hooks.Reach(hooks.OpenLoad, ""); err != nil {
			return nil, err
		}
	}
	var err error
	l.files, err = takeInventory(dir)
	defer l.files.close()
	if err != nil {
		return nil, err
	}
	if err := l.follow(); err != nil {
		return nil, err
	}
	if err := l.finish(); err != nil {
		return nil, err
	}
	l.state.Durable = l.highest
	l.state.Report.Duration = time.Since(began)
	l.tell()
	return l.state, nil
}

// first returns the segment that is read first, nil if there is none, and whether the store begins with it. Where the
// beginning is missing, or has no sound header, that is damage, and reading begins with what follows.
func (l *loader) first() (f *file, begins bool, err error) {
	segments := l.files.segments
	i := slices.IndexFunc(segments, func(f *file) bool { return !f.superseded })
	if i < 0 {
		return nil, true, nil
	}
	lost := segments[i].damage
	switch f := segments[i]; {
	case f.covers(1):
		return f, true, nil
	case f.number == 1:
		f.chained = true
	default:
		lost = &mmapseg.CorruptError{Segment: mmapseg.FileName(1, 0), Problem: fmt.Sprintf("segment 1 is missing, %s is the first", f.name)}
	}
	if f = l.files.behind(0); f == nil {
		return nil, false, lost
	}
	l.miss(lost)
	return f, false, nil
}

// follow walks the segments that count.
func (l *loader) follow() error {
	f, named, err := l.first()
	if err != nil || f == nil {
		return err
	}
	s := l.state
	s.Origin, s.Hashing = f.header.Origin, f.header.Hashing
	for f != nil {
		w, err := l.enter(f, named)
		if err != nil {
			return err
		}
		l.release()
		if f, named, err = l.next(w); err != nil {
			return err
		}
	}
	return nil
}

// enter walks one segment. named says that an end frame led to it; otherwise it follows damage, and its first frame
// says where it begins.
func (l *loader) enter(f *file, named bool) (*walk, error) {
	s := l.state
	f.chained = true
	found := l.listed()
	if f.header.Hashing != s.Hashing {
		l.damage(&mmapseg.CorruptError{Segment: f.name, Offset: 28, Problem: "the header disagrees with the first segment's about hashing"})
	}
	segment := &Segment{Header: f.header, Size: f.size}
	segment.Contents = mmapseg.Contents{Floor: s.LastSequence + 1, TreeBase: s.TreeSize, End: mmapseg.HeaderSize}
	s.Segments = append(s.Segments, segment)
	w := &walk{l: l, file: f, segment: segment, afresh: !named, rot: f.rot}
	l.last = w
	err := w.read()
	segment.Last = s.LastSequence
	segment.Damaged = f.rot != nil || l.listed() > found
	if segment.image != nil {
		l.images = append(l.images, segment)
	}
	return w, err
}

// next returns the segment behind the one just walked, nil at the end, and whether an end frame led to it.
func (l *loader) next(w *walk) (f *file, named bool, err error) {
	if w.segment.Ended {
		f = l.successor(w)
	}
	l.bear(w, f != nil)
	if f != nil || w.torn {
		return f, f != nil, nil
	}
	// Damage. What follows counts if the durable watermark is known to have passed into it, or behind all of this file;
	// the sweep that found that out has seen every file on the way.
	number := w.segment.Header.Number
	passed, err := l.proves(mmapseg.MakeMark(number, lastOffset), w.file, w.file.size, nil)
	if err != nil || !passed && !w.file.shortened() {
		return nil, false, err
	}
	for f = l.files.behind(number); f != nil; f = l.files.behind(f.number) {
		if f.frames && !f.chained {
			return f, false, nil
		}
	}
	return nil, false, nil
}

// successor returns the segment that the end frame names; nil if what is there can't be believed.
func (l *loader) successor(w *walk) *file {
	end := &w.segment.End
	f := l.files.named(end, w.segment.Header.Number)
	if hooks.Enabled && hooks.Planted(hooks.SuccessorSaltIgnored) {
		if f != nil {
			end.NextSalt = f.header.Salt
		}
	}
	switch {
	case f == nil || f.chained:
		l.miss(&mmapseg.CorruptError{Segment: mmapseg.FileName(end.NextNumber, end.NextGeneration),
			Problem: "the segment is missing, the end frame of " + w.file.name + " names it as the next one"})
		return nil
	case f.damage != nil:
		f.chained = true
		if f.size <= mmapseg.HeaderSize {
			l.miss(f.damage)
			return nil
		}
		l.list(f.damage)
		// The end frame knows all of the header that checking frames needs.
		f.header, f.rot, f.damage = w.segment.Header, f.damage, nil
		f.header.Number, f.header.Generation, f.header.Salt = end.NextNumber, end.NextGeneration, end.NextSalt
		f.header.Size = min(max(f.size&^4095, mmapseg.MinSize), mmapseg.MaxSize)
		f.header.ReplacesFirst, f.header.ReplacesLast = 0, 0
	case f.number == end.NextNumber && f.generation == end.NextGeneration && f.header.Salt != end.NextSalt:
		f.chained = true
		l.miss(&mmapseg.CorruptError{Segment: f.name, Offset: 32,
			Problem: "the salt is not the one that the end frame of " + w.file.name + " names: another file took its place"})
		return nil
	}
	return f
}

// release lets go of the images of segments that a durable mark lies behind: they are on the disk as they were read.
func (l *loader) release() {
	kept := l.images[:0]
	for _, segment := range l.images {
		if l.highest >= mmapseg.MakeMark(segment.Header.Number, segment.Contents.End) {
			segment.image, segment.durable = nil, true
			continue
		}
		kept = append(kept, segment)
	}
	l.images = kept
}
