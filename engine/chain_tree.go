// The Merkle tree over all events: heads, and proofs against them.

package engine

import (
	"fmt"
	"iter"
	"sort"

	"github.com/batpak/batpak/engine/internal/chain"
	"github.com/batpak/batpak/engine/internal/query"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/mmapseg"
	"github.com/batpak/batpak/recovery"
)

// Head returns the head of the Merkle tree over all durable events: one line of text that stands for all of them, to be
// kept where who can change the store can't change it. [Store.CheckHead], [Store.VerifyChain] and [Store.ProveConsistency] hold the store to it later.
//
// The nodes that the footers of sealed segments keep are believed. What is not sealed is hashed, and what was computed is kept
// for the next call: 32 bytes for each 65,536 events and some KiB. So the first call takes some milliseconds for each million events, and
// a later one reads at most 256 events and what is new.
//
// Errors: [ErrNoHashes]; [ErrCorrupt], as a [ChainError], when events are damaged of which no footer keeps a node; [ErrMapFault]; [ErrClosed].
func (s *Store) Head() (event.TreeHead, error) { return s.chain.Head() }

// CheckHead returns nil if the store still holds what the head was made of, with more behind it or not: so that an
// earlier state that was put back, and another history, are found. It costs and believes what [Store.Head] does; that the events
// themselves are those is for VerifyChain to show, which takes heads too.
//
// Errors: a [ChainError] with the reason ChainHead if the head is not one of this history; those of Head.
func (s *Store) CheckHead(head event.TreeHead) error { return s.chain.Check(head) }

// Prove returns the proof that the event with this id is one of those that a head of this store covers; [event.VerifyEvent] and
// [event.VerifyInclusion] check it without the store. Before, the event and its link to the one before it are verified. It reads
// 256 events at most, and has 64 hashes at most.
//
// Errors: [ErrNotFound] when no visible event has the id; [ErrInvalid] when the head covers only events before it; [ErrChain], as a
// [ChainError], when the event, or the head, does not hold; [ErrNoHashes], [ErrCorrupt], [ErrMapFault], [ErrClosed].
func (s *Store) Prove(id event.ID, head event.TreeHead) (event.InclusionProof, error) {
	found, err := s.reader.ByID(id)
	if err != nil {
		return event.InclusionProof{}, fmt.Errorf("id %s: %w", id, err)
	}
	return s.chain.Prove(found.Sequence, head)
}

// ProveConsistency returns the proof that what one head of this store covers is the beginning of what a newer one does;
// [event.VerifyConsistency] checks it without the store.
//
// Errors: [ErrInvalid] when the older head covers more; [ErrChain], as a [ChainError], when one of them is no head of this history;
// [ErrNoHashes], [ErrCorrupt], [ErrMapFault], [ErrClosed].
func (s *Store) ProveConsistency(older, newer event.TreeHead) (event.ConsistencyProof, error) {
	return s.chain.ProveConsistency(older, newer)
}

// startChain makes what verifies the store's chains, once it is known whose they are.
func (s *Store) startChain(origin mmapseg.Origin, decoder *mmapseg.Decoder, state *recovery.State) {
	durable := func() uint64 { return s.log.State().Durable }
	if s.log == nil && state.Clean {
		durable = s.set.Visible
	} else if s.log == nil {
		proven := s.durableBelow(state.Durable)
		durable = func() uint64 { return proven }
	}
	s.chain = chain.New(chain.Config{
		Set: s.set, Decoder: decoder, Origin: event.ID(origin), Identity: s.identity, Hashing: s.hashing, Damage: state.Damage, Lost: s.lost,
		Ended: ErrClosed, Closed: s.closing.Load, Durable: durable, At: s.reader.Into,
		Query: func(region event.Region, backward bool, limit int) iter.Seq2[event.Event, error] {
			return s.reader.Query(region, query.Options{Backward: backward, Limit: limit, Check: true})
		},
	})
}

// durableBelow returns the highest sequence whose event ends below a durable mark, for a store that was not closed and is open for reading
// only: nothing proves that what lies behind it is on the disk.
func (s *Store) durableBelow(mark mmapseg.Mark) (last uint64) {
	for _, segment := range s.set.Segments() {
		in := segment.Range(s.set.Visible())
		if in.IsZero() {
			continue
		}
		if mmapseg.MakeMark(segment.Number, segment.End()) <= mark {
			last = in.Last
			continue
		}
		n := sort.Search(int(in.Last-in.First)+1, func(i int) bool {
			f, _, _, err := s.set.Find(in.First+uint64(i), nil, false)
			return err != nil || mmapseg.MakeMark(segment.Number, f.End()) > mark
		})
		if n > 0 {
			last = in.First + uint64(n) - 1
		}
		break
	}
	return last
}
