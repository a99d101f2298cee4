// This file holds how bytes from git become names and texts that are valid UTF-8 and not too long.
//
// Escaping is reversible. A byte that is not part of valid UTF-8 becomes '%' and two upper-case hex
// digits. A '%' becomes "%25" where it would otherwise read as an escape or as the mark below, which
// is where two upper-case hex digits or a '~' follow it; elsewhere it stays. To reverse it, replace
// every '%' that two upper-case hex digits follow, and those digits, by the byte that they name.
//
// Shortening is not, since a coordinate has room for 1,024 bytes. A text that is too long after
// escaping is cut, and "%~" and the SHA-256 of the unescaped text follow, so that texts which begin
// alike stay apart. The event keeps a shortened e-mail address in its payload.

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

const (
	// cutMark separates what is left of a shortened text from its hash. Escaped text never holds it.
	cutMark = "%~"

	upperHex = "0123456789ABCDEF"
)

// fit escapes a text and shortens it to at most limit bytes, which must leave room for the mark and
// the hash: 66 bytes. It reports whether it had to shorten.
func fit(text string, limit int) (fitted string, shortened bool) {
	escaped := escape(text)
	if len(escaped) <= limit {
		return escaped, false
	}
	sum := sha256.Sum256([]byte(text))
	tail := cutMark + hex.EncodeToString(sum[:])
	return cut(escaped, limit-len(tail)) + tail, true
}

// escape returns text as valid UTF-8, in the reversible form that this file describes.
func escape(text string) string {
	if utf8.ValidString(text) && !strings.Contains(text, "%") {
		return text
	}
	var b strings.Builder
	b.Grow(len(text) + 16)
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteByte('%')
			b.WriteByte(upperHex[text[i]>>4])
			b.WriteByte(upperHex[text[i]&0xF])
		case r == '%' && (isEscape(text[i:]) || strings.HasPrefix(text[i:], cutMark)):
			b.WriteString("%25")
		default:
			b.WriteString(text[i : i+size])
		}
		i += size
	}
	return b.String()
}

// cut returns the longest beginning of an escaped text that has at most limit bytes and ends neither
// inside a character nor inside an escape.
func cut(escaped string, limit int) string {
	end := 0
	for end < len(escaped) {
		size := 3
		if !isEscape(escaped[end:]) {
			_, size = utf8.DecodeRuneInString(escaped[end:])
		}
		if end+size > limit {
			break
		}
		end += size
	}
	return escaped[:end]
}

// isEscape reports whether text begins with '%' and two upper-case hex digits.
func isEscape(text string) bool {
	return len(text) >= 3 && text[0] == '%' && isUpperHex(text[1]) && isUpperHex(text[2])
}

func isUpperHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'A' && c <= 'F' }

// hasEscape reports whether a fitted text differs from the text that it was made of.
func hasEscape(fitted string) bool {
	for i := strings.IndexByte(fitted, '%'); i >= 0 && i < len(fitted); i++ {
		if isEscape(fitted[i:]) || strings.HasPrefix(fitted[i:], cutMark) {
			return true
		}
	}
	return false
}

// isShortened reports whether a fitted text was cut.
func isShortened(fitted string) bool { return strings.Contains(fitted, cutMark) }
