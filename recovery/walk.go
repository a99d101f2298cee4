// This file holds the walk through one segment: its frames in order, past what is proven damage. A segment whose footer
// can be believed is not walked, see sealed.go.
//
// States of a walk: frames are taken one after another -> the end frame was taken (Segment.Ended), or the bytes that
// follow are no unit and nothing proves that they were (torn), or damage reaches to the end of the segment.

package recovery

import (
	"fmt"
	"io"

	"github.com/batpak/batpak/hooks"
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
	source  io.ReaderAt
	scanner *mmapseg.Scanner
	limit   int64
	image   []byte // the segment's bytes up to limit
	used    int64  // behind the last byte of the image that is not zero; 0: not looked for yet
	cut     bool   // the segment had been sealed, or cut to its frames
	// sealedTo is where the frames end that a footer was written for, once they were durable, whether it tells the truth
	// about them or not; 0: there is none.
	sealedTo int64
	afresh   bool  // no end frame led here, the first frame says which sequence the segment begins with
	torn     bool  // stopped in front of a unit that does not count
	unit     int64 // that unit's offset
	budget   int64 // bytes that resync may still look at
	spare    int   // points that the segment has room for

	rot *mmapseg.CorruptError // the first bytes that were a sound frame once, or header; nil: there are none

	summed bool   // control frames only are taken, the footer sums up the events
	untold uint64 // events of those, that stand behind the control frames taken so far
}

// read takes what the segment says: from its footer, or by walking its frames.
func (w *walk) read() error {
	opened, err := w.file.open(w.l.dir)
	if err != nil {
		return err
	}
	defer w.file.close()
	w.source = counted{opened, &w.l.read}
	footer, reason, err := mmapseg.ReadFooter(w.source, w.file.size, &w.file.header)
	if err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	w.cut = footer != nil || reason != "" || w.file.size != w.file.header.Size
	if footer != nil {
		w.sealedTo = footer.FramesEnd
	}
	if !w.l.o.IgnoreFooters {
		if footer != nil {
			if reason, err = w.takeFooter(footer); err != nil || reason == "" {
				return err
			}
		}
		if reason != "" {
			w.l.state.Report.Footers = append(w.l.state.Report.Footers, IgnoredFooter{Segment: w.file.name, Reason: reason})
		}
	}
	return w.readWhole()
}

// readWhole reads the segment into memory and walks its frames there.
func (w *walk) readWhole() error {
	w.limit = min(w.file.size, w.file.header.Size) &^ (mmapseg.FrameAlign - 1)
	w.budget = resyncWork * w.file.size
	w.spare = int(w.file.size/(mmapseg.PointStride*mmapseg.MinEventSize)) + 1
	w.l.points = w.l.points[:0]
	w.image = make([]byte, w.limit)
	n, err := w.source.ReadAt(w.image, 0)
	if err != nil && err != io.EOF {
		return fmt.Errorf("recover: %w", err)
	}
	if int64(n) < w.limit {
		return fmt.Errorf("recover %s: it became shorter than %d bytes while it was read: %w", w.file.name, w.limit, io.ErrUnexpectedEOF)
	}
	w.scanner = mmapseg.NewScanner(mmapseg.Memory(w.image), w.file.header.Salt, w.file.name, mmapseg.HeaderSize, w.limit)
	if err := w.run(); err != nil {
		return err
	}
	w.segment.image = w.image
	w.segment.Contents.Points = append([]uint32(nil), w.l.points...)
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
	if w.used == 0 {
		w.used = unit + usedBytes(w.image[unit:])
	}
	proven := unit < w.sealedTo
	if !proven {
		written := &written{w.image[:min(w.used+frameHeader, w.limit)], w.limit}
		var err error
		if proven, err = w.l.proves(mmapseg.MakeMark(w.segment.Header.Number, unit), w.file, unit, written); err != nil {
			return false, err
		}
	}
	if hooks.Enabled && hooks.Planted(hooks.TornTailRefused) {
		proven = proven || w.used > unit
	}
	if hooks.Enabled && hooks.Planted(hooks.CorruptionCut) {
		proven = false
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
	w.rotten(at, problem)
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
