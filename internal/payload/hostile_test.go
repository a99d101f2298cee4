// Tests of hostile input: lengths that lie, depth, trailing bytes, and the memory that decoding takes.

package payload_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/batpak/batpak/internal/payload"
)

// allocated returns the bytes that fn allocates. It counts other goroutines too, so tests that call
// it are not parallel.
func allocated(fn func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// allowed returns the bound on the memory that decoding in may take: next to nothing if it is
// malformed, and otherwise twice the input plus 1 MiB plus the value itself. Of a generic value that
// is refused on the way nothing is left to count, so there the documented factor holds.
func allowed(in []byte, into any, err error) uint64 {
	var skipped ignored
	if payload.Decode(payload.MessagePack, in, &skipped) != nil {
		return 64 << 10
	}
	value := footprint(reflect.ValueOf(into))
	if err != nil {
		value = max(value, 192*uint64(len(in)))
	}
	return 2*uint64(len(in)) + 1<<20 + value
}

// ignored accepts every well-formed value.
type ignored struct{}

func (*ignored) UnmarshalMsg([]byte) ([]byte, error) { return nil, nil }

// footprint returns what a decoded value takes, worked out from the value alone. The allocator rounds
// sizes up by at most a quarter.
func footprint(v reflect.Value) uint64 { return exactFootprint(v) / 4 * 5 }

// exactFootprint counts Go maps with the room that they keep free, and at least 16 bytes for anything
// that a pointer leads to.
func exactFootprint(v reflect.Value) uint64 {
	size := uint64(0)
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			size = max(16, uint64(v.Elem().Type().Size())) + exactFootprint(v.Elem())
		}
	case reflect.String:
		size = uint64(v.Len())
	case reflect.Slice:
		size = uint64(v.Len()) * uint64(v.Type().Elem().Size())
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			size += exactFootprint(v.Index(i))
		}
	case reflect.Map:
		pair := uint64(v.Type().Key().Size() + v.Type().Elem().Size())
		size = 96 + uint64(max(8, 3*v.Len()))*(pair+2)
		for iter := v.MapRange(); iter.Next(); {
			size += exactFootprint(iter.Key()) + exactFootprint(iter.Value())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			size += exactFootprint(v.Field(i))
		}
	}
	return size
}

// targets returns a new variable of each type that hostile input is decoded into.
func targets() []any {
	return []any{
		new(any), new(map[string]any), new([]any), new([]int), new([]string), new([]byte), new(string),
		new(map[string]string), new(map[int][]byte), new(map[any]any), new(everything), new([]everything),
		new(*node), new([][4]int), new([]*point), new([]textual), new(payload.Extension), new([]generated),
	}
}

func TestALengthThatLiesCostsNothing(t *testing.T) {
	var hostile [][]byte
	for _, head := range []byte{0xc6, 0xc9, 0xdb, 0xdd, 0xdf} {
		for _, length := range []uint32{1 << 16, 1 << 24, 1 << 31, 1<<32 - 1} {
			for _, tail := range []string{"", "\x01", "\xc0\xc0\xc0\xc0", strings.Repeat("\x80", 1000)} {
				b := append(binary.BigEndian.AppendUint32([]byte{head}, length), tail...)
				hostile = append(hostile, b, append([]byte{0x81, 0xa1, 'a'}, b...), append([]byte{0x92}, b...))
			}
		}
	}
	for _, head := range []string{"\xc5\xff\xff", "\xc8\xff\xff", "\xda\xff\xff", "\xdc\xff\xff", "\xde\xff\xff", "\xc4\xff", "\xd9\xff", "\xd8\x01", "\x8f", "\x9f", "\xbf", ""} {
		hostile = append(hostile, []byte(head))
	}
	hostile = append(hostile, bytes.Repeat([]byte{0xdd, 0x00, 0x00, 0x00, 0x05}, 90), bytes.Repeat([]byte{0xdf, 0xff, 0xff, 0xff, 0xff}, 1<<18))
	for _, into := range targets() { // plans are made once, which counts for nothing here
		_ = payload.Decode(payload.MessagePack, []byte{0xc0}, into)
	}
	for _, b := range hostile {
		for _, into := range targets() {
			var err error
			took := allocated(func() { err = payload.Decode(payload.MessagePack, b, into) })
			if !errors.Is(err, payload.ErrUndecodable) {
				t.Errorf("%.16x into %T: got %v", b, into, err)
			}
			if took > 64<<10 {
				t.Errorf("%.16x into %T: allocated %d bytes", b, into, took)
			}
		}
	}
}

func TestMalformedInputOfAnySizeCostsNothing(t *testing.T) {
	const size = 8 << 20
	for name, in := range map[string][]byte{
		"cut short at the end":  append(binary.BigEndian.AppendUint32([]byte{0xdd}, size+1), make([]byte, size)...),
		"a bad byte at the end": append(append(binary.BigEndian.AppendUint32([]byte{0xdd}, size+1), make([]byte, size)...), 0xc1),
		"trailing":              append(binary.BigEndian.AppendUint32([]byte{0xdd}, size-1), make([]byte, size)...),
		"too deep":              bytes.Repeat([]byte{0x91}, size),
	} {
		for _, into := range []any{new(any), new([]int)} {
			var err error
			took := allocated(func() { err = payload.Decode(payload.MessagePack, in, into) })
			if err == nil || took > 64<<10 {
				t.Errorf("%s into %T: allocated %d bytes, %v", name, into, took, err)
			}
		}
	}
}

func TestADecodedValueTakesItsOwnMemoryAndLittleElse(t *testing.T) {
	n := 1 << 17
	if raceEnabled {
		n = 1 << 14
	}
	head := func(first byte, n uint32) []byte { return binary.BigEndian.AppendUint32([]byte{first}, n) }
	for name, in := range map[string][]byte{
		"nils":         append(head(0xdd, uint32(n)), bytes.Repeat([]byte{0xc0}, n)...),
		"integers":     append(head(0xdd, uint32(n)), make([]byte, n)...),
		"empty maps":   append(head(0xdd, uint32(n)), bytes.Repeat([]byte{0x80}, n)...),
		"empty arrays": append(head(0xdd, uint32(n)), bytes.Repeat([]byte{0x90}, n)...),
		"small maps":   append(head(0xdd, uint32(n)/4), bytes.Repeat([]byte{0x81, 0xa1, 'a', 0x01}, n/4)...),
		"deep maps":    append(head(0xdd, uint32(n)/200), bytes.Repeat(append(bytes.Repeat([]byte{0x81, 0xa0}, 98), 0xc0), n/200)...),
		"a string":     append(head(0xdb, uint32(n)), make([]byte, n)...),
		"strings":      append(head(0xdd, uint32(n)), bytes.Repeat([]byte{0xa1, 'x'}, n)...),
		"one map":      distinctKeys(uint32(n) / 8),
	} {
		for _, into := range []any{new(any), new([]any), new([]map[string]any), new([]int), new([]*int), new([]everything), new([]string), new(map[string]int)} {
			if _, large := into.(*[]everything); large && name != "small maps" && name != "deep maps" {
				continue // takes more memory than a test machine has to spare
			}
			var err error
			took := allocated(func() { err = payload.Decode(payload.MessagePack, in, into) })
			if limit := allowed(in, into, err); took > limit {
				t.Errorf("%s into %T: allocated %d bytes for %d, at most %d, %v", name, into, took, len(in), limit, err)
			}
			if _, generic := into.(*any); generic && err != nil {
				t.Errorf("%s into %T: %v", name, into, err)
			}
		}
	}
}

func TestAGenericValueIsNeverTooLargeForItsEncoding(t *testing.T) {
	const n = 3200 // enough to leave the 64 MiB that any value may take
	for name, element := range map[string][]byte{
		"maps of one pair in each other":       append(bytes.Repeat([]byte{0x81, 0xa0}, 98), 0xc0),
		"maps of one pair with an empty map":   append([]byte{0xdc, 0, 60}, bytes.Repeat([]byte{0x81, 0xa0, 0x80}, 60)...),
		"maps of one pair with an empty array": append([]byte{0xdc, 0, 60}, bytes.Repeat([]byte{0x81, 0xa0, 0x90}, 60)...),
	} {
		in := append(binary.BigEndian.AppendUint32([]byte{0xdd}, n), bytes.Repeat(element, n)...)
		if _, err := payload.Generic(payload.MessagePack, in); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// distinctKeys returns a map of n pairs.
func distinctKeys(n uint32) []byte {
	b := binary.BigEndian.AppendUint32([]byte{0xdf}, n)
	for i := range n {
		b = append(binary.BigEndian.AppendUint32(append(b, 0xa4), i), 0x01)
	}
	return b
}

func TestAValueFarLargerThanItsEncodingIsRefused(t *testing.T) {
	const n = 1 << 20
	in := append(binary.BigEndian.AppendUint32([]byte{0xdd}, n), bytes.Repeat([]byte{0xc0}, n)...)
	into := new([][1 << 20]byte)
	var err error
	took := allocated(func() { err = payload.Decode(payload.MessagePack, in, into) })
	if err == nil || !strings.Contains(err.Error(), "would take more than") || took > 2*uint64(len(in))+1<<20 {
		t.Errorf("allocated %d bytes, %v", took, err)
	}
	small := append([]byte{0x9f}, bytes.Repeat([]byte{0xc0}, 15)...)
	if err := payload.Decode(payload.MessagePack, small, into); err != nil || len(*into) != 15 {
		t.Errorf("15 MiB from 16 bytes: got %d elements, %v", len(*into), err)
	}
}

func TestBytesAfterTheValueAreRefused(t *testing.T) {
	for _, c := range []struct {
		codec payload.Codec
		in    string
	}{
		{payload.MessagePack, "\x01\x01"}, {payload.MessagePack, "\x90\xc0"}, {payload.MessagePack, "\xc0\xc1"},
		{payload.JSON, "1 2"}, {payload.JSON, "{} {"}, {payload.JSON, "[]]"}, {payload.JSON, "null\x00"},
	} {
		if err := payload.Decode(c.codec, []byte(c.in), new(any)); !errors.Is(err, payload.ErrUndecodable) {
			t.Errorf("Decode %v %q: got %v", c.codec, c.in, err)
		}
		if v, err := payload.Generic(c.codec, []byte(c.in)); !errors.Is(err, payload.ErrUndecodable) {
			t.Errorf("Generic %v %q: got %v, %v", c.codec, c.in, v, err)
		}
	}
}

func TestEveryCutOfAValueIsRefused(t *testing.T) {
	whole := encode(t, everything{String: "text", Any: []any{1, "a", 2.5, map[string]any{"k": []byte{1}}}, Pointer: &point{}})
	for i := range whole {
		for _, into := range []any{new(any), new(everything)} {
			if err := payload.Decode(payload.MessagePack, whole[:i], into); !errors.Is(err, payload.ErrUndecodable) {
				t.Errorf("cut at %d into %T: got %v", i, into, err)
			}
		}
	}
}

func TestEveryFlippedBitIsHarmless(t *testing.T) {
	whole := encode(t, everything{String: "text", Any: []any{1, "a", 2.5, map[string]any{"k": []byte{1}}}, Pointer: &point{}})
	flipped := make([]byte, len(whole))
	for bit := range 8 * len(whole) {
		copy(flipped, whole)
		flipped[bit/8] ^= 1 << (bit % 8)
		for _, into := range targets() {
			if err := payload.Decode(payload.MessagePack, flipped, into); err != nil && !errors.Is(err, payload.ErrUndecodable) {
				t.Errorf("bit %d into %T: got %v", bit, into, err)
			}
		}
	}
}
