// This file holds the type of every hash: BLAKE3 with 32 bytes.

package event

import (
	"encoding/hex"
	"strconv"
)

// Hash is a BLAKE3 hash of 32 bytes. The zero value means "none": hashing is off, or there is no
// predecessor.
type Hash [32]byte

// String returns 64 lower-case hex digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// IsZero reports whether the hash is "none".
func (h Hash) IsZero() bool { return h == Hash{} }

// ParseHash reads 64 hex digits of either case. The error is a [FieldError].
func ParseHash(s string) (Hash, error) {
	var h Hash
	if len(s) != 2*len(h) {
		return Hash{}, &FieldError{Field: "hash", Problem: strconv.Itoa(len(s)) + " characters, want 64 hex digits"}
	}
	if _, err := hex.Decode(h[:], []byte(s)); err != nil {
		return Hash{}, &FieldError{Field: "hash", Problem: "not all hex digits"}
	}
	return h, nil
}

// AppendText appends the form of [Hash.String]. It never fails.
func (h Hash) AppendText(dst []byte) ([]byte, error) { return hex.AppendEncode(dst, h[:]), nil }

// MarshalText returns the form of [Hash.String]. It never fails.
func (h Hash) MarshalText() ([]byte, error) { return h.AppendText(nil) }

// UnmarshalText reads what [ParseHash] reads and leaves the hash as it was on an error.
func (h *Hash) UnmarshalText(text []byte) error {
	parsed, err := ParseHash(string(text))
	if err != nil {
		return err
	}
	*h = parsed
	return nil
}
