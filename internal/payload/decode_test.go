// Tests of decoding MessagePack into Go types: what fits, what is refused, and round trips.

package payload_test

import (
	"encoding/hex"
	"errors"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/batpak/batpak/internal/payload"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// everything has a field of each kind that can be encoded and compared afterwards.
type everything struct {
	Bool      bool
	Int       int
	Int8      int8
	Int64     int64
	Uint      uint
	Uint8     uint8
	Uint64    uint64
	Float32   float32
	Float64   float64
	String    string
	Bytes     []byte
	Array     [3]int16
	ByteArray [4]byte
	Slice     []string
	Nested    [][]point
	Map       map[string]point
	IntMap    map[int8]string
	BoolMap   map[bool]int
	ArrayMap  map[[2]byte]int
	Struct    point
	Pointer   *point
	Pointers  **int
	Nil       *int
	Any       any
	Time      time.Time
	Duration  time.Duration
	Extension payload.Extension
	List      *node
	Named     namedString
	Tagged    int `msgpack:"t" json:"no"`
}

func TestTypedValuesComeBackAsTheyWere(t *testing.T) {
	number := 5
	pointer := &number
	want := everything{
		true, -5, -128, math.MinInt64, 5, 255, math.MaxUint64, 1.25, -2.5, "text", []byte{1, 2},
		[3]int16{1, -2, 3}, [4]byte{1, 2, 3, 4}, []string{"a", ""}, [][]point{{{1, 2}}, {}, nil},
		map[string]point{"a": {1, 2}}, map[int8]string{-1: "a"}, map[bool]int{true: 1},
		map[[2]byte]int{{1, 2}: 3}, point{3, 4}, &point{5, 6}, &pointer, nil,
		map[string]any{"a": int64(1)}, time.Unix(123, 456).UTC(), time.Second,
		payload.Extension{Type: 9, Data: []byte{1}}, &node{Value: 1, Next: &node{Value: 2}}, "named", 7,
	}
	var got everything
	if err := payload.Decode(payload.MessagePack, encode(t, want), &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	var zero everything
	if err := payload.Decode(payload.MessagePack, encode(t, everything{}), &zero); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(zero, everything{Extension: payload.Extension{Data: []byte{}}}) {
		t.Errorf("zero values came back as %+v", zero)
	}
}

func TestGenericValuesComeBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := genericValue().Draw(t, "value")
		b, err := payload.AppendMessagePack(nil, want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := payload.Generic(payload.MessagePack, b)
		if err != nil {
			t.Fatal(err)
		}
		again, err := payload.AppendMessagePack(nil, got)
		if err != nil || string(again) != string(b) {
			t.Fatalf("encoded again: %x, %v, want %x", again, err, b)
		}
		if !hasNaN(want) && !reflect.DeepEqual(got, want) {
			t.Fatalf("got %#v, want %#v", got, want)
		}
	})
}

func hasNaN(v any) bool {
	switch v := v.(type) {
	case float64:
		return math.IsNaN(v)
	case []any:
		for _, part := range v {
			if hasNaN(part) {
				return true
			}
		}
	case map[string]any:
		for _, part := range v {
			if hasNaN(part) {
				return true
			}
		}
	}
	return false
}

func TestTimesKeepTheirNanoseconds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := time.Unix(rapid.Int64Range(-1<<55, 1<<55).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds"))
		b, err := payload.AppendMessagePack(nil, want)
		if err != nil {
			t.Fatal(err)
		}
		var got time.Time
		if err := payload.Decode(payload.MessagePack, b, &got); err != nil || !got.Equal(want) || got.Location() != time.UTC {
			t.Fatalf("got %v, %v, want %v", got, err, want)
		}
	})
}

func TestValuesFitOnlyTypesThatCanHoldThem(t *testing.T) {
	for _, c := range []struct {
		in   string
		into any
		want any // nil: refused
	}{
		{"7f", new(int8), int8(127)},
		{"cc80", new(int8), nil},
		{"d17fff", new(uint16), uint16(0x7fff)},
		{"cf8000000000000000", new(int64), nil},
		{"cf8000000000000000", new(float64), float64(1 << 63)},
		{"ff", new(uint64), nil},
		{"d3ffffffffffffffff", new(int8), int8(-1)},
		{"ca3fc00000", new(int), nil},
		{"cb3ff0000000000000", new(int), nil},
		{"01", new(float32), float32(1)},
		{"e0", new(float64), float64(-32)},
		{"cb7fefffffffffffff", new(float32), nil},
		{"01", new(bool), nil},
		{"c3", new(int), nil},
		{"c40161", new(string), "a"},
		{"a161", new([]byte), []byte("a")},
		{"920102", new([]byte), []byte{1, 2}},
		{"92cd010002", new([]byte), nil},
		{"01", new(string), nil},
		{"920102", new([2]int), [2]int{1, 2}},
		{"93010203", new([2]int), nil},
		{"9101", new([2]int), nil},
		{"c4020102", new([2]byte), [2]byte{1, 2}},
		{"c403010203", new([2]byte), nil},
		{"920102", new([2]byte), [2]byte{1, 2}},
		{"80", new([]int), nil},
		{"90", new(map[string]int), nil},
		{"920102", new(point), nil},
		{"a0", new(point), nil},
		{"820102a17805", new(point), point{X: 5}},
		{"8190c0", new(point), nil},
		{"82a17801a17802", new(point), point{X: 2}},
		{"82a16101a16102", new(map[string]int), nil},
		{"810102", new(map[string]int), nil},
		{"810102", new(map[any]int), map[any]int{int64(1): 2}},
		{"81c4010102", new(map[any]int), nil},
		{"819002", new(map[any]int), nil},
		{"81c002", new(map[string]int), nil},
		{"d6ff00000001", new(time.Time), time.Unix(1, 0).UTC()},
		{"d60500000001", new(time.Time), nil},
		{"d5ff0000", new(time.Time), nil},
		{"d7ffffffffff00000001", new(time.Time), nil},
		{"01", new(time.Time), nil},
		{"01", new(payload.Extension), nil},
		{"01", new(io.Reader), nil},
		{"01", new(chan int), nil},
		{"80", new(hidden), nil},
		{"d5ff0000", new(any), nil},
		{"82a13101" + "0102", new(any), nil},
		{"819001", new(any), nil},
		{"83a16101" + "0102" + "c402abcd03", new(any), map[string]any{"a": int64(1), "1": int64(2), "abcd": int64(3)}},
		{"82c301" + "ff02", new(any), map[string]any{"true": int64(1), "-1": int64(2)}},
	} {
		err := payload.Decode(payload.MessagePack, unhex(t, c.in), c.into)
		got := reflect.ValueOf(c.into).Elem().Interface()
		switch {
		case c.want == nil:
			var typed *payload.DecodeError
			if !errors.As(err, &typed) || !errors.Is(err, payload.ErrUndecodable) {
				t.Errorf("%s into %T: got %v, %v", c.in, c.into, got, err)
			}
		case err != nil || !reflect.DeepEqual(got, c.want):
			t.Errorf("%s into %T: got %#v, %v, want %#v", c.in, c.into, got, err, c.want)
		}
	}
}

func TestNilMakesAnythingZero(t *testing.T) {
	number := 1
	for _, into := range []any{
		ptr(true), ptr(1), ptr(uint8(1)), ptr(1.5), ptr("a"), ptr([]byte{1}), ptr([2]byte{1}), ptr([2]int{1}),
		ptr([]int{1}), ptr(map[string]int{"a": 1}), ptr(point{1, 2}), ptr(&number), ptr(any(1)),
		ptr(io.Reader(strings.NewReader(""))), ptr(time.Unix(1, 0)), ptr(payload.Extension{Type: 1}),
		ptr(textual{"a"}), ptr(binaryPair{1, 2}),
	} {
		if err := payload.Decode(payload.MessagePack, []byte{0xc0}, into); err != nil {
			t.Errorf("%T: %v", into, err)
		}
		if v := reflect.ValueOf(into).Elem(); !v.IsZero() {
			t.Errorf("%T: got %v", into, v)
		}
	}
}

func ptr[T any](v T) *T { return &v }

func TestDecodingKeepsWhatThePayloadDoesNotName(t *testing.T) {
	got := struct {
		Kept     string
		Replaced map[string]int
		Followed *point
	}{"default", map[string]int{"old": 1}, &point{Y: 9}}
	followed := got.Followed
	in := encode(t, map[string]any{"Replaced": map[string]int{"new": 2}, "Followed": map[string]int{"x": 1}, "Unknown": []any{1, map[string]any{"a": 1}}})
	if err := payload.Decode(payload.MessagePack, in, &got); err != nil {
		t.Fatal(err)
	}
	if got.Kept != "default" || len(got.Replaced) != 1 || got.Followed != followed || *followed != (point{X: 1, Y: 9}) {
		t.Errorf("got %+v", got)
	}
}

func TestADecodedValueSharesNoMemoryWithTheInput(t *testing.T) {
	want := map[string]any{"text": "abc", "bytes": []byte{1, 2, 3}, "ext": payload.Extension{Type: 1, Data: []byte{1, 2}}}
	in := encode(t, want)
	got, err := payload.Generic(payload.MessagePack, in)
	if err != nil {
		t.Fatal(err)
	}
	for i := range in {
		in[i] = 0xff
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestErrorsNameThePathAndNeverTheValue(t *testing.T) {
	type order struct {
		Price int8 `json:"price"`
	}
	type book struct {
		Orders map[string][]order `json:"orders"`
	}
	in := encode(t, map[string]any{"orders": map[string]any{"secretkey": []any{map[string]any{"price": 77}, map[string]any{"price": 12345}}}})
	err := payload.Decode(payload.MessagePack, in, new(book))
	var typed *payload.DecodeError
	if !errors.As(err, &typed) || typed.Path != ".orders[key][1].price" || typed.Type != "int8" {
		t.Fatalf("got %v", err)
	}
	if text := err.Error(); strings.Contains(text, "12345") || strings.Contains(text, "secret") {
		t.Errorf("the text holds a part of the payload: %s", text)
	}
}

func TestATargetMustBeAPointer(t *testing.T) {
	for _, codec := range []payload.Codec{payload.Raw, payload.JSON, payload.MessagePack, 9} {
		for _, into := range []any{nil, 5, (*int)(nil), map[string]any{}} {
			if err := payload.Decode(codec, []byte("1"), into); !errors.Is(err, payload.ErrUndecodable) {
				t.Errorf("%v into %T: got %v", codec, into, err)
			}
		}
	}
}
