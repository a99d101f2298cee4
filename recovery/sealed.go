// This file holds what is taken of a sealed segment without walking it: its control frames and its end frame, each
// checked, and between them as many events as its footer says. All of it goes through the functions that take frames,
// as if the events had been walked. If anything contradicts it, what was taken is taken back and the segment is walked.

package recovery

import (
	"fmt"

	"github.com/batpak/batpak/mmapseg"
)

// position is what taking frames of a segment changes, as it was before them.
type position struct {
	state      State
	segment    Segment
	highest    mmapseg.Mark
	pending    *mmapseg.CorruptError
	treeUnsure bool
	open       bool
	openUnsure bool
}

func (w *walk) position() position {
	l := w.l
	return position{*l.state, *w.segment, l.highest, l.pending, l.treeUnsure, l.open, l.openUnsure}
}

// takeBack makes everything as it was.
func (w *walk) takeBack(p *position) {
	l := w.l
	*l.state, *w.segment, l.highest, l.pending = p.state, p.segment, p.highest, p.pending
	l.treeUnsure, l.open, l.openUnsure = p.treeUnsure, p.open, p.openUnsure
	w.summed, w.untold = false, 0
}

// takeFooter takes the segment as its footer, control frames and end frame describe it. reason says why it can't be
// taken so; nothing has changed then.
func (w *walk) takeFooter(footer *mmapseg.Footer) (reason string, err error) {
	if w.afresh || w.l.pending != nil {
		return "it follows damage, so that its frames have to say where they begin", nil
	}
	if reason := w.implausible(footer); reason != "" {
		return reason, nil
	}
	before, listed := w.position(), w.l.listed()
	w.summed, w.untold = true, footer.Summary.Events
	reason, err = w.takeControl(footer, listed)
	if reason == "" && err == nil {
		reason = w.disagrees(footer)
	}
	if reason != "" || err != nil {
		w.takeBack(&before)
		return reason, err
	}
	if sum := &footer.Summary; sum.Events > 0 {
		w.clock(sum.LastWall, sum.LastCounter)
	}
	// It was written once the frames were durable.
	w.l.highest = max(w.l.highest, mmapseg.MakeMark(w.file.number, footer.FramesEnd))
	w.segment.Sealed, w.segment.Contents.Footer = true, footer
	return "", nil
}

// implausible says what can't be about a footer, before anything is taken; "" if nothing.
func (w *walk) implausible(footer *mmapseg.Footer) string {
	sum := &footer.Summary
	switch {
	case sum.Events > uint64(footer.FramesEnd)/mmapseg.MinEventSize || !footer.Whole():
		return fmt.Sprintf("it is about %d events, for which the segment or the offsets have no room", sum.Events)
	case w.segment.Header.Hashing && sum.TreeBase != w.l.state.TreeSize:
		return fmt.Sprintf("it counts %d events before the segment, there are %d", sum.TreeBase, w.l.state.TreeSize)
	}
	return ""
}

// takeControl takes the control frames that the footer lists, and the end frame. listed is how much damage had been
// found before.
func (w *walk) takeControl(footer *mmapseg.Footer, listed uint64) (reason string, err error) {
	l, control := w.l, footer.Control()
	frames := l.control.over(w.source, w.file.name, footer.FramesEnd)
	scanner := mmapseg.NewScanner(frames, w.file.header.Salt, w.file.name, mmapseg.HeaderSize, footer.FramesEnd)
	for i := range len(control) + 1 {
		at, last := footer.FramesEnd-mmapseg.EndSize, i == len(control)
		if !last {
			at = control[i]
		}
		if at < scanner.Offset() {
			return fmt.Sprintf("it has control frames that overlap, at %d", at), nil
		}
		scanner.MoveTo(at)
		f, ok, err := scanner.Next()
		switch {
		case err != nil:
			return "", err
		case !ok:
			return fmt.Sprintf("there is no sound frame at %d, where it has one: %s", at, scanner.Problem()), nil
		case last && f.Type != mmapseg.FrameEnd:
			return fmt.Sprintf("at %d, where it has the end frame, stands one of type %s", at, f.Type), nil
		case !last && f.Type != mmapseg.FrameOpen && f.Type != mmapseg.FrameClose && f.Type != mmapseg.FrameGap:
			return fmt.Sprintf("at %d, where it has a control frame, stands one of type %s", at, f.Type), nil
		}
		l.frame = f
		if _, err := w.take(&l.frame); err != nil {
			return "", err
		}
		if l.listed() > listed {
			return l.objection(listed), nil
		}
	}
	return "", nil
}

// objection says what the frames had against a footer: what was found beyond listed.
func (l *loader) objection(listed uint64) string {
	if found := l.state.Damage; uint64(len(found)) > listed {
		return "the frames contradict it: " + found[listed].Problem
	}
	return "the frames contradict it"
}

// pass counts the events in front of frame f, which goes on with sequence next, where they are not walked: so many of
// those that the footer tells of as there are sequences.
func (w *walk) pass(next uint64, f *mmapseg.Frame) {
	s := w.l.state
	if w.untold == 0 || next <= s.LastSequence+1 {
		return
	}
	n := min(next-s.LastSequence-1, w.untold)
	if s.Clean {
		w.wrong(f, "%d events before it stand behind a close frame, without an open frame between", n)
	}
	w.untold -= n
	s.LastSequence, s.Clean = s.LastSequence+n, false
	s.TreeSize += n
	w.segment.Events += n
}

// disagrees says in what the footer is not that of the frames, once those that it lists were taken; "" if it is.
func (w *walk) disagrees(footer *mmapseg.Footer) string {
	sum, floor, last := &footer.Summary, w.segment.Contents.Floor, w.l.state.LastSequence
	switch {
	case sum.Events == 0:
		return ""
	case w.untold > 0 || sum.First < floor || sum.Last > last || sum.Last-sum.First+1 < sum.Events:
		return fmt.Sprintf("it is about sequences %d to %d with %d events, the segment holds %d to %d", sum.First, sum.Last, sum.Events, floor, last)
	}
	return ""
}
