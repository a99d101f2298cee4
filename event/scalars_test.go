// Tests of positions, flags, codecs, outcomes and hashes: their texts and their numbers.

package event_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/batpak/batpak/event"
)

func TestAPositionPrintsAsItIsRead(t *testing.T) {
	p := event.Position{Depth: 1, Lane: 2, Clock: 3, Wall: 1763875200000, Counter: 4}
	if p.String() != "1:2:3@1763875200000.4" {
		t.Errorf("prints as %s", p)
	}
	if !p.WallTime().Equal(time.Date(2025, 11, 23, 5, 20, 0, 0, time.UTC)) {
		t.Errorf("wall is %s", p.WallTime())
	}
	largest := event.Position{Depth: math.MaxUint32, Lane: math.MaxUint32, Clock: math.MaxUint64, Wall: math.MaxUint64, Counter: math.MaxUint32}
	if got, err := event.ParsePosition(largest.String()); err != nil || got != largest {
		t.Errorf("got %v, %v", got, err)
	}
	rapid.Check(t, func(t *rapid.T) {
		want := event.Position{
			Depth: rapid.Uint32().Draw(t, "depth"), Lane: rapid.Uint32().Draw(t, "lane"), Clock: rapid.Uint64().Draw(t, "clock"),
			Wall: rapid.Uint64().Draw(t, "wall"), Counter: rapid.Uint32().Draw(t, "counter"),
		}
		if got, err := event.ParsePosition(want.String()); err != nil || got != want {
			t.Fatalf("%s was read as %v, %v", want, got, err)
		}
	})
}

func TestMalformedPositionsAreRefusedByPart(t *testing.T) {
	for text, field := range map[string]string{
		"":                               "position.depth",
		"1":                              "position.depth",
		"4294967296:0:1@1.0":             "position.depth",
		"-1:0:1@1.0":                     "position.depth",
		"0:x:1@1.0":                      "position.lane",
		"0:0":                            "position.lane",
		"0:0:1":                          "position.clock",
		"0:0:18446744073709551616@1.0":   "position.clock",
		"0:0:1@1":                        "position.wall",
		"0:0:1@.0":                       "position.wall",
		"0:0:1@1.":                       "position.counter",
		"0:0:1@1.0 ":                     "position.counter",
		"0:0:1@1.4294967296":             "position.counter",
		"0:0:1@1.0.0":                    "position.counter",
		"0:0:0:1@1.0":                    "position.clock",
		strings.Repeat("1", 1<<10) + ":": "position.depth",
	} {
		_, err := event.ParsePosition(text)
		var typed *event.FieldError
		if !errors.As(err, &typed) || typed.Field != field {
			t.Errorf("%.40q: got %v, want an error for %s", text, err, field)
		}
	}
}

func TestFlagsPrintTheirNames(t *testing.T) {
	for flags, want := range map[event.Flags]string{
		0: "none", event.RequiresAck: "requires-ack", event.Transactional | event.Replay: "transactional|replay",
		0x41: "requires-ack|0x40", 0xF4: "0xF4", 0xFF: "requires-ack|transactional|replay|0xF4",
	} {
		if flags.String() != want {
			t.Errorf("got %s, want %s", flags, want)
		}
	}
	if event.RequiresAck != 1 || event.Transactional != 2 || event.Replay != 8 {
		t.Error("the numbers of flags are stored and must not change")
	}
	if f := event.RequiresAck | event.Replay; !f.Has(event.Replay) || f.Has(event.Transactional|event.Replay) || !f.Has(0) {
		t.Error("Has is wrong")
	}
}

func TestCodecsAndOutcomesKeepTheirNumbers(t *testing.T) {
	if event.CodecRaw != 0 || event.CodecJSON != 1 || event.CodecMessagePack != 2 || event.GatePassed != 1 || event.GateBypassed != 2 {
		t.Error("the numbers are stored and must not change")
	}
	for codec, want := range map[event.Codec]string{0: "raw", 1: "json", 2: "messagepack", 3: "codec(3)"} {
		if codec.String() != want || codec.Valid() != (codec < 3) {
			t.Errorf("%s valid: %v, want %s", codec, codec.Valid(), want)
		}
	}
	for outcome, want := range map[event.GateOutcome]string{0: "gate-outcome(0)", 1: "passed", 2: "bypassed"} {
		if outcome.String() != want {
			t.Errorf("got %s, want %s", outcome, want)
		}
	}
}

func TestHashesPrintAsTheyAreRead(t *testing.T) {
	want := event.PayloadHash([]byte("abc"))
	if want.IsZero() || !(event.Hash{}).IsZero() {
		t.Error("only zeros are zero")
	}
	for _, text := range []string{want.String(), strings.ToUpper(want.String())} {
		if got, err := event.ParseHash(text); err != nil || got != want {
			t.Errorf("got %s, %v", got, err)
		}
	}
	for _, text := range []string{"", want.String()[1:], want.String() + "00", "x" + want.String()[1:]} {
		if _, err := event.ParseHash(text); !errors.Is(err, event.ErrInvalid) {
			t.Errorf("%q: got %v", text, err)
		}
	}
}
