// The single pieces of an append, each as a loop that can be timed.

package floor

import (
	"time"

	"github.com/klauspost/crc32"
	"github.com/zeebo/blake3"

	"github.com/batpak/batpak/event"
)

// Piece is one piece of work on a number of bytes.
type Piece struct {
	Name  string
	Bytes int                  // that one iteration works on; 0 where bytes have no part in it
	Loop  func(iterations int) // does it that often
}

// sink takes results that nobody needs, so that the work is not optimised away. It
// is a field of each closure's own struct and no global.
type sink struct {
	word uint64
	hash [32]byte
}

// ClockRead is one reading of the clock, wall and monotonic.
func ClockRead() Piece {
	var s sink
	return Piece{"clock read", 0, func(iterations int) {
		for range iterations {
			s.word += uint64(time.Now().Nanosecond())
		}
	}}
}

// Copy stores n bytes, rounded up to a multiple of 8, into memory, one behind the other.
func Copy(memory Memory, n int) Piece {
	source := ascending((n + 7) &^ 7)
	offset := 0
	return Piece{"copy", len(source), func(iterations int) {
		for range iterations {
			if offset+len(source) > memory.Size() {
				offset = 0
			}
			memory.Store(offset, source)
			offset += len(source)
		}
	}}
}

// CRC32C is the Castagnoli checksum of n bytes.
func CRC32C(n int) Piece {
	source := ascending(n)
	var s sink
	return Piece{"CRC32C", n, func(iterations int) {
		for range iterations {
			s.word += uint64(crc32.Update(uint32(s.word), castagnoli, source))
		}
	}}
}

// BLAKE3 is the hash of n bytes.
func BLAKE3(n int) Piece {
	source := ascending(n)
	var s sink
	return Piece{"BLAKE3", n, func(iterations int) {
		for range iterations {
			s.hash = blake3.Sum256(source)
			source[0] ^= s.hash[0]
		}
	}}
}

// Digest is the digest over what the caller determines, the payload's hash given.
func Digest(at event.Coordinate) Piece {
	draft := event.Draft{Coordinate: at, Kind: event.Data}
	scratch := make([]byte, 0, 256)
	var payload event.Hash
	return Piece{"digest", 0, func(iterations int) {
		for range iterations {
			payload, scratch = event.Digest(scratch, &draft, payload)
		}
	}}
}

// Link is the hash that links an event to its entity's previous one.
func Link() Piece {
	var link event.Link
	return Piece{"link", 0, func(iterations int) {
		for range iterations {
			link.Sequence++
			link.Prev = link.Hash()
		}
	}}
}

// Whole is floor(n) as a piece.
func Whole(a *Append) Piece {
	return Piece{"append", len(a.drafts[0].Payload), func(iterations int) {
		for range iterations {
			_ = a.Once() // never fails
		}
	}}
}

func ascending(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}
