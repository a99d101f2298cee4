// This file holds heads of the tree, and proofs against them.

package chain

import (
	"fmt"

	"github.com/batpak/batpak/event"
)

// Head returns the head of the tree over all durable events.
func (c *Chain) Head() (event.TreeHead, error) {
	if err := c.ready(); err != nil {
		return event.TreeHead{}, err
	}
	durable := c.Durable()
	l := c.layoutTo(min(durable, c.Set.Visible()))
	root, err := c.climb(l, l.size()).root()
	if err != nil {
		return event.TreeHead{}, fmt.Errorf("tree of the first %d events: %w", l.size(), err)
	}
	return event.TreeHead{Origin: c.Origin, Identity: c.Identity, Size: l.size(), Root: root}, nil
}

// Check compares a head with the tree as it is now. The error is an [Error] where the head does not belong to it.
func (c *Chain) Check(head event.TreeHead) error {
	if err := c.ready(); err != nil {
		return err
	}
	_, err := c.matching(c.layoutTo(c.Set.Visible()), head)
	return err
}

// matching returns a climber over the tree of a head, if that is one of this store's.
func (c *Chain) matching(l layout, head event.TreeHead) (*climber, error) {
	if err := c.belongs(l, head); err != nil {
		return nil, err
	}
	t := c.climb(l, head.Size)
	root, err := t.root()
	if err != nil {
		return nil, fmt.Errorf("tree of the first %d events: %w", head.Size, err)
	}
	if root != head.Root {
		return nil, otherRoot(head, root)
	}
	return t, nil
}

// belongs says why a head can't be one of the store's, before anything is computed.
func (c *Chain) belongs(l layout, head event.TreeHead) error {
	switch {
	case head.Origin != c.Origin:
		return headFault("it is that of another store, with the origin %s; this one has %s", head.Origin, c.Origin)
	case head.Size > l.size():
		return headFault("it covers %d events, the store holds %d: it was put back to an earlier state, or events were lost", head.Size, l.size())
	}
	return nil
}

func otherRoot(head event.TreeHead, root event.Hash) *Error {
	return headFault("the first %d events have the root %s, not %s: they are not those that the head covers", head.Size, root, head.Root)
}

// Prove proves that the event with a sequence is one of those that a head covers.
func (c *Chain) Prove(sequence uint64, head event.TreeHead) (proof event.InclusionProof, err error) {
	if err := c.ready(); err != nil {
		return proof, err
	}
	l := c.layoutTo(c.Set.Visible())
	leaf, ok := l.leafOf(sequence)
	if ok && leaf >= head.Size {
		return proof, fmt.Errorf("%w: the head covers the first %d events, event %d is not one of them", event.ErrInvalid, head.Size, sequence)
	}
	t, err := c.matching(l, head)
	if err != nil {
		return proof, err
	}
	var ev event.Event
	if err := c.At(sequence, &ev); err != nil {
		return proof, c.translate(err)
	}
	behind, err := c.predecessor(&ev)
	if err != nil {
		return proof, err
	}
	if err := c.verify(new(linker), &ev, behind); err != nil {
		return proof, err
	}
	path, err := t.path(nil, leaf, 0, head.Size)
	if err != nil {
		return proof, fmt.Errorf("path of event %d: %w", sequence, err)
	}
	proof = event.InclusionProof{Leaf: leaf, Size: head.Size, Prev: behind.hash, Path: path}
	if err := event.VerifyInclusion(proof, ev.Hash, head); err != nil {
		return event.InclusionProof{}, c.contradiction(&ev, l, leaf, err)
	}
	return proof, nil
}

// contradiction is the error of a proof that does not hold though the head does: the nodes that footers keep are not those
// of the events.
func (c *Chain) contradiction(ev *event.Event, l layout, leaf uint64, cause error) error {
	from := leaf &^ (runLeaves - 1)
	e := fault(ev, Node, "the nodes that the footers keep are not those of events %d to %d",
		l.sequenceOf(from), l.sequenceOf(min(from+runLeaves, l.size())-1))
	e.Err = cause
	return e
}

// path appends the neighbours on the way of a leaf to the root of the leaves from one up to another, the lowest first.
func (t *climber) path(path []event.Hash, leaf, from, to uint64) ([]event.Hash, error) {
	if to-from == 1 {
		return path, nil
	}
	middle := from + split(to-from)
	near, far := [2]uint64{from, middle}, [2]uint64{middle, to}
	if leaf >= middle {
		near, far = far, near
	}
	path, err := t.path(path, leaf, near[0], near[1])
	if err != nil {
		return nil, err
	}
	neighbour, err := t.hash(far[0], far[1])
	return append(path, neighbour), err
}

// ProveConsistency proves that what one head covers is the beginning of what another one does.
func (c *Chain) ProveConsistency(older, newer event.TreeHead) (proof event.ConsistencyProof, err error) {
	if err := c.ready(); err != nil {
		return proof, err
	}
	if older.Size > newer.Size {
		return proof, fmt.Errorf("%w: the older head covers %d events, the newer one %d", event.ErrInvalid, older.Size, newer.Size)
	}
	l := c.layoutTo(c.Set.Visible())
	if _, err := c.matching(l, older); err != nil {
		return proof, err
	}
	t, err := c.matching(l, newer)
	if err != nil {
		return proof, err
	}
	proof = event.ConsistencyProof{Older: older.Size, Newer: newer.Size}
	if older.Size == 0 || older.Size == newer.Size {
		return proof, nil
	}
	if proof.Path, err = t.consistency(nil, older.Size, 0, newer.Size, true); err != nil {
		return event.ConsistencyProof{}, fmt.Errorf("consistency of %d with %d events: %w", older.Size, newer.Size, err)
	}
	if err := event.VerifyConsistency(proof, older, newer); err != nil {
		return event.ConsistencyProof{}, headFault("the nodes that the footers keep contradict each other: %v", err)
	}
	return proof, nil
}

// consistency appends the nodes that show what the first older leaves of those from one up to another have to do with all of
// them, as SUBPROOF of RFC 9162, 2.1.4.1, does. known says that the verifier has the root of these first ones if they are one subtree.
func (t *climber) consistency(path []event.Hash, older, from, to uint64, known bool) ([]event.Hash, error) {
	if older == to-from {
		if known {
			return path, nil
		}
		root, err := t.hash(from, to)
		return append(path, root), err
	}
	half := split(to - from)
	near, far := [2]uint64{from, from + half}, [2]uint64{from + half, to}
	if older > half {
		near, far, older, known = far, near, older-half, false
	}
	path, err := t.consistency(path, older, near[0], near[1], known)
	if err != nil {
		return nil, err
	}
	neighbour, err := t.hash(far[0], far[1])
	return append(path, neighbour), err
}
