// Tests of what judging costs: how much of it may be left for the commit section depends on how much a unit asks.

package commit

import (
	"fmt"
	"testing"

	"github.com/batpak/batpak/event"
)

func TestTheWorkOfAUnitIsWhatItComparesAnEventWith(t *testing.T) {
	prefixes := make([]event.Region, 500)
	for i := range prefixes {
		prefixes[i] = event.EntityPrefix(fmt.Sprint("none", i, "/"))
	}
	for what, test := range map[string]struct {
		conditions []Condition
		keys       int
		want       uint64
	}{
		"nothing":         {nil, 0, 0},
		"a key":           {nil, 1, 1},
		"an entity":       {[]Condition{{Entity: "entity"}}, 0, 1},
		"a region":        {[]Condition{{Region: event.Entity("entity")}}, 0, 1},
		"no region":       {[]Condition{{Region: event.Nothing()}}, 0, 0},
		"many prefixes":   {[]Condition{{Region: event.Union(prefixes...)}}, 0, 500},
		"all of these":    {[]Condition{{Entity: "entity"}, {Region: event.Union(prefixes...)}, {Region: event.Tagged("a")}}, 2, 504},
		"the same region": {[]Condition{{Region: event.Tagged("a")}, {Region: event.Tagged("a")}}, 0, 2},
	} {
		u := &Unit{Conditions: test.conditions, keys: make([]keyed, test.keys)}
		for range 2 { // it is judged again
			if u.watch(7); u.work() != test.want {
				t.Errorf("%s: %d comparisons, want %d", what, u.work(), test.want)
			}
		}
	}
}
