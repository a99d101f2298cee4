// Control frames: what a segment holds beside events. They take no sequence.
// Their bodies, behind the 24 bytes that every frame has:
//
//	batch begin   u32 events, u32 bytes between this frame and the commit frame,
//	              u64 first sequence, u8 key length, key,
//	              with a key: 32 bytes request digest
//	batch commit  u32 events, u32 bytes, u64 first sequence as in the begin frame,
//	              u32 CRC over the body CRCs of the events, in order, u32 zero
//	open          16 identity, u64 incarnation, u64 ahead, u64 lost from,
//	              u64 lost to (0, 0: none), u64 last sequence, u64 events in the
//	              Merkle tree, u64 HLC wall ms, u32 HLC counter, u32 ancestors,
//	              i64 time of opening (us), per ancestor: 16 identity, u64 parted
//	close         16 identity, u64 incarnation, u64 last sequence, u64 events in
//	              the tree, u64 HLC wall ms, u32 HLC counter, u32 zero
//	end           u64 last sequence, u64 events in the tree, u64 next segment's
//	              number, u64 its salt, u32 its generation, u32 reason
//	gap           u64 first, u64 last sequence, u64 leaves of the tree, u32 reason,
//	              u32 sections (at most 256), each: u32 type, u32 length, bytes
//
// "Last sequence" counts lost ranges: the next event takes the one behind it.

package mmapseg

import (
	"encoding/binary"
	"fmt"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/hooks"
)

// Range is a range of sequences, both ends inclusive; the zero value is empty.
type Range struct{ First, Last uint64 }

// IsZero reports whether the range is empty.
func (r Range) IsZero() bool { return r.First == 0 && r.Last == 0 }

// Contains reports whether the range holds sequence.
func (r Range) Contains(sequence uint64) bool {
	return sequence != 0 && sequence >= r.First && sequence <= r.Last
}

// Ancestor is a store from which this one was copied, and the highest sequence
// that both have in common.
type Ancestor struct {
	Identity [16]byte
	Parted   uint64
}

// OpenFrame is what every writable opening begins with.
type OpenFrame struct {
	Identity     [16]byte
	Incarnation  uint64 // counted from 1
	Ahead        uint64 // bound on sequences staged beyond durable ones
	Lost         Range  // the range that this opening found lost
	LastSequence uint64 // lost ones counted
	TreeSize     uint64 // events in the Merkle tree
	Wall         uint64 // HLC, ms
	Counter      uint32
	Opened       int64 // microseconds since the Unix epoch
	Ancestors    []Ancestor
}

// CloseFrame is what a clean close leaves at the end.
type CloseFrame struct {
	Identity     [16]byte
	Incarnation  uint64
	LastSequence uint64
	TreeSize     uint64
	Wall         uint64
	Counter      uint32
}

// EndReason says why a segment ended.
type EndReason uint32

// The reasons of an end frame.
const (
	EndRotated EndReason = 1 // full
	EndCut     EndReason = 2 // recovery cut a torn tail behind it
)

// EndFrame is the last frame that counts in a segment; it names the next one.
type EndFrame struct {
	LastSequence   uint64
	TreeSize       uint64
	NextNumber     uint64
	NextSalt       Salt
	NextGeneration uint32
	Reason         EndReason
}

// BatchBegin precedes the events of a batch.
type BatchBegin struct {
	Events        uint32
	Bytes         uint32 // between this frame and the commit frame
	FirstSequence uint64
	Key           string // idempotency key of the whole batch; empty: none
	Request       event.Hash
}

// BatchCommit follows the events of a batch; without it they do not count.
type BatchCommit struct {
	Events        uint32
	Bytes         uint32
	FirstSequence uint64
	CRC           uint32 // over the body CRCs of the events, in order
}

// GapSection is a typed part of a gap frame: hashes, entity heads, keys that
// dropped events leave behind. Unknown types are kept and skipped.
type GapSection struct {
	Type  uint32
	Bytes []byte
}

// GapFrame stands for a range of sequences whose events were dropped.
type GapFrame struct {
	Range    Range
	Leaves   uint64       // leaves of the Merkle tree that the range held
	Reason   uint32       // 1: dropped by a compaction
	Sections []GapSection // at most 256, else the frame is refused when it is read
}

// controlFrame builds a control frame from its body and pads it.
func controlFrame(dst []byte, body func([]byte) []byte) (out []byte, start, length int) {
	start = len(dst)
	dst = append(dst, make([]byte, framePrefix)...)
	dst = body(dst)
	length = len(dst) - start
	for len(dst)-start < align(length) {
		dst = append(dst, 0)
	}
	return dst, start, length
}

// Place says where in which segment a frame goes.
type Place struct {
	Salt   Salt
	Offset int64
	Mark   Mark
}

func finishControl(frame []byte, kind FrameType, length int, at Place) {
	_, seed := at.Salt.seeds(at.Offset)
	putPrefix(frame, kind, 0, length, at.Mark, crc(seed, frame[framePrefix:]), at.Salt, at.Offset)
}

// AppendOpen appends the encoded frame to dst.
func AppendOpen(dst []byte, o *OpenFrame, at Place) []byte {
	le := binary.LittleEndian
	dst, start, length := controlFrame(dst, func(b []byte) []byte {
		b = append(b, o.Identity[:]...)
		for _, v := range []uint64{o.Incarnation, o.Ahead, o.Lost.First, o.Lost.Last, o.LastSequence, o.TreeSize, o.Wall} {
			b = le.AppendUint64(b, v)
		}
		b = le.AppendUint32(b, o.Counter)
		b = le.AppendUint32(b, uint32(len(o.Ancestors)))
		b = le.AppendUint64(b, uint64(o.Opened))
		for i := range o.Ancestors {
			b = append(b, o.Ancestors[i].Identity[:]...)
			b = le.AppendUint64(b, o.Ancestors[i].Parted)
		}
		return b
	})
	finishControl(dst[start:], FrameOpen, length, at)
	return dst
}

// OpenSize returns the room of an open frame with so many ancestors.
func OpenSize(ancestors int) int { return align(framePrefix + 88 + 24*ancestors) }

// CloseSize and EndSize are the room of a close frame and of an end frame.
const (
	CloseSize = framePrefix + 56
	EndSize   = framePrefix + 40
)

// AppendClose appends the encoded frame to dst.
func AppendClose(dst []byte, c *CloseFrame, at Place) []byte {
	le := binary.LittleEndian
	dst, start, length := controlFrame(dst, func(b []byte) []byte {
		b = append(b, c.Identity[:]...)
		for _, v := range []uint64{c.Incarnation, c.LastSequence, c.TreeSize, c.Wall} {
			b = le.AppendUint64(b, v)
		}
		b = le.AppendUint32(b, c.Counter)
		return le.AppendUint32(b, 0)
	})
	finishControl(dst[start:], FrameClose, length, at)
	return dst
}

// AppendEnd appends the encoded frame to dst.
func AppendEnd(dst []byte, e *EndFrame, at Place) []byte {
	le := binary.LittleEndian
	dst, start, length := controlFrame(dst, func(b []byte) []byte {
		for _, v := range []uint64{e.LastSequence, e.TreeSize, e.NextNumber, uint64(e.NextSalt)} {
			b = le.AppendUint64(b, v)
		}
		b = le.AppendUint32(b, e.NextGeneration)
		return le.AppendUint32(b, uint32(e.Reason))
	})
	finishControl(dst[start:], FrameEnd, length, at)
	return dst
}

// BatchBeginSize returns the room of the begin frame of a batch with a key of so many bytes.
func BatchBeginSize(key int) int {
	size := framePrefix + 17 + key
	if key > 0 {
		size += len(event.Hash{})
	}
	return align(size)
}

// BatchCommitSize is the room of a batch's commit frame.
const BatchCommitSize = framePrefix + 24

// AppendBatchBegin appends the encoded frame to dst.
func AppendBatchBegin(dst []byte, b *BatchBegin, at Place) ([]byte, error) {
	if len(b.Key) > event.MaxKey {
		return dst, fmt.Errorf("batpak: batch key of %d bytes, at most %d: %w", len(b.Key), event.MaxKey, event.ErrInvalid)
	}
	le := binary.LittleEndian
	dst, start, length := controlFrame(dst, func(out []byte) []byte {
		out = le.AppendUint32(out, b.Events)
		out = le.AppendUint32(out, b.Bytes)
		out = le.AppendUint64(out, b.FirstSequence)
		out = append(out, uint8(len(b.Key)))
		out = append(out, b.Key...)
		if b.Key != "" {
			out = append(out, b.Request[:]...)
		}
		return out
	})
	finishControl(dst[start:], FrameBatchBegin, length, at)
	return dst, nil
}

// AppendBatchCommit appends the encoded frame to dst.
func AppendBatchCommit(dst []byte, c *BatchCommit, at Place) []byte {
	le := binary.LittleEndian
	dst, start, length := controlFrame(dst, func(b []byte) []byte {
		b = le.AppendUint32(b, c.Events)
		b = le.AppendUint32(b, c.Bytes)
		b = le.AppendUint64(b, c.FirstSequence)
		b = le.AppendUint32(b, c.CRC)
		return le.AppendUint32(b, 0)
	})
	finishControl(dst[start:], FrameBatchCommit, length, at)
	return dst
}

// BatchCRC adds one event's body CRC, as its four bytes, to the CRC that a commit
// frame carries. By hand, since a buffer for four bytes would be allocated.
func BatchCRC(sum, body uint32) uint32 {
	if hooks.Enabled && hooks.Planted(hooks.BatchSumConstant) {
		return sum
	}
	sum = ^sum
	for range 4 {
		sum = castagnoli[byte(sum)^byte(body)] ^ sum>>8
		body >>= 8
	}
	return ^sum
}

// AppendGap appends the encoded frame to dst.
func AppendGap(dst []byte, g *GapFrame, at Place) []byte {
	le := binary.LittleEndian
	dst, start, length := controlFrame(dst, func(b []byte) []byte {
		b = le.AppendUint64(b, g.Range.First)
		b = le.AppendUint64(b, g.Range.Last)
		b = le.AppendUint64(b, g.Leaves)
		b = le.AppendUint32(b, g.Reason)
		b = le.AppendUint32(b, uint32(len(g.Sections)))
		for i := range g.Sections {
			b = le.AppendUint32(b, g.Sections[i].Type)
			b = le.AppendUint32(b, uint32(len(g.Sections[i].Bytes)))
			b = append(b, g.Sections[i].Bytes...)
		}
		return b
	})
	finishControl(dst[start:], FrameGap, length, at)
	return dst
}
