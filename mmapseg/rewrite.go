package mmapseg

import "fmt"

// Rewrite writes b at offset with pwrite: bytes that the segment holds already,
// which storing through a mapping would not make dirty, or a frame behind them.
// The segment's file must have been opened for writing; see [OpenTail] and
// [OpenEnded]. Nothing
// is durable before [Segment.Sync].
func (s *Segment) Rewrite(b []byte, offset int64) error {
	if _, err := s.file.WriteAt(b, offset); err != nil {
		return fmt.Errorf("write %d bytes at %d of %s: %w", len(b), offset, s.Name(), err)
	}
	return nil
}
