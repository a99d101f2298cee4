// This file holds the walk through one segment: its frames in order, past what is proven damage.
//
// States of a walk: frames are taken one after another -> the end frame was taken (Segment.Ended), or the bytes that
// follow are no unit and nothing proves that they were (torn), or damage reaches to the end of the segment.

package recovery

import (
	"fmt"
	"io"

	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
)

const (
	frameHeader = 24 // bytes that are the same in every frame
	// resyncWork bounds the bytes that are looked at to find sound frames behind damage, as a multiple of the
	// segment's size: more is needed only by files made to cost time.
	resyncWork = 64
)

// walk is the walk through one segment.
type walk struct {
	l       *loader
	file    *file
	segment *Segment
	source  vfs.File
	scanner *mmapseg.Scanner
	limit   int64
	image   []byte // the segment's bytes up to limit, where they are read as a whole
	used    int64  // behind the last byte of the image that is not zero; 0: not looked for yet
	sealed  bool   // the frames reach up to limit, a footer says
	afresh  bool   // no end frame led here, the first frame says which sequence the segment begins with
	torn    bool   // stopped in front of a unit that does not count
	unit    int64  // that unit's offset
	budget  int64  // bytes that resync may still look at
	spare   int    // points that the segment has room for
}

// read opens the segment's file and walks its frames.
func (w *walk) read() error {
	opened, err := w.l.dir.Open(w.file.name, false)
	if err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	defer func() { _ = opened.Close() }() // it was only read
	w.source, w.budget = opened, resyncWork*w.file.size
	w.spare = int(w.file.size/(mmapseg.PointStride*mmapseg.MinEventSize)) + 1
	w.l.points = w.l.points[:0]
	if !w.l.o.IgnoreFooters {
		if err := w.readSealed(); err != nil || w.segment.Sealed {
			return err
		}
	}
	if !w.segment.Ended {
		if err := w.readWhole(); err != nil {
			return err
		}
	}
	w.segment.Contents.Points = append([]uint32(nil), w.l.points...)
	return nil
}

// readSealed walks the frames of a segment with a sound footer. The footer tells where they end, nothing else about
// them is taken from it; if they say otherwise it is ignored.
func (w *walk) readSealed() error {
	footer, reason, err := mmapseg.ReadFooter(w.source, w.file.size, &w.file.header)
	if err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	if footer == nil {
		if reason != "" {
			w.ignoreFooter(reason)
		}
		return nil
	}
	w.sealed, w.limit = true, footer.FramesEnd
	before, damaged := w.l.state.TreeSize, len(w.l.state.Damage)
	w.scanner = mmapseg.NewScanner(w.l.window.over(w.source, w.file.name, w.limit), w.file.header.Salt, w.file.name, mmapseg.HeaderSize, w.limit)
	if err := w.run(); err != nil {
		return err
	}
	w.l.state.Report.Read += w.limit
	w.sealed = false
	if w.l.pending == nil && len(w.l.state.Damage) == damaged {
		if reason := w.disagrees(footer, before); reason != "" {
			w.ignoreFooter(reason)
			return nil
		}
	}
	w.segment.Sealed = true
	w.segment.Contents.Footer = footer
	w.segment.Contents.End = footer.FramesEnd
	return nil
}

// disagrees says in what the footer is not that of the frames; "" if it is. treeBase is the number of events in the
// tree before the segment.
func (w *walk) disagrees(footer *mmapseg.Footer, treeBase uint64) string {
	s := &footer.Summary
	switch {
	case !w.segment.Ended || w.segment.Contents.End != footer.FramesEnd:
		return "the frames do not end where it says"
	case s.Events != w.segment.Events || !footer.Whole():
		return fmt.Sprintf("it is about %d events, the segment holds %d", s.Events, w.segment.Events)
	case s.Events > 0 && w.segment.Header.Generation == 0 &&
		(s.First != w.segment.Contents.Floor || s.Last != w.segment.Contents.Floor+s.Events-1):
		return fmt.Sprintf("it is about sequences %d to %d, the segment holds others", s.First, s.Last)
	case w.segment.Header.Hashing && s.TreeBase != treeBase:
		return fmt.Sprintf("it counts %d events before the segment, there are %d", s.TreeBase, treeBase)
	}
	return ""
}

func (w *walk) ignoreFooter(reason string) {
	w.l.state.Report.Footers = append(w.l.state.Report.Footers, IgnoredFooter{Segment: w.file.name, Reason: reason})
}

// readWhole reads a segment without a footer into memory and walks on there, from where the walk stands.
func (w *walk) readWhole() error {
	from := int64(mmapseg.HeaderSize)
	if w.scanner != nil {
		from = w.scanner.Offset()
	}
	w.limit = min(w.file.size, w.file.header.Size) &^ (mmapseg.FrameAlign - 1)
	if err := w.fetch(from); err != nil {
		return err
	}
	if err := w.run(); err != nil {
		return err
	}
	w.segment.image = w.image
	return nil
}

// fetch reads the segment's bytes up to limit into memory and lets the scanner go on there, at offset.
func (w *walk) fetch(offset int64) error {
	w.image = make([]byte, w.limit)
	n, err := w.source.ReadAt(w.image, 0)
	if err != nil && err != io.EOF {
		return fmt.Errorf("recover: %w", err)
	}
	if int64(n) < w.limit {
		return fmt.Errorf("recover %s: it became shorter than %d bytes while it was read: %w", w.file.name, w.limit, io.ErrUnexpectedEOF)
	}
	w.l.state.Report.Read += w.limit
	w.scanner = mmapseg.NewScanner(mmapseg.Memory(w.image), w.file.header.Salt, w.file.name, offset, w.limit)
	return nil
}

// run takes frames until it is known how the segment ends.
func (w *walk) run() error {
	for !w.segment.Ended {
		f, ok, err := w.scanner.Next()
		if err != nil {
			return err
		}
		unit := w.scanner.Offset()
		if ok {
			unit = f.Offset
			w.l.frame = f
			if ok, err = w.take(&w.l.frame); err != nil {
				return err
			}
		}
		if ok {
			continue
		}
		if more, err := w.unsound(unit); err != nil || !more {
			return err
		}
	}
	return nil
}

// unsound judges the bytes in front of the scanner, which are no sound frame, and belong to the unit that begins at
// unit. more says that the walk goes on behind them.
func (w *walk) unsound(unit int64) (more bool, err error) {
	at, problem := w.scanner.Offset(), w.scanner.Problem()
	if w.sealed && at == unit && at >= w.limit {
		return false, nil // disagrees has a word about the missing end frame
	}
	if !w.sealed {
		if w.used == 0 {
			w.used = unit + usedBytes(w.image[unit:])
		}
		written := &written{w.image[:min(w.used+frameHeader, w.limit)], w.limit}
		proven, err := w.l.proves(mmapseg.MakeMark(w.segment.Header.Number, unit), w.file, unit, written)
		if err != nil {
			return false, err
		}
		switch {
		case proven:
		case w.file.shortened() && w.segment.closing == 0:
			problem = fmt.Sprintf("%s; the file was cut to %d of its %d bytes, which is only done behind a close or end frame",
				problem, w.file.size, w.file.header.Size)
		default:
			w.torn, w.unit = true, unit
			return false, nil
		}
	}
	w.stray(at, "%s", problem)
	if w.image == nil { // searching goes back and forth
		if err := w.fetch(at); err != nil {
			return false, err
		}
	}
	return w.resync()
}

// resync moves the scanner to the next sound frame, starting with where it stands. more is false if there is none.
func (w *walk) resync() (more bool, err error) {
	for at := w.scanner.Offset(); ; at += mmapseg.FrameAlign {
		w.scanner.MoveTo(at)
		var seen mmapseg.Sighting
		if err := w.scanner.Headers(func(s mmapseg.Sighting) bool { seen = s; return false }); err != nil {
			return false, err
		}
		if seen.Offset == 0 {
			break
		}
		w.budget -= int64(seen.Length) + seen.Offset - at
		if w.budget < 0 {
			w.l.pending.Problem += "; the search behind it was given up"
			break
		}
		at = seen.Offset
		w.scanner.MoveTo(at)
		_, ok, err := w.scanner.Next()
		if err != nil {
			return false, err
		}
		if ok {
			w.scanner.MoveTo(at)
			return true, nil
		}
	}
	w.scanner.MoveTo(w.limit)
	return false, nil
}
