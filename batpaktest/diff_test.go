// This file holds the tests of how differences are shown.

package batpaktest

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestADifferenceShowsWhatOnlyOneSideHas(t *testing.T) {
	for _, c := range []struct{ want, got, text string }{
		{"a b c", "a c", "  a\n- b\n  c"},
		{"a c", "a b c", "  a\n+ b\n  c"},
		{"a b c", "a x c", "  a\n- b\n+ x\n  c"},
		{"", "a", "+ a"},
		{"a b", "", "- a\n- b"},
		{"a", "a", "  a\n  (no line differs: what does is a NaN, a function, or is left out)"},
	} {
		if text := difference(strings.Fields(c.want), strings.Fields(c.got)); text != c.text {
			t.Errorf("%q and %q:\n%s", c.want, c.got, text)
		}
	}
}

func TestBothSidesCanBeReadOutOfADifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d"}), 0, 12)
		want, got := lines.Draw(t, "want"), lines.Draw(t, "got")
		var first, second []string
		for line := range strings.Lines(difference(want, got) + "\n") {
			mark, content := line[0], strings.TrimSpace(line[1:])
			if content == "" || strings.HasPrefix(content, "(") {
				continue
			}
			if mark != '+' {
				first = append(first, content)
			}
			if mark != '-' {
				second = append(second, content)
			}
		}
		if strings.Join(first, "") != strings.Join(want, "") || strings.Join(second, "") != strings.Join(got, "") {
			t.Errorf("%q and %q:\n%s", want, got, difference(want, got))
		}
	})
}

type inner struct {
	Names map[string]int
	at    time.Time
}

type outer struct {
	N     int
	Bytes []byte
	In    *inner
	List  []inner
	Any   any
	Wait  time.Duration
	self  *outer
	Map   map[int]bool
}

func TestAValueIsShownFieldByField(t *testing.T) {
	value := &outer{
		N: 3, Bytes: []byte("abc"), In: &inner{Names: map[string]int{"b": 2, "a": 1}}, List: []inner{{}}, Any: uint8(7), Wait: time.Second,
		Map: map[int]bool{10: true, 9: false},
	}
	value.self = value
	text := whole(value)
	for _, line := range []string{
		"&batpaktest.outer{", "  N: 3", "  Bytes: []byte(\"abc\")", "  In: &batpaktest.inner{", "    Names: map[string]int{\n      \"a\": 1\n      \"b\": 2\n    }",
		"  List: []batpaktest.inner{\n    batpaktest.inner{\n      Names: nil", "  Any: uint8(7)", "  Wait: 1s", "  self: itself", "    9: false\n    10: true",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("%q is missing in:\n%s", line, text)
		}
	}
}

func TestValuesThatDifferLookDifferent(t *testing.T) {
	when := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	values := []any{
		nil, 0, 1, "", "0", false, 1.5, math.Inf(1), []int(nil), []int{}, []int{0}, map[string]int(nil), map[string]int{}, map[string]int{"": 0}, []byte{}, []byte{0xFF},
		[]byte("x"), outer{}, &outer{}, (*outer)(nil), outer{Any: 1}, outer{Any: int64(1)}, outer{Any: "1"}, outer{In: &inner{}}, outer{In: &inner{at: when}}, inner{}, when,
		[]any{nil}, []any{0}, []string{"a", "b"}, []string{"ab"}, [2]int{}, 1 + 2i, map[inner2]int{{1, 2}: 3}, map[float64]int{1: 2}, map[uint]int{7: 1},
	}
	seen := make(map[string]int)
	for i, value := range values {
		text := whole([]any{value})
		if j, ok := seen[text]; ok {
			t.Errorf("%#v and %#v are both\n%s", values[j], value, text)
		}
		seen[text] = i
	}
}

type inner2 struct{ A, B int }

func TestALongValueIsCut(t *testing.T) {
	if lines := render(make([]int, 10*maxRendered)); len(lines) != maxRendered+1 || !strings.Contains(lines[maxRendered], "more lines") {
		t.Errorf("%d lines, the last %q", len(lines), lines[len(lines)-1])
	}
}
