// Tests of types that have marshalers of their own, well-behaved and not.

package payload_test

import (
	"encoding/hex"
	"errors"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/batpak/batpak/internal/payload"
)

type textual struct{ text string }

func (v textual) MarshalText() ([]byte, error)  { return []byte(v.text), nil }
func (v *textual) UnmarshalText(b []byte) error { v.text = string(b); return nil }

// binaryPair has its methods on the pointer only.
type binaryPair struct{ a, b byte }

func (v *binaryPair) AppendBinary(dst []byte) ([]byte, error) { return append(dst, v.a, v.b), nil }
func (v *binaryPair) UnmarshalBinary(b []byte) error {
	if len(b) != 2 {
		return errBroken
	}
	v.a, v.b = b[0], b[1]
	return nil
}

// generated looks like code of tinylib/msgp.
type generated struct{ n byte }

func (v generated) MarshalMsg(dst []byte) ([]byte, error) { return append(dst, 0x91, v.n), nil }
func (v *generated) UnmarshalMsg(b []byte) ([]byte, error) {
	v.n = b[1]
	return b[2:], nil
}

// foreign looks like a type of vmihailenco/msgpack.
type foreign struct{ n byte }

func (v foreign) MarshalMsgpack() ([]byte, error)  { return []byte{0x81, 0xa1, 'n', v.n}, nil }
func (v *foreign) UnmarshalMsgpack(b []byte) error { v.n = b[3]; return nil }

var errBroken = errors.New("broken")

type broken struct{ how string }

func (v broken) MarshalBinary() ([]byte, error) {
	switch v.how {
	case "panic":
		panic("on purpose")
	case "panic with an error":
		panic(errBroken)
	}
	return nil, errBroken
}

func (v *broken) UnmarshalBinary(b []byte) error {
	v.how = string(b)
	_, err := v.MarshalBinary()
	return err
}

type malformed struct{ bytes string }

func (v malformed) MarshalMsgpack() ([]byte, error) { return []byte(v.bytes), nil }

type greedy struct{}

func (greedy) UnmarshalMsg(b []byte) ([]byte, error) { return b[:1], nil }

func TestMarshalersAreUsedWhereverTheirTypeStands(t *testing.T) {
	pair := binaryPair{1, 2}
	for _, c := range []struct {
		v    any
		want string
	}{
		{textual{"a"}, "a161"},
		{pair, "c4020102"},
		{&pair, "c4020102"},
		{(*binaryPair)(nil), "c0"},
		{[]binaryPair{pair}, "91c4020102"},
		{[1]binaryPair{pair}, "91c4020102"},
		{map[string]binaryPair{"a": pair}, "81a161c4020102"},
		{map[string]*binaryPair{"a": &pair}, "81a161c4020102"},
		{struct{ P binaryPair }{pair}, "81a150c4020102"},
		{[]any{pair, &pair}, "92c4020102c4020102"},
		{map[textual]int{{"b"}: 1, {"a"}: 2}, "82a16102a16201"},
		{map[binaryPair]int{{2, 1}: 1, {1, 2}: 2}, "82c402010202c402020101"},
		{generated{7}, "9107"},
		{foreign{7}, "81a16e07"},
		{big.NewInt(-12), "a32d3132"},
		{netip.MustParseAddr("1.2.3.4"), "c40401020304"},
	} {
		if got := hex.EncodeToString(encode(t, c.v)); got != c.want {
			t.Errorf("%T: got %s, want %s", c.v, got, c.want)
		}
	}
}

func TestTypesWithMethodsComeBackAsTheyWere(t *testing.T) {
	type all struct {
		Text      textual
		Texts     map[textual]*textual
		Pair      binaryPair
		Pairs     map[binaryPair][]binaryPair
		Generated []generated
		Foreign   *foreign
		Number    *big.Int
		Address   netip.Addr
	}
	want := all{
		textual{"a"}, map[textual]*textual{{"k"}: {"v"}, {"n"}: nil}, binaryPair{1, 2},
		map[binaryPair][]binaryPair{{1, 2}: {{3, 4}}}, []generated{{1}, {2}}, &foreign{3}, big.NewInt(1 << 60),
		netip.MustParseAddr("::1"),
	}
	var got all
	if err := payload.Decode(payload.MessagePack, encode(t, want), &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestAMethodThatFailsOrPanicsIsAnError(t *testing.T) {
	for _, c := range []struct {
		how  string
		text string
		is   error
	}{
		{"error", "MarshalBinary failed: broken", errBroken},
		{"panic", "MarshalBinary failed: panic: on purpose", nil},
		{"panic with an error", "MarshalBinary failed: panic: broken", errBroken},
	} {
		_, err := payload.AppendMessagePack(nil, map[string]any{"a": []broken{{c.how}}})
		var typed *payload.EncodeError
		if !errors.As(err, &typed) || typed.Path != "[key][0]" || typed.Type != "payload_test.broken" {
			t.Errorf("%s: got %v", c.how, err)
			continue
		}
		if !strings.Contains(err.Error(), c.text) || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: got %v", c.how, err)
		}
		err = payload.Decode(payload.MessagePack, encode(t, []string{c.how}), new([]broken))
		if !strings.Contains(err.Error(), "UnmarshalBinary failed") || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("decoding, %s: got %v", c.how, err)
		}
	}
}

func TestAMethodMustReturnOneSoundValue(t *testing.T) {
	for _, bytes := range []string{"", "\xc1", "\x92\x01", "\x01\x01", strings.Repeat("\x91", 100) + "\x91\x01"} {
		if _, err := payload.AppendMessagePack(nil, malformed{bytes}); !errors.Is(err, payload.ErrUnencodable) {
			t.Errorf("%q: got %v", bytes, err)
		}
	}
	deepest := malformed{strings.Repeat("\x91", 100) + "\x01"}
	encode(t, deepest)
	if _, err := payload.AppendMessagePack(nil, []any{deepest}); err == nil {
		t.Error("a value that is too deep where it stands was accepted")
	}
	if err := payload.Decode(payload.MessagePack, []byte{0x01}, new(greedy)); err == nil {
		t.Error("a method that left bytes unread was accepted")
	}
}

func TestAnAppendingMethodCannotHarmWhatWasEncodedBefore(t *testing.T) {
	out, err := payload.AppendMessagePack(make([]byte, 0, 4096), []any{"before", overwriter{}, "after"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := payload.Generic(payload.MessagePack, out)
	if want := []any{"before", []byte("own"), "after"}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
}

// overwriter appends and then scribbles over all the capacity it was given.
type overwriter struct{}

func (overwriter) AppendBinary(dst []byte) ([]byte, error) {
	all := dst[:cap(dst)]
	for i := range all {
		all[i] = 0xff
	}
	return append(dst[:0], "own"...), nil
}

func TestAStructThatEmbedsATimeIsThatTime(t *testing.T) {
	// Documented, and the same with encoding/json: the method is promoted.
	type stamped struct {
		time.Time
		Note string
	}
	b := encode(t, stamped{Time: time.Unix(1, 0), Note: "lost"})
	if strings.Contains(string(b), "lost") {
		t.Errorf("got %x", b)
	}
}
