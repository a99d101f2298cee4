// This file holds the frontier: what of a tree is needed to add leaves to it and to know its root.

package chain

import (
	"slices"

	"github.com/batpak/batpak/event"
)

// frontier is the roots of the perfect subtrees that the leaves of a tree make up, the largest first: one for each bit of
// their number. The zero frontier is that of no leaves.
type frontier struct {
	size  uint64
	roots []event.Hash
}

// add adds a perfect subtree of 2^level leaves, given by its root. The number of leaves before must be a multiple of theirs.
func (f *frontier) add(root event.Hash, level uint) {
	before := f.size
	f.size += 1 << level
	for ; before>>level&1 == 1; level++ {
		last := len(f.roots) - 1
		root = event.NodeHash(f.roots[last], root)
		f.roots = f.roots[:last]
	}
	f.roots = append(f.roots, root)
}

// reset takes all leaves out.
func (f *frontier) reset() { f.size, f.roots = 0, f.roots[:0] }

// root returns the root of the tree.
func (f *frontier) root() event.Hash { return rootOf(f.roots) }

// with returns the root of the tree with the leaves of another frontier behind, fewer than the last subtree has.
func (f *frontier) with(rest []event.Hash) event.Hash {
	return rootOf(append(slices.Clone(f.roots), rest...))
}

// rootOf folds the roots of perfect subtrees that become smaller.
func rootOf(roots []event.Hash) event.Hash {
	if len(roots) == 0 {
		return event.EmptyRoot()
	}
	root := roots[len(roots)-1]
	for i := len(roots) - 2; i >= 0; i-- {
		root = event.NodeHash(roots[i], root)
	}
	return root
}
