// Tests of encoding: the bytes of every kind of value, determinism, and what is refused.

package payload_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/batpak/batpak/internal/payload"
)

type (
	namedString string
	namedBytes  []byte
	namedByte   byte

	point struct {
		Y int `json:"y"`
		X int `json:"x"`
	}
	node struct {
		Value int   `json:"v,omitempty"`
		Next  *node `json:"n,omitempty"`
	}
	hidden struct{ a, b int }
)

func encode(t testing.TB, v any) []byte {
	t.Helper()
	b, err := payload.AppendMessagePack(nil, v)
	if err != nil {
		t.Fatalf("encoding %T: %v", v, err)
	}
	return b
}

func TestEveryKindOfValueHasTheBytesOfTheFormat(t *testing.T) {
	pointer := 7
	for _, c := range []struct {
		name string
		v    any
		want string
	}{
		{"nil", nil, "c0"},
		{"nil pointer", (*int)(nil), "c0"},
		{"nil slice", []int(nil), "c0"},
		{"nil bytes", []byte(nil), "c0"},
		{"nil generic slice", []any(nil), "c0"},
		{"nil map", map[string]int(nil), "c0"},
		{"nil named map", map[int]int(nil), "c0"},
		{"true", true, "c3"},
		{"false", false, "c2"},
		{"0", 0, "00"},
		{"127", 127, "7f"},
		{"128", 128, "cc80"},
		{"128 as uint", uint(128), "cc80"},
		{"256", 256, "cd0100"},
		{"65536", int32(65536), "ce00010000"},
		{"2^32", int64(1) << 32, "cf0000000100000000"},
		{"largest", uint64(math.MaxUint64), "cfffffffffffffffff"},
		{"-1", int8(-1), "ff"},
		{"-32", -32, "e0"},
		{"-33", -33, "d0df"},
		{"-129", int16(-129), "d1ff7f"},
		{"-32769", -32769, "d2ffff7fff"},
		{"least", int64(math.MinInt64), "d38000000000000000"},
		{"float32", float32(1.5), "ca3fc00000"},
		{"float64", 1.5, "cb3ff8000000000000"},
		{"empty string", "", "a0"},
		{"string", "abc", "a3616263"},
		{"named string", namedString("abc"), "a3616263"},
		{"string that is not UTF-8", "\xff", "a1ff"},
		{"32 bytes of string", strings.Repeat("x", 32), "d920" + strings.Repeat("78", 32)},
		{"empty bytes", []byte{}, "c400"},
		{"bytes", []byte{1, 2}, "c4020102"},
		{"named bytes", namedBytes{1, 2}, "c4020102"},
		{"bytes of a named type", []namedByte{1, 2}, "c4020102"},
		{"byte array", [2]byte{1, 2}, "c4020102"},
		{"pointer to a byte array", &[2]byte{1, 2}, "c4020102"},
		{"array", [2]int{1, 2}, "920102"},
		{"slice", []string{"a"}, "91a161"},
		{"generic slice", []any{1, "a", nil}, "9301a161c0"},
		{"pointer", &pointer, "07"},
		{"duration", time.Duration(5), "05"},
		{"struct, fields sorted", point{Y: 2, X: 1}, "82a17801a17902"},
		{"map like it", map[string]int{"y": 2, "x": 1}, "82a17801a17902"},
		{"generic map like it", map[string]any{"y": 2, "x": 1}, "82a17801a17902"},
		{"empty struct", struct{}{}, "80"},
		{"keys of several kinds", map[any]any{"b": 1, "aa": 2, -1: 3, 300: 4, true: 5}, "85c305cd012c04ff03a2616102a16201"},
		{"integer keys", map[int]string{2: "b", 1: "a"}, "8201a16102a162"},
		{"byte array keys", map[[1]byte]int{{2}: 2, {1}: 1}, "82c4010101c4010202"},
		{"extension", payload.Extension{Type: 5, Data: []byte{1}}, "d40501"},
		{"extension of 3 bytes", payload.Extension{Type: -5, Data: []byte{1, 2, 3}}, "c703fb010203"},
		{"time in seconds", time.Unix(1, 0), "d6ff00000001"},
		{"time in nanoseconds", time.Unix(1, 1), "d7ff0000000400000001"},
		{"time before 1970", time.Unix(-1, 5), "c70cff00000005ffffffffffffffff"},
		{"zero time", time.Time{}, "c70cff00000000fffffff1886e0900"},
	} {
		if got := hex.EncodeToString(encode(t, c.v)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestLongValuesHaveWideHeads(t *testing.T) {
	for _, c := range []struct {
		v    any
		want string
	}{
		{strings.Repeat("x", 256), "da0100"},
		{strings.Repeat("x", 65536), "db00010000"},
		{make([]byte, 256), "c50100"},
		{make([]byte, 65536), "c600010000"},
		{make([]bool, 15), "9f"},
		{make([]bool, 16), "dc0010"},
		{make([]bool, 65536), "dd00010000"},
		{payload.Extension{Type: 1, Data: make([]byte, 256)}, "c8010001"},
		{payload.Extension{Type: 1, Data: make([]byte, 65536)}, "c90001000001"},
	} {
		b := encode(t, c.v)
		if got := hex.EncodeToString(b[:len(c.want)/2]); got != c.want {
			t.Errorf("%T: got head %s, want %s", c.v, got, c.want)
		}
		if _, err := payload.Generic(payload.MessagePack, b); err != nil {
			t.Errorf("%T: %v", c.v, err)
		}
	}
}

func TestTheOrderOfAMapInMemoryDoesNotShow(t *testing.T) {
	build := func() any {
		generic, strings, numbers := map[string]any{}, map[string]string{}, map[int]float64{}
		mixed := map[any]bool{}
		for i := range 40 {
			key := strings40[i]
			generic[key], strings[key], numbers[i*1000] = map[string]any{key: i, "z": 1, "a": 2}, key, 1
			mixed[key], mixed[i] = true, false
		}
		return []any{generic, strings, numbers, mixed, map[namedString]int{"b": 1, "a": 2, "c": 3}}
	}
	want := encode(t, build())
	for range 500 {
		if got := encode(t, build()); !bytes.Equal(got, want) {
			t.Fatal("equal values have different encodings")
		}
	}
}

var strings40 = func() (keys [40]string) {
	for i := range keys {
		keys[i] = strings.Repeat("k", i%7) + string(rune('a'+i%26)) + strings.Repeat("x", i/26)
	}
	return keys
}()

func TestAStructWithOmittedFieldsHasAShortHead(t *testing.T) {
	type wide struct {
		A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q int `codec:",omitempty"`
	}
	if got := hex.EncodeToString(encode(t, wide{})); got != "80" {
		t.Errorf("all omitted: %s", got)
	}
	if got := hex.EncodeToString(encode(t, []wide{{A: 1, Q: 2}})); got != "91"+"82a14101a15102" {
		t.Errorf("two left: %s", got)
	}
}

func TestValuesWithoutAnEncodingAreRefused(t *testing.T) {
	cyclicPointer := &node{Value: 1}
	cyclicPointer.Next = &node{Next: cyclicPointer}
	cyclicMap := map[string]any{}
	cyclicMap["self"] = map[string]any{"back": cyclicMap}
	cyclicSlice := []any{0}
	cyclicSlice[0] = cyclicSlice
	var cyclicInterface any
	cyclicInterface = &cyclicInterface
	type pointers *pointers
	var cyclicType pointers
	cyclicType = &cyclicType
	type slices []slices
	typedSlice := slices{nil}
	typedSlice[0] = typedSlice
	type maps map[int]maps
	typedMap := maps{}
	typedMap[1] = typedMap

	for _, c := range []struct {
		name          string
		v             any
		path, problem string
	}{
		{"channel", make(chan int), "", "kind chan"},
		{"nil channel", (chan int)(nil), "", "kind chan"},
		{"function", func() {}, "", "kind func"},
		{"complex number", complex(1, 2), "", "kind complex128"},
		{"nested function", map[string]any{"a": []any{1, func() {}}}, "[key][1]", "kind func"},
		{"function in a struct", struct {
			Orders []struct{ Callback func() }
		}{make([]struct{ Callback func() }, 3)}, ".Orders[0].Callback", "kind func"},
		{"hidden fields", hidden{1, 2}, "", "unexported fields"},
		{"an error", errors.New("secret"), "", "unexported fields"},
		{"cyclic pointer", cyclicPointer, ".n.n.n.n.n.n.n.n.n.n.n.n...", "cyclic"},
		{"cyclic map", cyclicMap, "[key][key][key]", "cyclic"},
		{"cyclic slice", cyclicSlice, "[0][0]", "cyclic"},
		{"cyclic typed slice", typedSlice, "[0][0]", "cyclic"},
		{"cyclic typed map", typedMap, "[key][key]", "cyclic"},
		{"cyclic interface", cyclicInterface, "", "cyclic"},
		{"cyclic type", cyclicType, "", "pointers to pointers"},
		{"float keys", map[float64]int{math.NaN(): 1}, "[key]", "a key encodes as float"},
		{"struct keys", map[point]int{{}: 1}, "[key]", "a key encodes as map"},
		{"time keys", map[time.Time]int{{}: 1}, "[key]", "a key encodes as extension"},
		{"keys that encode alike", map[any]int{int8(1): 1, int16(1): 2}, "[key]", "same encoding"},
	} {
		prefix := []byte("kept")
		got, err := payload.AppendMessagePack(prefix, c.v)
		var typed *payload.EncodeError
		if !errors.As(err, &typed) || !errors.Is(err, payload.ErrUnencodable) || !errors.Is(err, payload.ErrInvalid) {
			t.Errorf("%s: got %v", c.name, err)
			continue
		}
		if !strings.HasPrefix(typed.Path, c.path) || !strings.Contains(typed.Problem, c.problem) {
			t.Errorf("%s: got path %q, problem %q", c.name, typed.Path, typed.Problem)
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error holds the value: %v", c.name, err)
		}
		if string(got) != "kept" {
			t.Errorf("%s: dst came back changed", c.name)
		}
	}
}

func TestDepthIsBoundedAtOneHundred(t *testing.T) {
	nested := func(depth int) any {
		var v any = 1
		for i := range depth {
			if i%2 == 0 {
				v = []any{v}
			} else {
				v = map[string]any{"a": v}
			}
		}
		return v
	}
	deepest := encode(t, nested(payload.MaxDepth))
	if _, err := payload.Generic(payload.MessagePack, deepest); err != nil {
		t.Errorf("what was encoded cannot be decoded: %v", err)
	}
	_, err := payload.AppendMessagePack(nil, nested(payload.MaxDepth+1))
	if !errors.Is(err, payload.ErrUnencodable) || !strings.Contains(err.Error(), "nested deeper than 100") {
		t.Errorf("got %v", err)
	}
	list := &node{}
	for range payload.MaxDepth {
		list = &node{Next: list}
	}
	if _, err := payload.AppendMessagePack(nil, list); !strings.Contains(err.Error(), "nested deeper than 100") {
		t.Errorf("typed list: got %v", err)
	}
	encode(t, list.Next)
}

func TestASmallValueWithAHugeEncodingIsRefused(t *testing.T) {
	type pair struct {
		A, B *pair
		Fill []byte
	}
	shared := &pair{}
	for range 60 {
		shared = &pair{shared, shared, make([]byte, 64<<10)}
	}
	if _, err := payload.AppendMessagePack(nil, shared); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("got %v", err)
	}
	if _, err := payload.AppendMessagePack(nil, make([]struct{}, 1<<30)); err == nil {
		t.Error("a slice of 2^30 empty structs was accepted")
	}
	if _, err := payload.AppendMessagePack(nil, make([]byte, payload.MaxSize)); err == nil {
		t.Error("bytes that are too long with their head were accepted")
	}
}

func TestEncodingAppends(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := genericValue().Draw(t, "value")
		prefix := rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "prefix")
		alone, err := payload.AppendMessagePack(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		room := make([]byte, len(prefix), len(prefix)+rapid.IntRange(0, 200).Draw(t, "room"))
		copy(room, prefix)
		both, err := payload.AppendMessagePack(room, v)
		if err != nil || !bytes.Equal(both, append(prefix, alone...)) {
			t.Fatalf("got %x, %v", both, err)
		}
	})
}

func TestEncodingScalarsIntoRoomDoesNotAllocate(t *testing.T) {
	room := make([]byte, 0, 256)
	var values = []any{nil, 1, "text", true, 2.5, []byte("bytes"), &point{1, 2}, []any{1, "a"}, map[string]any{"a": 1, "b": "c"}}
	for _, v := range values {
		if n := testing.AllocsPerRun(100, func() {
			if _, err := payload.AppendMessagePack(room, v); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%T: %v allocations", v, n)
		}
	}
}

// genericValue generates values of the kinds that Generic returns.
func genericValue() *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any { return drawGeneric(t, 4) })
}

func drawGeneric(t *rapid.T, depth int) any {
	kinds := 9
	if depth == 0 {
		kinds = 7
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return nil
	case 1:
		return rapid.Bool().Draw(t, "bool")
	case 2:
		return rapid.Int64().Draw(t, "int")
	case 3:
		return rapid.Uint64Min(1<<63).Draw(t, "uint")
	case 4:
		return rapid.Float64().Draw(t, "float")
	case 5:
		return rapid.String().Draw(t, "string")
	case 6:
		return rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "bytes")
	case 7:
		array := make([]any, rapid.IntRange(0, 20).Draw(t, "elements"))
		for i := range array {
			array[i] = drawGeneric(t, depth-1)
		}
		return array
	}
	m := map[string]any{}
	for range rapid.IntRange(0, 20).Draw(t, "pairs") {
		m[rapid.String().Draw(t, "key")] = drawGeneric(t, depth-1)
	}
	return m
}
