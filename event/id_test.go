// Tests of ids.

package event_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/batpak/batpak/event"
)

func TestAnIDHasTheBytesOfItsLayout(t *testing.T) {
	for _, c := range []struct {
		wall    uint64
		counter uint32
		random  uint64
		want    string
	}{
		{0, 0, 0, "00000000000070008000000000000000"},
		{0x0123456789ab, 0, 0, "0123456789ab70008000000000000000"},
		{0, 1, 0, "00000000000070008000040000000000"},
		{0, 0xffffffff, 0, "0000000000007fffbffffc0000000000"},
		{0, 0, 1<<42 - 1, "0000000000007000800003ffffffffff"},
		{1<<64 - 1, 0x12345678, 1<<64 - 1, "ffffffffffff71239159e3ffffffffff"},
		{1763875200000, 0xdeadbeef, 0x2a5a5a5a5a5, "019aaf279c007deab6fbbea5a5a5a5a5"},
	} {
		if got := event.MakeID(c.wall, c.counter, c.random).String(); got != c.want {
			t.Errorf("MakeID(%d, %#x, %#x) = %s, want %s", c.wall, c.counter, c.random, got, c.want)
		}
	}
}

func TestAnIDKeepsWallAndCounterAndSortsByThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) (uint64, uint32, event.ID) {
			wall := rapid.Uint64Max(1<<48-1).Draw(t, name+" wall")
			counter := rapid.Uint32().Draw(t, name+" counter")
			return wall, counter, event.MakeID(wall, counter, rapid.Uint64().Draw(t, name+" random"))
		}
		wall1, counter1, id1 := draw("first")
		wall2, counter2, id2 := draw("second")
		if rapid.Bool().Draw(t, "same wall") {
			wall2, id2 = wall1, event.MakeID(wall1, counter2, 7)
		}
		if id1.Wall() != wall1 || id1.Counter() != counter1 {
			t.Fatalf("%s holds wall %d, counter %d, want %d, %d", id1, id1.Wall(), id1.Counter(), wall1, counter1)
		}
		if id1[6]>>4 != 7 || id1[8]>>6 != 2 {
			t.Fatalf("%s is no UUIDv7", id1)
		}
		if wall1 < wall2 || wall1 == wall2 && counter1 < counter2 {
			if id1.Compare(id2) != -1 || id2.Compare(id1) != 1 || id1.String() >= id2.String() {
				t.Fatalf("%s is not below %s", id1, id2)
			}
		}
	})
}

func TestIDsAreReadInEachOfTheirForms(t *testing.T) {
	want := event.MakeID(1763875200000, 5, 6)
	plain := want.String()
	dashed := plain[:8] + "-" + plain[8:12] + "-" + plain[12:16] + "-" + plain[16:20] + "-" + plain[20:]
	for _, text := range []string{plain, dashed, strings.ToUpper(plain), strings.ToUpper(dashed)} {
		if got, err := event.ParseID(text); err != nil || got != want {
			t.Errorf("%s: got %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", plain[1:], plain + "0", "g" + plain[1:], strings.Replace(dashed, "-", "0", 1), dashed[1:] + "-", " " + plain, "{" + plain + "}"} {
		_, err := event.ParseID(text)
		var typed *event.FieldError
		if !errors.Is(err, event.ErrInvalid) || !errors.As(err, &typed) || typed.Field != "id" {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

func TestIDsKindsAndHashesAreTextInJSON(t *testing.T) {
	type all struct {
		ID   event.ID
		Kind event.Kind
		Hash event.Hash
		None event.ID `json:",omitzero"`
	}
	want := all{ID: event.MakeID(1, 2, 3), Kind: 0xF001, Hash: event.PayloadHash(nil)}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	const golden = `{"ID":"00000000000170008000080000000003","Kind":"0xF001","Hash":"af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"}`
	if string(text) != golden {
		t.Errorf("got %s", text)
	}
	var got all
	if err := json.Unmarshal(text, &got); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	before := got
	for _, bad := range []string{`{"ID":"x"}`, `{"Kind":"F001"}`, `{"Hash":"00"}`} {
		if err := json.Unmarshal([]byte(bad), &got); !errors.Is(err, event.ErrInvalid) || got != before {
			t.Errorf("%s: got %v, %+v", bad, err, got)
		}
	}
}

func TestTheZeroIDIsNone(t *testing.T) {
	if !(event.ID{}).IsZero() || event.MakeID(0, 0, 0).IsZero() {
		t.Error("an id that was made must not be the zero id")
	}
}
