// Batches that are refused: each with an error that names the item and the stage, and of none is anything stored.

package engine_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// refusedBatch is a batch that must fail.
type refusedBatch struct {
	what  string
	batch *engine.Batch
	item  int
	stage engine.Stage
	want  []error
	field string // of a FieldError; "": it is none
}

// spoiled returns a batch of five intents with one of them changed.
func spoiled(item int, change func(o *intent)) *engine.Batch {
	intents := notes(5)
	change(&intents[item])
	return batchOf(intents...)
}

// invalidItems are refused for what one of their items is.
func invalidItems() []refusedBatch {
	list := []refusedBatch{}
	add := func(what, field string, item int, change func(o *intent), want ...error) {
		list = append(list, refusedBatch{what, spoiled(item, change), item, engine.StageValidate, append(want, engine.ErrInvalid), field})
	}
	add("no coordinate", "coordinate", 0, func(o *intent) { o.Coordinate = event.Coordinate{} })
	add("reserved kind", "kind", 4, func(o *intent) { o.Kind = event.SystemInit }, engine.ErrReservedKind)
	add("begin marker", "kind", 1, func(o *intent) { o.Kind = 6 }, engine.ErrReservedKind)
	add("commit marker", "kind", 2, func(o *intent) { o.Kind = 7 }, engine.ErrReservedKind)
	add("unknown codec", "codec", 3, func(o *intent) { o.Codec = 3 })
	add("too many tags", "tags", 2, func(o *intent) { o.Tags = strings.Split(strings.Repeat("a", event.MaxTags+1), "") })
	add("empty tag", "tags[0]", 1, func(o *intent) { o.Tags = []string{""} })
	add("long metadata", "metadata", 0, func(o *intent) { o.Metadata = make([]byte, event.MaxMetadata+1) })
	add("long payload", "payload", 4, func(o *intent) { o.Payload = make([]byte, maxPayload+1) })
	large := make([]byte, maxPayload)
	list = append(list, refusedBatch{"too many bytes", batchOf(append(notes(3), bytesNote(large), bytesNote(large))...), 4, engine.StageValidate, []error{engine.ErrInvalid}, "batch"})
	add("not waiting", "", 2, func(o *intent) { o.wait = engine.WaitStaged })
	add("a wait that there is not", "", 2, func(o *intent) { o.wait = engine.WaitStaged + 1 })
	add("key of 256 bytes", "key", 3, func(o *intent) { o.Key = strings.Repeat("k", event.MaxKey+1) })
	return list
}

// unencodableItems are refused for a value.
func unencodableItems() []refusedBatch {
	var list []refusedBatch
	loop := map[string]any{}
	loop["self"] = loop
	for what, value := range map[string]any{"channel": make(chan int), "function": func() {}, "cycle": loop} {
		batch := batchOf(notes(2)...)
		batch.Add(here, event.Data, value)
		batch.Add(here, event.Data, 1)
		list = append(list, refusedBatch{what, batch, 2, engine.StageEncode, []error{engine.ErrInvalid, event.ErrUnencodable}, ""})
	}
	return list
}

// uncausedItems are refused for a cause.
func uncausedItems() []refusedBatch {
	var list []refusedBatch
	add := func(what string, item int, batch *engine.Batch, want ...error) {
		list = append(list, refusedBatch{what, batch, item, engine.StageCause, want, ""})
	}
	for index, what := range map[int]string{-1: "negative", -2: "more negative", 2: "its own", 3: "a later item's", 4: "the last item's", 5: "behind the end",
		1 << 16: "65,536", 1<<16 + 1: "65,537", 1<<32 + 1: "2^32 + 1"} {
		batch := new(engine.Batch)
		for n, o := range notes(5) {
			if item := batch.AddBytes(o.Coordinate, o.Kind, o.Codec, o.Payload); n == 2 {
				item.CausedByIndex(index)
			}
		}
		add("index that is "+what, 2, batch, engine.ErrInvalid)
	}
	later := batchOf(notes(2)...)
	first := later.AddBytes(here, event.Data, event.CodecRaw, nil)
	first.CausedBy(later.AddBytes(here, event.Data, event.CodecRaw, nil))
	add("a later item", 2, later, engine.ErrInvalid)
	missing := event.MakeID(1<<40, 1, 1)
	add("an id that there is not", 3, spoiled(3, func(o *intent) { o.Cause = missing }), engine.ErrNotFound)
	return list
}

// batchStore is a store that refuses batches, and what it holds before.
func batchStore(t *testing.T, path string, policy engine.SyncPolicy) (*engine.Store, history) {
	t.Helper()
	s := mustOpen(t, path, engine.Options{
		MaxPayload: maxPayload, Sync: policy, SegmentSize: engine.MinSegmentSize, MaxBatchEvents: 20, MaxBatchBytes: 8 << 10,
	})
	return s, mustAppend(t, s, 3)
}

func TestARefusedBatchIsATypedErrorAndChangesNothing(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		path := quickDir(t)
		s, events := batchStore(t, path, policy)
		before := imageOf(t, path)
		list := append(append(invalidItems(), unencodableItems()...), uncausedItems()...)
		for _, r := range list {
			receipts, err := s.AppendBatch(r.batch)
			mustFail(t, r.what, err, r.item, r.stage, r.want...)
			var field *event.FieldError
			if r.field != "" && (!errors.As(err, &field) || field.Field != r.field) {
				t.Errorf("%s: got %v, want a FieldError for %s", r.what, err, r.field)
			}
			if receipts != nil {
				t.Errorf("%s: receipts %v", r.what, receipts)
			}
			if text := err.Error(); !strings.Contains(text, fmt.Sprint("item ", r.item)) || !strings.Contains(text, r.stage.String()) {
				t.Errorf("%s: %q does not name item and stage", r.what, text)
			}
		}
		if got := s.Stats(); got.Staged != 3 || got.Events != 3 {
			t.Errorf("%d events up to %d, want 3", got.Events, got.Staged)
		}
		mustBeUnchanged(t, path, before)
		known := append(events, storedAs(rich(), mustAppendBatch(t, s, batchOf(rich()...)), events)...)
		mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), known)
		mustClose(t, s)
	}
}

func TestWhatIsWrongWithTheBatchAsAWholeNamesNoItem(t *testing.T) {
	t.Parallel()
	path := quickDir(t)
	s, events := batchStore(t, path, engine.SyncManual())
	before := imageOf(t, path)
	many := batchOf(notes(21)...)
	long := batchOf(notes(1)...)
	long.Key = strings.Repeat("k", event.MaxKey+1)
	uncaused := batchOf(notes(2)...)
	uncaused.ReactTo(event.MakeID(1<<40, 1, 1))
	for _, r := range []refusedBatch{
		{"too many events", many, -1, engine.StageValidate, []error{engine.ErrInvalid}, ""},
		{"key of 256 bytes", long, -1, engine.StageValidate, []error{engine.ErrInvalid}, "key"},
		{"reaction to an id that there is not", uncaused, -1, engine.StageCause, []error{engine.ErrNotFound}, ""},
	} {
		receipts, err := s.AppendBatch(r.batch)
		mustFail(t, r.what, err, r.item, r.stage, r.want...)
		if receipts != nil || strings.Contains(err.Error(), "item") {
			t.Errorf("%s: %v, receipts %v", r.what, err, receipts)
		}
	}
	mustBeUnchanged(t, path, before)
	mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), events)
	mustClose(t, s)
}

func TestAKeyOf256BytesIsRefusedAndOneOf255IsNot(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	_, err := note("entity", "x").keyed(strings.Repeat("k", event.MaxKey+1)).append(s)
	var field *event.FieldError
	if !errors.Is(err, engine.ErrInvalid) || !errors.As(err, &field) || field.Field != "key" {
		t.Errorf("got %v, want a FieldError for key", err)
	}
	if strings.Contains(err.Error(), "kkk") {
		t.Errorf("%q holds the key", err)
	}
	for _, key := range []string{"\x00", "\xff\xfe", strings.Repeat("k", event.MaxKey)} {
		if _, ev := mustStoreNote(t, s, note("entity", "x").keyed(key)); ev.Key != key {
			t.Errorf("key %q is read as %q", key, ev.Key)
		}
	}
}

func TestTheTextOfARefusalHoldsNoPayloadAndNoKey(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	const secret = "secret-secret"
	mustStoreNote(t, s, note("entity", secret).keyed(secret))
	twice := batchOf(note("entity", secret).keyed("twice-secret"), note("entity", secret).keyed("twice-secret"))
	for what, call := range map[string]func() error{
		"another request": func() error { _, err := note("entity", secret+"2").keyed(secret).append(s); return err },
		"a repeated key":  func() error { _, err := s.AppendBatch(twice); return err },
		"an expectation": func() error {
			_, err := note("entity", secret).expecting(engine.ExpectClock(5)).append(s)
			return err
		},
	} {
		if err := call(); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v", what, err)
		}
	}
}

func TestOptionsOfBatchesAndKeysOutOfTheirRangesAreRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		field   string
		options engine.Options
	}{
		{"MaxBatchEvents", engine.Options{MaxBatchEvents: -1}},
		{"MaxBatchEvents", engine.Options{MaxBatchEvents: engine.MaxBatchEvents + 1}},
		{"MaxBatchBytes", engine.Options{MaxBatchBytes: -1}},
		{"MaxBatchBytes", engine.Options{MaxBatchBytes: engine.MinBatchBytes - 1}},
		{"MaxBatchBytes", engine.Options{MaxBatchBytes: engine.MaxBatchBytes + 1}},
		{"KeyRetention", engine.Options{KeyRetention: -1}},
		{"KeyRetention", engine.Options{KeyRetention: engine.MinKeyRetention - 1}},
	} {
		s, err := engine.Open(t.TempDir()+"/store", test.options)
		var refused *engine.OptionError
		if s != nil || !errors.Is(err, engine.ErrInvalid) || !errors.As(err, &refused) || refused.Field != test.field {
			t.Errorf("%+v: got %v, want an OptionError for %s", test.options, err, test.field)
		}
	}
	for _, options := range []engine.Options{
		{MaxBatchEvents: 1}, {MaxBatchEvents: engine.MaxBatchEvents, MaxBatchBytes: engine.MaxBatchBytes},
		{MaxBatchBytes: engine.MinBatchBytes}, {KeyRetention: engine.MinKeyRetention},
	} {
		mustClose(t, mustOpen(t, quickDir(t), options))
	}
}
