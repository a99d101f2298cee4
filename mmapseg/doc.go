// Package mmapseg holds events in preallocated, memory-mapped segment files.
//
// It knows the bytes on disk: the segment header, the frames, the footer of a
// sealed segment (format.go draws them), how a segment comes into being, is
// filled, read, sealed and given back, and how bytes are told from damage. It
// offers the parts of which the commit path, recovery and reading are made:
//
//   - [EncodeEvent], [Decoder] and the functions of control frames make and read
//     frames; [Scanner] walks the frames of a segment and finds the next sound one behind damage.
//   - [Create] makes a segment, reserved for real and synced, under its final
//     name; [Segment.Populate] brings its pages in ahead of the tail;
//     [Segment.Seal] and [Segment.GiveBack] turn a finished one into an immutable file with a footer.
//   - [Set] is what readers see: the segments in order, and how far each may be
//     read. Reading takes no lock: pins are counted per segment.
//   - [Segment.Gather] reads many single frames of a segment at once, and
//     [Segment.Section] gives what others put into the footer when it was built,
//     read in place inside [Segment.Read].
//
// It never knows which events are acknowledged, when to sync, what a policy
// promises or which entity an event belongs to; no sequence is assigned here.
package mmapseg
