// Tests of which values lead to the same memory in several ways.

package payload_test

import (
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/batpak/batpak/internal/payload"
)

type (
	order   struct{ ID, Paid int }
	indexed struct {
		ByID map[string]*order
		List []*order
	}
	inside struct {
		All   []order
		First *order
	}
	itself struct {
		base
		N       int
		Current *int
	}
	tree   struct{ Left, Right *tree }
	sets   map[string]map[string]struct{}
	counts map[string]int
	pieces struct {
		Whole [4]int
		Some  []int
	}
)

func TestTypesOfWhichNothingCanBeSharedCostNothing(t *testing.T) {
	for typ, want := range map[reflect.Type]bool{
		reflect.TypeFor[int]():                          false,
		reflect.TypeFor[map[string]int]():               false,
		reflect.TypeFor[map[string]order]():             false,
		reflect.TypeFor[[]string]():                     false,
		reflect.TypeFor[[]order]():                      false,
		reflect.TypeFor[*order]():                       false,
		reflect.TypeFor[[]time.Time]():                  false,
		reflect.TypeFor[[]*struct{}]():                  false,
		reflect.TypeFor[[1]map[string]int]():            false,
		reflect.TypeFor[map[string]ownWay]():            false,
		reflect.TypeFor[pieces]():                       true,
		reflect.TypeFor[indexed]():                      true,
		reflect.TypeFor[inside]():                       true,
		reflect.TypeFor[itself]():                       true,
		reflect.TypeFor[*itself]():                      true,
		reflect.TypeFor[tree]():                         true,
		reflect.TypeFor[sets]():                         true,
		reflect.TypeFor[[][]byte]():                     true,
		reflect.TypeFor[[2]map[string]int]():            true,
		reflect.TypeFor[struct{ A, B []int }]():         true,
		reflect.TypeFor[struct{ A, B map[int]int }]():   true,
		reflect.TypeFor[struct{ A, B *order }]():        true,
		reflect.TypeFor[map[string]net.IP]():            true,
		reflect.TypeFor[*struct{ Self, Other *tree }](): true,
		reflect.TypeFor[struct {
			A []order
			B *int
		}](): true,
		reflect.TypeFor[struct {
			A [][2]int
			B []int
		}](): true,
		reflect.TypeFor[struct {
			A map[string]int
			B []string
			C []int
			D *time.Time
			E map[string]bool
		}](): false,
		reflect.TypeFor[struct {
			A []string
			B string
		}](): false,
		reflect.TypeFor[struct {
			A map[string]int
			B counts
		}](): true,
		reflect.TypeFor[struct {
			A *[2]int
			B []int
		}](): true,
	} {
		if got := payload.SharingOf(typ) != nil; got != want {
			t.Errorf("%v: %v", typ, got)
		}
	}
}

func TestMemoryThatIsReachedInSeveralWaysIsFound(t *testing.T) {
	one, numbers := &order{1, 0}, []int{1, 2, 3, 4, 5, 6}
	self, embracing := &itself{N: 1}, &inside{All: []order{{1, 0}, {2, 0}}}
	self.Current, embracing.First = &self.N, &embracing.All[1]
	part := &pieces{Whole: [4]int{1, 2, 3, 4}}
	part.Some = part.Whole[1:2]
	child, set := &tree{}, map[string]struct{}{}
	for what, c := range map[string]struct {
		value any
		found string // the type
	}{
		"an index and a list":          {&indexed{map[string]*order{"1": one}, []*order{one}}, "*payload_test.order"},
		"one in a list twice":          {&[]*order{one, {2, 0}, one}, "*payload_test.order"},
		"an element of a list":         {embracing, "*payload_test.order"},
		"a part of the value itself":   {self, "*int"},
		"a slice of an array in it":    {part, "[]int"},
		"two trees":                    {&tree{child, child}, "*payload_test.tree"},
		"one set by two names":         {&sets{"a": set, "b": set}, "map[string]struct {}"},
		"overlapping slices":           {&[][]int{numbers[:4], numbers[3:]}, "[]int"},
		"the place behind a slice":     {&[][]int{numbers[:2], numbers[2:]}, "[]int"},
		"slices side by side":          {&[][]int{numbers[:2:2], numbers[2:]}, ""},
		"no places at all":             {&[][]int{{}, {}, nil, nil, numbers[:0:0]}, ""},
		"an index and a list of two":   {&indexed{map[string]*order{"1": {1, 0}}, []*order{{1, 0}}}, ""},
		"a tree":                       {&tree{&tree{}, &tree{&tree{}, nil}}, ""},
		"what is nil":                  {&indexed{map[string]*order{"1": nil, "2": nil}, []*order{nil, nil}}, ""},
		"sets of their own":            {&sets{"a": {}, "b": {}, "c": nil, "d": nil}, ""},
		"two addresses":                {&map[string]net.IP{"a": net.IP(make([]byte, 4)), "b": make(net.IP, 4)}, ""},
		"one address by two names":     {&map[string]net.IP{"a": net.IPv4zero, "b": net.IPv4zero}, "net.IP"},
		"pointers to what has no size": {&struct{ A, B *struct{} }{new(struct{}), new(struct{})}, ""},
	} {
		v := reflect.ValueOf(c.value).Elem()
		sharing := payload.SharingOf(v.Type())
		if sharing == nil {
			if c.found != "" {
				t.Errorf("%s: said to be impossible", what)
			}
			continue
		}
		for range 2 {
			err := sharing.In(v)
			if (err == nil) != (c.found == "") || err != nil && !strings.Contains(err.Error(), ": "+c.found+": ") {
				t.Errorf("%s: got %v, want %q", what, err, c.found)
			}
		}
	}
}
