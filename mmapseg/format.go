// The bytes of a segment file, version 1. All integers are little-endian.
//
//	0                4096                      frames end        file size
//	+----------------+--------+--------+--- ... +-----+----------+
//	| segment header | frame  | frame  |        | end | footer   |
//	+----------------+--------+--------+--- ... +-----+----------+
//
// While a segment is being written, everything behind its last frame is zero
// and the file has its whole reserved size. A sealed segment is cut behind its
// footer. Frames start at multiples of 8; the bytes between a frame's length
// and the next multiple of 8 are zero and covered by the frame's CRC.
//
// A frame, its first 24 bytes being the same for every type:
//
//	0        2      3       4         8                16        20         24
//	+--------+------+-------+---------+----------------+---------+----------+------ ... --+
//	| magic  | type | flags | length  | durable mark   | body    | header   | body        |
//	| u16    | u8   | u8    | u32     | u32 seg, u32/8 | CRC u32 | CRC u32  |             |
//	+--------+------+-------+---------+----------------+---------+----------+------ ... --+
//
//	length        bytes of the frame with these 24, without padding
//	durable mark  position up to which a sync had succeeded when the frame was
//	              written: offset in units of 8 bytes (low half of a u64) and
//	              segment number (high half)
//	body CRC      over the body with its padding, see crc.go
//	header CRC    over the 20 bytes before it
//
// Both CRCs are seeded with the segment's salt and the frame's offset, so that a
// frame that is stale, moved or copied from elsewhere does not validate. A frame
// becomes readable by one atomic store of its first 8 bytes, made last.
//
// The body of an event frame:
//
//	24  u64  sequence
//	32  u64  clock
//	40  i64  timestamp, microseconds since the Unix epoch
//	48  16   id
//	64  u16  kind
//	66  u16  fields: which optional ones are present (bit numbers below)
//	68  u32  bits 0..9 entity length - 1, 10..19 scope length - 1,
//	         20..23 codec, 24..31 the caller's flags
//	72  assigned fields, then fixed fields, in the order of their bits
//	    entity, scope, payload (the rest)
//
//	bit  assigned by the store                bytes
//	  0  event hash                              32
//	  1  hash of the entity's previous event     32   only where that event was dropped
//	  2  cause: id, sequence                     24
//	  3  HLC wall ms u64, counter u32            12   imported event: id and time were given
//	bit  fixed by the caller                  bytes
//	  4  depth                                    4   absent: 0
//	  5  lane                                     4   absent: 0
//	  6  schema version                           4   absent: 0
//	  7  correlation id                          16   absent: the event's own id
//	  8  cause's item in the same batch, from 1   2
//	  9  tombstone: BLAKE3 of the payload, its
//	     length u32; the payload is empty        36
//	 10  tags: u16 bytes, u8 count, each u8 + bytes
//	 11  metadata: u16 + bytes
//	 12  idempotency key: u8 + bytes, request digest 32
//	 13  gate record: u16 + bytes
//	 14, 15  must be 0
//
// The HLC of an event that is not imported is in its id.

package mmapseg

// FormatVersion is the version of the segment format that this package writes
// and the only one that it reads.
//
// Version 1 is the first: the layout above, CRC32C, 4,096 bytes of header.
const FormatVersion = 1

// HeaderSize is the size of a segment's header, and so the offset of its first
// frame, in bytes: one page, so that writing frames never dirties the header.
const HeaderSize = 4096

// PointStride is how many events one entry of the offset table stands for. With 1,
// an event is found without waiting for the frame before it to come from memory:
// at 200,000 events of 256 bytes a random read takes a third less than with 2. It is
// stored with the table, and can change.
const PointStride = 1

// FrameAlign is what the offsets of frames are multiples of, in bytes.
const FrameAlign = 8

// MinEventSize is the room of the smallest event frame, in bytes.
const MinEventSize = (minEventLength + FrameAlign - 1) &^ (FrameAlign - 1)

const (
	framePrefix     = 24     // bytes before the body, the same for every frame
	frameMagic      = 0xE5BA // never zero, so that zeros never parse as a frame
	maxFrameLength  = 1 << 30
	eventFixed      = 72 // prefix and the fields that every event has
	minEventLength  = eventFixed + 2
	prefixChecked   = 20 // bytes under the header CRC
	pointSize       = 4  // bytes of a sparse offset in a footer
	maxAncestors    = 4096
	minControlFrame = framePrefix + 8
)

// FrameType says what a frame holds.
type FrameType uint8

// The frame types of format version 1. Only event frames take a sequence.
const (
	FrameEvent       FrameType = 1
	FrameBatchBegin  FrameType = 2
	FrameBatchCommit FrameType = 3
	FrameOpen        FrameType = 4
	FrameClose       FrameType = 5
	FrameEnd         FrameType = 6
	FrameGap         FrameType = 7
)

func (t FrameType) known() bool { return t >= FrameEvent && t <= FrameGap }

// String returns the type's name in lower case.
func (t FrameType) String() string {
	switch t {
	case FrameEvent:
		return "event"
	case FrameBatchBegin:
		return "batch begin"
	case FrameBatchCommit:
		return "batch commit"
	case FrameOpen:
		return "open"
	case FrameClose:
		return "close"
	case FrameEnd:
		return "end"
	case FrameGap:
		return "gap"
	}
	return "unknown"
}

// frameInBatch marks an event frame between a batch's begin and commit frames.
const frameInBatch = 1

// The bits of an event frame's fields word.
const (
	fieldHash = 1 << iota
	fieldPrevHash
	fieldCause
	fieldImported
	fieldDepth
	fieldLane
	fieldVersion
	fieldCorrelation
	fieldCauseInBatch
	fieldTombstone
	fieldTags
	fieldMetadata
	fieldKey
	fieldGate

	fieldsKnown = 1<<14 - 1
)

// assignedSize is the size of the assigned fields that the low four bits of a
// fields word select.
var assignedSize = func() (sizes [16]uint8) {
	for bits := range sizes {
		for bit, size := range [4]uint8{32, 32, 24, 12} {
			if bits>>bit&1 != 0 {
				sizes[bits] += size
			}
		}
	}
	return sizes
}()

// align rounds n up to the alignment of frames.
func align(n int) int { return (n + FrameAlign - 1) &^ (FrameAlign - 1) }
