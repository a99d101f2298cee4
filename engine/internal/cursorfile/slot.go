// This file holds the format of a slot, which docs/format/cursor.md draws.

package cursorfile

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/crc32"
	"github.com/zeebo/blake3"

	"github.com/batpak/batpak/mmapseg"
)

const (
	// MaxName is the longest name of a cursor, in bytes.
	MaxName = 255

	magic   = "BATPAKCU"
	version = 1

	// A slot is no longer than what a disk writes at once, and has a page of its own, so that writing one does not touch the other.
	slotSize = 512
	pageSize = 4096
	fileSize = 2 * pageSize

	atVersion    = 8
	atNameLength = 12
	atIdentity   = 16
	atGeneration = 32
	atAcked      = 40
	atTold       = 48
	atEvent      = 56
	atName       = 72
	atSum        = slotSize - 4
)

// Suffixes of the names of files: of one that counts, and of one that is being made.
const (
	Suffix    = ".cursor"
	temporary = ".tmp"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Position is what is kept of a cursor.
type Position struct {
	// Identity is that of the store in which the sequences were given.
	Identity [16]byte
	// Acked is the sequence up to which everything was acknowledged; 0: nothing was.
	Acked uint64
	// Told is the last sequence of the last lost range of which its holder need not be told any more; 0: there is none.
	Told uint64
	// Event is the id of the event that has the sequence Acked or, where that was lost, of the one before the range; zero: there is
	// none, or it is not known.
	Event [16]byte
}

// slot is what one slot says.
type slot struct {
	name       string
	generation uint64 // from 1; the newer slot's is higher
	position   Position
}

// FileName returns the name of the file of a cursor.
func FileName(name string) string {
	sum := blake3.Sum256([]byte(name))
	return hex.EncodeToString(sum[:16]) + Suffix
}

// IsFileName reports whether a cursor's file can have this name.
func IsFileName(file string) bool {
	digits, ok := strings.CutSuffix(file, Suffix)
	if !ok || len(digits) != 32 {
		return false
	}
	return strings.Trim(digits, "0123456789abcdef") == ""
}

// encode returns the bytes of a slot.
func (s *slot) encode() []byte {
	b := make([]byte, slotSize)
	le := binary.LittleEndian
	copy(b, magic)
	le.PutUint32(b[atVersion:], version)
	le.PutUint32(b[atNameLength:], uint32(len(s.name)))
	copy(b[atIdentity:], s.position.Identity[:])
	le.PutUint64(b[atGeneration:], s.generation)
	le.PutUint64(b[atAcked:], s.position.Acked)
	le.PutUint64(b[atTold:], s.position.Told)
	copy(b[atEvent:], s.position.Event[:])
	copy(b[atName:], s.name)
	le.PutUint32(b[atSum:], crc32.Checksum(b[:atSum], castagnoli))
	return b
}

// decode reads a slot, of which b may be a part only. The error is a [mmapseg.VersionError] for a version that this build does
// not know, whose checksum may be elsewhere; any other is damage.
func decode(file string, b []byte) (slot, error) {
	le := binary.LittleEndian
	switch {
	case len(b) < slotSize:
		return slot{}, fmt.Errorf("%d bytes of %d", len(b), slotSize)
	case string(b[:len(magic)]) != magic:
		return slot{}, fmt.Errorf("no magic")
	case le.Uint32(b[atVersion:]) != version:
		return slot{}, &mmapseg.VersionError{File: file, What: "format version", Found: uint64(le.Uint32(b[atVersion:])), Known: version}
	case le.Uint32(b[atSum:]) != crc32.Checksum(b[:atSum], castagnoli):
		return slot{}, fmt.Errorf("wrong checksum")
	}
	length := le.Uint32(b[atNameLength:])
	if length == 0 || length > MaxName {
		return slot{}, fmt.Errorf("a name of %d bytes", length)
	}
	name, rest := b[atName:atName+length], b[atName+length:atSum]
	s := slot{
		name:       string(name),
		generation: le.Uint64(b[atGeneration:]),
		position: Position{
			Identity: [16]byte(b[atIdentity:]), Acked: le.Uint64(b[atAcked:]), Told: le.Uint64(b[atTold:]), Event: [16]byte(b[atEvent:]),
		},
	}
	switch {
	case !utf8.Valid(name):
		return slot{}, fmt.Errorf("a name that is not UTF-8")
	case len(bytes.Trim(rest, "\x00")) != 0:
		return slot{}, fmt.Errorf("bytes behind the name")
	case s.generation == 0 || s.generation == math.MaxUint64:
		return slot{}, fmt.Errorf("generation %d", s.generation)
	}
	return s, nil
}
