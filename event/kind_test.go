// Tests of kinds.

package event_test

import (
	"errors"
	"testing"

	"github.com/batpak/batpak/event"
)

func TestAKindHasACategoryAndAType(t *testing.T) {
	for number := range 1 << 16 {
		kind := event.Kind(number)
		category, typ := uint16(number>>12), uint16(number&0xfff)
		if kind.Category() != category || kind.Type() != typ {
			t.Fatalf("%s has category %#x, type %#x", kind, kind.Category(), kind.Type())
		}
		reserved := category == 0 || category == 0xD
		if kind.Reserved() != reserved {
			t.Fatalf("%s reserved: %v", kind, kind.Reserved())
		}
		made, err := event.NewKind(category, typ)
		if reserved != errors.Is(err, event.ErrReservedKind) || reserved != errors.Is(err, event.ErrInvalid) {
			t.Fatalf("NewKind of %s: %v", kind, err)
		}
		if !reserved && made != kind {
			t.Fatalf("NewKind of %s made %s", kind, made)
		}
		if parsed, err := event.ParseKind(kind.String()); err != nil || parsed != kind {
			t.Fatalf("%s was read as %s, %v", kind, parsed, err)
		}
	}
}

func TestKindsOutOfRangeAreRefused(t *testing.T) {
	for _, c := range []struct {
		category, typ uint16
		text          string
	}{
		{0x10, 1, "batpak: invalid category: 0x10, at most 0xF"},
		{0xFFFF, 1, "batpak: invalid category: 0xFFFF, at most 0xF"},
		{0xF, 0x1000, "batpak: invalid type: 0x1000, at most 0xFFF"},
		{0xD, 1, "batpak: invalid kind: 0xD001 is of a reserved category, want 0x1 to 0xC, 0xE or 0xF"},
	} {
		if _, err := event.NewKind(c.category, c.typ); err == nil || err.Error() != c.text {
			t.Errorf("got %v, want %s", err, c.text)
		}
	}
	defer func() {
		if err, ok := recover().(error); !ok || !errors.Is(err, event.ErrReservedKind) {
			t.Errorf("MustKind panicked with %v", err)
		}
	}()
	event.MustKind(0, 1)
}

func TestKindsKeepTheNumbersOfTheOriginal(t *testing.T) {
	for kind, want := range map[event.Kind]string{
		event.Data: "0x1000", event.SystemInit: "0x0001", event.SystemShutdown: "0x0002", event.SystemHeartbeat: "0x0003",
		event.SystemConfigChange: "0x0004", event.SystemCheckpoint: "0x0005", event.SystemBatchBegin: "0x0006",
		event.SystemBatchCommit: "0x0007", event.SystemTombstone: "0x0FFE", event.EffectError: "0xD001",
		event.EffectRetry: "0xD002", event.EffectAck: "0xD004", event.EffectBackpressure: "0xD005",
		event.EffectCancel: "0xD006", event.EffectConflict: "0xD007", event.MustKind(0xF, 1): "0xF001",
	} {
		if kind.String() != want {
			t.Errorf("got %s, want %s", kind, want)
		}
		if (kind == event.Data || kind == 0xF001) == kind.Reserved() {
			t.Errorf("%s reserved: %v", kind, kind.Reserved())
		}
	}
}

func TestTextsOfKinds(t *testing.T) {
	for text, want := range map[string]event.Kind{"0xF001": 0xF001, "0XF001": 0xF001, "0xf001": 0xF001, "0x1": 1, "0x0": 0} {
		if got, err := event.ParseKind(text); err != nil || got != want {
			t.Errorf("%s: got %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "F001", "0x", "0xF0011", "0x+1", "0x_1", "0xG", "61441", " 0xF001", "0xF001 "} {
		if got, err := event.ParseKind(text); !errors.Is(err, event.ErrInvalid) {
			t.Errorf("%q: got %s, %v", text, got, err)
		}
	}
}
