// Tests of raw bytes and JSON, and of names.

package payload_test

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/batpak/batpak/internal/payload"
)

func TestRawBytesAreCopied(t *testing.T) {
	in := []byte{1, 2}
	var b []byte
	var v any
	var pair binaryPair
	for _, into := range []any{&b, &v, &pair} {
		if err := payload.Decode(payload.Raw, in, into); err != nil {
			t.Errorf("%T: %v", into, err)
		}
	}
	generic, err := payload.Generic(payload.Raw, in)
	in[0] = 9
	want := []byte{1, 2}
	if err != nil || !reflect.DeepEqual(b, want) || !reflect.DeepEqual(v, any(want)) || !reflect.DeepEqual(generic, any(want)) || pair != (binaryPair{1, 2}) {
		t.Errorf("got %v, %v, %v, %v, %v", b, v, generic, pair, err)
	}
	for _, into := range []any{new(string), new(int), &struct{}{}, &broken{}} {
		if err := payload.Decode(payload.Raw, []byte("panic"), into); !errors.Is(err, payload.ErrUndecodable) || !strings.Contains(err.Error(), "raw") {
			t.Errorf("%T: got %v", into, err)
		}
	}
}

func TestJSONNumbersStayWhatTheyAre(t *testing.T) {
	got, err := payload.Generic(payload.JSON, []byte(`{"a":[1,-9223372036854775808,18446744073709551615,1.0,1e3,36893488147419103232,-0],"b":null,"c":true,"d":"x"} `))
	want := map[string]any{
		"a": []any{int64(1), int64(-9223372036854775808), uint64(18446744073709551615), 1.0, 1000.0, 36893488147419103232.0, math.Copysign(0, -1)},
		"b": nil, "c": true, "d": "x",
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v, %v", got, err)
	}
	if _, err := payload.Generic(payload.JSON, []byte("[{\"a\":1e999}]")); !errors.Is(err, payload.ErrUndecodable) {
		t.Errorf("1e999: got %v", err)
	}
}

func TestErrorsOfJSONSayWhereAndNotWhat(t *testing.T) {
	var into struct {
		Orders []struct {
			Price int8        `json:"price"`
			Text  textual     `json:"text"`
			Fail  jsonFailing `json:"fail"`
			Quote int         `json:"quote,string"`
		} `json:"orders"`
	}
	for in, want := range map[string]string{
		`{"orders":[{"price":777}]}`:         "int8",
		`{"orders":[{"price":"777"}]}`:       ".orders.price",
		`{"orders":[{"quote":"secret777"}]}`: "does not fit",
		`{"orders":[{"price":777`:            "offset",
		``:                                   "malformed",
		`{"orders":[{"fail":777}]}`:          "an unmarshaler failed: broken",
		`{"orders":[{"fail":"panic"}]}`:      "an unmarshaler failed: panic: on purpose",
		strings.Repeat("[", 20000):           "malformed",
	} {
		err := payload.Decode(payload.JSON, []byte(in), &into)
		if !errors.Is(err, payload.ErrUndecodable) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: got %v", in, err)
			continue
		}
		if strings.Contains(err.Error(), "777") {
			t.Errorf("%s: the text holds the value: %v", in, err)
		}
	}
	for _, in := range []string{"", " ", "[1", "{\"a\"", "nul"} {
		if _, err := payload.Generic(payload.JSON, []byte(in)); !errors.Is(err, payload.ErrUndecodable) {
			t.Errorf("%q: got %v", in, err)
		}
	}
}

type jsonFailing struct{}

var _ json.Unmarshaler = (*jsonFailing)(nil)

func (*jsonFailing) UnmarshalJSON(b []byte) error {
	if string(b) == `"panic"` {
		panic("on purpose")
	}
	return errBroken
}

func TestCodecsPrintTheirNames(t *testing.T) {
	for codec, want := range map[payload.Codec]string{payload.Raw: "raw", payload.JSON: "json", payload.MessagePack: "messagepack", 7: "codec(7)"} {
		if codec.String() != want {
			t.Errorf("got %s, want %s", codec, want)
		}
	}
	if _, err := payload.Generic(7, nil); !errors.Is(err, payload.ErrUndecodable) {
		t.Errorf("unknown codec: got %v", err)
	}
}
