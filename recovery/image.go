// This file holds the second reading of a segment whose first one was not kept.

package recovery

import (
	"fmt"

	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
)

// readAgain reads what counts of a segment into memory and checks that copy. It is for segments whose footer was not
// believed after all.
func (s *Segment) readAgain(dir vfs.Dir) error {
	name := s.Header.Name()
	opened, err := dir.Open(name, false)
	if err != nil {
		return err
	}
	defer func() { _ = opened.Close() }() // it was only read
	image := make([]byte, s.Contents.End)
	if _, err := opened.ReadAt(image, 0); err != nil {
		return fmt.Errorf("read %s again: %w", name, err)
	}
	scanner := mmapseg.NewScanner(mmapseg.Memory(image), s.Header.Salt, name, mmapseg.HeaderSize, s.Contents.End)
	for {
		_, ok, err := scanner.Next()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
	}
	if scanner.Offset() != s.Contents.End {
		return &mmapseg.CorruptError{Segment: name, Offset: scanner.Offset(), Problem: "it was sound when it was first read: " + scanner.Problem()}
	}
	s.image = image
	return nil
}
