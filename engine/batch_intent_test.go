// intent: an event as tests want it stored, alone or in a batch, and what must be read
// back when it was.

package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// intent is one event to be appended, and what its append asks for.
type intent struct {
	event.Draft
	expect     engine.Expectation
	conditions []engine.Condition
	wait       engine.Wait
}

// note returns an intent with a small payload that names it.
func note(entity, text string) intent {
	return intent{Draft: event.Draft{Coordinate: event.MustAt(entity, "scope"), Kind: event.Data, Payload: []byte(text)}}
}

// bytesNote returns an intent with a payload.
func bytesNote(payload []byte) intent {
	return intent{Draft: event.Draft{Coordinate: here, Kind: event.Data, Payload: payload}}
}

// notes returns so many intents for a few entities.
func notes(n int) []intent {
	list := make([]intent, n)
	for i := range list {
		list[i] = note(fmt.Sprint("entity-", i%5), fmt.Sprint("note ", i))
	}
	return list
}

func (o intent) keyed(key string) intent {
	o.Key = key
	return o
}

func (o intent) tagged(tags ...string) intent {
	o.Tags = tags
	return o
}

func (o intent) expecting(expect engine.Expectation) intent {
	o.expect = expect
	return o
}

func (o intent) given(conditions ...engine.Condition) intent {
	o.conditions = conditions
	return o
}

func (o intent) waiting(wait engine.Wait) intent {
	o.wait = wait
	return o
}

func (o intent) options() engine.AppendOptions {
	return engine.AppendOptions{
		Tags: o.Tags, Metadata: o.Metadata, Flags: o.Flags, Version: o.Version, Correlation: o.Correlation, Cause: o.Cause,
		Lane: o.Lane, Key: o.Key, Expect: o.expect, Conditions: o.conditions, Wait: o.wait,
	}
}

// append appends the event alone.
func (o intent) append(s *engine.Store) (engine.Receipt, error) {
	return s.AppendBytesWith(o.Coordinate, o.Kind, o.Codec, o.Payload, o.options())
}

// batchOf returns a batch of the intents.
func batchOf(intents ...intent) *engine.Batch {
	batch := new(engine.Batch)
	for _, o := range intents {
		item := batch.AddBytes(o.Coordinate, o.Kind, o.Codec, o.Payload).With(o.options())
		if o.CauseInBatch != 0 {
			item.CausedByIndex(int(o.CauseInBatch) - 1)
		}
	}
	return batch
}

// batchIf returns a batch of the intents that has conditions of its own.
func batchIf(intents []intent, conditions ...engine.Condition) *engine.Batch {
	batch := batchOf(intents...)
	batch.Conditions = conditions
	return batch
}

// batchWith returns a batch of the intents that has a key of its own.
func batchWith(key string, intents ...intent) *engine.Batch {
	batch := batchOf(intents...)
	batch.Key = key
	return batch
}

// read returns the event of a receipt as the store gives it.
func read(t failer, s *engine.Store, r engine.Receipt) event.Event {
	t.Helper()
	ev, err := s.At(r.Sequence)
	if err != nil {
		t.Fatalf("read %d back: %v", r.Sequence, err)
	}
	return ev
}

// mustStoreNote appends an event and returns it as it is read back.
func mustStoreNote(t failer, s *engine.Store, o intent) (engine.Receipt, event.Event) {
	t.Helper()
	r, err := o.append(s)
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	if r.Duplicate {
		t.Fatalf("append: sequence %d was there before", r.Sequence)
	}
	return r, read(t, s, r)
}

// mustAppendBatch appends a batch and fails the test unless it was stored as new.
func mustAppendBatch(t failer, s *engine.Store, batch *engine.Batch) []engine.Receipt {
	t.Helper()
	receipts, err := s.AppendBatch(batch)
	if err != nil {
		t.Fatalf("append batch: %v", err)
	}
	if len(receipts) != batch.Len() {
		t.Fatalf("%d receipts for %d items", len(receipts), batch.Len())
	}
	for i, r := range receipts {
		if r.Duplicate || r.Sequence != receipts[0].Sequence+uint64(i) {
			t.Fatalf("receipt %d of a batch that begins at %d: %+v", i, receipts[0].Sequence, r)
		}
	}
	return receipts
}

// storedAs returns the events that the intents of one batch, or one intent alone, must have become.
// known holds causes that are not of the batch.
func storedAs(intents []intent, receipts []engine.Receipt, known history) history {
	var events history
	for i := range intents {
		d := intents[i].Draft
		var cause *event.Event
		if d.CauseInBatch != 0 {
			cause = &events[d.CauseInBatch-1]
			if d.Correlation.IsZero() && cause.Correlation != cause.ID {
				d.Correlation = cause.Correlation // inherited
			}
		} else if at := slices.IndexFunc(known, func(ev event.Event) bool { return ev.ID == d.Cause }); at >= 0 && !d.Cause.IsZero() {
			cause = &known[at]
		}
		ev := expected(&d, cause, receipts[i])
		if ev.Key, ev.CauseInBatch = d.Key, d.CauseInBatch; cause != nil {
			ev.Cause = cause.ID
		}
		events = append(events, ev)
	}
	return events
}

// mustFail fails the test unless the error is a BatchError for the item at this stage, and is all of want.
func mustFail(t failer, what string, err error, item int, stage engine.Stage, want ...error) {
	t.Helper()
	var failed *engine.BatchError
	if !errors.As(err, &failed) || failed.Item != item || failed.Stage != stage {
		t.Fatalf("%s: got %v, want a BatchError of item %d at stage %s", what, err, item, stage)
	}
	mustBe(t, what, err, want...)
}

// mustBe fails the test unless the error is all of want, and, unless that is wanted, not one that leaves the outcome open.
func mustBe(t failer, what string, err error, want ...error) {
	t.Helper()
	for _, w := range want {
		if !errors.Is(err, w) {
			t.Fatalf("%s: got %v, want %v", what, err, w)
		}
	}
	if errors.Is(err, engine.ErrIndeterminate) && !slices.Contains(want, engine.ErrIndeterminate) {
		t.Fatalf("%s: the outcome is unknown: %v", what, err)
	}
}

// mustRepeat fails the test unless a duplicate's receipts are the first ones.
func mustRepeat(t failer, what string, got, first []engine.Receipt) {
	t.Helper()
	if len(got) != len(first) {
		t.Fatalf("%s: %d receipts, the first append gave %d", what, len(got), len(first))
	}
	for i := range got {
		want := first[i]
		want.Duplicate = true
		if got[i] != want {
			t.Fatalf("%s: receipt %d is %+v, the first one was %+v", what, i, got[i], first[i])
		}
	}
}

// deviceStore opens a store on a simulated disk; it is closed after the test, whatever that reports.
func deviceStore(t *testing.T, o engine.Options) (*engine.Store, *device) {
	t.Helper()
	d := newDevice(nothing())
	return openFor(t, d, o), d
}

// mustBeLeft fails the test unless a kill, and a power cut after which nothing is there that was not synced, leave exactly
// these events, also when the index is built anew.
func mustBeLeft(t *testing.T, d *device, events history, hashing bool) {
	t.Helper()
	for what, left := range map[string]remains{"kill": d.kill(), "power cut": d.cut(nil)} {
		for _, rebuild := range []bool{false, true} {
			o := small(engine.SyncEveryAppend())
			o.Rebuild = rebuild
			s := openLeft(t, left, o)
			got := all(t, s, 0, 0, engine.ReadOptions{})
			if len(got) != len(events) {
				t.Fatalf("%s: %d events, want %d\n%s", what, len(got), len(events), s.Report())
			}
			mustEqual(t, got, events)
			mustBeSound(t, got, hashing)
			mustClose(t, s)
		}
	}
}
