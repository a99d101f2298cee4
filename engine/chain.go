// The hash chain: walking it, and verifying it.

package engine

import (
	"context"
	"fmt"
	"iter"

	"github.com/batpak/batpak/engine/internal/chain"
	"github.com/batpak/batpak/event"
)

var (
	// ErrChain: an event, or a head, does not hold. The error is a [ChainError].
	ErrChain = chain.ErrChain
	// ErrNoHashes: the store was created with HashingOff, so that there is nothing to verify, and no head.
	ErrNoHashes = chain.ErrNoHashes
)

// ChainError says which event does not hold, and why: its fields are the Sequence, the ID and the Entity of the event, zero where they are not
// known, the Reason, a Detail in words, and Err, what reading it gave. It is [ErrChain] to errors.Is, and [ErrCorrupt] too if the reason is that
// bytes are damaged.
type ChainError = chain.Error

// ChainReason is why an event does not hold.
type ChainReason = chain.Reason

// The reasons. Somebody who changes an event, and sees to it that its checksum is right, causes ChainHash; who computes the hash
// anew as well, ChainHash at the entity's next event or ChainNode; who does that for all that follows and for the footers too is found only by a head
// that was kept elsewhere: ChainHead.
const (
	// ChainDamaged: the event, the one of its entity before it, or its cause can't be read.
	ChainDamaged = chain.Damaged
	// ChainMissing: no event has a sequence that was given out and that no unclean end gave up.
	ChainMissing = chain.Missing
	// ChainOrder: the sequence, the time or the place in the tree does not go on from the event before.
	ChainOrder = chain.Order
	// ChainClock: the clock does not go on from that of the entity's event before.
	ChainClock = chain.Clock
	// ChainHash: the hash is not the one that what the event says and the hash of its entity's event before make.
	ChainHash = chain.Hash
	// ChainRequest: the digest that stands beside the idempotency key is not that of the event.
	ChainRequest = chain.Request
	// ChainCause: the cause is not where the event says that it is, or at another depth.
	ChainCause = chain.Cause
	// ChainNode: the events from this one on, 256 at most, hold by themselves, but are not those of which the footer of their segment keeps a
	// node of the tree.
	ChainNode = chain.Node
	// ChainHead: a [event.TreeHead] is not one of this history.
	ChainHead = chain.Head
)

// WalkChain yields the event with this id and those of its entity before it, the newest first, along the hash chain; at most
// limit of them, or all for 0. Each link is verified as it is walked: an event's hash is computed anew from what it says and from the hash of the
// event before it, and compared. The slices of an event are valid until the next step.
//
// An event that does not hold is a [ChainError] in its place, and going on walks from the one before it. Other errors end the loop:
// [ErrNotFound] when no visible event has the id, [ErrNoHashes], [ErrInvalid] for a negative limit, [ErrMapFault], [ErrClosed], and [ErrCorrupt]
// when the event that has the id can't be read.
func (s *Store) WalkChain(id event.ID, limit int) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		if limit < 0 {
			yield(event.Event{}, &OptionError{"limit", limit, "0 (no limit) or more"})
			return
		}
		found, err := s.reader.ByID(id)
		if err != nil {
			yield(event.Event{}, fmt.Errorf("id %s: %w", id, err))
			return
		}
		s.chain.Walk(found.Sequence, limit)(yield)
	}
}

// MaxVerifyWorkers is how many workers [VerifyOptions] may ask for.
const MaxVerifyWorkers = chain.MaxWorkers

// VerifyOptions are how [Store.VerifyChain] verifies. The zero value uses all processors.
type VerifyOptions struct {
	// Workers is how many goroutines verify at the same time, 1 to MaxVerifyWorkers; 0: as many as run in parallel, GOMAXPROCS.
	// Appends that go on meanwhile share the processors with them.
	Workers int
	// Heads were kept elsewhere, and are to belong to this history: the first events are those that they cover. They
	// need all events, and are refused where the region is not [event.Everything].
	Heads []event.TreeHead
	// Progress is called now and then with how many events were verified, and with the number of those to be looked at. It is called by one
	// goroutine at a time, and verifying waits for it. nil: nobody is told.
	Progress func(verified, of uint64)
}

// check refuses options that can't be kept.
func (o *VerifyOptions) check(region event.Region) error {
	switch {
	case o.Workers < 0 || o.Workers > MaxVerifyWorkers:
		return &OptionError{"Workers", o.Workers, fmt.Sprintf("from 1 to %d, or 0", MaxVerifyWorkers)}
	case len(o.Heads) != 0 && !region.IsEverything():
		return &OptionError{"Heads", fmt.Sprintf("%d heads", len(o.Heads)), "none where only a region is verified"}
	}
	return nil
}

// ChainReport is what [Store.VerifyChain] verified: all that was asked for, or what comes before the event that does not hold. Then Events is
// exact when everything is verified, and all other numbers may count what lies a little further.
type ChainReport struct {
	Events   uint64 // that hold
	Entities uint64 // that these belong to
	Bytes    uint64 // of their payloads
	// Nodes is the number of tree nodes in the footers of segments that were compared with the events; 0 unless everything was
	// verified.
	Nodes uint64
	// Head is the head of the tree over all durable events, computed from what they say; zero unless everything was verified.
	Head event.TreeHead
}

// String returns one line for people.
func (r ChainReport) String() string {
	text := fmt.Sprintf("%d events of %d entities hold, %d bytes of payload", r.Events, r.Entities, r.Bytes)
	if !r.Head.Origin.IsZero() {
		text += fmt.Sprintf("; %d tree nodes; root of the first %d events: %s", r.Nodes, r.Head.Size, r.Head.Root)
	}
	return text
}

// VerifyChain verifies the events that a region selects, as far as they are visible when it begins: that the hash of each is the
// one that what it says and the hash of its entity's event before make, so that nothing of it was changed; that its clock follows that
// one's, which need not be in the region; that its cause is where it says. If the region is [event.Everything] it also verifies that no sequence is missing but those that unclean ends gave up, that
// all are in the order of their times, and the Merkle tree over all of them: with the nodes that footers keep, and with the heads of the options.
//
// It returns nil, or a [ChainError] about the event with the lowest sequence that does not hold. That everything holds means that what is in the store
// is a history that belongs together; only heads that were kept elsewhere show that it is the one which was once written: whoever may write all of its
// files can write another one, or put back an earlier state.
//
// It reads everything, on all processors, and computes three hashes or more for every event. It holds 30 MiB at most for each worker, and about
// 100 bytes for every entity that it meets when everything is verified, 50 for those of a region. Appending and reading go on meanwhile.
//
// Other errors: [ErrNoHashes]; that of ctx; [ErrInvalid] for options out of range and a nil ctx; [ErrMapFault]; [ErrClosed].
func (s *Store) VerifyChain(ctx context.Context, region event.Region, options VerifyOptions) (ChainReport, error) {
	if ctx == nil {
		return ChainReport{}, &OptionError{"ctx", ctx, "a context"}
	}
	if err := options.check(region); err != nil {
		return ChainReport{}, err
	}
	if region.IsEverything() {
		report, err := s.chain.VerifyAll(ctx, chain.Options(options))
		return ChainReport(report), err
	}
	report, err := s.chain.VerifyRegion(ctx, region, chain.Options(options))
	return ChainReport(report), err
}
