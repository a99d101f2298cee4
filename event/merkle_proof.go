// This file holds proofs about the store-wide Merkle tree, and checking them without the store. They are
// those of RFC 9162, sections 2.1.3 and 2.1.4, with BLAKE3.

package event

import (
	"errors"
	"fmt"
	"math/bits"
)

// ErrProof reports that a proof does not show what it should. Every [ProofError] is it.
var ErrProof = errors.New("batpak: the proof does not hold")

// ProofError says in what a proof fails. It is [ErrProof] to errors.Is.
type ProofError struct{ Problem string }

// Error gives the problem.
func (e *ProofError) Error() string { return ErrProof.Error() + ": " + e.Problem }

// Is makes the error match [ErrProof].
func (e *ProofError) Is(target error) bool { return target == ErrProof }

func proofError(format string, args ...any) error {
	return &ProofError{Problem: fmt.Sprintf(format, args...)}
}

// InclusionProof shows that an event is one of those that a head covers. Its text form is JSON, by
// encoding/json.
type InclusionProof struct {
	Leaf uint64 `json:"leaf"` // the event's place in the tree, from 0: how many events were committed before it
	Size uint64 `json:"size"` // of the tree, as in the head
	Prev Hash   `json:"prev"` // event hash of the entity's event before; zeros at its first
	Path []Hash `json:"path"` // the neighbours on the way from the leaf to the root
}

// VerifyInclusion checks that the event with this hash is one of those that the head covers. It
// returns nil or a [ProofError]. It needs no store, and is for whoever was given the event, the proof and, by
// a way that he trusts, the head. That the hash is the event's is for [VerifyEvent] to show.
func VerifyInclusion(proof InclusionProof, eventHash Hash, head TreeHead) error {
	switch {
	case proof.Size != head.Size:
		return proofError("of a tree of %d events, the head covers %d", proof.Size, head.Size)
	case proof.Leaf >= proof.Size:
		return proofError("leaf %d of a tree of %d events", proof.Leaf, proof.Size)
	}
	at, last := proof.Leaf, proof.Size-1
	root := LeafHash(eventHash)
	for _, neighbour := range proof.Path {
		if last == 0 {
			return proofError("%d hashes, more than the way to the root has", len(proof.Path))
		}
		if at&1 == 1 || at == last {
			root = NodeHash(neighbour, root)
			for at&1 == 0 && at != 0 { // the last of its level has no neighbour on some levels
				at, last = at>>1, last>>1
			}
		} else {
			root = NodeHash(root, neighbour)
		}
		at, last = at>>1, last>>1
	}
	switch {
	case last != 0:
		return proofError("%d hashes, fewer than the way to the root has", len(proof.Path))
	case root != head.Root:
		return proofError("it leads to the root %s, the head has %s", root, head.Root)
	}
	return nil
}

// VerifyEvent checks that the event, as it is with all that it says, is one of those that the head
// covers: its hash is computed from its content, and [VerifyInclusion] checks that. Errors: [ProofError],
// and [TombstoneError] for an event whose payload was dropped, so that its hash can't be computed.
func VerifyEvent(e *Event, proof InclusionProof, head TreeHead) error {
	hash, err := e.ChainHash(proof.Prev)
	if err != nil {
		return err
	}
	return VerifyInclusion(proof, hash, head)
}

// ChainHash returns the hash that the event must have, computed from what it says and from the event
// hash of its entity's event before; zeros: it is the entity's first. The error is a [TombstoneError] for an event whose
// payload was dropped.
func (e *Event) ChainHash(prev Hash) (Hash, error) {
	if e.Tombstone {
		return Hash{}, &TombstoneError{ID: e.ID, Sequence: e.Sequence}
	}
	draft := e.Draft()
	var room [256]byte
	digest, _ := Digest(room[:0], &draft, PayloadHash(e.Payload))
	link := e.Link(prev, digest)
	return link.Hash(), nil
}

// Link returns what the event's hash covers, given the event hash of its entity's event before and the
// [Digest] of its draft.
func (e *Event) Link(prev, digest Hash) Link {
	link := Link{
		Prev: prev, Digest: digest, ID: e.ID, Timestamp: e.Timestamp, Sequence: e.Sequence, Clock: e.Position.Clock,
		Depth: e.Position.Depth, Wall: e.Position.Wall, Counter: e.Position.Counter,
	}
	if e.Gate != nil {
		link.Gate = e.Gate.Digest()
	}
	return link
}

// ConsistencyProof shows that what an older head covers is the beginning of what a newer one does: nothing
// was changed, dropped or put in between. Its text form is JSON, by encoding/json.
type ConsistencyProof struct {
	Older uint64 `json:"older"` // size of the older tree
	Newer uint64 `json:"newer"` // size of the newer one
	Path  []Hash `json:"path"`  // the nodes from which both roots follow
}

// VerifyConsistency checks that what the older head covers is the beginning of what the newer one covers. It
// returns nil or a [ProofError], also for heads of stores with different origins. It needs no store.
func VerifyConsistency(proof ConsistencyProof, older, newer TreeHead) error {
	switch {
	case older.Origin != newer.Origin:
		return proofError("the heads are those of different stores")
	case proof.Older != older.Size || proof.Newer != newer.Size:
		return proofError("of trees of %d and %d events, the heads cover %d and %d", proof.Older, proof.Newer, older.Size, newer.Size)
	case older.Size > newer.Size:
		return proofError("the older head covers %d events, the newer one %d", older.Size, newer.Size)
	}
	if older.Size == 0 || older.Size == newer.Size {
		return verifyTrivial(proof, older, newer)
	}
	path := proof.Path
	if older.Size&(older.Size-1) == 0 { // the older tree is itself a node of the newer one
		path = append([]Hash{older.Root}, path...)
	}
	if len(path) == 0 {
		return proofError("no hashes")
	}
	at, last := older.Size-1, newer.Size-1
	skip := bits.TrailingZeros64(^at) // levels on which the older tree's last node is complete
	at, last = at>>skip, last>>skip
	oldRoot, newRoot := path[0], path[0]
	for _, node := range path[1:] {
		if last == 0 {
			return proofError("%d hashes, more than the way to the root has", len(proof.Path))
		}
		if at&1 == 1 || at == last {
			oldRoot, newRoot = NodeHash(node, oldRoot), NodeHash(node, newRoot)
			for at&1 == 0 && at != 0 {
				at, last = at>>1, last>>1
			}
		} else {
			newRoot = NodeHash(newRoot, node)
		}
		at, last = at>>1, last>>1
	}
	switch {
	case last != 0:
		return proofError("%d hashes, fewer than the way to the root has", len(proof.Path))
	case oldRoot != older.Root:
		return proofError("it leads to the older root %s, the head has %s", oldRoot, older.Root)
	case newRoot != newer.Root:
		return proofError("it leads to the newer root %s, the head has %s", newRoot, newer.Root)
	}
	return nil
}

// verifyTrivial checks what needs no hashes: a beginning of nothing, or of everything.
func verifyTrivial(proof ConsistencyProof, older, newer TreeHead) error {
	switch {
	case len(proof.Path) != 0:
		return proofError("%d hashes where none are needed", len(proof.Path))
	case older.Size == 0 && older.Root != EmptyRoot():
		return proofError("the older head covers no events and has a root all the same")
	case older.Size == newer.Size && older.Root != newer.Root:
		return proofError("the heads cover the same number of events and have different roots")
	}
	return nil
}
