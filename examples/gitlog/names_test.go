// This file proves the escaping of names: valid, reversible, bounded.

package main

import (
	"encoding/hex"
	"strings"
	"testing"
	"unicode/utf8"
)

// unescape is the inverse that names.go describes.
func unescape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if !isEscape(text[i:]) {
			b.WriteByte(text[i])
			continue
		}
		value, err := hex.DecodeString(text[i+1 : i+3])
		if err != nil {
			panic(err) // isEscape has seen two hex digits
		}
		b.Write(value)
		i += 2
	}
	return b.String()
}

// eachText calls fn with every string of at most five of the pieces that matter to the escaping.
func eachText(fn func(string)) {
	pieces := []string{"%", "2", "5", "F", "~", "g", "\xe9", "\xc3", "\xa9", "é"}
	level := []string{""}
	for range 6 {
		var longer []string
		for _, text := range level {
			fn(text)
			for _, piece := range pieces {
				longer = append(longer, text+piece)
			}
		}
		level = longer
	}
}

func TestEscapingIsReversibleAndGivesValidUTF8(t *testing.T) {
	eachText(func(text string) {
		escaped := escape(text)
		if !utf8.ValidString(escaped) {
			t.Fatalf("escape(%q) = %q, which is not valid UTF-8", text, escaped)
		}
		if back := unescape(escaped); back != text {
			t.Fatalf("escape(%q) = %q, which reads back as %q", text, escaped, back)
		}
		if hasEscape(escaped) != (escaped != text) {
			t.Fatalf("hasEscape(%q) = %t for the escaped form of %q", escaped, hasEscape(escaped), text)
		}
		if isShortened(escaped) {
			t.Fatalf("escape(%q) = %q looks shortened", text, escaped)
		}
	})
}

func TestOnlyWhatNeedsItIsEscaped(t *testing.T) {
	for text, want := range map[string]string{
		"":                "",
		"a@example.org":   "a@example.org",
		"é@example.org":   "é@example.org",
		"100%":            "100%",
		"50% faster":      "50% faster",
		"a%b@example.org": "a%b@example.org",
		"%41":             "%2541",
		"%~":              "%25~",
		"\xe9@x":          "%E9@x",
		"\xed\xa0\x80":    "%ED%A0%80",
		"cut \xc3":        "cut %C3",
	} {
		if got := escape(text); got != want {
			t.Errorf("escape(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestOverLongTextsAreCutBetweenCharactersAndStayApart(t *testing.T) {
	const limit = 100
	for _, unit := range []string{"a", "é", "\xff", "世", "%25", "😀"} {
		long := strings.Repeat(unit, limit)
		for lead := range 5 {
			text := strings.Repeat("x", lead+1) + long
			one, shortened := fit(text, limit)
			if !shortened || !isShortened(one) || !hasEscape(one) {
				t.Fatalf("%d bytes of %q were not shortened to %d: %q", len(text), unit, limit, one)
			}
			if len(one) > limit || !utf8.ValidString(one) {
				t.Fatalf("%q has %d bytes, want at most %d of valid UTF-8", one, len(one), limit)
			}
			kept, _, _ := strings.Cut(one, cutMark)
			if !strings.HasPrefix(text, unescape(kept)) {
				t.Fatalf("%q does not begin as the text of %q does", kept, unit)
			}
			if two, _ := fit(text+"y", limit); two == one {
				t.Fatalf("two texts became %q", one)
			}
		}
	}
	if exact, shortened := fit(strings.Repeat("a", limit), limit); shortened || len(exact) != limit {
		t.Errorf("a text of the limit's length became %q", exact)
	}
}
