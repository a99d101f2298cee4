// Tests of the direct way for types that encode themselves.

package payload_test

import (
	"bytes"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/batpak/batpak/internal/payload"
)

// both has the methods of MessagePack and of bytes.
type both struct {
	generated
	binaryPair
}

// halfway can be encoded but not decoded by a method of its own.
type halfway struct{}

func (halfway) AppendBinary(dst []byte) ([]byte, error) { return dst, nil }

// stubborn returns memory of its own in place of what it was given.
type stubborn struct{ kept []byte }

func (s *stubborn) AppendBinary([]byte) ([]byte, error) { return s.kept, nil }
func (s *stubborn) UnmarshalBinary(b []byte) error      { s.kept = append(s.kept[:0], b...); return nil }

// failing does what its field says in every method.
type failing struct{ how string }

func (f *failing) MarshalMsg(dst []byte) ([]byte, error) {
	switch f.how {
	case "panic":
		panic(errBroken)
	case "error":
		return nil, errBroken
	case "nothing":
		return dst, nil
	}
	return append(dst, 0xc0, 0xc0), nil
}

func (f *failing) UnmarshalMsg(b []byte) ([]byte, error) {
	switch f.how {
	case "panic":
		panic(errBroken)
	case "error":
		return nil, errBroken
	}
	return b, nil
}

func TestOwnTellsTheCodecOfTypesThatEncodeThemselvesBothWays(t *testing.T) {
	for _, c := range []struct {
		name  string
		v     any
		codec payload.Codec
		own   bool
	}{
		{"MarshalMsg and UnmarshalMsg", new(generated), payload.MessagePack, true},
		{"AppendBinary and UnmarshalBinary", new(binaryPair), payload.Raw, true},
		{"all four: MessagePack comes first", new(both), payload.MessagePack, true},
		{"AppendBinary alone", new(halfway), 0, false},
		{"UnmarshalMsg alone", new(greedy), 0, false},
		{"MarshalMsgpack", new(foreign), 0, false},
		{"text", new(textual), 0, false},
		{"MarshalBinary without AppendBinary", new(broken), 0, false},
		{"time.Time", new(time.Time), 0, false},
		{"struct without methods", new(struct{ A int }), 0, false},
		{"nil", nil, 0, false},
	} {
		if codec, own := payload.Own(c.v); own != c.own || codec != c.codec {
			t.Errorf("%s: got %v %v, want %v %v", c.name, codec, own, c.codec, c.own)
		}
	}
}

func TestOwnEncodingsComeBack(t *testing.T) {
	var pair binaryPair
	var message generated
	raw, err := payload.EncodeOwn(nil, &binaryPair{3, 4})
	if err != nil || !bytes.Equal(raw, []byte{3, 4}) {
		t.Fatalf("raw: %x %v", raw, err)
	}
	if err := payload.DecodeOwn(payload.Raw, raw, &pair); err != nil || pair != (binaryPair{3, 4}) {
		t.Fatalf("raw back: %v %v", pair, err)
	}
	packed, err := payload.EncodeOwn(make([]byte, 3, 9), &generated{7})
	if err != nil || !bytes.Equal(packed, []byte{0x91, 7}) {
		t.Fatalf("message: %x %v", packed, err)
	}
	if err := payload.DecodeOwn(payload.MessagePack, packed, &message); err != nil || message.n != 7 {
		t.Fatalf("message back: %v %v", message, err)
	}
	if same, err := payload.AppendMessagePack(nil, generated{7}); err != nil || !bytes.Equal(same, packed) {
		t.Fatalf("reflection encodes %x, the direct way %x (%v)", same, packed, err)
	}
}

func TestOwnEncodingsAreNeverMemoryOfTheValue(t *testing.T) {
	v := &stubborn{kept: []byte("mine")}
	data, err := payload.EncodeOwn(make([]byte, 0, 16), v)
	if err != nil || string(data) != "mine" {
		t.Fatalf("got %q %v", data, err)
	}
	clear(data)
	if string(v.kept) != "mine" {
		t.Fatal("the encoding shares memory with the value")
	}
}

func TestFailuresOfOwnMethodsAreErrors(t *testing.T) {
	for _, c := range []struct{ how, encode, decode string }{
		{"panic", "MarshalMsg failed: panic: broken", "UnmarshalMsg failed: panic: broken"},
		{"error", "MarshalMsg failed: broken", "UnmarshalMsg failed: broken"},
		{"nothing", "MarshalMsg returned: cut short, at offset 0", "UnmarshalMsg failed: not all bytes"},
		{"too much", "MarshalMsg returned: 1 bytes after the value", "UnmarshalMsg failed: not all bytes"},
	} {
		v := &failing{c.how}
		data, err := payload.EncodeOwn(nil, v)
		var encode *payload.EncodeError
		if !errors.As(err, &encode) || data != nil || !strings.Contains(err.Error(), c.encode) || encode.Type != "payload_test.failing" {
			t.Errorf("%s: encoding: %x %v", c.how, data, err)
		}
		err = payload.DecodeOwn(payload.MessagePack, []byte{0xc0}, v)
		var decode *payload.DecodeError
		if !errors.As(err, &decode) || !strings.Contains(err.Error(), c.decode) || decode.Type != "payload_test.failing" {
			t.Errorf("%s: decoding: %v", c.how, err)
		}
	}
	if _, err := payload.EncodeOwn(nil, new(int)); !errors.Is(err, payload.ErrUnencodable) {
		t.Errorf("a type without methods: %v", err)
	}
	if err := payload.DecodeOwn(payload.Raw, nil, new(int)); !errors.Is(err, payload.ErrUndecodable) {
		t.Errorf("a type without methods: %v", err)
	}
}

func TestMalformedMessagePackDoesNotReachOwnMethods(t *testing.T) {
	for _, b := range []string{"", "\x91", "\xc1", "\xc0\xc0", strings.Repeat("\x91", 101) + "\xc0"} {
		err := payload.DecodeOwn(payload.MessagePack, []byte(b), &failing{"panic"})
		if !errors.Is(err, payload.ErrUndecodable) || errors.Is(err, errBroken) {
			t.Errorf("%x: %v", b, err)
		}
	}
}

// watched notes what called its methods.
type watched struct{ stack []uintptr }

func (w *watched) note() { w.stack = append(w.stack[:0], make([]uintptr, 32)...) }

func (w *watched) AppendBinary(dst []byte) ([]byte, error) {
	w.note()
	w.stack = w.stack[:runtime.Callers(1, w.stack)]
	return append(dst, 1), nil
}

func (w *watched) UnmarshalBinary([]byte) error {
	w.note()
	w.stack = w.stack[:runtime.Callers(1, w.stack)]
	return nil
}

// reflects reports whether package reflect is on the way to the method.
func (w *watched) reflects() bool {
	frames := runtime.CallersFrames(w.stack)
	for {
		frame, more := frames.Next()
		if strings.HasPrefix(frame.Function, "reflect.") || strings.Contains(frame.Function, "payload.method.") || strings.Contains(frame.Function, "payload.guardedUnmarshal") {
			return true
		}
		if !more {
			return false
		}
	}
}

func TestTheDirectWayNeitherReflectsNorAllocates(t *testing.T) {
	w := new(watched)
	if _, err := payload.EncodeOwn(nil, w); err != nil || w.reflects() {
		t.Errorf("encoding reflects: %v", err)
	}
	if err := payload.DecodeOwn(payload.Raw, nil, w); err != nil || w.reflects() {
		t.Errorf("decoding reflects: %v", err)
	}
	if err := payload.Decode(payload.Raw, nil, w); err != nil || !w.reflects() {
		t.Errorf("the test would not notice: %v", err)
	}
	var pair any = &binaryPair{1, 2}
	var message any = &generated{3}
	buf := make([]byte, 0, 16)
	allocs := testing.AllocsPerRun(100, func() {
		raw, err1 := payload.EncodeOwn(buf, pair)
		err2 := payload.DecodeOwn(payload.Raw, raw, pair)
		packed, err3 := payload.EncodeOwn(buf, message)
		err4 := payload.DecodeOwn(payload.MessagePack, packed, message)
		if err := errors.Join(err1, err2, err3, err4); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}
