// This file holds what becomes of bytes that are no sound frame: collecting damage, and telling damage of what was
// acknowledged from a torn tail by the durable marks of the frames behind it.

package recovery

import (
	"fmt"
	"math"

	"github.com/batpak/batpak/mmapseg"
)

// lastOffset is behind every offset that a mark can name.
const lastOffset = math.MaxUint32 * 8

// openEnd is the last sequence of damage behind which nothing is known: it may have taken any number of events.
const openEnd = math.MaxUint64

// damageLimit bounds how many places of damage are kept one by one, so that hostile files can't fill the memory.
const damageLimit = 1024

// damage adds damage that no store can be written on with.
func (l *loader) damage(e *mmapseg.CorruptError) {
	l.list(e)
	l.refuse(e)
}

// list adds an entry.
func (l *loader) list(e *mmapseg.CorruptError) {
	l.treeUnsure = true
	s := l.state
	if len(s.Damage) == damageLimit {
		s.Report.Unlisted++
		return
	}
	s.Damage = append(s.Damage, e)
}

// listed returns how much damage was found so far.
func (l *loader) listed() uint64 { return uint64(len(l.state.Damage)) + l.state.Report.Unlisted }

// refuse notes that the store can't be opened for writing because of e, unless that is so because of something else.
func (l *loader) refuse(e *mmapseg.CorruptError) {
	s := l.state
	if s.Refuses != nil {
		return
	}
	if e.Problem == "" { // one of those that are not listed
		e = s.Damage[len(s.Damage)-1]
	}
	s.Refuses = e
}

// lose adds damage that reaches up to the next frame, which tells how many sequences it took. Who calls it says whether
// it refuses a writable opening.
func (l *loader) lose(e *mmapseg.CorruptError) {
	l.list(e)
	l.pending, l.openUnsure = e, true
	l.state.Clean = false // it is not known what stood there
}

// miss is lose of what nobody may write behind.
func (l *loader) miss(e *mmapseg.CorruptError) {
	l.lose(e)
	l.refuse(e)
}

// bear decides about the bytes of a segment that rotted. They keep nobody from writing where the segment had been sealed
// and its end frame leads on: then it is known which sequences they held, and that nothing was torn. connected says that
// the successor which the end frame names is there.
func (l *loader) bear(w *walk, connected bool) {
	switch {
	case w.rot == nil:
	case connected && w.cut:
		l.borne = w.rot
	default:
		l.refuse(w.rot)
	}
}

// settle takes back what was borne where it may have taken the last open frame, without which nobody knows which
// sequences this incarnation may have given away: another open frame, or its close frame, has to follow.
func (l *loader) settle() {
	if l.borne == nil || !l.openUnsure {
		return
	}
	if l.state.Refuses == nil && l.borne.Problem != "" {
		l.borne.Problem += "; an open frame may have stood there, and neither another one nor the close frame of the last one follows"
	}
	l.refuse(l.borne)
}

// resolve ends the pending damage: the next frame behind it goes on with sequence next.
func (l *loader) resolve(next uint64) {
	if first := l.state.LastSequence + 1; next > first {
		l.pending.First, l.pending.Last = first, next-1
	}
	l.pending = nil
}

// unresolved is the end of the store with damage still pending: nobody knows how many events it took.
func (l *loader) unresolved() {
	if l.pending != nil {
		l.pending.First, l.pending.Last = l.state.LastSequence+1, openEnd
		l.pending.Problem += fmt.Sprintf("; nothing sound follows, so that all behind sequence %d is lost", l.state.LastSequence)
		l.pending = nil
	}
}

// sweep is how far the files have been searched for frame headers, without looking at what they hold.
type sweep struct {
	index  int // in the inventory's segments
	offset int64
}

// proves reports whether a frame header behind offset of f, or in a later file, carries a mark above mark: what lies
// at mark had been made durable then. image is the content of f where it is in memory, else nil. All calls together read every
// byte once: they come in the order of the files, and the highest mark is kept.
func (l *loader) proves(mark mmapseg.Mark, f *file, offset int64, image mmapseg.Window) (bool, error) {
	segments := l.files.segments
	here := l.files.index(f)
	if here > l.sweep.index || here == l.sweep.index && offset > l.sweep.offset {
		l.sweep = sweep{here, offset}
	}
	for l.highest <= mark && l.sweep.index < len(segments) {
		g := segments[l.sweep.index]
		if g.damage == nil && !g.superseded {
			if l.sweep.index != here {
				image = nil
				l.takeSize(g)
			}
			if err := l.sweepFile(g, mark, image); err != nil {
				return false, err
			}
		}
		if l.highest <= mark {
			l.sweep = sweep{l.sweep.index + 1, mmapseg.HeaderSize}
		}
	}
	return l.highest > mark, nil
}

// takeSize takes what the size alone of a later file proves. It was reserved whole before it got its name, and is only
// cut once all that it holds is durable, and so all before it. Frames it has, or had.
func (l *loader) takeSize(f *file) {
	if f.shortened() {
		f.frames = true
		l.highest = max(l.highest, mmapseg.MakeMark(f.number, mmapseg.HeaderSize))
	}
}

// sweepFile goes on with the sweep in one file, up to a mark above mark.
func (l *loader) sweepFile(f *file, mark mmapseg.Mark, image mmapseg.Window) error {
	if image == nil {
		if l.sweep.offset >= f.size {
			return nil
		}
		opened, err := f.open(l.dir)
		if err != nil {
			return err
		}
		defer f.close()
		image = l.sweeping.over(counted{opened, &l.read}, f.name, f.size)
	}
	scanner := mmapseg.NewScanner(image, f.header.Salt, f.name, l.sweep.offset, image.Size())
	return scanner.Headers(func(s mmapseg.Sighting) bool {
		f.frames = true
		l.sweep.offset = s.Offset + mmapseg.FrameAlign
		l.highest = max(l.highest, s.Mark)
		return l.highest <= mark
	})
}
