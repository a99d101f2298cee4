// This file holds the steps of the writable opening that change segments.

package recovery

import (
	"errors"
	"fmt"

	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
)

// page is the unit in which a close frame is written again.
const page = 4096

// open opens the segments: those with a footer or damage for reading, the others so that their files can be written, the tail
// mapped for writing and with its whole size where it goes on.
func (p *resumption) open() error {
	for _, segment := range p.state.Segments {
		opened, err := p.openSegment(segment)
		if err != nil {
			return err
		}
		p.out.Segments = append(p.out.Segments, opened)
		if p.goesOn {
			return nil
		}
		opened.Finish(segment.Last)
		if !segment.Sealed && !segment.Damaged { // of what is damaged no footer can be built
			p.out.Unsealed = append(p.out.Unsealed, Unsealed{opened, segment.Contents.End})
		}
	}
	return nil
}

// openSegment opens one segment. Only a tail that goes on needs its whole size again; one for which the disk has no
// room is ended, which takes no more than the end frame.
func (p *resumption) openSegment(segment *Segment) (*mmapseg.Segment, error) {
	switch {
	case segment.Sealed, segment.Damaged: // neither is written any more
		return mmapseg.Open(p.dir, segment.Header, segment.Contents)
	case segment != p.tail():
		return mmapseg.OpenEnded(p.dir, segment.Header, segment.Contents, 0)
	}
	if p.tailHasRoom() {
		opened, err := mmapseg.OpenTail(p.dir, segment.Header, segment.Contents)
		if err == nil {
			p.goesOn = true
			return opened, nil
		}
		if !vfs.SmallerMayFit(err) {
			return nil, err
		}
		if err := p.giveBack(segment); err != nil {
			return nil, err
		}
	}
	if end := segment.Contents.End; end+mmapseg.EndSize > segment.Header.Size {
		return nil, &mmapseg.CorruptError{Segment: segment.Header.Name(), Offset: end, Problem: "no room is left for an end frame"}
	}
	return mmapseg.OpenEnded(p.dir, segment.Header, segment.Contents, mmapseg.EndSize)
}

// giveBack cuts a segment's file to the size that Load found: reserving may have taken the last of the disk's room
// before it failed.
func (p *resumption) giveBack(segment *Segment) error {
	name := segment.Header.Name()
	opened, err := p.dir.Open(name, true)
	if err != nil {
		return err
	}
	return errors.Join(opened.Truncate(segment.Size), opened.Close())
}

// tail returns the state's last segment.
func (p *resumption) tail() *Segment { return p.state.Segments[len(p.state.Segments)-1] }

// tailHasRoom reports whether the open frame may go into the last segment.
func (p *resumption) tailHasRoom() bool {
	tail := p.tail()
	if !p.state.Clean {
		return tail.empty() && p.state.Torn == nil // a successor that an end frame names
	}
	room := mmapseg.Segment{Header: tail.Header}
	return room.FitsControl(tail.Contents.End, mmapseg.OpenSize(len(p.out.Ancestors)))
}

func (s *Segment) empty() bool { return s.Contents.End == mmapseg.HeaderSize }

// goOn is the way of a store that was closed in order. The pages of the close frame are written again with what
// follows it: its own sync may have failed and left it in memory only. That one is fsync, since the file has grown to
// its reserved size again.
func (p *resumption) goOn() error {
	state, last := p.tail(), p.out.Segments[len(p.out.Segments)-1]
	start := state.closing &^ (page - 1)
	if hooks.Enabled && hooks.Planted(hooks.CloseFrameTrusted) {
		start = state.Contents.End
	}
	mark := mmapseg.MakeMark(state.Header.Number, state.closing)
	if hooks.Enabled && hooks.Planted(hooks.OpenMarkTooFar) {
		mark = mmapseg.MakeMark(state.Header.Number, state.Contents.End)
	}
	again := append([]byte(nil), state.image[start:state.Contents.End]...)
	if p.goesOn {
		if hooks.Enabled {
			if err := p.Hooks.Reach(hooks.OpenFrame, last.Name()); err != nil {
				return err
			}
		}
		again = p.openFrame(again, mmapseg.Place{Salt: state.Header.Salt, Offset: state.Contents.End, Mark: mark})
		if err := p.write(last, again, start, true); err != nil {
			return err
		}
		return p.ready(last, start+int64(len(again)))
	}
	next, err := p.successor()
	if err != nil {
		return err
	}
	if err := p.end(last, next, again, start, mark, mmapseg.EndRotated); err != nil {
		return err
	}
	return p.begin(next)
}

// cut is the way of a store that was not closed in order.
func (p *resumption) cut() error {
	for i, segment := range p.state.Segments {
		if err := p.writeAgain(segment, p.out.Segments[i]); err != nil {
			return err
		}
	}
	s := p.state
	if s.Ahead > 0 {
		p.out.Lost = mmapseg.Range{First: s.LastSequence + 1, Last: s.LastSequence + s.Ahead}
	}
	if hooks.Enabled && hooks.Planted(hooks.LostRangeForgotten) {
		p.out.Lost = mmapseg.Range{}
	}
	if hooks.Enabled && hooks.Planted(hooks.EmptyLossForgotten) {
		if p.tail().Events == 0 {
			p.out.Lost = mmapseg.Range{}
		}
	}
	state, last := p.tail(), p.out.Segments[len(p.out.Segments)-1]
	if p.goesOn {
		return p.begin(last)
	}
	cut := state.Contents.End
	if hooks.Enabled && hooks.Planted(hooks.CutTruncates) {
		if err := last.Truncate(cut); err != nil {
			return err
		}
	}
	next, err := p.successor()
	if err != nil {
		return err
	}
	if hooks.Enabled && hooks.Planted(hooks.CutEndFrameMissing) {
		return p.begin(next)
	}
	if err := p.end(last, next, nil, cut, mmapseg.MakeMark(state.Header.Number, cut), mmapseg.EndCut); err != nil {
		return err
	}
	return p.begin(next)
}

// writeAgain writes the checked bytes of a segment as they are and syncs them, unless they are known to be durable. Those
// of a segment with damage are too; they were not all sound, and may be so again when they are next read.
func (p *resumption) writeAgain(segment *Segment, opened *mmapseg.Segment) error {
	if segment.Sealed || segment.Damaged || segment.durable || segment.empty() {
		return nil
	}
	if hooks.Enabled && hooks.Planted(hooks.RewriteSkipped) {
		return nil
	}
	if hooks.Enabled && hooks.Planted(hooks.RewriteNotSynced) {
		return opened.Rewrite(segment.image[:segment.Contents.End], 0)
	}
	if hooks.Enabled {
		if err := p.Hooks.Reach(hooks.OpenRewrite, opened.Name()); err != nil {
			return err
		}
	}
	err := p.write(opened, segment.image[:segment.Contents.End], 0, false)
	segment.image = nil
	return err
}

// successor makes the segment behind the tail. No number is used twice, not even that of a file which was removed.
func (p *resumption) successor() (*mmapseg.Segment, error) {
	if hooks.Enabled && hooks.Planted(hooks.NumberReused) {
		return p.fitting(p.tail().Header.Number+1, min(2*p.tail().Header.Size, p.SegmentSize))
	}
	return p.fitting(p.state.present+1, min(2*p.tail().Header.Size, p.SegmentSize))
}

// end writes the end frame that names next, behind the bytes of prefix, which begin at start, and syncs it.
func (p *resumption) end(last, next *mmapseg.Segment, prefix []byte, start int64, mark mmapseg.Mark, reason mmapseg.EndReason) error {
	if hooks.Enabled {
		if err := p.Hooks.Reach(hooks.OpenEnd, last.Name()); err != nil {
			return err
		}
	}
	s := p.state
	at := start + int64(len(prefix))
	frame := mmapseg.AppendEnd(prefix, &mmapseg.EndFrame{
		LastSequence: s.LastSequence, TreeSize: s.TreeSize, NextNumber: next.Number, NextSalt: next.Salt,
		NextGeneration: next.Generation, Reason: reason,
	}, mmapseg.Place{Salt: last.Salt, Offset: at, Mark: mark})
	if hooks.Enabled && hooks.Planted(hooks.CutEndFrameNotSynced) {
		if err := last.Rewrite(frame, start); err != nil {
			return err
		}
	} else {
		if err := p.write(last, frame, start, true); err != nil {
			return err
		}
	}
	behind := at + mmapseg.EndSize
	last.Publish(behind)
	p.out.Unsealed[len(p.out.Unsealed)-1].FramesEnd = behind
	return nil
}

// begin writes the open frame as the first of a segment and syncs it.
func (p *resumption) begin(tail *mmapseg.Segment) error {
	if hooks.Enabled {
		if err := p.Hooks.Reach(hooks.OpenFrame, tail.Name()); err != nil {
			return err
		}
	}
	tail.Activate(p.state.LastSequence+1+p.lost(), p.state.TreeSize)
	frame := p.openFrame(nil, mmapseg.Place{Salt: tail.Salt, Offset: mmapseg.HeaderSize,
		Mark: mmapseg.MakeMark(tail.Number, mmapseg.HeaderSize)})
	if hooks.Enabled && hooks.Planted(hooks.OpenFrameNotSynced) {
		if err := tail.Rewrite(frame, mmapseg.HeaderSize); err != nil {
			return err
		}
	} else {
		if err := p.write(tail, frame, mmapseg.HeaderSize, true); err != nil {
			return err
		}
	}
	return p.ready(tail, mmapseg.HeaderSize+int64(len(frame)))
}

// lost returns how many sequences this opening gives up.
func (p *resumption) lost() uint64 {
	if p.out.Lost.IsZero() {
		return 0
	}
	return p.out.Lost.Last - p.out.Lost.First + 1
}

// openFrame appends the open frame of this opening.
func (p *resumption) openFrame(dst []byte, at mmapseg.Place) []byte {
	if hooks.Enabled && hooks.Planted(hooks.AheadUnderstated) {
		p.Ahead = 1
	}
	return mmapseg.AppendOpen(dst, &mmapseg.OpenFrame{
		Identity: p.out.Identity, Incarnation: p.out.Incarnation, Ahead: p.Ahead, Lost: p.out.Lost,
		LastSequence: p.state.LastSequence + p.lost(), TreeSize: p.out.TreeSize, Wall: p.out.Wall, Counter: p.out.Counter,
		Opened: p.Now, Ancestors: p.out.Ancestors,
	}, at)
}

// write writes with pwrite and syncs. all asks for fsync whatever the policy is.
func (p *resumption) write(segment *mmapseg.Segment, b []byte, offset int64, all bool) error {
	if err := segment.Rewrite(b, offset); err != nil {
		return err
	}
	if err := segment.Sync(all || p.SyncAll); err != nil {
		return fmt.Errorf("sync %s: %w", segment.Name(), err)
	}
	return nil
}

// ready hands the tail over: its open frame is durable and ends at end.
func (p *resumption) ready(tail *mmapseg.Segment, end int64) error {
	tail.Publish(end)
	p.out.Tail, p.out.Next = end, p.state.LastSequence+p.lost()+1
	p.out.Mark = mmapseg.MakeMark(tail.Number, end)
	return tail.Populate(max(end-page, 0), end+page)
}
