// Sealing: from a retired segment whose frames are durable to an immutable file
// with a footer.

package mmapseg

import (
	"errors"
	"fmt"
)

// Seal writes the footer behind framesEnd. The caller then syncs the segment and
// calls [Segment.GiveBack]. A full disk is vfs.ErrNoSpace, and
// leaves the segment as it was, readable and complete, only not sealed.
func (s *Segment) Seal(framesEnd int64, footer []byte) error {
	if need := framesEnd + int64(len(footer)); need > s.DiskSize() {
		if err := s.file.Reserve(need); err != nil {
			return fmt.Errorf("seal %s: %w", s.Name(), err)
		}
	}
	if _, err := s.file.WriteAt(footer, framesEnd); err != nil {
		return fmt.Errorf("seal %s: %w", s.Name(), err)
	}
	return nil
}

// GiveBack cuts the file behind its footer, which ends at size, verifies all of the
// footer as it is in the file, and lets readers use it in place of what is on the heap.
func (s *Segment) GiveBack(framesEnd, size int64) error {
	if err := s.Truncate(size); err != nil {
		return err
	}
	footer, reason, err := ReadFooter(s.file, size, &s.Header)
	if err != nil {
		return err
	}
	if footer == nil {
		return fmt.Errorf("seal %s: the footer just written can't be read back: %s", s.Name(), reason)
	}
	if footer.FramesEnd != framesEnd {
		return fmt.Errorf("seal %s: the footer just written is about frames up to %d, those of the segment end at %d", s.Name(), footer.FramesEnd, framesEnd)
	}
	opened, err := s.openFooter(footer)
	if err != nil {
		return fmt.Errorf("seal %s: %w", s.Name(), err)
	}
	fault := s.Read(func() { _, err = opened.blocks.At(0, opened.blocks.Len()) })
	if err = errors.Join(fault, err); err != nil {
		return fmt.Errorf("seal %s: the footer just written can't be read back: %w", s.Name(), errors.Join(err, opened.unmap()))
	}
	s.seal(opened)
	return nil
}
