// This file holds the end of loading: what is a torn tail, which files count for nothing, whether there is a store.

package recovery

import (
	"encoding/binary"
	"slices"

	"github.com/batpak/batpak/mmapseg"
)

// finish judges what the walk left over.
func (l *loader) finish() error {
	l.unresolved()
	if l.last != nil && l.last.torn {
		l.judgeTail(l.last)
	}
	behind := l.classify()
	s := l.state
	s.present = l.files.present
	s.Unused = append(s.Unused, l.files.temporary...)
	s.Exists = l.exists(behind)
	if !s.Exists {
		if len(l.files.derived) > 0 {
			return &mmapseg.CorruptError{Segment: l.files.derived[0], Problem: "a file of a store whose segments are gone"}
		}
		l.state = &State{Unused: s.Unused, present: s.present, loaded: true, Report: s.Report}
		l.report()
		return nil
	}
	l.settle()
	if !l.open && s.Refuses == nil {
		l.damage(&mmapseg.CorruptError{Segment: l.last.file.name, Offset: mmapseg.HeaderSize, Problem: "no open frame before it"})
	}
	if behind && s.Torn == nil {
		s.Torn = &Torn{Segment: l.last.file.name, Offset: l.last.segment.Contents.End,
			Problem: "later segments hold frames, and no end frame leads to them"}
	}
	s.Clean = s.Clean && s.Torn == nil && s.Refuses == nil
	l.settleImages()
	l.report()
	return nil
}

// settleImages says which segments are durable as they are. A store that was closed in order is, as far as its close
// frame, which is why only the image of the tail is needed then.
func (l *loader) settleImages() {
	s := l.state
	for _, segment := range s.Segments {
		if s.Clean || l.highest >= mmapseg.MakeMark(segment.Header.Number, segment.Contents.End) {
			segment.image, segment.durable = nil, true
		}
	}
	if s.Clean {
		s.Segments[len(s.Segments)-1].image = l.last.image
	}
}

// judgeTail looks at what lies behind the last frame that counts.
func (l *loader) judgeTail(w *walk) {
	s := l.state
	used := max(w.used-w.unit, 0)
	if used == 0 {
		return
	}
	s.Torn = &Torn{Segment: w.file.name, Offset: w.unit, Bytes: used, Problem: w.scanner.Problem()}
	if w.unit < w.scanner.Offset() {
		s.Torn.Batch = true
		s.Torn.Problem = "a batch without its end: " + s.Torn.Problem
	}
}

// usedBytes returns how many bytes there are up to the last that is not zero. The length is a multiple of 8.
func usedBytes(b []byte) int64 {
	n := len(b)
	for n > 0 && binary.LittleEndian.Uint64(b[n-8:]) == 0 {
		n -= 8
	}
	for n > 0 && b[n-1] == 0 {
		n--
	}
	return int64(n)
}

// classify sorts the files that are not among the segments that count. behind says that there are frames in files
// behind the last of those.
func (l *loader) classify() (behind bool) {
	s := l.state
	tail := uint64(0)
	if l.last != nil {
		tail = l.last.file.number
	}
	for i, f := range l.files.segments {
		switch {
		case f.chained:
		case f.size == 0:
			s.Unused = append(s.Unused, f.name)
		case f.damage != nil && (f.superseded || f.number < tail):
			l.files.ignored = append(l.files.ignored, f.name) // nothing says that it is ours, and nothing needs it
		case f.superseded:
			s.Unused = append(s.Unused, f.name)
		case f.number < tail:
			s.Later = append(s.Later, f.name) // behind an earlier cut
		case f.damage != nil:
			f.damage.First, f.damage.Last = s.LastSequence+1, openEnd
			l.damage(f.damage)
		case f.frames || i >= l.sweep.index:
			s.Later = append(s.Later, f.name)
			behind = behind || f.frames
		default:
			s.Unused = append(s.Unused, f.name)
		}
	}
	return behind
}

// exists reports whether there is a store. A first segment without a sound frame, alone or beside others without any,
// is one that was not created to the end.
func (l *loader) exists(behind bool) bool {
	s := l.state
	if l.last == nil {
		return false
	}
	if s.Report.Frames > 0 || len(s.Damage) > 0 {
		return true
	}
	if behind {
		l.damage(&mmapseg.CorruptError{Segment: l.last.file.name, Offset: mmapseg.HeaderSize, First: 1, Last: openEnd,
			Problem: "the first segment holds no frame, later ones do"})
		return true
	}
	s.Unused = append(s.Unused, l.last.file.name)
	return false
}

// report fills in the account.
func (l *loader) report() {
	s := l.state
	r := &s.Report
	r.Created, r.Clean, r.Incarnation = !s.Exists, s.Clean, s.Incarnation
	r.Torn, r.Damage, r.Refuses, r.Lost, r.Read = s.Torn, s.Damage, s.Refuses, s.Lost, l.read
	slices.Sort(l.files.ignored)
	r.Ignored, r.Unused, r.Later = l.files.ignored, s.Unused, s.Later
	for _, f := range l.files.segments {
		if f.mended {
			r.Mended = append(r.Mended, f.name)
		}
	}
	r.Segments = len(s.Segments)
	for _, segment := range s.Segments {
		r.Events += segment.Events
		if segment.Sealed {
			r.Sealed++
		}
	}
}

// tell logs what is not as a clean close leaves it.
func (l *loader) tell() {
	s := l.state
	for _, name := range s.Report.Mended {
		l.log.Warn("header mended by its copy", "segment", name)
	}
	for _, name := range s.Report.Ignored {
		l.log.Info("file ignored", "file", name)
	}
	for _, f := range s.Report.Footers {
		l.log.Warn("footer ignored", "segment", f.Segment, "problem", f.Reason)
	}
	for _, e := range s.Damage {
		l.log.Error("damage", "segment", e.Segment, "offset", e.Offset, "first", e.First, "last", e.Last, "problem", e.Problem)
	}
	if s.Torn != nil {
		l.log.Warn("torn tail", "segment", s.Torn.Segment, "offset", s.Torn.Offset, "bytes", s.Torn.Bytes, "problem", s.Torn.Problem)
	}
	if s.Exists && !s.Clean {
		l.log.Warn("not closed in order", "last", s.LastSequence)
	}
}
