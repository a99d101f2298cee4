// Tests of digests. The golden values were computed with another implementation of BLAKE3 from
// preimages that were put together by hand.

package event_test

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"testing"

	"github.com/zeebo/blake3"
	"pgregory.net/rapid"

	"github.com/batpak/batpak/event"
)

const (
	goldenDigest        = "0ce881e593c9de86dd1ba29da86ee1c3d2c6cb8ce9087efcccd4fb3a0ba68a76"
	goldenFullDigest    = "ffb5a478575ba3c79a7b69e29ef895d83386b2fe6fdc459fd91a5d8ae86a56e9"
	goldenInBatchDigest = "55de2504a292215ea8b83db3826eea9aa6c0072143a9ca3736b1a7cb1614879e"
)

// plainDraft is a usual draft: names of 20 bytes and no optional field.
func plainDraft() event.Draft {
	return event.Draft{
		Coordinate: event.MustAt("player:alice-0000001", "room:dungeon-0000001"),
		Kind:       event.MustKind(0xF, 1), Codec: event.CodecMessagePack, Payload: []byte("payload"),
	}
}

// fullDraft has every field.
func fullDraft() event.Draft {
	return event.Draft{
		Coordinate: event.MustAt("e", "s"), Kind: event.Data, Flags: event.RequiresAck | event.Replay, Codec: event.CodecJSON,
		Version: 3, Lane: 7, Tags: []string{"a", "combat"}, Metadata: []byte("meta"), Key: "key-1",
		Correlation: event.MakeID(1, 2, 3), Cause: event.MakeID(4, 5, 6), Payload: []byte("payload"),
	}
}

func digest(d event.Draft) event.Hash {
	hash, _ := event.Digest(nil, &d, event.PayloadHash(d.Payload))
	return hash
}

func TestADigestHasItsGoldenValue(t *testing.T) {
	full := fullDraft()
	inBatch := fullDraft()
	inBatch.CauseInBatch = 5 // and the id, which the store assigned, does not count
	for _, c := range []struct {
		draft event.Draft
		want  string
	}{{plainDraft(), goldenDigest}, {full, goldenFullDigest}, {inBatch, goldenInBatchDigest}} {
		if got := digest(c.draft); got.String() != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
	inBatch.Cause = event.ID{}
	if got := digest(inBatch); got.String() != goldenInBatchDigest {
		t.Errorf("the id of a cause in the batch changed the digest: %s", got)
	}
}

func TestHashesOfPayloadsArePlainBLAKE3(t *testing.T) {
	for text, want := range map[string]string{
		"":    "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
		"abc": "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85",
	} {
		if got := event.PayloadHash([]byte(text)); got.String() != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

// preimage puts a preimage together from the documented table, without the package's help.
func preimage(d *event.Draft, payload event.Hash) []byte {
	var fixed, optional bytes.Buffer
	present := uint16(0)
	field := func(bit uint16, there bool, parts ...any) {
		if !there {
			return
		}
		present |= 1 << bit
		for _, part := range parts {
			write(&optional, part)
		}
	}
	var tags bytes.Buffer
	for _, tag := range d.Tags {
		write(&tags, uint8(len(tag)))
		write(&tags, tag)
	}
	inBatch := d.CauseInBatch != 0
	field(0, len(d.Tags) > 0, uint8(len(d.Tags)), tags.Bytes())
	field(1, len(d.Metadata) > 0, uint16(len(d.Metadata)), d.Metadata)
	field(2, len(d.Key) > 0, uint8(len(d.Key)), d.Key)
	field(3, d.Correlation != event.ID{}, d.Correlation[:])
	field(4, d.Cause != event.ID{} && !inBatch, d.Cause[:])
	field(5, inBatch, d.CauseInBatch)
	field(6, d.Lane != 0, d.Lane)
	field(7, d.Version != 0, d.Version)
	for _, part := range []any{
		"batpak:d", uint16(d.Kind), uint8(d.Codec), uint8(d.Flags), present,
		uint16(len(d.Coordinate.Entity())), d.Coordinate.Entity(), uint16(len(d.Coordinate.Scope())), d.Coordinate.Scope(), payload[:],
	} {
		write(&fixed, part)
	}
	return append(fixed.Bytes(), optional.Bytes()...)
}

func write(to *bytes.Buffer, part any) {
	if text, ok := part.(string); ok {
		part = []byte(text)
	}
	if err := binary.Write(to, binary.LittleEndian, part); err != nil {
		panic(err)
	}
}

// draftGenerator generates valid drafts.
func draftGenerator() *rapid.Generator[event.Draft] {
	name := rapid.StringN(1, 30, event.MaxName)
	return rapid.Custom(func(t *rapid.T) event.Draft {
		id := func(name string) event.ID {
			if rapid.Bool().Draw(t, name+" given") {
				return event.MakeID(rapid.Uint64().Draw(t, name), 0, 0)
			}
			return event.ID{}
		}
		d := event.Draft{
			Coordinate: event.MustAt(name.Draw(t, "entity"), name.Draw(t, "scope")),
			Kind:       event.MustKind(rapid.Uint16Range(1, 0xC).Draw(t, "category"), rapid.Uint16Max(event.MaxType).Draw(t, "type")),
			Flags:      event.Flags(rapid.Uint8().Draw(t, "flags")), Codec: event.Codec(rapid.Uint8Max(2).Draw(t, "codec")),
			Version: rapid.Uint32Max(3).Draw(t, "version"), Lane: rapid.Uint32Max(3).Draw(t, "lane"),
			Tags:     rapid.SliceOfN(rapid.StringN(1, 8, event.MaxTag), 0, event.MaxTags).Draw(t, "tags"),
			Metadata: rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "metadata"), Key: rapid.StringN(0, 20, event.MaxKey).Draw(t, "key"),
			Correlation: id("correlation"), Payload: rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "payload"),
		}
		if d.CauseInBatch = rapid.Uint16Max(2).Draw(t, "cause in batch"); d.CauseInBatch == 0 {
			d.Cause = id("cause")
		}
		return d
	})
}

func TestADigestIsTheHashOfTheDocumentedPreimage(t *testing.T) {
	scratch := make([]byte, 0, 16)
	rapid.Check(t, func(t *rapid.T) {
		d := draftGenerator().Draw(t, "draft")
		if err := d.Validate(0); err != nil {
			t.Fatal(err)
		}
		payload := event.PayloadHash(d.Payload)
		var got event.Hash
		got, scratch = event.Digest(scratch, &d, payload)
		if want := event.Hash(blake3.Sum256(preimage(&d, payload))); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	})
}

func TestEveryFieldOfADraftChangesTheDigest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := draftGenerator().Draw(t, "a"), draftGenerator().Draw(t, "b")
		if rapid.Bool().Draw(t, "nearly equal") {
			b = a
			switch rapid.IntRange(0, 12).Draw(t, "difference") {
			case 0: // none
			case 1:
				b.Coordinate = event.MustAt(a.Coordinate.Entity()+a.Coordinate.Scope()[:0]+"x", a.Coordinate.Scope())
			case 2:
				b.Coordinate = event.MustAt(a.Coordinate.Scope(), a.Coordinate.Entity())
			case 3:
				b.Kind ^= 1
			case 4:
				b.Flags ^= 1
			case 5:
				b.Codec = (a.Codec + 1) % 3
			case 6:
				b.Version++
			case 7:
				b.Lane++
			case 8:
				b.Tags = append([]string{"first"}, a.Tags...)
			case 9:
				b.Metadata = append([]byte{1}, a.Metadata...)
			case 10:
				b.Key += "k"
			case 11:
				b.CauseInBatch++
			case 12:
				b.Payload = append([]byte{1}, a.Payload...)
			}
		}
		normalise := func(d event.Draft) event.Draft {
			if d.CauseInBatch != 0 {
				d.Cause = event.ID{}
			}
			d.Tags, d.Metadata = append([]string{}, d.Tags...), append([]byte{}, d.Metadata...)
			d.Payload = append([]byte{}, d.Payload...)
			return d
		}
		same := reflect.DeepEqual(normalise(a), normalise(b))
		if (digest(a) == digest(b)) != same {
			t.Fatalf("same: %v, digests %s, %s", same, digest(a), digest(b))
		}
	})
}

func TestAUsualDigestTakesTwoBlocks(t *testing.T) {
	d := plainDraft()
	if n := len(preimage(&d, event.Hash{})); n > 128 {
		t.Errorf("the preimage has %d bytes", n)
	}
	_, scratch := event.Digest(nil, &d, event.Hash{})
	if len(scratch) > 128 {
		t.Errorf("scratch has %d bytes", len(scratch))
	}
}

func TestABatchDigestHasItsGoldenValue(t *testing.T) {
	one, two := digest(plainDraft()), digest(fullDraft())
	for _, c := range []struct {
		digests []event.Hash
		want    string
	}{
		{nil, "a1c37abdabb23164432b515e25d17e7a13fa5a41908777f637f550de20c92a14"},
		{[]event.Hash{one}, "d206458803a4e6b6ee4f8fecf0f062cc42a3a98ed6173aa60dd5d6a22406cc86"},
		{[]event.Hash{one, two}, "5e6fee04e3891ca4334b204db2c48c5b911c3830713f42c4c35df700eae317e8"},
	} {
		if got := event.BatchDigest(c.digests); got.String() != c.want {
			t.Errorf("%d items: got %s, want %s", len(c.digests), got, c.want)
		}
	}
	if event.BatchDigest([]event.Hash{two, one}) == event.BatchDigest([]event.Hash{one, two}) {
		t.Error("the order of items does not count")
	}
}
