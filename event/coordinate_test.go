// Tests of coordinates.

package event_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/batpak/batpak/event"
)

func TestACoordinateKeepsItsNames(t *testing.T) {
	at, err := event.At("player:alice", "room:dungeon")
	if err != nil || at.Entity() != "player:alice" || at.Scope() != "room:dungeon" || at.IsZero() {
		t.Errorf("got %v, %v", at, err)
	}
	if at.String() != "player:alice@room:dungeon" {
		t.Errorf("prints as %s", at)
	}
	if at != event.MustAt("player:alice", "room:dungeon") || at != event.TrustedAt("player:alice", "room:dungeon") {
		t.Error("equal names make different coordinates")
	}
	if !(event.Coordinate{}).IsZero() {
		t.Error("the zero coordinate is not zero")
	}
}

func TestNamesThatAreEmptyTooLongOrNotUTF8AreRefused(t *testing.T) {
	longest := strings.Repeat("x", event.MaxName)
	if _, err := event.At(longest, longest); err != nil {
		t.Errorf("1024 bytes: %v", err)
	}
	for _, c := range []struct{ entity, scope, text string }{
		{"", "s", "batpak: invalid entity: empty, want 1 to 1024 bytes"},
		{"e", "", "batpak: invalid scope: empty, want 1 to 1024 bytes"},
		{longest + "x", "s", "batpak: invalid entity: 1025 bytes, at most 1024"},
		{"e", longest + "xx", "batpak: invalid scope: 1026 bytes, at most 1024"},
		{"\xff", "s", "batpak: invalid entity: not valid UTF-8"},
		{"e", "a\xc3", "batpak: invalid scope: not valid UTF-8"},
		{strings.Repeat("é", 513), "s", "batpak: invalid entity: 1026 bytes, at most 1024"},
	} {
		at, err := event.At(c.entity, c.scope)
		if err == nil || err.Error() != c.text || !errors.Is(err, event.ErrInvalid) || !at.IsZero() {
			t.Errorf("got %v, %v, want %s", at, err, c.text)
		}
	}
	defer func() {
		if err, ok := recover().(error); !ok || !errors.Is(err, event.ErrInvalid) {
			t.Errorf("MustAt panicked with %v", err)
		}
	}()
	event.MustAt("", "")
}
