// Appending.

package engine

import (
	"context"
	"fmt"

	"github.com/batpak/batpak/engine/internal/commit"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/payload"
)

// Receipt says where an event was stored.
type Receipt struct {
	ID        event.ID
	Sequence  uint64 // position in the store, from 1
	Timestamp int64  // the clock's time, microseconds since the Unix epoch
	Position  event.Position
	Hash      event.Hash // link of the entity's hash chain; zeros without hashing
}

// Append stores value, encoded as deterministic MessagePack, as an event of this
// kind at the coordinate. How Go values, struct tags and marshalers map to
// MessagePack is told in package event. When it returns depends on the store's
// [SyncPolicy].
//
// Errors: [ErrInvalid] for a zero coordinate, a reserved kind, a value that can't
// be encoded (a channel, a function, a cycle, more than 100 levels) or is too long;
// [ErrClosed], [ErrReadOnly], [ErrPoisoned], [ErrNoSpace], [ErrLimit]: nothing was stored;
// [ErrCorrupt] when the entity's newest event is damaged, so that the next clock is
// not known, [ErrMapFault] when it could not be read: nothing was stored either;
// [ErrIndeterminate]: the sync failed, the event may or may not survive.
func (s *Store) Append(at event.Coordinate, kind event.Kind, value any) (Receipt, error) {
	return s.AppendWith(at, kind, value, AppendOptions{})
}

// AppendWith is [Store.Append] with options.
func (s *Store) AppendWith(at event.Coordinate, kind event.Kind, value any, options AppendOptions) (Receipt, error) {
	buf, _ := s.encodings.Get().(*[]byte)
	if buf == nil {
		buf = new([]byte)
	}
	encoded, err := payload.AppendMessagePack((*buf)[:0], value)
	if err != nil {
		return Receipt{}, fmt.Errorf("append %s to %s: %w", kind, at, err)
	}
	receipt, err := s.AppendBytesWith(at, kind, event.CodecMessagePack, encoded, options)
	if cap(encoded) <= 1<<20 {
		*buf = encoded
		s.encodings.Put(buf)
	}
	return receipt, err
}

// AppendBytes stores a payload that is encoded already: raw bytes, JSON or
// MessagePack, as codec says; it is stored as given and not looked into. The
// engine copies it before it returns or waits, changing it meanwhile gives an event
// with some mixture of both, whole and with the right hash.
//
// The errors are those of [Store.Append]; ErrInvalid also for a codec that does not
// exist. No memory is allocated, but for some words by the system call of a sync.
func (s *Store) AppendBytes(at event.Coordinate, kind event.Kind, codec event.Codec, payload []byte) (Receipt, error) {
	return s.AppendBytesWith(at, kind, codec, payload, AppendOptions{})
}

// AppendBytesWith is [Store.AppendBytes] with options. A cause that no visible
// event has is [ErrNotFound].
func (s *Store) AppendBytesWith(at event.Coordinate, kind event.Kind, codec event.Codec, payload []byte, options AppendOptions) (Receipt, error) {
	if s.log == nil {
		return Receipt{}, s.notWritten()
	}
	if options.Wait > WaitStaged {
		return Receipt{}, &OptionError{"Wait", options.Wait, "WaitPolicy, WaitDurable or WaitStaged"}
	}
	unit := s.log.NewUnit()
	defer s.log.Release(unit)
	draft := &unit.Draft
	draft.Coordinate, draft.Kind, draft.Codec, draft.Payload = at, kind, codec, payload
	draft.Flags, draft.Version, draft.Lane = options.Flags, options.Version, options.Lane
	draft.Metadata, draft.Correlation, draft.Cause = options.Metadata, options.Correlation, options.Cause
	if len(options.Tags) != 0 {
		draft.Tags = unit.Tags(options.Tags)
	}
	if err := draft.Validate(s.maxPayload); err != nil {
		return Receipt{}, err
	}
	var cause commit.Cause
	if !draft.Cause.IsZero() {
		found, err := s.reader.ByID(draft.Cause)
		if err != nil {
			return Receipt{}, fmt.Errorf("cause %s: %w", draft.Cause, err)
		}
		cause = commit.Cause{ID: draft.Cause, Sequence: found.Sequence, Depth: found.Depth}
	}
	s.log.Encode(unit, cause)
	receipt, err := s.log.Append(unit, commit.Wait(options.Wait))
	return Receipt(receipt), err
}

// Sync makes everything durable that was appended before the call, whatever the
// policy is, and waits for that. Errors: [ErrIndeterminate] when the sync failed: it
// poisons the store, and what was staged since the last one may be lost;
// [ErrPoisoned], [ErrClosed], [ErrReadOnly].
func (s *Store) Sync() error {
	if s.log == nil {
		return s.notWritten()
	}
	return s.log.Sync()
}

// WaitDurable returns when the event with this sequence, and with it every one before, is
// durable. Under [SyncManual] and [SyncEvery] it sees to it that a sync begins at once, unless ctx has ended already.
//
// Errors: [ErrIndeterminate] when that sync failed, or ctx ended first (errors.Is then finds
// the error of ctx, too): the event may become durable all the same. [ErrNotFound], at once, when no
// event was given this sequence yet, or it is 0; the error is a [LostError] when an unclean end
// gave the sequence up. [ErrInvalid] for a nil ctx; [ErrClosed], [ErrReadOnly]. It is never ErrPoisoned: after a failed sync every wait for what that
// did not cover is ErrIndeterminate.
func (s *Store) WaitDurable(ctx context.Context, sequence uint64) error {
	if ctx == nil {
		return &OptionError{"ctx", ctx, "a context"}
	}
	if s.log == nil {
		return s.notWritten()
	}
	if s.log.Closing() {
		return ErrClosed
	}
	if lost := s.lostAt(sequence); lost != nil {
		return lost
	}
	return s.log.Wait(ctx, sequence)
}

// notWritten says why a store without a log can't be written.
func (s *Store) notWritten() error {
	if s.closing.Load() {
		return ErrClosed
	}
	return ErrReadOnly
}
