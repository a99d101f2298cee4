// Appending.

package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/batpak/batpak/engine/internal/commit"
	"github.com/batpak/batpak/engine/internal/query"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/gate"
	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/internal/payload"
)

// Receipt says where an event was stored.
type Receipt struct {
	ID        event.ID
	Sequence  uint64 // position in the store, from 1
	Timestamp int64  // the clock's time, microseconds since the Unix epoch
	Position  event.Position
	Hash      event.Hash // link of the entity's hash chain; zeros without hashing
	// Duplicate says that nothing was stored: an earlier append with the same key and the
	// same request had stored the event that the rest of the receipt is about.
	Duplicate bool
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

// AppendBytesWith is [Store.AppendBytes] with options.
//
// Further errors: [ErrNotFound] for a cause that no visible event has; [ErrConflict] when an expectation or a
// condition does not hold, and [ErrIdempotencyConflict] when the key belongs to another request: nothing was
// stored. These two, and a receipt that is a Duplicate, rest on events that readers see, and that are durable if the call
// waits for that; where such an event is staged the call waits for its sync, and gives ErrIndeterminate if that fails. [ErrInvalid]
// also for a key of more than 255 bytes and a condition after a sequence that was not given yet; gate.ErrReceiptUsed for a gate receipt that
// was used before.
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
	if _, err := s.encode(unit, &options, link{}); err != nil {
		return Receipt{}, err
	}
	known, err := s.log.Append(unit, commit.Wait(options.Wait))
	switch {
	case err != nil:
		return Receipt{}, err
	case known != nil:
		return s.duplicate(known[0].First)
	}
	return receiptOf(unit.Receipt(0)), nil
}

// link is how an event hangs together with others beyond what its options say.
type link struct {
	inBatch     uint16 // place in the batch of the item that caused it, from 1; 0: none did
	correlation event.ID
	cause       query.Found // what the options name as the cause, if it was found already
	own         bool        // it is the engine's event, of a reserved kind
}

// encode fills in the unit's draft, of which coordinate, kind, codec and payload are set, and encodes it. A gate receipt is
// used up later, when nothing else is wrong with the unit and its keys are new.
func (s *Store) encode(unit *commit.Unit, options *AppendOptions, link link) (Stage, error) {
	draft := &unit.Draft
	draft.Flags, draft.Version, draft.Lane, draft.Key = options.Flags, options.Version, options.Lane, options.Key
	draft.Metadata, draft.Correlation, draft.Cause, draft.CauseInBatch = options.Metadata, options.Correlation, options.Cause, link.inBatch
	if draft.Correlation.IsZero() {
		draft.Correlation = link.correlation
	}
	draft.Tags = nil
	if len(options.Tags) != 0 {
		draft.Tags = unit.Tags(options.Tags)
	}
	if err := draft.Validate(s.maxPayload); err != nil && !(link.own && errors.Is(err, ErrReservedKind)) {
		return StageValidate, err
	}
	item := unit.Next()
	if options.Expect.kind == theLastID && unit.Earlier(draft.Coordinate.Entity()) != 0 {
		return StageValidate, &event.FieldError{Field: "expect", Problem: "a last id behind an item of the same entity, whose id is not known"}
	}
	if len(options.Conditions) != 0 {
		if err := s.addConditions(unit, options.Conditions, item); err != nil {
			return StageValidate, err
		}
	}
	var cause commit.Cause
	if !draft.Cause.IsZero() {
		found := link.cause
		if found.Sequence == 0 {
			var err error
			if found, err = s.cause(draft.Cause); err != nil {
				return StageCause, err
			}
		}
		cause = commit.Cause{ID: draft.Cause, Sequence: found.Sequence, Depth: found.Depth}
	}
	var passed commit.Gate
	if options.Gate != nil {
		var err error
		if passed, err = evidence(unit, item, options.Gate); err != nil {
			return StageGate, err
		}
	}
	s.log.Encode(unit, cause, passed)
	switch options.Expect.kind {
	case theClock:
		unit.ExpectClock(options.Expect.clock)
	case theLastID:
		unit.Conditions = append(unit.Conditions, options.Expect.of(draft.Coordinate.Entity(), item))
	}
	return 0, nil
}

// cause finds an event that is to be a cause.
func (s *Store) cause(id event.ID) (query.Found, error) {
	found, err := s.reader.ByID(id)
	if err != nil {
		return found, fmt.Errorf("cause %s: %w", id, err)
	}
	if hooks.Enabled && hooks.Planted(hooks.ConversationForgotten) {
		found.Correlation = event.ID{}
	}
	return found, nil
}

// evidence returns what of a gate receipt is stored, and sees to it that the receipt is used up before the unit is judged.
func evidence(unit *commit.Unit, item int, from gate.Evidence) (commit.Gate, error) {
	record, err := gate.RecordOf(from)
	if err != nil {
		return commit.Gate{}, err
	}
	before := unit.Admit
	unit.Admit = func() error {
		if before != nil {
			if err := before(); err != nil {
				return err
			}
		}
		err := gate.Spend(from)
		if err != nil && item >= 0 {
			err = &BatchError{item, StageGate, err}
		}
		return err
	}
	encoded, err := record.AppendBinary(nil)
	if err != nil {
		return commit.Gate{}, err
	}
	return commit.Gate{Record: encoded, Digest: record.Digest(), Outcome: record.Outcome}, nil
}

// AppendReaction is [Store.AppendWith] of an event that another one caused: options.Cause is the cause's id, and
// its correlation is inherited unless the options have one. [ErrNotFound]: no visible event has the id. [ErrInvalid]: the id is zero,
// or the options name another cause.
func (s *Store) AppendReaction(cause event.ID, at event.Coordinate, kind event.Kind, value any, options AppendOptions) (Receipt, error) {
	options, err := s.reacting(cause, options)
	if err != nil {
		return Receipt{}, err
	}
	return s.AppendWith(at, kind, value, options)
}

// reacting returns the options of an event that another one caused.
func (s *Store) reacting(cause event.ID, options AppendOptions) (AppendOptions, error) {
	if s.log == nil {
		return options, s.notWritten()
	}
	if cause.IsZero() || !options.Cause.IsZero() && options.Cause != cause {
		return options, &OptionError{"Cause", options.Cause, "zero, or the cause that is given, which must not be zero"}
	}
	options.Cause = cause
	if options.Correlation.IsZero() {
		found, err := s.cause(cause)
		if err != nil {
			return options, err
		}
		options.Correlation = found.Correlation
	}
	return options, nil
}

// receiptOf makes the receipt of an event that was stored.
func receiptOf(r commit.Receipt) Receipt {
	return Receipt{ID: r.ID, Sequence: r.Sequence, Timestamp: r.Timestamp, Position: r.Position, Hash: r.Hash}
}

// duplicate makes the receipt of an event that an earlier append stored.
func (s *Store) duplicate(sequence uint64) (Receipt, error) {
	var ev event.Event
	if err := s.reader.Into(sequence, &ev); err != nil {
		return Receipt{}, fmt.Errorf("the event that has the key: %w", err)
	}
	return Receipt{ev.ID, ev.Sequence, ev.Timestamp, ev.Position, ev.Hash, true}, nil
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
// event was given this sequence yet, or it is 0; the error is a [LostSequenceError] when an unclean end
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
