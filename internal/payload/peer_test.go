// Tests against another implementation of MessagePack, so that our own reading of the format is not
// the only one.

package payload_test

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/hashicorp/go-msgpack/v2/codec"
	"pgregory.net/rapid"

	"github.com/batpak/batpak/internal/payload"
)

// peer returns the other implementation, set to choose the forms that we choose.
func peer() *codec.MsgpackHandle {
	h := &codec.MsgpackHandle{WriteExt: true, PositiveIntUnsigned: true}
	h.Canonical = true
	h.MapType = reflect.TypeFor[map[string]any]()
	return h
}

// peerValue generates generic values without times and empty byte slices, which the other
// implementation treats in ways of its own.
func peerValue() *rapid.Generator[map[string]any] {
	return rapid.MapOfN(rapid.String(), genericValue(), 0, 10)
}

func TestAnotherImplementationWritesTheSameBytes(t *testing.T) {
	type plain struct {
		B    int               `codec:"b"`
		A    string            `codec:"a,omitempty"`
		M    map[string]uint16 `codec:"m"`
		N    map[int]bool      `codec:"n"`
		F    float32           `codec:"f"`
		D    float64           `codec:"d"`
		S    [][]byte          `codec:"s"`
		P    *int              `codec:"p"`
		Time time.Time         `codec:"t"`
		Any  map[string]any    `codec:"any"`
	}
	rapid.Check(t, func(t *rapid.T) {
		v := plain{
			B: rapid.Int().Draw(t, "b"), A: rapid.String().Draw(t, "a"),
			M: rapid.MapOf(rapid.String(), rapid.Uint16()).Draw(t, "m"), N: rapid.MapOf(rapid.IntMin(0), rapid.Bool()).Draw(t, "n"),
			F: rapid.Float32().Draw(t, "f"), D: rapid.Float64().Draw(t, "d"),
			S:    [][]byte{rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(t, "s")},
			Time: time.Unix(rapid.Int64Range(-1<<40, 1<<40).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds")),
			Any:  peerValue().Draw(t, "any"),
		}
		got, err := payload.AppendMessagePack(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		var want []byte
		if err := codec.NewEncoderBytes(&want, peer()).Encode(v); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("got  %x\nwant %x", got, want)
		}
	})
}

func TestAnotherImplementationReadsWhatWeWrite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := peerValue().Draw(t, "value")
		b, err := payload.AppendMessagePack(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		var theirs any
		if err := codec.NewDecoderBytes(b, peer()).Decode(&theirs); err != nil {
			t.Fatal(err)
		}
		again, err := payload.AppendMessagePack(nil, theirs)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("they read %#v, %v", theirs, err)
		}
	})
}
