// This file holds what loading finds: State, its segments and its torn tail.

package recovery

import (
	"log/slog"

	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/mmapseg"
)

// LockName is the name of the file that stands for the lock of a store's directory. Loading passes it over.
const LockName = "lock"

// Options are the choices of [Load]. The zero value is safe.
type Options struct {
	// IgnoreFooters walks the frames of every segment and takes nothing from a footer but that the segment had been
	// sealed. The state is the same, but for damage that only reading every frame finds.
	IgnoreFooters bool

	// Event, if given, is called for every event that counts of the segments that are not [Segment.Sealed], in the
	// order of their sequences, the items of a batch only once the batch is known to be whole. The frame is borrowed
	// until the function returns. An error that is a *mmapseg.CorruptError, such as decoding gives, is damage and goes
	// into the state; any other ends Load and is returned as it is.
	Event func(s *Segment, f *mmapseg.Frame) error

	// Batch, if given, is called for every batch that counts of these segments, before Event is called for its first
	// item. Errors are treated as those of Event.
	Batch func(s *Segment, b *mmapseg.BatchBegin) error

	// Gap, if given, is called for every gap frame of these segments, in its place among the events. What it gets is
	// borrowed until it returns. Errors are treated as those of Event.
	Gap func(s *Segment, g *mmapseg.GapFrame) error

	// Logger gets one line about everything that is not as a clean close leaves it; none names the directory. nil: silent.
	Logger *slog.Logger

	// Hooks are what tests make happen while the store is loaded; nil, and every build without their tag: nothing.
	Hooks *hooks.Set
}

// State is what the files of a directory say.
type State struct {
	// Exists is false where there is no store yet: no segment, or one that never got a sound frame. All other fields
	// but Unused and Report are zero then.
	Exists bool

	Origin      mmapseg.Origin     // random name of the store, kept by every copy of it
	Identity    [16]byte           // of this copy
	Hashing     bool               // events carry the hash chain
	Incarnation uint64             // of the last writable opening, from 1
	Ancestors   []mmapseg.Ancestor // stores from which this one was copied

	// LastSequence is the highest sequence that any frame that counts holds, or that is recorded as lost; 0: none.
	LastSequence uint64
	TreeSize     uint64 // events in the Merkle tree
	Wall         uint64 // highest HLC of all frames that count: milliseconds since the Unix epoch
	Counter      uint32 // within that millisecond
	Ahead        uint64 // bound of the last open frame on sequences staged beyond durable ones

	// Durable is the highest durable position that any frame carries: what lies before it had survived a sync.
	Durable mmapseg.Mark

	Lost  []mmapseg.Range // ranges recorded as lost, ascending, with no events in them
	Clean bool            // the last frame that counts is a close frame

	// Segments are those that count, in order. The last is the tail: the only one without an end frame.
	Segments []*Segment

	// Damage is proven corruption of what was acknowledged, in the order of the files. Empty: none was found, which is
	// no promise for the events of sealed segments. A state with damage can be read. Where nothing sound follows, Last
	// is 2^64-1: everything from First on may be lost.
	Damage []*mmapseg.CorruptError
	// Refuses is the first damage because of which the state can't be resumed; nil: it can. Damage that does not refuse
	// lies in segments that had been sealed, with their end frames and those of all segments before them sound: bytes
	// that rotted, of which it is known which sequences they held. See [Segment.Damaged].
	Refuses *mmapseg.CorruptError

	Torn   *Torn    // what an opening would cut off the tail; nil: nothing
	Unused []string // files that hold nothing and may be removed: temporary files, segments without frames
	Later  []string // segment files behind the cut, whose frames count for nothing; removable once the cut is durable

	Report Report

	// present is the highest number of any segment file there is: none of them is used again.
	present uint64
	// loaded is false for a State that Load did not make, and once Resume has used it up.
	loaded bool
}

// Segment is one segment that counts.
type Segment struct {
	Header   mmapseg.Header
	Contents mmapseg.Contents // what mmapseg needs to open it again
	Size     int64            // of the file, in bytes
	Events   uint64           // that count
	Last     uint64           // highest sequence that it holds or records as lost, or one below its floor
	Ended    bool             // it has an end frame; false for the tail only
	Sealed   bool             // it has a footer that is believed; its frames were not walked, Options.Event saw none
	// Damaged: State.Damage tells of something in it, and whose newest events stood there is not known. Such a segment
	// is not written any more: without a footer that is believed it is never given for sealing, and is walked at every
	// opening.
	Damaged bool

	// End is the end frame; zero for the tail.
	End mmapseg.EndFrame

	// image is the checked copy of the file; nil for a segment that is sealed or known to be durable.
	image []byte
	// durable says that a sync of everything up to Contents.End is known to have succeeded.
	durable bool
	// closing is the offset of the close frame that ends the tail; 0: it ends with another frame.
	closing int64
}

// Torn is the end of a store that was not closed: bytes that are no sound unit and that nothing proves to have been
// acknowledged.
type Torn struct {
	Segment string // file name
	Offset  int64  // of the first byte that does not count, from the start of the file
	Bytes   int64  // up to the last byte that is not zero, or the last later frame
	Problem string
	// Batch says that sound frames are cut too, since they begin a batch whose commit frame is missing.
	Batch bool
}
