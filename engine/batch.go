// Batches: several events that are stored as one.

package engine

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/batpak/batpak/engine/internal/commit"
	"github.com/batpak/batpak/engine/internal/query"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/internal/payload"
)

// Batch collects events that [Store.AppendBatch] stores all together or not at all. The zero
// value is an empty batch:
//
//	var batch engine.Batch
//	placed := batch.Add(order, orderPlaced, order)
//	batch.Add(stock, stockReserved, line).CausedBy(placed).Expect(engine.ExpectClock(4))
//	receipts, err := store.AppendBatch(&batch)
//
// A batch may be appended again, for instance after a conflict; it does not change by that. It is not for
// concurrent use, and must not be copied once it has items.
type Batch struct {
	// Key is an idempotency key of the batch as a whole, as [AppendOptions].Key is of one event;
	// empty: none. The same request are the same items in the same order.
	Key string
	// Conditions must all hold before the batch, beside those of its items; nil: none.
	Conditions []Condition

	items []*Item
	cause event.ID
}

// Item is one event of a batch. Its methods change it and return it.
type Item struct {
	index   int
	at      event.Coordinate
	kind    event.Kind
	codec   event.Codec
	payload []byte
	options AppendOptions
	caused  bool // by the item with the index causing
	causing int
	causer  *Item       // the same, if it was given as an item
	typed   *definition // of the type that encoded it; nil: none did
	err     error       // of encoding
	own     bool        // the engine's, whose kind may be a reserved one
}

// Add adds an event with a value, encoded as [Store.Append] does, and at once: changing the value later
// changes nothing. A value that can't be encoded makes AppendBatch fail.
func (b *Batch) Add(at event.Coordinate, kind event.Kind, value any) *Item {
	item := b.AddBytes(at, kind, event.CodecMessagePack, nil)
	item.payload, item.err = payload.AppendMessagePack(nil, value)
	return item
}

// AddBytes adds an event with a payload that is encoded already and that must not be changed until the batch was
// appended.
func (b *Batch) AddBytes(at event.Coordinate, kind event.Kind, codec event.Codec, encoded []byte) *Item {
	item := &Item{index: len(b.items), at: at, kind: kind, codec: codec, payload: encoded}
	b.items = append(b.items, item)
	return item
}

// ReactTo makes the event with this id the cause of every item that names no other one, and these items, with those that
// they cause in the batch, part of its conversation: they inherit its correlation unless they have their own.
func (b *Batch) ReactTo(cause event.ID) { b.cause = cause }

// Len returns the number of items.
func (b *Batch) Len() int { return len(b.items) }

// Reset takes all items out of the batch and forgets its key, conditions and cause.
func (b *Batch) Reset() { *b = Batch{items: b.items[:0]} }

// Index returns the item's place in its batch, from 0: that of its receipt.
func (i *Item) Index() int { return i.index }

// With sets the options of the event that are not zero, and leaves the others as they are. Wait is not one of them, since
// a batch always waits until it is durable. Expect sees the items before this one; Conditions are judged before the batch.
func (i *Item) With(options AppendOptions) *Item {
	o := &i.options
	o.Flags, o.Version, o.Lane = cmp.Or(options.Flags, o.Flags), cmp.Or(options.Version, o.Version), cmp.Or(options.Lane, o.Lane)
	o.Correlation, o.Cause = cmp.Or(options.Correlation, o.Correlation), cmp.Or(options.Cause, o.Cause)
	o.Key, o.Expect, o.Wait = cmp.Or(options.Key, o.Key), cmp.Or(options.Expect, o.Expect), cmp.Or(options.Wait, o.Wait)
	if options.Tags != nil {
		o.Tags = options.Tags
	}
	if options.Metadata != nil {
		o.Metadata = options.Metadata
	}
	if options.Conditions != nil {
		o.Conditions = options.Conditions
	}
	if options.Gate != nil {
		o.Gate = options.Gate
	}
	if i.typed != nil { // whose version goes without saying
		o.Version = cmp.Or(options.Version, i.typed.version)
	}
	return i
}

// CausedBy makes an earlier item of the same batch the cause of this one, which inherits the correlation that
// was given for that item, or that it inherited, unless it has its own.
func (i *Item) CausedBy(cause *Item) *Item {
	i.caused, i.causing, i.causer = true, -1, cause
	if cause != nil {
		i.causing = cause.index
	}
	return i
}

// CausedByIndex is CausedBy with the earlier item's index.
func (i *Item) CausedByIndex(index int) *Item {
	i.caused, i.causing, i.causer = true, index, nil
	return i
}

// Expect sets what is expected of the item's entity, with the items before it stored.
func (i *Item) Expect(expect Expectation) *Item {
	i.options.Expect = expect
	return i
}

// Key sets the item's own idempotency key.
func (i *Item) Key(key string) *Item {
	i.options.Key = key
	return i
}

// Tags sets the item's tags.
func (i *Item) Tags(tags ...string) *Item {
	i.options.Tags = tags
	return i
}

// Stage says how far a batch came.
type Stage uint8

// The stages, in the order in which a batch passes them.
const (
	StageEncode    Stage = iota + 1 // the value of an item
	StageValidate                   // what an item, or the batch, is allowed to be
	StageCause                      // the cause of an item
	StageGate                       // the gate receipt of an item
	StageKey                        // idempotency keys
	StageCondition                  // expectations and conditions
	StageCommit                     // room for it, and its place
	StageSync                       // making it durable
)

// String names the stage.
func (s Stage) String() string {
	names := [...]string{"", "encode", "validate", "cause", "gate", "key", "condition", "commit", "sync"}
	if int(s) < len(names) && s != 0 {
		return names[s]
	}
	return fmt.Sprintf("stage(%d)", uint8(s))
}

// BatchError says where a batch failed. It wraps the cause. Of a batch that failed at any stage but StageSync nothing is
// stored.
type BatchError struct {
	Item  int // index of the item; -1: the batch as a whole
	Stage Stage
	Err   error
}

// Error names the item and the stage.
func (e *BatchError) Error() string {
	cause := strings.TrimPrefix(e.Err.Error(), "batpak: ")
	if e.Item < 0 {
		return fmt.Sprintf("batpak: batch: %s: %s", e.Stage, cause)
	}
	return fmt.Sprintf("batpak: batch: item %d: %s: %s", e.Item, e.Stage, cause)
}

// Unwrap returns the cause.
func (e *BatchError) Unwrap() error { return e.Err }

// AppendBatch stores the batch's events as one unit: readers see all of them at once or none, also after a crash, and when
// it returns they are durable, whatever the store's policy is. The receipts are in the order of the items.
//
// An empty batch does nothing and returns nothing. If the batch's key is known with the same request, or the keys of
// all its items are, nothing is stored, and the receipts are those of the events that have them, marked Duplicate. A batch that
// repeats a key, or of which some keys are known and the rest is not, is [ErrIdempotencyConflict].
//
// The errors of [Store.AppendBytesWith] are wrapped in a [BatchError] that names the item and the stage; after any but
// [ErrIndeterminate] nothing is stored, but gate receipts may be used up. [ErrInvalid] also for too many events or bytes
// ([Options].MaxBatchEvents, MaxBatchBytes), for a cause that is no earlier item or that is given twice, and for an expected
// last id behind an item of the same entity, which can't be known.
func (s *Store) AppendBatch(b *Batch) ([]Receipt, error) {
	return s.appendBatch(b, query.Found{}, commit.WaitDurable)
}

// appendBatch is AppendBatch with what it waits for. shared is what the batch reacts to, if it was found already.
func (s *Store) appendBatch(b *Batch, shared query.Found, wait commit.Wait) ([]Receipt, error) {
	if s.log == nil {
		return nil, s.notWritten()
	}
	switch {
	case s.log.Closing():
		return nil, ErrClosed
	case b == nil:
		return nil, &BatchError{-1, StageValidate, &event.FieldError{Field: "batch", Problem: "nil"}}
	case len(b.items) == 0:
		return nil, nil
	}
	if err := s.mayAppend(b); err != nil {
		return nil, err
	}
	unit := s.log.NewUnit()
	defer s.log.Release(unit)
	s.log.BeginBatch(unit, b.Key)
	if err := s.addConditions(unit, b.Conditions, -1); err != nil {
		return nil, &BatchError{-1, StageValidate, err}
	}
	if !b.cause.IsZero() && shared.Sequence == 0 {
		var err error
		if shared, err = s.cause(b.cause); err != nil {
			return nil, &BatchError{-1, StageCause, err}
		}
	}
	correlations := make([]event.ID, len(b.items))
	for i, item := range b.items {
		link, options := link{own: item.own}, item.options
		switch {
		case item.caused:
			link.inBatch, link.correlation = uint16(item.causing+1), correlations[item.causing]
		case options.Cause.IsZero():
			options.Cause, link.correlation, link.cause = b.cause, shared.Correlation, shared
		}
		if stage, err := s.encodeItem(unit, item, &options, link); err != nil {
			return nil, &BatchError{i, stage, err}
		}
		correlations[i] = unit.Draft.Correlation
	}
	s.log.EndBatch(unit)
	if hooks.Enabled && hooks.Planted(hooks.BatchNotWaitedFor) {
		wait = commit.WaitPolicy
	}
	known, err := s.log.Append(unit, wait)
	if err != nil {
		return nil, batchError(err)
	}
	return s.receipts(unit, known)
}

// mayAppend refuses a batch for what can be seen without encoding it.
func (s *Store) mayAppend(b *Batch) error {
	if len(b.items) > s.maxBatchEvents {
		return &BatchError{-1, StageValidate, &event.FieldError{
			Field: "batch", Problem: fmt.Sprintf("%d events, at most %d", len(b.items), s.maxBatchEvents),
		}}
	}
	if len(b.Key) > event.MaxKey {
		return &BatchError{-1, StageValidate, &event.FieldError{
			Field: "key", Problem: fmt.Sprintf("%d bytes, at most %d", len(b.Key), event.MaxKey),
		}}
	}
	var keys map[string]bool
	for i, item := range b.items {
		if err := item.check(b); err != nil {
			return err
		}
		if err := item.checkType(s); err != nil {
			return &BatchError{i, StageValidate, err}
		}
		key := item.options.Key
		if key == "" {
			continue
		}
		if keys == nil {
			keys = make(map[string]bool, len(b.items)+1)
			keys[b.Key] = true
		}
		if keys[key] {
			return &BatchError{i, StageKey, &KeyError{Item: i, Key: key, Problem: "the batch has it twice"}}
		}
		keys[key] = true
	}
	return nil
}

// check refuses an item for what can be seen without the others.
func (i *Item) check(b *Batch) error {
	switch {
	case i.err != nil:
		return &BatchError{i.index, StageEncode, i.err}
	case i.caused && (i.causing < 0 || i.causing >= i.index):
		return &BatchError{i.index, StageCause, &event.FieldError{
			Field: "cause", Problem: fmt.Sprintf("item %d, must be an earlier one", i.causing),
		}}
	case i.causer != nil && b.items[i.causer.index] != i.causer:
		return &BatchError{i.index, StageCause, &event.FieldError{Field: "cause", Problem: "an item of another batch"}}
	case i.options.Wait != WaitPolicy && i.options.Wait != WaitDurable:
		return &BatchError{i.index, StageValidate, &OptionError{"Wait", i.options.Wait, "left out: a batch waits until it is durable"}}
	}
	return nil
}

// encodeItem adds an item to the unit.
func (s *Store) encodeItem(unit *commit.Unit, item *Item, options *AppendOptions, link link) (Stage, error) {
	draft := &unit.Draft
	draft.Coordinate, draft.Kind, draft.Codec, draft.Payload = item.at, item.kind, item.codec, item.payload
	if stage, err := s.encode(unit, options, link); err != nil {
		return stage, err
	}
	if size := unit.Size(); size > s.maxBatchBytes {
		return StageValidate, &event.FieldError{
			Field: "batch", Problem: fmt.Sprintf("%d bytes with this item, at most %d", size, s.maxBatchBytes),
		}
	}
	return 0, nil
}

// batchError says at which stage, and of which item, an append of a batch failed.
func batchError(err error) error {
	conflict, key, told := (*ConflictError)(nil), (*KeyError)(nil), (*BatchError)(nil)
	switch {
	case errors.As(err, &told):
		return err
	case errors.Is(err, ErrIndeterminate):
		return &BatchError{-1, StageSync, err}
	case errors.As(err, &conflict):
		return &BatchError{conflict.Item, StageCondition, err}
	case errors.As(err, &key):
		return &BatchError{key.Item, StageKey, err}
	}
	return &BatchError{-1, StageCommit, err}
}

// receipts returns those of a batch that was stored, or of what is known in its place.
func (s *Store) receipts(unit *commit.Unit, known []commit.Holder) ([]Receipt, error) {
	receipts := make([]Receipt, unit.Len())
	for i := range receipts {
		if known == nil {
			receipts[i] = receiptOf(unit.Receipt(i))
			continue
		}
		sequence := known[0].First + uint64(i)
		if known[0].Events == 0 { // each item has its own key
			sequence = known[i].First
		}
		var err error
		if receipts[i], err = s.duplicate(sequence); err != nil {
			return nil, &BatchError{i, StageKey, err}
		}
	}
	return receipts, nil
}
