// Fuzz tests of decoding, with the memory that it takes asserted.

package payload_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/batpak/batpak/internal/payload"
)

func seeds(f *testing.F) (seeds [][]byte) {
	for _, v := range []any{
		nil, true, 1, -1, int64(1) << 40, 2.5, "text", []byte{1, 2}, []any{1, "a", nil}, map[string]any{"a": 1, "b": []any{}},
		map[int]string{1: "a"}, everything{Any: 1}, &node{Next: &node{}}, payload.Extension{Type: 1, Data: []byte{1}},
	} {
		seeds = append(seeds, encode(f, v))
	}
	return append(seeds,
		[]byte{0xdd, 0xff, 0xff, 0xff, 0xff},
		[]byte{0xdf, 0xff, 0xff, 0xff, 0xff, 0xa1, 'a'},
		[]byte{0xc6, 0xff, 0xff, 0xff, 0xff},
		[]byte{0xd6, 0xff, 0, 0, 0, 1},
		bytes.Repeat([]byte{0x91}, 101),
		bytes.Repeat([]byte{0x81, 0xa0}, 100),
		[]byte{0x81, 0x90, 0x01},
		[]byte("{\"a\":[1,2.5,\"x\",null]}"),
	)
}

// FuzzDecode decodes into one of the targets and asserts that errors are typed, that malformed input
// costs next to no memory, and that other input costs at most twice its length plus 1 MiB beside the
// value itself.
func FuzzDecode(f *testing.F) {
	for i, into := range targets() {
		_ = payload.Decode(payload.MessagePack, []byte{0xc0}, into)
		for _, seed := range seeds(f) {
			f.Add(seed, uint8(i))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, which uint8) {
		kept := bytes.Clone(in)
		all := targets()
		into := all[int(which)%len(all)]
		var err error
		took := allocated(func() { err = payload.Decode(payload.MessagePack, in, into) })
		if limit := allowed(in, into, err); took > limit {
			t.Errorf("%T: allocated %d bytes, at most %d", into, took, limit)
		}
		if err != nil && !errors.Is(err, payload.ErrUndecodable) {
			t.Errorf("%T: %v", into, err)
		}
		if !bytes.Equal(in, kept) {
			t.Error("decoding changed its input")
		}
	})
}

// FuzzGeneric asserts that what can be decoded into a generic value can be encoded, and that this
// encoding stands for the same value.
func FuzzGeneric(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, codec := range []payload.Codec{payload.MessagePack, payload.JSON, payload.Raw} {
			v, err := payload.Generic(codec, in)
			if err != nil {
				if !errors.Is(err, payload.ErrUndecodable) {
					t.Errorf("%v: %v", codec, err)
				}
				continue
			}
			once, err := payload.AppendMessagePack(nil, v)
			if codec == payload.JSON && errors.Is(err, payload.ErrUnencodable) {
				continue // JSON may be deeper
			}
			if err != nil {
				t.Fatalf("%v: %v", codec, err)
			}
			again, err := payload.Generic(payload.MessagePack, once)
			if err != nil {
				t.Fatalf("%v: %v", codec, err)
			}
			twice, err := payload.AppendMessagePack(nil, again)
			if err != nil || !bytes.Equal(once, twice) {
				t.Errorf("%v: encoded as %x, then as %x, %v", codec, once, twice, err)
			}
		}
	})
}
