// Tests of what a draft may hold.

package event_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/batpak/batpak/event"
)

func TestADraftWithinTheLimitsIsValid(t *testing.T) {
	for name, change := range map[string]func(*event.Draft){
		"plain":             func(*event.Draft) {},
		"no payload":        func(d *event.Draft) { d.Payload = nil },
		"16 tags":           func(d *event.Draft) { d.Tags = strings.Split(strings.Repeat("a,", 15)+"a", ",") },
		"tag of 128 bytes":  func(d *event.Draft) { d.Tags = []string{strings.Repeat("x", event.MaxTag)} },
		"equal tags":        func(d *event.Draft) { d.Tags = []string{"a", "a"} },
		"4 KiB of metadata": func(d *event.Draft) { d.Metadata = make([]byte, event.MaxMetadata) },
		"key of 255 bytes":  func(d *event.Draft) { d.Key = strings.Repeat("\xff", event.MaxKey) },
		"cause by id":       func(d *event.Draft) { d.Cause = event.MakeID(1, 1, 1) },
		"cause in batch":    func(d *event.Draft) { d.CauseInBatch = 1 },
		"unnamed flags":     func(d *event.Draft) { d.Flags = 0xFF },
		"payload not JSON":  func(d *event.Draft) { d.Codec = event.CodecJSON },
	} {
		d := plainDraft()
		change(&d)
		if err := d.Validate(0); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestADraftOutsideTheLimitsIsRefusedByField(t *testing.T) {
	for _, c := range []struct {
		change func(*event.Draft)
		text   string
	}{
		{func(d *event.Draft) { d.Coordinate = event.Coordinate{} }, "coordinate: not set, make one with At"},
		{func(d *event.Draft) { d.Coordinate = event.TrustedAt("e", "") }, "coordinate: not set, make one with At"},
		{func(d *event.Draft) { d.Kind = 0 }, "kind: 0x0000 is of a reserved category, want 0x1 to 0xC, 0xE or 0xF"},
		{func(d *event.Draft) { d.Kind = event.EffectAck }, "kind: 0xD004 is of a reserved category, want 0x1 to 0xC, 0xE or 0xF"},
		{func(d *event.Draft) { d.Codec = 3 }, "codec: 3, at most 2"},
		{func(d *event.Draft) { d.Tags = make([]string, 17) }, "tags: 17 tags, at most 16"},
		{func(d *event.Draft) { d.Tags = []string{"a", ""} }, "tags[1]: empty, want 1 to 128 bytes"},
		{func(d *event.Draft) { d.Tags = []string{strings.Repeat("x", 129)} }, "tags[0]: 129 bytes, at most 128"},
		{func(d *event.Draft) { d.Tags = []string{"a", "b", "\xff"} }, "tags[2]: not valid UTF-8"},
		{func(d *event.Draft) { d.Metadata = make([]byte, 4097) }, "metadata: 4097 bytes, at most 4096"},
		{func(d *event.Draft) { d.Key = strings.Repeat("k", 256) }, "key: 256 bytes, at most 255"},
		{func(d *event.Draft) { d.Cause, d.CauseInBatch = event.MakeID(1, 1, 1), 1 }, "cause: given both as an id and as a place in the batch"},
	} {
		d := plainDraft()
		c.change(&d)
		err := d.Validate(0)
		if err == nil || err.Error() != "batpak: invalid "+c.text || !errors.Is(err, event.ErrInvalid) {
			t.Errorf("got %v, want %s", err, c.text)
		}
		if errors.Is(err, event.ErrReservedKind) != strings.HasPrefix(c.text, "kind") {
			t.Errorf("%v is ErrReservedKind: %v", err, errors.Is(err, event.ErrReservedKind))
		}
	}
}

func TestTheLimitOfPayloadsIsTheStoresWithinTheHardOne(t *testing.T) {
	room := make([]byte, event.MaxPayload+1) // never touched, so never resident
	for _, c := range []struct{ limit, largest int }{
		{1, 1}, {100, 100}, {0, event.DefaultMaxPayload}, {-1, event.DefaultMaxPayload},
		{event.MaxPayload, event.MaxPayload}, {event.MaxPayload + 1, event.MaxPayload},
	} {
		d := plainDraft()
		d.Payload = room[:c.largest]
		if err := d.Validate(c.limit); err != nil {
			t.Errorf("limit %d: %v", c.limit, err)
		}
		d.Payload = room[:c.largest+1]
		var typed *event.FieldError
		if err := d.Validate(c.limit); !errors.As(err, &typed) || typed.Field != "payload" {
			t.Errorf("limit %d: got %v", c.limit, err)
		}
	}
}

func TestErrorsNeverHoldAPayload(t *testing.T) {
	d := plainDraft()
	d.Payload = []byte(strings.Repeat("secret", 10))
	if err := d.Validate(5); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}
