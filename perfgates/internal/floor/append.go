// floor(n): the work of appending one event of n payload bytes, without a store.

package floor

import (
	"encoding/binary"
	"time"

	"github.com/klauspost/crc32"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/mmapseg"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Append does per event what no store of this format can avoid: one clock read,
// with the chain on the hash of the payload, the digest and the link, the CRC32C
// of the frame, and the copy of the frame into memory. No locks, no index, and
// nothing is decided.
type Append struct {
	memory  Memory
	chain   bool
	drafts  []event.Draft
	frame   []byte
	scratch []byte
	link    event.Link
	offset  int
	next    int
}

// NewAppend returns the floor of appending payload at each of the coordinates in
// turn. The frame is the segment format's own frame of such an event.
func NewAppend(memory Memory, at []event.Coordinate, payload []byte, chain bool) *Append {
	a := &Append{memory: memory, chain: chain, scratch: make([]byte, 0, 256)}
	for _, coordinate := range at {
		a.drafts = append(a.drafts, event.Draft{Coordinate: coordinate, Kind: event.Data, Payload: payload})
	}
	frame, encoded := mmapseg.EncodeEvent(nil, &a.drafts[0], &mmapseg.EventOptions{Hashing: chain})
	a.frame = frame[encoded.Start : encoded.Start+encoded.Size()]
	return a
}

// FrameBytes returns the room that one event takes in a segment.
func (a *Append) FrameBytes() int { return len(a.frame) }

// Once appends one event and returns nil; the error is there so that it has the
// shape of a store's append.
func (a *Append) Once() error {
	now := time.Now()
	draft := &a.drafts[a.next]
	if a.next++; a.next == len(a.drafts) {
		a.next = 0
	}
	if a.chain {
		a.link.Digest, a.scratch = event.Digest(a.scratch, draft, event.PayloadHash(draft.Payload))
		a.link.Timestamp = now.UnixMicro()
		a.link.Sequence++
		a.link.Prev = a.link.Hash()
	}
	// The results go into the frame, so that no piece can be optimised away.
	binary.LittleEndian.PutUint64(a.frame[16:], uint64(now.UnixNano()))
	checksum := crc32.Update(0, castagnoli, a.frame)
	binary.LittleEndian.PutUint32(a.frame, checksum^uint32(a.link.Prev[0]))
	if a.offset+len(a.frame) > a.memory.Size() {
		a.offset = 0
	}
	a.memory.Store(a.offset, a.frame)
	a.offset += len(a.frame)
	return nil
}

// Memory is where floors copy their frames to.
type Memory interface {
	Size() int
	Store(offset int, frame []byte)
}

// Store copies the frame into the mapping as the engine does.
func (p *Prepared) Store(offset int, frame []byte) { p.mapping.Store(offset, frame) }

// Anonymous is heap memory that belongs to no file.
type Anonymous []byte

// NewAnonymous returns size bytes whose pages have all been touched.
func NewAnonymous(size int) Anonymous {
	memory := make(Anonymous, size)
	for at := 0; at < size; at += 4096 {
		memory[at] = 1
	}
	return memory
}

// Size returns the size in bytes.
func (a Anonymous) Size() int { return len(a) }

// Store copies the frame.
func (a Anonymous) Store(offset int, frame []byte) { copy(a[offset:], frame) }
