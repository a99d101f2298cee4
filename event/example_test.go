// Examples of the vocabulary.

package event_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/batpak/batpak/event"
)

func ExampleAt() {
	at, err := event.At("player:alice", "room:dungeon")
	fmt.Println(at, err)

	_, err = event.At("", "room:dungeon")
	var field *event.FieldError
	fmt.Println(errors.Is(err, event.ErrInvalid), errors.As(err, &field), field.Field)
	// Output:
	// player:alice@room:dungeon <nil>
	// true true entity
}

func ExampleNewKind() {
	moved, err := event.NewKind(0xF, 1)
	fmt.Println(moved, err)

	_, err = event.NewKind(0xD, 1)
	fmt.Println(errors.Is(err, event.ErrReservedKind))
	// Output:
	// 0xF001 <nil>
	// true
}

func ExampleID() {
	id := event.MakeID(1763875200000, 3, 0)
	fmt.Println(id)
	fmt.Println(time.UnixMilli(int64(id.Wall())).UTC(), id.Counter())
	// Output:
	// 019aaf279c00700080000c0000000000
	// 2025-11-23 05:20:00 +0000 UTC 3
}

func ExampleParseID() {
	id, err := event.ParseID("019aaf27-9c00-7000-8000-0c0000000000")
	fmt.Println(id, err)
	// Output: 019aaf279c00700080000c0000000000 <nil>
}

func ExamplePosition() {
	fmt.Println(event.Position{Depth: 1, Clock: 7, Wall: 1763875200000, Counter: 3})
	// Output: 1:0:7@1763875200000.3
}

func ExampleDraft_Validate() {
	draft := event.Draft{Coordinate: event.MustAt("player:alice", "room:dungeon"), Kind: event.Data, Tags: []string{"combat", ""}}
	fmt.Println(draft.Validate(event.DefaultMaxPayload))
	// Output: batpak: invalid tags[1]: empty, want 1 to 128 bytes
}

func ExampleDigest() {
	draft := event.Draft{Coordinate: event.MustAt("player:alice", "room:dungeon"), Kind: event.Data, Payload: []byte("moved")}
	scratch := make([]byte, 0, 128) // kept for the next digest
	first, scratch := event.Digest(scratch, &draft, event.PayloadHash(draft.Payload))
	draft.Tags = []string{"combat"}
	second, _ := event.Digest(scratch, &draft, event.PayloadHash(draft.Payload))
	fmt.Println(first == second)
	// Output: false
}

func ExampleRegion() {
	moved := event.MustKind(0xF, 1)
	mine := event.Entity("player:alice").Kind(moved)
	either := event.Union(mine, event.Scope("room:dungeon").Tags("combat"))
	fmt.Println(mine)
	fmt.Println(either)

	stored := event.Event{Header: event.Header{Kind: moved}, Coordinate: event.MustAt("player:bob", "room:dungeon"), Tags: []string{"combat"}}
	fmt.Println(mine.Matches(&stored), either.Matches(&stored))
	// Output:
	// entity "player:alice" and kind 0xF001
	// entity "player:alice" and kind 0xF001 or scope "room:dungeon" and tag "combat"
	// false true
}

func ExampleUnion_none() {
	fmt.Println(event.Union(), event.Everything(), event.Entity(""))
	// Output: nothing everything nothing
}

func ExampleEvent_Clone() {
	reused := event.Event{Payload: []byte("first")} // as an iterator would fill it
	kept := reused.Clone()
	reused.Reset()
	reused.Payload = append(reused.Payload, "other"...)
	fmt.Printf("%s %s\n", kept.Payload, reused.Payload)
	// Output: first other
}

func ExampleEvent_Decode() {
	stored := event.Event{Header: event.Header{Codec: event.CodecJSON}, Payload: []byte(`{"x":10,"y":20}`)}
	var to struct {
		X int `json:"x"`
		Y int `json:"y"`
	}
	err := stored.Decode(&to)
	fmt.Println(to.X, to.Y, err)
	value, err := stored.Value()
	fmt.Println(value, err)
	// Output:
	// 10 20 <nil>
	// map[x:10 y:20] <nil>
}

func ExampleGateRecord() {
	record := event.GateRecord{Outcome: event.GateBypassed, Gates: []string{"quota"}, Reason: "outage"}
	b, err := record.AppendBinary(nil)
	fmt.Println(len(b), err)
	back, err := event.DecodeGateRecord(b)
	fmt.Println(back.Outcome, back.Gates, back.Reason, err)
	// Output:
	// 19 <nil>
	// bypassed [quota] outage <nil>
}
