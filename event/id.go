// This file holds event ids: UUIDv7 of the hybrid logical clock.

package event

import (
	"bytes"
	"encoding/hex"
	"strconv"
)

// ID names one event for good. It is a UUIDv7 made of the hybrid logical clock, so ids of one
// store sort in commit order; imported ids need not. The zero ID means "none".
//
//	byte   0 ...... 5   6          7        8            9        10            11 .... 15
//	       wall ms      0111 cccc  counter  10 cccccc    counter  cccccc rr     random
//	       48 bits      31..28     27..20   19..14       13..6    5..0   41,40  39..0
//
// The lexicographic order of the bytes is the order of (wall, counter, random).
type ID [16]byte

// MakeID returns the id of a moment of the hybrid logical clock: wallMS milliseconds since the Unix
// epoch, of which the low 48 bits count (enough until the year 10889), a counter within that
// millisecond, and the low 42 bits of random.
func MakeID(wallMS uint64, counter uint32, random uint64) ID {
	return ID{
		byte(wallMS >> 40), byte(wallMS >> 32), byte(wallMS >> 24),
		byte(wallMS >> 16), byte(wallMS >> 8), byte(wallMS),
		0x70 | byte(counter>>28),
		byte(counter >> 20),
		0x80 | byte(counter>>14)&0x3f,
		byte(counter >> 6),
		byte(counter&0x3f)<<2 | byte(random>>40)&3,
		byte(random >> 32), byte(random >> 24), byte(random >> 16), byte(random >> 8), byte(random),
	}
}

// ParseID reads 32 hex digits of either case, or the dashed form of 36 characters. It does not ask
// for a particular UUID version, since imported ids can be any. The error is a [FieldError].
func ParseID(s string) (ID, error) {
	var id ID
	if err := id.parse(s); err != nil {
		return ID{}, err
	}
	return id, nil
}

func (id *ID) parse(s string) error {
	var digits [32]byte
	switch len(s) {
	case 32:
		copy(digits[:], s)
	case 36:
		if s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
			return &FieldError{Field: "id", Problem: "36 characters without dashes at 8, 13, 18 and 23"}
		}
		copy(digits[0:], s[0:8])
		copy(digits[8:], s[9:13])
		copy(digits[12:], s[14:18])
		copy(digits[16:], s[19:23])
		copy(digits[20:], s[24:36])
	default:
		return &FieldError{Field: "id", Problem: strconv.Itoa(len(s)) + " characters, want 32 hex digits or the dashed 36"}
	}
	var parsed ID
	if _, err := hex.Decode(parsed[:], digits[:]); err != nil {
		return &FieldError{Field: "id", Problem: "not all hex digits"}
	}
	*id = parsed
	return nil
}

// String returns 32 lower-case hex digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether the id is "none".
func (id ID) IsZero() bool { return id == ID{} }

// Compare returns -1, 0 or +1 by the order of the bytes, which is commit order for ids that one
// store made.
func (id ID) Compare(other ID) int { return bytes.Compare(id[:], other[:]) }

// Wall returns the milliseconds since the Unix epoch that the id was made of. It means nothing for
// an imported id that is not a UUIDv7.
func (id ID) Wall() uint64 {
	return uint64(id[0])<<40 | uint64(id[1])<<32 | uint64(id[2])<<24 |
		uint64(id[3])<<16 | uint64(id[4])<<8 | uint64(id[5])
}

// Counter returns the counter within the millisecond that the id was made of. It means nothing for
// an id that [MakeID] did not make.
func (id ID) Counter() uint32 {
	return uint32(id[6]&0x0f)<<28 | uint32(id[7])<<20 | uint32(id[8]&0x3f)<<14 |
		uint32(id[9])<<6 | uint32(id[10])>>2
}

// AppendText appends the form of [ID.String]. It never fails.
func (id ID) AppendText(dst []byte) ([]byte, error) { return hex.AppendEncode(dst, id[:]), nil }

// MarshalText returns the form of [ID.String]. It never fails.
func (id ID) MarshalText() ([]byte, error) { return id.AppendText(nil) }

// UnmarshalText reads what [ParseID] reads and leaves the id as it was on an error.
func (id *ID) UnmarshalText(text []byte) error { return id.parse(string(text)) }
