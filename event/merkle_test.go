// Tests of the Merkle tree: its shape, heads and their text, proofs and what must not pass as one.

package event_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/batpak/batpak/event"
)

// naiveRoot is MTH of RFC 6962, section 2.1, word for word.
func naiveRoot(hashes []event.Hash) event.Hash {
	switch len(hashes) {
	case 0:
		return event.EmptyRoot()
	case 1:
		return event.LeafHash(hashes[0])
	}
	k := largestPowerBelow(len(hashes))
	return event.NodeHash(naiveRoot(hashes[:k]), naiveRoot(hashes[k:]))
}

// naivePath is PATH of RFC 6962, section 2.1.1.
func naivePath(leaf int, hashes []event.Hash) []event.Hash {
	if len(hashes) == 1 {
		return nil
	}
	if k := largestPowerBelow(len(hashes)); leaf < k {
		return append(naivePath(leaf, hashes[:k]), naiveRoot(hashes[k:]))
	} else {
		return append(naivePath(leaf-k, hashes[k:]), naiveRoot(hashes[:k]))
	}
}

// naiveSubproof is SUBPROOF of RFC 6962, section 2.1.2.
func naiveSubproof(older int, hashes []event.Hash, known bool) []event.Hash {
	switch {
	case older == len(hashes) && known:
		return nil
	case older == len(hashes):
		return []event.Hash{naiveRoot(hashes)}
	}
	if k := largestPowerBelow(len(hashes)); older <= k {
		return append(naiveSubproof(older, hashes[:k], known), naiveRoot(hashes[k:]))
	} else {
		return append(naiveSubproof(older-k, hashes[k:], false), naiveRoot(hashes[:k]))
	}
}

func largestPowerBelow(n int) int {
	k := 1
	for 2*k < n {
		k *= 2
	}
	return k
}

func someHashes(n int) []event.Hash {
	hashes := make([]event.Hash, n)
	for i := range hashes {
		hashes[i] = event.PayloadHash(fmt.Append(nil, "event ", i))
	}
	return hashes
}

func headOf(hashes []event.Hash) event.TreeHead {
	return event.TreeHead{Origin: event.ID{1}, Identity: event.ID{2}, Size: uint64(len(hashes)), Root: naiveRoot(hashes)}
}

const mostLeaves = 70

func TestEveryLeafOfEveryTreeIsProvedByItsPathAndByNoOther(t *testing.T) {
	all := someHashes(mostLeaves)
	for size := 1; size <= mostLeaves; size++ {
		head := headOf(all[:size])
		for leaf := range size {
			proof := event.InclusionProof{Leaf: uint64(leaf), Size: uint64(size), Path: naivePath(leaf, all[:size])}
			if err := event.VerifyInclusion(proof, all[leaf], head); err != nil {
				t.Fatalf("leaf %d of %d: %v", leaf, size, err)
			}
			for what, wrong := range spoiledInclusions(proof) {
				if err := event.VerifyInclusion(wrong, all[leaf], head); !errors.Is(err, event.ErrProof) {
					t.Fatalf("leaf %d of %d, %s: %v", leaf, size, what, err)
				}
			}
			if err := event.VerifyInclusion(proof, all[(leaf+1)%mostLeaves], head); !errors.Is(err, event.ErrProof) {
				t.Fatalf("leaf %d of %d proves another event: %v", leaf, size, err)
			}
		}
	}
}

// spoiledInclusions are proofs that differ from a good one in one thing.
func spoiledInclusions(p event.InclusionProof) map[string]event.InclusionProof {
	wrong := map[string]event.InclusionProof{}
	with := func(what string, change func(*event.InclusionProof)) {
		spoiled := p
		spoiled.Path = slices.Clone(p.Path)
		change(&spoiled)
		wrong[what] = spoiled
	}
	with("one hash more", func(p *event.InclusionProof) { p.Path = append(p.Path, event.Hash{7}) })
	with("another size", func(p *event.InclusionProof) { p.Size++ })
	with("no such leaf", func(p *event.InclusionProof) { p.Leaf = p.Size })
	with("the last leaf that can be written", func(p *event.InclusionProof) { p.Leaf = math.MaxUint64 })
	for i := range p.Path {
		with(fmt.Sprint("another hash ", i), func(p *event.InclusionProof) { p.Path[i][31] ^= 1 })
	}
	if len(p.Path) > 0 {
		with("one hash less", func(p *event.InclusionProof) { p.Path = p.Path[1:] })
		with("no hashes", func(p *event.InclusionProof) { p.Path = nil })
		with("the neighbour's place", func(p *event.InclusionProof) { p.Leaf ^= 1 })
	}
	return wrong
}

func TestEveryTreeIsTheBeginningOfEveryLargerOne(t *testing.T) {
	all := someHashes(mostLeaves)
	for newer := 0; newer <= mostLeaves; newer++ {
		for older := 0; older <= newer; older++ {
			proof := event.ConsistencyProof{Older: uint64(older), Newer: uint64(newer)}
			if older > 0 {
				proof.Path = naiveSubproof(older, all[:newer], true)
			}
			a, b := headOf(all[:older]), headOf(all[:newer])
			if err := event.VerifyConsistency(proof, a, b); err != nil {
				t.Fatalf("%d of %d: %v", older, newer, err)
			}
			for what, refused := range spoiledConsistencies(proof, a, b) {
				if err := refused(); !errors.Is(err, event.ErrProof) {
					t.Fatalf("%d of %d, %s: %v", older, newer, what, err)
				}
			}
		}
	}
}

// spoiledConsistencies are checks of which none may succeed.
func spoiledConsistencies(p event.ConsistencyProof, older, newer event.TreeHead) map[string]func() error {
	checks := map[string]func() error{}
	with := func(what string, change func(p *event.ConsistencyProof, older, newer *event.TreeHead)) {
		spoiled, a, b := p, older, newer
		spoiled.Path = slices.Clone(p.Path)
		change(&spoiled, &a, &b)
		checks[what] = func() error { return event.VerifyConsistency(spoiled, a, b) }
	}
	with("another older root", func(_ *event.ConsistencyProof, a, _ *event.TreeHead) { a.Root[0] ^= 1 })
	if older.Size > 0 {
		with("another newer root", func(_ *event.ConsistencyProof, _, b *event.TreeHead) { b.Root[0] ^= 1 })
	}
	with("another origin", func(_ *event.ConsistencyProof, _, b *event.TreeHead) { b.Origin[0] ^= 1 })
	with("sizes of others", func(p *event.ConsistencyProof, _, _ *event.TreeHead) { p.Older++ })
	with("one hash more", func(p *event.ConsistencyProof, _, _ *event.TreeHead) { p.Path = append(p.Path, event.Hash{7}) })
	if older.Size < newer.Size {
		with("the heads exchanged", func(p *event.ConsistencyProof, a, b *event.TreeHead) {
			*a, *b, p.Older, p.Newer = *b, *a, p.Newer, p.Older
		})
	}
	for i := range p.Path {
		with(fmt.Sprint("another hash ", i), func(p *event.ConsistencyProof, _, _ *event.TreeHead) { p.Path[i][31] ^= 1 })
	}
	if len(p.Path) > 0 {
		with("one hash less", func(p *event.ConsistencyProof, _, _ *event.TreeHead) { p.Path = p.Path[1:] })
		with("no hashes", func(p *event.ConsistencyProof, _, _ *event.TreeHead) { p.Path = nil })
	}
	return checks
}

// TestTheTreeIsTheOneOfTheFirstRelease holds its shape and hashes to what stores have in their footers.
func TestTheTreeIsTheOneOfTheFirstRelease(t *testing.T) {
	for size, want := range map[int]string{
		0: "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262", // BLAKE3 of nothing
		1: "ba6d3439de9a25fd08c8de4ded8701c017c3cb82c0afde669820b6b9f3cca3a5",
		2: "046e9565f1f7a40f58c213fd22f002723d946b1d3eb2fc00afaa855a7efe8188",
		3: "ec7700a0229c73595daba5c4a99b36e89f1d658a4de44d3fa5c3d41c305260df",
		7: "294fbe44798e12f53935b14963472b451c4bca2fe917b166660c46bff86f290d",
	} {
		if got := naiveRoot(someHashes(size)).String(); got != want {
			t.Errorf("root of %d events: %s, want %s", size, got, want)
		}
	}
}

func TestAHeadSurvivesItsText(t *testing.T) {
	for _, size := range []uint64{0, 1, math.MaxUint64} {
		head := event.TreeHead{Origin: event.MakeID(1<<48-1, 1, 2), Identity: event.MakeID(3, 4, 5), Size: size, Root: event.PayloadHash([]byte("root"))}
		text := head.String()
		if len(text) > 180 {
			t.Errorf("%d characters: %s", len(text), text)
		}
		if back, err := event.ParseTreeHead(" \n" + text + "\r\n"); err != nil || back != head {
			t.Errorf("%q: got %+v, %v", text, back, err)
		}
		var again event.TreeHead
		encoded, err := json.Marshal(head)
		if err == nil {
			err = json.Unmarshal(encoded, &again)
		}
		if err != nil || again != head {
			t.Errorf("%s: got %+v, %v", encoded, again, err)
		}
	}
}

func TestTextThatIsNoHeadIsRefusedAndSaysWhy(t *testing.T) {
	good := event.TreeHead{Origin: event.ID{1}, Identity: event.ID{2}, Size: 3, Root: event.Hash{4}}.String()
	parts := []string{good[:13], good[14:46], good[47:79], good[80:81], good[82:]}
	join := func(i int, part string) string {
		changed := slices.Clone(parts)
		changed[i] = part
		return fmt.Sprint(changed[0], " ", changed[1], " ", changed[2], " ", changed[3], " ", changed[4])
	}
	if join(0, parts[0]) != good {
		t.Fatalf("the parts of %q are %q", good, parts)
	}
	for text, field := range map[string]string{
		"": "head", "batpak-head/1": "head", good + " 1": "head", join(0, "batpak-head/2"): "head",
		join(1, "xyz"): "head.origin", join(2, parts[2][1:]): "head.identity", join(3, "-1"): "head.size",
		join(3, "18446744073709551616"): "head.size", join(4, parts[4][2:]): "head.root",
	} {
		head, err := event.ParseTreeHead(text)
		var refused *event.FieldError
		if !errors.As(err, &refused) || refused.Field != field || !errors.Is(err, event.ErrInvalid) || head != (event.TreeHead{}) {
			t.Errorf("%q: %v, %v; want a refused %s", text, head, err, field)
		}
	}
	kept := event.TreeHead{Size: 7}
	if err := kept.UnmarshalText([]byte("nothing")); err == nil || kept.Size != 7 {
		t.Errorf("got %v, %v", kept, err)
	}
}

// storedEvent is an event with every field that its hash covers, and the hash of its entity's event before.
func storedEvent() (event.Event, event.Hash) {
	id := event.MakeID(1_700_000_000_000, 7, 99)
	e := event.Event{
		Header: event.Header{
			ID: id, Sequence: 12, Timestamp: 1_700_000_000_000_123, Kind: 0xF001, Flags: event.Transactional, Codec: event.CodecJSON, Version: 3,
			Position:    event.Position{Depth: 2, Lane: 5, Clock: 9, Wall: id.Wall(), Counter: id.Counter()},
			Correlation: event.MakeID(1, 2, 3), Cause: event.MakeID(4, 5, 6), CauseSequence: 4,
		},
		Coordinate: event.MustAt("entity", "scope"), Tags: []string{"a", "b"}, Metadata: []byte("meta"), Key: "key",
		Gate: &event.GateRecord{Outcome: event.GatePassed, Gates: []string{"limit"}}, Payload: []byte(`{"x":1}`),
	}
	return e, event.PayloadHash([]byte("before"))
}

func TestAnEventIsProvedWithAllThatItSays(t *testing.T) {
	ev, prev := storedEvent()
	hash, err := ev.ChainHash(prev)
	if err != nil {
		t.Fatal(err)
	}
	hashes := append(someHashes(11), hash, event.Hash{1})
	head := headOf(hashes)
	proof := event.InclusionProof{Leaf: 11, Size: head.Size, Prev: prev, Path: naivePath(11, hashes)}
	if err := event.VerifyEvent(&ev, proof, head); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(e *event.Event){
		"id": func(e *event.Event) { e.ID[15]++ }, "sequence": func(e *event.Event) { e.Sequence++ }, "time": func(e *event.Event) { e.Timestamp++ },
		"kind": func(e *event.Event) { e.Kind++ }, "flags": func(e *event.Event) { e.Flags = 0 }, "codec": func(e *event.Event) { e.Codec = 0 },
		"version": func(e *event.Event) { e.Version++ }, "depth": func(e *event.Event) { e.Position.Depth++ }, "lane": func(e *event.Event) { e.Position.Lane++ },
		"clock": func(e *event.Event) { e.Position.Clock++ }, "wall": func(e *event.Event) { e.Position.Wall++ }, "counter": func(e *event.Event) { e.Position.Counter++ },
		"correlation": func(e *event.Event) { e.Correlation = e.ID }, "cause": func(e *event.Event) { e.Cause[0]++ },
		"entity": func(e *event.Event) { e.Coordinate = event.MustAt("entitx", "scope") }, "scope": func(e *event.Event) { e.Coordinate = event.MustAt("entity", "scopf") },
		"tags": func(e *event.Event) { e.Tags = []string{"ab"} }, "metadata": func(e *event.Event) { e.Metadata = nil }, "key": func(e *event.Event) { e.Key = "kez" },
		"gate": func(e *event.Event) { e.Gate = nil }, "payload": func(e *event.Event) { e.Payload = []byte(`{"x":2}`) },
	} {
		changed := ev.Clone()
		change(&changed)
		if err := event.VerifyEvent(&changed, proof, head); !errors.Is(err, event.ErrProof) {
			t.Errorf("%s changed: %v", what, err)
		}
	}
	other := proof
	other.Prev = event.Hash{}
	if err := event.VerifyEvent(&ev, other, head); !errors.Is(err, event.ErrProof) {
		t.Errorf("another event before: %v", err)
	}
	ev.Tombstone = true
	if err := event.VerifyEvent(&ev, proof, head); !errors.Is(err, event.ErrTombstone) {
		t.Errorf("a tombstone: %v", err)
	}
}

func FuzzProofsOfAnythingAreRefusedWithoutPanic(f *testing.F) {
	f.Add(uint64(0), uint64(1), 0)
	f.Add(uint64(5), uint64(6), 3)
	f.Add(uint64(math.MaxUint64), uint64(math.MaxUint64), 70)
	f.Fuzz(func(t *testing.T, a, b uint64, hashes int) {
		path := someHashes(min(max(hashes, 0), 100))
		head := event.TreeHead{Size: b, Root: event.Hash{1}}
		if event.VerifyInclusion(event.InclusionProof{Leaf: a, Size: b, Path: path}, event.Hash{}, head) == nil {
			t.Error("a proof of nothing holds")
		}
		older := event.TreeHead{Size: a, Root: event.Hash{2}}
		if event.VerifyConsistency(event.ConsistencyProof{Older: a, Newer: b, Path: path}, older, head) == nil {
			t.Error("heads of nothing are consistent")
		}
	})
}
