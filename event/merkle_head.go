// This file holds heads of the store-wide Merkle tree, and their text for keeping them elsewhere.

package event

import (
	"strconv"
	"strings"

	"github.com/zeebo/blake3"
)

// TreeHead stands for everything that a store held at one moment: the number of its events and the
// root of the Merkle tree over their event hashes, in the order in which they were committed.
//
// Whoever keeps one outside of the store can prove later that what it covers is still there and
// unchanged. Without one, only what contradicts itself is found inside a store: somebody who may write
// all of its files can put another history in its place, or an older copy of it.
//
// Heads can be compared with ==.
type TreeHead struct {
	Origin   ID     // random name of the store, which every copy of it keeps
	Identity ID     // of the copy that made the head
	Size     uint64 // events that the head covers
	Root     Hash   // of the tree over their hashes; that of no events is [EmptyRoot]
}

// headTag begins the text of a head and gives its version.
const headTag = "batpak-head/1"

// EmptyRoot returns the root of the tree without leaves: the BLAKE3 hash of nothing.
func EmptyRoot() Hash { return blake3.Sum256(nil) }

// String returns the head as one line of 180 characters at most, which [ParseTreeHead] reads:
//
//	batpak-head/1 ORIGIN IDENTITY SIZE ROOT
//
// Origin and identity are 32 hex digits each, the size is decimal, the root has 64 hex digits.
func (h TreeHead) String() string {
	line := make([]byte, 0, 184)
	line, _ = h.AppendText(line) // never fails
	return string(line)
}

// AppendText appends the form of [TreeHead.String]. It never fails.
func (h TreeHead) AppendText(dst []byte) ([]byte, error) {
	dst = append(dst, headTag...)
	dst = append(append(dst, ' '), h.Origin.String()...)
	dst = append(append(dst, ' '), h.Identity.String()...)
	dst = strconv.AppendUint(append(dst, ' '), h.Size, 10)
	return append(append(dst, ' '), h.Root.String()...), nil
}

// MarshalText returns the form of [TreeHead.String]. It never fails.
func (h TreeHead) MarshalText() ([]byte, error) { return h.AppendText(nil) }

// UnmarshalText reads what [ParseTreeHead] reads and leaves the head as it was on an error.
func (h *TreeHead) UnmarshalText(text []byte) error {
	parsed, err := ParseTreeHead(string(text))
	if err != nil {
		return err
	}
	*h = parsed
	return nil
}

// ParseTreeHead reads the form of [TreeHead.String]; spaces and line ends around it don't count. The
// error is a [FieldError] that names the part.
func ParseTreeHead(s string) (TreeHead, error) {
	parts := strings.Split(strings.TrimSpace(s), " ")
	if parts[0] != headTag || len(parts) != 5 {
		return TreeHead{}, &FieldError{Field: "head", Problem: "not of the form " + headTag + " ORIGIN IDENTITY SIZE ROOT"}
	}
	var head TreeHead
	for _, part := range [...]struct {
		name string
		into *ID
		text string
	}{{"head.origin", &head.Origin, parts[1]}, {"head.identity", &head.Identity, parts[2]}} {
		id, err := ParseID(part.text)
		if err != nil {
			return TreeHead{}, &FieldError{Field: part.name, Problem: "want 32 hex digits"}
		}
		*part.into = id
	}
	size, err := strconv.ParseUint(parts[3], 10, 64)
	if err != nil {
		return TreeHead{}, &FieldError{Field: "head.size", Problem: "want a decimal number of at most 64 bits"}
	}
	root, err := ParseHash(parts[4])
	if err != nil {
		return TreeHead{}, &FieldError{Field: "head.root", Problem: "want 64 hex digits"}
	}
	head.Size, head.Root = size, root
	return head, nil
}
