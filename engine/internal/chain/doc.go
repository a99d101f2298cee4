// Package chain verifies what events are bound together by: the hash chain of each entity, and the
// Merkle tree over all events of a store, of which it also makes heads and proofs.
//
// It knows how the hash of a stored event is computed anew from its frame, which place an
// event has in the tree, which of the tree's nodes the footers of segments keep, and how to name the first event that
// does not hold. It believes no footer: what those say is compared with the frames, or computed from them.
//
// It never knows how events are written or found: queries are given to it. And it never knows
// whether a history that holds is the one that was once written: that takes a head that was kept elsewhere.
package chain
