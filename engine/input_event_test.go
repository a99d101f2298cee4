// Events that are refused: each with a typed error, and nothing stored.

package engine_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// refusal is an append that must fail.
type refusal struct {
	what   string
	append func(s *engine.Store) (engine.Receipt, error)
	want   []error // that the error must be
	field  string  // of a FieldError; "": it is none
}

// refusedBytes is a refusal of AppendBytesWith.
func refusedBytes(what, field string, at event.Coordinate, kind event.Kind, codec event.Codec, payload []byte, o engine.AppendOptions, want ...error) refusal {
	return refusal{what, func(s *engine.Store) (engine.Receipt, error) {
		return s.AppendBytesWith(at, kind, codec, payload, o)
	}, append(want, engine.ErrInvalid), field}
}

// refusedValue is a refusal of Append.
func refusedValue(what string, value any) refusal {
	return refusal{what, func(s *engine.Store) (engine.Receipt, error) {
		return s.Append(here, event.Data, value)
	}, []error{engine.ErrInvalid, event.ErrUnencodable}, ""}
}

const maxPayload = 5000 // of the store that refuses

func refusals() []refusal {
	none := engine.AppendOptions{}
	tagged := func(tags ...string) engine.AppendOptions { return engine.AppendOptions{Tags: tags} }
	list := []refusal{
		refusedBytes("no coordinate", "coordinate", event.Coordinate{}, event.Data, 0, nil, none),
		refusedBytes("kind zero", "kind", here, 0, 0, nil, none, engine.ErrReservedKind),
		refusedBytes("system kind", "kind", here, event.SystemInit, 0, nil, none, engine.ErrReservedKind),
		refusedBytes("effect kind", "kind", here, event.EffectAck, 0, nil, none, engine.ErrReservedKind),
		refusedBytes("highest effect kind", "kind", here, 0xDFFF, 0, nil, none, engine.ErrReservedKind),
		refusedBytes("unknown codec", "codec", here, event.Data, 3, nil, none),
		refusedBytes("too many tags", "tags", here, event.Data, 0, nil, tagged(strings.Split(strings.Repeat("a", event.MaxTags+1), "")...)),
		refusedBytes("far too many tags", "tags", here, event.Data, 0, nil, tagged(make([]string, 100_000)...)),
		refusedBytes("empty tag", "tags[1]", here, event.Data, 0, nil, tagged("a", "")),
		refusedBytes("long tag", "tags[0]", here, event.Data, 0, nil, tagged(strings.Repeat("a", event.MaxTag+1))),
		refusedBytes("tag not UTF-8", "tags[0]", here, event.Data, 0, nil, tagged("\xff")),
		refusedBytes("long metadata", "metadata", here, event.Data, 0, nil, engine.AppendOptions{Metadata: make([]byte, event.MaxMetadata+1)}),
		refusedBytes("payload one over", "payload", here, event.Data, 0, make([]byte, maxPayload+1), none),
		{"value that gets too long", func(s *engine.Store) (engine.Receipt, error) {
			return s.Append(here, event.Data, strings.Repeat("a", maxPayload+1))
		}, []error{engine.ErrInvalid}, "payload"},
		{"missing cause", func(s *engine.Store) (engine.Receipt, error) {
			return s.AppendBytesWith(here, event.Data, 0, nil, engine.AppendOptions{Cause: event.MakeID(1<<40, 1, 1)})
		}, []error{engine.ErrNotFound}, ""},
	}
	return append(list, unencodable()...)
}

func unencodable() []refusal {
	loop := map[string]any{}
	loop["self"] = []any{map[string]any{"again": loop}}
	type node struct{ Next *node }
	ring := &node{}
	ring.Next = &node{ring}
	var deep any = 1
	for range 101 {
		deep = []any{deep}
	}
	var bottomless any = []any{}
	for range 1_000_000 {
		bottomless = []any{bottomless}
	}
	return []refusal{
		refusedValue("channel", make(chan int)),
		refusedValue("function in a map", map[string]any{"f": func() {}}),
		refusedValue("cyclic map", loop),
		refusedValue("cyclic pointers", ring),
		refusedValue("101 levels", deep),
		refusedValue("a million levels", bottomless),
	}
}

func TestARefusedEventIsATypedErrorAndChangesNothing(t *testing.T) {
	t.Parallel()
	for _, policy := range []engine.SyncPolicy{engine.SyncEveryAppend(), engine.SyncManual()} {
		path := quickDir(t)
		s := mustOpen(t, path, engine.Options{MaxPayload: maxPayload, Sync: policy, SegmentSize: engine.MinSegmentSize})
		events := mustAppend(t, s, 3)
		before := imageOf(t, path)
		for _, r := range refusals() {
			receipt, err := r.append(s)
			for _, want := range r.want {
				if !errors.Is(err, want) {
					t.Errorf("%s: got %v, want %v", r.what, err, want)
				}
			}
			var field *event.FieldError
			if r.field != "" && (!errors.As(err, &field) || field.Field != r.field) {
				t.Errorf("%s: got %v, want a FieldError for %s", r.what, err, r.field)
			}
			if receipt != (engine.Receipt{}) {
				t.Errorf("%s: a receipt %+v", r.what, receipt)
			}
		}
		if got := s.Stats(); got.Staged != 3 || got.Events != 3 {
			t.Errorf("%d events up to %d, want 3", got.Events, got.Staged)
		}
		mustBeUnchanged(t, path, before)
		mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), events)
		mustClose(t, s)
	}
}

func TestCoordinatesOutOfTheirRangeCanNotBeMade(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", event.MaxName+1)
	for _, names := range [][2]string{{"", "s"}, {"e", ""}, {long, "s"}, {"e", long}, {"\xc3", "s"}, {"e", "\xff"}} {
		at, err := event.At(names[0], names[1])
		if !errors.Is(err, engine.ErrInvalid) || !at.IsZero() {
			t.Errorf("%d and %d bytes: got %v, %v", len(names[0]), len(names[1]), at, err)
		}
	}
}

func TestEverythingAtItsLimitIsStored(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{MaxPayload: maxPayload, SegmentSize: engine.MinSegmentSize})
	longest := strings.Repeat("ä", event.MaxName/2)
	d := event.Draft{
		Coordinate: event.MustAt(longest, longest), Kind: 0xFFFF, Codec: event.CodecMessagePack, Flags: 0xFF,
		Version: 1<<32 - 1, Lane: 1<<32 - 1, Metadata: randomBytes(1, event.MaxMetadata), Payload: randomBytes(2, maxPayload),
		Correlation: event.MakeID(1, 2, 3),
	}
	for range event.MaxTags {
		d.Tags = append(d.Tags, strings.Repeat("t", event.MaxTag))
	}
	r, err := s.AppendBytesWith(d.Coordinate, d.Kind, d.Codec, d.Payload, engine.AppendOptions{
		Tags: d.Tags, Metadata: d.Metadata, Flags: d.Flags, Version: d.Version, Correlation: d.Correlation, Lane: d.Lane,
	})
	if err != nil {
		t.Fatal(err)
	}
	events := all(t, s, 0, 0, engine.ReadOptions{})
	mustEqual(t, events, history{expected(&d, nil, r)})
	mustBeSound(t, events, true)
}
