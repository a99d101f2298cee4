// This file holds finding the nodes of the tree: from the footers of sealed segments, from events, and from what was computed before.
//
// Footers keep the roots of aligned runs of 256 leaves that lie wholly in their segment. The leaves of the other runs, of which
// there is one for every change of segments and those of what is not sealed, are read. What lies above the runs is computed, and kept
// in memory for blocks of 65,536 leaves: 32 bytes and a map's overhead for each of these, less than 0.002 bytes an event. Of a
// block that is not whole yet, or not known yet, the runs that had to be read are kept, 256 at most.

package chain

import (
	"errors"
	"math/bits"
	"sync"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/checked"
	"github.com/batpak/batpak/mmapseg"
)

// The levels of the tree whose nodes are kept: in footers, and in memory.
const (
	runLevel   = 8
	runLeaves  = 1 << runLevel
	blockLevel = 16
)

// A run is what footers keep nodes of.
var _ = [1]struct{}{}[runLeaves-mmapseg.TreeRun]

// nodes are what was computed of a tree that only grows: nodes below the durable watermark never change.
type nodes struct {
	mu     sync.RWMutex
	blocks map[uint64]event.Hash
	runs   map[uint64]event.Hash // none of a block that is known
}

func (n *nodes) block(number uint64) (event.Hash, bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	hash, ok := n.blocks[number]
	return hash, ok
}

func (n *nodes) run(number uint64) (event.Hash, bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	hash, ok := n.runs[number]
	return hash, ok
}

func (n *nodes) keepBlock(number uint64, hash event.Hash) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.blocks == nil {
		n.blocks = make(map[uint64]event.Hash)
	}
	n.blocks[number] = hash
	const runs = 1 << (blockLevel - runLevel)
	for run := number * runs; run < (number+1)*runs; run++ {
		delete(n.runs, run)
	}
}

func (n *nodes) keepRun(number uint64, hash event.Hash) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.runs == nil {
		n.runs = make(map[uint64]event.Hash)
	}
	if _, known := n.blocks[number>>(blockLevel-runLevel)]; !known {
		n.runs[number] = hash
	}
}

// climber computes nodes of the tree over a layout. It belongs to one goroutine.
type climber struct {
	chain  *Chain
	layout layout
	size   uint64 // leaves that are in the tree

	segment *mmapseg.Segment // whose footer's nodes are these
	nodes   []event.Hash
	first   uint64

	run    uint64 // whose leaves are these
	leaves []event.Hash
}

// climb returns a climber over the first leaves of a layout.
func (c *Chain) climb(l layout, size uint64) *climber {
	return &climber{chain: c, layout: l, size: size}
}

// root returns the root of the tree.
func (t *climber) root() (event.Hash, error) {
	if t.size == 0 {
		return event.EmptyRoot(), nil
	}
	return t.hash(0, t.size)
}

// split returns the number of leaves in the left subtree of a tree of n, 2 or more: the largest power of two below n.
func split(n uint64) uint64 { return 1 << (bits.Len64(n-1) - 1) }

// hash returns the hash of the tree over the leaves from one up to another, one at least. The first is a multiple of the smallest power
// of two that is not less than their number, as with all subtrees.
func (t *climber) hash(from, to uint64) (event.Hash, error) {
	n := to - from
	if n&(n-1) == 0 {
		return t.perfect(uint(bits.TrailingZeros64(n)), from)
	}
	middle := from + split(n)
	left, err := t.hash(from, middle)
	if err != nil {
		return event.Hash{}, err
	}
	right, err := t.hash(middle, to)
	return event.NodeHash(left, right), err
}

// perfect returns the root of the 2^level leaves from one on, which is a multiple of their number.
func (t *climber) perfect(level uint, from uint64) (event.Hash, error) {
	switch level {
	case 0:
		return t.leaf(from)
	case runLevel:
		return t.runAt(from >> runLevel)
	case blockLevel:
		if hash, ok := t.chain.nodes.block(from >> blockLevel); ok {
			return hash, nil
		}
	}
	left, err := t.perfect(level-1, from)
	if err != nil {
		return event.Hash{}, err
	}
	right, err := t.perfect(level-1, from+1<<(level-1))
	if err != nil {
		return event.Hash{}, err
	}
	hash := event.NodeHash(left, right)
	if level == blockLevel {
		t.chain.nodes.keepBlock(from>>blockLevel, hash)
	}
	return hash, nil
}

// runAt returns the root of a whole run.
func (t *climber) runAt(number uint64) (event.Hash, error) {
	if hash, ok, err := t.footerNode(number); ok || err != nil {
		return hash, err
	}
	if hash, ok := t.chain.nodes.run(number); ok {
		return hash, nil
	}
	if err := t.read(number); err != nil {
		return event.Hash{}, err
	}
	hash := t.readRoot()
	t.chain.nodes.keepRun(number, hash)
	return hash, nil
}

// footerNode returns the node of a run that a footer keeps.
func (t *climber) footerNode(number uint64) (hash event.Hash, ok bool, err error) {
	rest := t.layout.from(number << runLevel)
	if len(rest) == 0 || rest[0].end() < (number+1)<<runLevel || !rest[0].segment.Sealed() {
		return hash, false, nil
	}
	if rest[0].segment != t.segment {
		t.nodes, t.first, err = rest[0].segment.TreeNodes(t.nodes[:0])
		t.segment = rest[0].segment
		if err != nil {
			t.nodes = t.nodes[:0]
			if !errors.Is(err, checked.ErrDamaged) {
				return hash, false, t.chain.translate(err)
			}
		}
	}
	if number < t.first || number-t.first >= uint64(len(t.nodes)) {
		return hash, false, nil
	}
	return t.nodes[number-t.first], true, nil
}

// readRoot returns the root of the leaves that were read last.
func (t *climber) readRoot() event.Hash {
	var f frontier
	for _, leaf := range t.leaves {
		f.add(leaf, 0)
	}
	return f.root()
}

// leaf returns the hash of a leaf.
func (t *climber) leaf(number uint64) (event.Hash, error) {
	if t.leaves == nil || number>>runLevel != t.run {
		if err := t.read(number >> runLevel); err != nil {
			return event.Hash{}, err
		}
	}
	return t.leaves[number%runLeaves], nil
}

// read reads the leaves of a run that are in the tree.
func (t *climber) read(number uint64) error {
	from, to := number<<runLevel, min((number+1)<<runLevel, t.size)
	leaves := t.leaves[:0]
	t.leaves = nil
	for _, s := range t.layout.from(from) {
		if s.base >= to {
			break
		}
		first, last := s.first+max(from, s.base)-s.base, s.first+min(to, s.end())-s.base-1
		var err error
		if leaves, err = t.chain.appendLeaves(leaves, first, last); err != nil {
			return err
		}
	}
	if uint64(len(leaves)) != to-from {
		return &Error{Sequence: t.layout.sequenceOf(from), Reason: Order, Detail: "segments count the events before them in another way than there are"}
	}
	t.run, t.leaves = number, leaves
	return nil
}

// appendLeaves appends the leaves of the events with sequences from first to last.
func (c *Chain) appendLeaves(leaves []event.Hash, first, last uint64) ([]event.Hash, error) {
	frames := c.Set.Reader(first, last, true)
	defer frames.Close()
	for due := first; ; due++ {
		f, _, ok, err := frames.Next()
		switch {
		case err != nil:
			if e := damaged(due, err); e != nil {
				return leaves, e
			}
			return leaves, c.translate(err)
		case !ok && due <= last, ok && f.Sequence() != due:
			return leaves, c.missing(due)
		case !ok:
			return leaves, nil
		}
		hash, ok := f.EventHash()
		if !ok {
			return leaves, &Error{Sequence: due, ID: f.ID(), Reason: Hash, Detail: "it has no hash"}
		}
		leaves = append(leaves, event.LeafHash(hash))
	}
}
