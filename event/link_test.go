// Tests of event hashes and of the tree's hashes. The golden values come from another implementation
// of BLAKE3, as for digests.

package event_test

import (
	"bytes"
	"testing"

	"github.com/zeebo/blake3"
	"pgregory.net/rapid"

	"github.com/batpak/batpak/event"
)

func goldenLink() event.Link {
	return event.Link{
		Digest: digest(plainDraft()), ID: event.MakeID(1763875200000, 0xdeadbeef, 0x2a5a5a5a5a5), Timestamp: 1763875200000123,
		Sequence: 42, Clock: 7, Depth: 3, Wall: 1763875200000, Counter: 0xdeadbeef,
	}
}

func TestAnEventHashHasItsGoldenValue(t *testing.T) {
	link := goldenLink()
	first := link.Hash()
	if want := "cd8e3e044d5c04a32942325f5eb651959cfbb6e960a6c8da249cea8213c0eff9"; first.String() != want {
		t.Errorf("first: got %s, want %s", first, want)
	}
	link.Prev = first
	second := link.Hash()
	if want := "9658b7428ec019a0d5270de385ffc8bbc5b6a1793995971b2a0dbd1ffce324a7"; second.String() != want {
		t.Errorf("second: got %s, want %s", second, want)
	}
	link.Gate = goldenGateRecord().Digest()
	if got, want := link.Hash(), "26d88fc610cecd2a51ad1c11c89cf05a36cb4c757a9a05105c4dc6130bd9bb0e"; got.String() != want {
		t.Errorf("gated: got %s, want %s", got, want)
	}
	if got, want := event.LeafHash(first), "776985bba23d00e5bd005110b031242a5298073a147fd65e15ad9c072f86b659"; got.String() != want {
		t.Errorf("leaf: got %s, want %s", got, want)
	}
	if got, want := event.NodeHash(first, second), "58c40cfc43508168bf0cfd5c10f7d9854d7fb83b9d2f2873ed698ca7f33bf603"; got.String() != want {
		t.Errorf("node: got %s, want %s", got, want)
	}
}

func linkGenerator() *rapid.Generator[event.Link] {
	return rapid.Custom(func(t *rapid.T) event.Link {
		hash := func(name string) (h event.Hash) {
			if rapid.Bool().Draw(t, name+" given") {
				h = event.PayloadHash([]byte{rapid.Byte().Draw(t, name)})
			}
			return h
		}
		return event.Link{
			Prev: hash("prev"), Digest: hash("digest"), Gate: hash("gate"), ID: event.MakeID(rapid.Uint64().Draw(t, "id"), 0, 0),
			Timestamp: rapid.Int64().Draw(t, "timestamp"), Sequence: rapid.Uint64().Draw(t, "sequence"), Clock: rapid.Uint64().Draw(t, "clock"),
			Depth: rapid.Uint32().Draw(t, "depth"), Wall: rapid.Uint64().Draw(t, "wall"), Counter: rapid.Uint32().Draw(t, "counter"),
		}
	})
}

func TestAnEventHashIsTheHashOfTheDocumentedPreimage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := linkGenerator().Draw(t, "link")
		var b bytes.Buffer
		tag, gate := "batpak:e", []byte{}
		if l.Gate != (event.Hash{}) {
			tag, gate = "batpak:g", l.Gate[:]
		}
		for _, part := range []any{tag, l.Prev[:], l.Digest[:], l.ID[:], l.Timestamp, l.Sequence, l.Clock, l.Depth, l.Wall, l.Counter, gate} {
			write(&b, part)
		}
		if n := b.Len() - len(gate); n != 128 {
			t.Fatalf("the preimage has %d bytes", n)
		}
		if got, want := l.Hash(), event.Hash(blake3.Sum256(b.Bytes())); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
		other := linkGenerator().Draw(t, "other")
		if (l.Hash() == other.Hash()) != (l == other) {
			t.Fatal("different links have one hash")
		}
	})
}

func TestLeavesAndNodesOfTheTreeAreToldApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		left := event.PayloadHash(rapid.SliceOf(rapid.Byte()).Draw(t, "left"))
		right := event.PayloadHash(rapid.SliceOf(rapid.Byte()).Draw(t, "right"))
		if event.LeafHash(left) != event.Hash(blake3.Sum256(append([]byte{0}, left[:]...))) {
			t.Fatal("leaf")
		}
		if event.NodeHash(left, right) != event.Hash(blake3.Sum256(append(append([]byte{1}, left[:]...), right[:]...))) {
			t.Fatal("node")
		}
	})
}
