// The appends of the model: every way to append, one by one and in bursts that fill
// segments.

package engine_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"pgregory.net/rapid"
)

// coordinate draws one of a few entities, so that their chains get long.
func coordinate(t *rapid.T) event.Coordinate {
	return event.MustAt(
		fmt.Sprintf("entity-%d", rapid.IntRange(0, 4).Draw(t, "entity")),
		fmt.Sprintf("scope-%d", rapid.IntRange(0, 2).Draw(t, "scope")))
}

var drawnKind = rapid.Custom(func(t *rapid.T) event.Kind {
	category := rapid.SampledFrom([]uint16{0x1, 0x7, 0xC, 0xE, 0xF}).Draw(t, "category")
	return event.MustKind(category, rapid.Uint16Range(0, event.MaxType).Draw(t, "type"))
})

// Append appends a value as MessagePack.
func (m *machine) Append(t *rapid.T) {
	at, kind := coordinate(t), drawnKind.Draw(t, "kind")
	text := rapid.StringN(0, 40, 200).Draw(t, "text")
	r, err := m.store.Append(at, kind, map[string]any{"text": text})
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	ev, err := m.store.At(r.Sequence)
	if err != nil {
		t.Fatalf("read back: %v", err)
	}
	var back map[string]string
	if err := ev.Decode(&back); err != nil || back["text"] != text {
		t.Fatalf("decoded %q, %v, want %q", back["text"], err, text)
	}
	d := event.Draft{Coordinate: at, Kind: kind, Codec: event.CodecMessagePack, Payload: ev.Payload}
	m.appended(t, &d, nil, r, nil)
}

// AppendBytes appends bytes of any codec, also none, now and then more than a segment
// holds.
func (m *machine) AppendBytes(t *rapid.T) {
	d := event.Draft{Coordinate: coordinate(t), Kind: drawnKind.Draw(t, "kind")}
	d.Codec = event.Codec(rapid.Uint8Range(0, 2).Draw(t, "codec"))
	d.Payload = drawnPayload(t)
	r, err := m.store.AppendBytes(d.Coordinate, d.Kind, d.Codec, d.Payload)
	m.appended(t, &d, nil, r, err)
}

func drawnPayload(t *rapid.T) []byte {
	size := rapid.IntRange(0, 6000).Draw(t, "size")
	if rapid.IntRange(0, 19).Draw(t, "large") == 0 {
		size = rapid.IntRange(50_000, 300_000).Draw(t, "large size")
	}
	return randomBytes(rapid.Uint64().Draw(t, "seed"), size)
}

// randomBytes returns bytes that only the seed determines.
func randomBytes(seed uint64, size int) []byte {
	var key [32]byte
	for i := range 8 {
		key[i] = byte(seed >> (8 * i))
	}
	b := make([]byte, size)
	_, _ = rand.NewChaCha8(key).Read(b) // never fails
	return b
}

// AppendWithOptions appends with everything that a caller can say.
func (m *machine) AppendWithOptions(t *rapid.T) {
	o := engine.AppendOptions{
		Tags:     rapid.SliceOfN(rapid.StringN(1, 30, event.MaxTag), 0, event.MaxTags).Draw(t, "tags"),
		Metadata: rapid.SliceOfN(rapid.Byte(), 0, 100).Draw(t, "metadata"),
		Flags:    event.Flags(rapid.Byte().Draw(t, "flags")),
		Version:  rapid.Uint32().Draw(t, "version"),
		Lane:     rapid.Uint32().Draw(t, "lane"),
	}
	d := event.Draft{
		Coordinate: coordinate(t), Kind: drawnKind.Draw(t, "kind"), Codec: event.CodecRaw, Payload: drawnPayload(t),
		Tags: o.Tags, Metadata: o.Metadata, Flags: o.Flags, Version: o.Version, Lane: o.Lane,
	}
	var cause *event.Event
	if len(m.history) > 0 && rapid.Bool().Draw(t, "caused") {
		cause = &m.history[rapid.IntRange(0, len(m.history)-1).Draw(t, "cause")]
		o.Cause, d.Cause = cause.ID, cause.ID
	}
	if len(m.history) > 0 && rapid.Bool().Draw(t, "correlated") {
		o.Correlation = m.history[rapid.IntRange(0, len(m.history)-1).Draw(t, "correlation")].ID
		d.Correlation = o.Correlation
	}
	r, err := m.store.AppendBytesWith(d.Coordinate, d.Kind, d.Codec, d.Payload, o)
	m.appended(t, &d, cause, r, err)
}

// Burst appends as much as fills a segment or two.
func (m *machine) Burst(t *rapid.T) {
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	for range rapid.IntRange(1, 40).Draw(t, "events") {
		d := event.Draft{
			Coordinate: event.MustAt(fmt.Sprintf("entity-%d", random.IntN(5)), "scope-burst"),
			Kind:       event.Data,
			Payload:    randomBytes(random.Uint64(), random.IntN(6000)),
		}
		r, err := m.store.AppendBytes(d.Coordinate, d.Kind, d.Codec, d.Payload)
		m.appended(t, &d, nil, r, err)
	}
}
