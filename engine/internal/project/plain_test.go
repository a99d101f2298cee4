// Tests of what is known of types, and of the size of values.

package project_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/batpak/batpak/engine/internal/project"
	"github.com/batpak/batpak/event"
)

func TestPlainTypesHoldNothingThatCanBeShared(t *testing.T) {
	type inner struct {
		Name string
		At   time.Time
		ID   event.ID
	}
	for typ, want := range map[reflect.Type]bool{
		reflect.TypeFor[int]():                              true,
		reflect.TypeFor[string]():                           true,
		reflect.TypeFor[[4]inner]():                         true,
		reflect.TypeFor[event.Coordinate]():                 true,
		reflect.TypeFor[complex128]():                       true,
		reflect.TypeFor[[0]*int]():                          true,
		reflect.TypeFor[*int]():                             false,
		reflect.TypeFor[[]int]():                            false,
		reflect.TypeFor[map[int]int]():                      false,
		reflect.TypeFor[any]():                              false,
		reflect.TypeFor[func()]():                           false,
		reflect.TypeFor[chan int]():                         false,
		reflect.TypeFor[struct{ A [2]struct{ B []int } }](): false,
	} {
		if got := project.Plain(typ); got != want {
			t.Errorf("%v: %v", typ, got)
		}
	}
}

func TestAFingerprintChangesWithTheStructure(t *testing.T) {
	type node struct{ Left, Right *node }
	known := make(map[string]reflect.Type)
	for _, typ := range []reflect.Type{
		reflect.TypeFor[int](), reflect.TypeFor[int64](), reflect.TypeFor[[]int](), reflect.TypeFor[*int](), reflect.TypeFor[[2]int](), reflect.TypeFor[[3]int](),
		reflect.TypeFor[map[int]string](), reflect.TypeFor[map[string]int](), reflect.TypeFor[node](), reflect.TypeFor[any](), reflect.TypeFor[func()](),
		reflect.TypeFor[struct{ A int }](), reflect.TypeFor[struct{ B int }](), reflect.TypeFor[struct{ A int64 }](), reflect.TypeFor[struct {
			A int `json:"b"`
		}](), reflect.TypeFor[struct{ A, B int }](), reflect.TypeFor[time.Time](), reflect.TypeFor[time.Duration](), reflect.TypeFor[event.ID](), reflect.TypeFor[event.Hash](),
	} {
		text := project.Fingerprint(typ)
		if other, there := known[text]; there {
			t.Errorf("%v and %v are both %s", typ, other, text)
		}
		if known[text] = typ; text != project.Fingerprint(typ) || !strings.HasPrefix(text, typ.String()) {
			t.Errorf("%v: %s", typ, text)
		}
	}
	one := func() reflect.Type { type state struct{ A int }; return reflect.TypeFor[state]() }()
	two := func() reflect.Type { type state struct{ B int }; return reflect.TypeFor[state]() }()
	if project.Fingerprint(one) == project.Fingerprint(two) {
		t.Error("two types of one name have one fingerprint")
	}
}

func TestSizesAreAboutRightAndTakeABoundedTime(t *testing.T) {
	type cyclic struct{ Next *cyclic }
	ring := &cyclic{}
	ring.Next = ring
	long := make(map[string][]string)
	for range 3000 {
		long[strings.Repeat("k", len(long))[:len(long)%100]+string(rune('a'+len(long)%26))+time.Duration(len(long)).String()] = []string{"0123456789", "0123456789"}
	}
	for what, c := range map[string]struct {
		value       any
		least, most int64
	}{
		"a number":   {7, 8, 8},
		"a string":   {"0123456789", 26, 26},
		"bytes":      {make([]byte, 1<<20), 1 << 20, 1<<20 + 24},
		"strings":    {[]string{strings.Repeat("x", 1000), strings.Repeat("x", 1000)}, 2000, 2100},
		"an array":   {[2]string{"0123456789", "0123456789"}, 52, 52},
		"a ring":     {ring, 8, 1 << 20},
		"a nil":      {[]string(nil), 24, 24},
		"a nil map":  {map[string]int(nil), 8, 64},
		"a long map": {long, 3000 * (16 + 24 + 32 + 20), 3000 * 400},
		"a struct": {struct {
			A *[10]int
			B any
			C time.Time
		}{new([10]int), 5, time.Now()}, 80 + 8 + 48, 80 + 8 + 60},
	} {
		if got := project.Size(reflect.ValueOf(c.value)); got < c.least || got > c.most {
			t.Errorf("%s: %d bytes, want %d to %d", what, got, c.least, c.most)
		}
	}
}

// link, branch and back are of as many parts as a test likes.
type (
	link   struct{ Next *link }
	branch struct {
		name  string
		parts []branch
		by    map[string]branch
	}
	back struct {
		Above *back
		Below []*back
		Text  string
	}
)

func TestOneLargePartAmongManySmallOnesIsFound(t *testing.T) {
	const large = 2 << 20
	lists, names, chain := make([][]byte, 5000), make(map[string]branch), &link{}
	lists[4321] = make([]byte, large)
	for i := range 5000 {
		names[time.Duration(i).String()] = branch{}
		chain = &link{chain}
	}
	names["large"] = branch{parts: []branch{{}, {by: map[string]branch{"": {name: strings.Repeat("x", large)}}}}}
	root := &back{Text: strings.Repeat("x", 100)}
	for range 1000 {
		root.Below = append(root.Below, &back{Above: root, Text: strings.Repeat("x", 100)})
	}
	deep := branch{name: strings.Repeat("x", large)}
	for i := range 5000 {
		if deep = (branch{parts: []branch{deep}}); i%2 == 0 {
			deep = branch{by: map[string]branch{"k": deep}}
		}
	}
	for what, c := range map[string]struct {
		value       any
		least, most int64
	}{
		"an element":               {lists, large + 5000*24, large + 5000*24 + 64},
		"a value of a map":         {names, large + 5000*(16+48), large + 5000*200},
		"what is deep inside":      {deep, large, large + 7500*300},
		"a long chain":             {chain, 5000 * 8, 5001*8 + 8},
		"what leads back":          {root, 1000 * (100 + 48 + 8), 1001*(100+48+8) + 10_000},
		"one object by many names": {[]*[]byte{&lists[4321], &lists[4321], &lists[4321]}, large, large + 100},
	} {
		if got := project.Size(reflect.ValueOf(c.value)); got < c.least || got > c.most {
			t.Errorf("%s: %d bytes, want %d to %d", what, got, c.least, c.most)
		}
	}
}

func TestWhatHasTooManyPartsIsEstimatedFromASample(t *testing.T) {
	const many = 100_000
	text := strings.Repeat("x", 100)
	flat, wide, named, pointed := make([]string, many), make([][]string, many/10), make(map[int][]string, many/10), make([]*back, many)
	for i := range many {
		flat[i], pointed[i] = text, &back{Text: text}
		wide[i/10], named[i/10] = append(wide[i/10], text), append(named[i/10], text)
	}
	last := make([][]byte, many) // the large ones are behind what is walked through
	for i := many - many/10; i < many; i++ {
		last[i] = make([]byte, 1000)
	}
	for what, c := range map[string]struct {
		value       any
		least, most int64
	}{
		"strings":          {flat, many * 116, many * 117},
		"lists of strings": {wide, many * 116, many * 140},
		"maps of lists":    {named, many * 116, many * 150},
		"pointers":         {pointed, many * (100 + 48 + 8), many * (100 + 48 + 8 + 10)},
		"uneven lists":     {last, many * (24 + 90), many * (24 + 120)},
		"two of them":      {struct{ A, B [][]string }{wide, wide}, 2 * many * 116, 2 * many * 140},
	} {
		if got := project.Size(reflect.ValueOf(c.value)); got < c.least || got > c.most {
			t.Errorf("%s: %d bytes, want %d to %d", what, got, c.least, c.most)
		}
	}
	endless := branch{}
	endless.parts = make([]branch, 2)
	endless.parts[0], endless.parts[1] = endless, endless // each of which has both, for ever
	if got := project.Size(reflect.ValueOf(endless)); got <= 0 {
		t.Errorf("without an end: %d", got)
	}
}
