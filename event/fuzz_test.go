// Fuzz tests of the parsers: what is read prints as something that is read again as the same, and
// all else is refused with a typed error.

package event_test

import (
	"errors"
	"fmt"
	"testing"
	"unicode/utf8"

	"github.com/batpak/batpak/event"
)

func checkParsed[T interface {
	comparable
	fmt.Stringer
}](t *testing.T, text string, parse func(string) (T, error)) {
	t.Helper()
	value, err := parse(text)
	if err != nil {
		var typed *event.FieldError
		if !errors.As(err, &typed) || !errors.Is(err, event.ErrInvalid) {
			t.Errorf("%q: %v", text, err)
		}
		return
	}
	if again, err := parse(value.String()); err != nil || again != value {
		t.Errorf("%q was read as %s, then as %s, %v", text, value, again, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"019aaf279c007deab6fbbea5a5a5a5a5", "019aaf27-9c00-7dea-b6fb-bea5a5a5a5a5", "0xF001", "0:0:7@1763875200000.3",
		"af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262", "", "0x", "::@.", "\xff",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		checkParsed(t, text, event.ParseID)
		checkParsed(t, text, event.ParseKind)
		checkParsed(t, text, event.ParsePosition)
		checkParsed(t, text, event.ParseHash)
	})
}

func FuzzAt(f *testing.F) {
	f.Add("player:alice", "room:dungeon")
	f.Add("", "\xff")
	f.Fuzz(func(t *testing.T, entity, scope string) {
		sound := func(name string) bool { return name != "" && len(name) <= event.MaxName && utf8.ValidString(name) }
		at, err := event.At(entity, scope)
		if (err == nil) != (sound(entity) && sound(scope)) || err != nil && !errors.Is(err, event.ErrInvalid) {
			t.Errorf("%q, %q: %v", entity, scope, err)
		}
		if err == nil && (at.Entity() != entity || at.Scope() != scope) {
			t.Errorf("%q, %q became %v", entity, scope, at)
		}
	})
}
