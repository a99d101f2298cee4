// Tests of which types come back as they were.

package payload_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/batpak/batpak/internal/payload"
	"pgregory.net/rapid"
)

type (
	base  struct{ ID uint64 }
	whole struct {
		base
		Name    string
		At      time.Time
		Tags    []string `json:"tags,omitempty"`
		Counts  map[string]int
		ByPlace map[[2]byte]*base
		Next    *whole
		Small   [3]int8
		Bytes   []byte
		_       int
	}
	timed struct { // has the methods of the time, which is all that is encoded
		time.Time
		N int
	}
	oneWay    struct{ N int }
	ownWay    struct{ n int }
	zeroing   struct{ N int }
	branching struct{ Parts []branching }
)

func (oneWay) MarshalText() ([]byte, error) { return nil, nil }

func (o ownWay) MarshalBinary() ([]byte, error)     { return []byte{byte(o.n)}, nil }
func (o *ownWay) UnmarshalBinary(data []byte) error { o.n = int(data[0]); return nil }

func (zeroing) IsZero() bool { return true }

func TestTypesThatDoNotComeBackAreToldWithThePart(t *testing.T) {
	for want, typ := range map[string]reflect.Type{
		"":                 reflect.TypeFor[whole](),
		" ":                reflect.TypeFor[map[int]ownWay](),
		"  ":               reflect.TypeFor[branching](),
		"   ":              reflect.TypeFor[*base](),
		".hidden: ":        reflect.TypeFor[struct{ N, hidden int }](),
		".A[].B[]: ":       reflect.TypeFor[struct{ A []struct{ B map[string]any } }](),
		"have no encoding": reflect.TypeFor[struct{ F func() }](),
		"left out by its tag": reflect.TypeFor[struct {
			A int `json:"-"`
		}](),
		"by another one of its name": reflect.TypeFor[struct {
			A int `codec:"x"`
			B int `codec:"x"`
		}](),
		"an empty map is left out": reflect.TypeFor[struct {
			M map[string]int `json:",omitempty"`
		}](),
		"what its method IsZero": reflect.TypeFor[struct {
			Z zeroing `json:",omitzero"`
		}](),
		"keys of kind float64":        reflect.TypeFor[map[float64]int](),
		"keys of type time.Time":      reflect.TypeFor[map[time.Time]int](),
		"keys of kind struct":         reflect.TypeFor[map[base]int](),
		"pointer to a nil":            reflect.TypeFor[**int](),
		"an embedded pointer":         reflect.TypeFor[struct{ *whole }](),
		"methods of what is embedded": reflect.TypeFor[timed](),
		"are of different ways":       reflect.TypeFor[oneWay](),
		"comes back as another type":  reflect.TypeFor[any](),
	} {
		err := payload.Faithful(typ)
		if strings.TrimSpace(want) == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), strings.TrimSpace(want)) {
			t.Errorf("%v: got %v, want %q", typ, err, want)
		}
	}
}

func TestWhatIsFaithfulComesBack(t *testing.T) {
	names := rapid.SliceOfN(rapid.String(), 1, 3)
	rapid.Check(t, func(t *rapid.T) {
		in := whole{
			base: base{rapid.Uint64().Draw(t, "id")}, Name: rapid.String().Draw(t, "name"), At: time.Unix(rapid.Int64Range(-1e9, 1e9).Draw(t, "at"), 5).UTC(),
			Small: [3]int8{1, -1, rapid.Int8().Draw(t, "small")}, Bytes: rapid.SliceOfN(rapid.Byte(), 1, 4).Draw(t, "bytes"),
		}
		if rapid.Bool().Draw(t, "more") {
			in.Tags, in.Counts = names.Draw(t, "tags"), rapid.MapOf(rapid.String(), rapid.Int()).Draw(t, "counts")
			in.ByPlace = map[[2]byte]*base{{1, 2}: {7}, {0, 0}: nil}
			in.Next = &whole{Counts: map[string]int{}}
		}
		b, err := payload.AppendMessagePack(nil, &in)
		if err != nil {
			t.Fatal(err)
		}
		var out whole
		if err := payload.Decode(payload.MessagePack, b, &out); err != nil {
			t.Fatal(err)
		}
		if out.At = out.At.UTC(); out.Next != nil {
			out.Next.At = out.Next.At.UTC()
		}
		if in.Next != nil {
			in.Next.At = in.Next.At.UTC()
		}
		if !reflect.DeepEqual(in, out) {
			t.Fatalf("got %+v, want %+v", out, in)
		}
	})
}
