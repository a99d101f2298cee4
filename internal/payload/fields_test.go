// Tests of struct fields: tags, options, embedding, compared with encoding/json.

package payload_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batpak/batpak/internal/payload"
)

type (
	Base struct {
		ID   int `json:"id"`
		Name string
		Both int
	}
	other struct {
		Both   int
		Hidden int
	}
	Deep struct {
		Base
		Name string
	}
	tagsWin struct {
		First  int `json:"same"`
		Second int
	}
	Second struct {
		Renamed int `json:"Second"`
	}
	recursive struct {
		*recursive
		Value int
	}
	namedEmbedding struct {
		Base `json:"base"`
		N    int
	}
)

// comparable are values whose fields encoding/json names as we do.
func comparable() []any {
	return []any{
		Base{1, "a", 2},
		Deep{Base{1, "inner", 2}, "outer"},
		struct {
			Base
			other
		}{Base{1, "a", 2}, other{3, 4}},
		struct {
			*Base
			N int
		}{nil, 1},
		struct {
			*Base
			N int
		}{&Base{1, "a", 2}, 1},
		namedEmbedding{Base{1, "a", 2}, 3},
		tagsWin{1, 2},
		struct {
			tagsWin
			Second
		}{tagsWin{1, 2}, Second{3}},
		recursive{nil, 1},
		struct {
			A int `json:"-"`
			C int `json:",omitempty"`
			D int `json:"d,omitempty"`
			E int `json:"e,omitzero"`
			f int
		}{1, 0, 0, 0, 6},
		struct {
			A []int          `json:",omitempty"`
			B map[string]int `json:",omitempty"`
			C *int           `json:",omitempty"`
			D any            `json:",omitempty"`
			E [0]int         `json:",omitempty"`
			F Base           `json:",omitempty"`
			G time.Time      `json:",omitzero"`
			H *time.Time     `json:",omitzero"`
			I Base           `json:",omitzero"`
			J string         `json:",omitempty"`
			K bool           `json:",omitempty"`
		}{A: []int{}, B: map[string]int{}},
	}
}

func TestFieldsAreThoseOfEncodingJSON(t *testing.T) {
	for _, v := range comparable() {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var want map[string]any
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		got, err := payload.Generic(payload.MessagePack, encode(t, v))
		if err != nil {
			t.Fatal(err)
		}
		if g, w := keys(got.(map[string]any)), keys(want); !slices.Equal(g, w) {
			t.Errorf("%T: got %v, want %v", v, g, w)
		}
		back := reflect.New(reflect.TypeOf(v))
		if err := payload.Decode(payload.MessagePack, encode(t, v), back.Interface()); err != nil {
			t.Errorf("%T: %v", v, err)
		}
	}
}

func keys(m map[string]any) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func TestTheFirstOfThreeTagsCounts(t *testing.T) {
	v := struct {
		A int `msgpack:"m" codec:"c0" json:"j0"`
		B int `codec:"c" json:"j1"`
		C int `json:"j,string"`
		D int `msgpack:",omitempty" json:"j2"`
	}{1, 2, 3, 4}
	got, err := payload.Generic(payload.MessagePack, encode(t, v))
	want := map[string]any{"m": int64(1), "c": int64(2), "j": int64(3), "D": int64(4)}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestEmbeddedPointersAreMadeWhereThePayloadNeedsThem(t *testing.T) {
	type embedding struct {
		*Base
		N int
	}
	var got embedding
	if err := payload.Decode(payload.MessagePack, encode(t, embedding{&Base{1, "a", 2}, 3}), &got); err != nil {
		t.Fatal(err)
	}
	if got.Base == nil || *got.Base != (Base{1, "a", 2}) || got.N != 3 {
		t.Errorf("got %+v", got)
	}
	var impossible struct{ *other }
	err := payload.Decode(payload.MessagePack, encode(t, map[string]int{"Hidden": 1}), &impossible)
	if err == nil || !strings.Contains(err.Error(), "unexported type") {
		t.Errorf("got %v", err)
	}
}

func TestPlansOfRecursiveTypesCanBeMadeConcurrently(t *testing.T) {
	type tree struct {
		Left, Right *tree
		Names       map[string][]*tree
	}
	v := &tree{Left: &tree{}, Names: map[string][]*tree{"a": {{}, nil}}}
	done := make(chan []byte)
	for range 16 {
		go func() {
			b, _ := payload.AppendMessagePack(nil, v)
			var back tree
			if err := payload.Decode(payload.MessagePack, b, &back); err != nil {
				b = nil
			}
			done <- b
		}()
	}
	want := <-done
	for range 15 {
		if got := <-done; got == nil || !slices.Equal(got, want) {
			t.Error("encodings differ")
		}
	}
}
