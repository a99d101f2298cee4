// This file holds the opening for reading only.

package recovery

import (
	"errors"
	"fmt"

	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
)

// Open maps all segments for reading only, in their order, and changes nothing. It may be called for a damaged state
// too: reads that touch the damage tell. The caller holds the directory's lock since before [Load], and closes the
// segments. Where there is no store it returns none.
//
// The error is one of opening or mapping a file; nothing stays open then.
func (s *State) Open(dir vfs.Dir) ([]*mmapseg.Segment, error) {
	var opened []*mmapseg.Segment
	for i, segment := range s.Segments {
		o, err := mmapseg.Open(dir, segment.Header, segment.Contents)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open read-only: %w", err), closeAll(opened))
		}
		if segment.Ended || i < len(s.Segments)-1 {
			o.Finish(segment.Last)
		}
		opened = append(opened, o)
	}
	return opened, nil
}

// closeAll closes what was opened before a failure.
func closeAll(segments []*mmapseg.Segment) error {
	var errs []error
	for _, segment := range segments {
		errs = append(errs, segment.Close())
	}
	return errors.Join(errs...)
}
