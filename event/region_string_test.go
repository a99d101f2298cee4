// Tests of the text of regions as a key: what selects otherwise has another text.

package event_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/batpak/batpak/event"
	"pgregory.net/rapid"
)

// nasty are names that look like the text of regions, or are no UTF-8.
var nasty = []string{
	"a", "b", "ab", `"`, `\`, `a" and scope "b`, `a" or entity "b`, `a"...`, "a...", "\xff", `\xff`, "\ufffd", "\x00", "everything", "nothing", "é", "e\u0301",
}

// nastyRegion draws a region out of few parts, so that equal ones and nearly equal ones are met.
func nastyRegion(t *rapid.T) event.Region {
	name := rapid.SampledFrom(nasty)
	number := rapid.Uint64Range(0, 2)
	at := rapid.SampledFrom([]time.Time{{}, time.Unix(0, 0), time.Unix(0, 1000), time.Unix(-1<<50, 0), time.Unix(1<<50, 0), time.Unix(1e12, 0)})
	r := event.Everything()
	for range rapid.IntRange(0, 3).Draw(t, "parts") {
		switch rapid.IntRange(0, 9).Draw(t, "part") {
		case 0:
			r = r.Entity(name.Draw(t, "entity"))
		case 1:
			r = r.EntityPrefix(name.Draw(t, "prefix"))
		case 2:
			r = r.Scope(name.Draw(t, "scope"))
		case 3:
			r = r.Kind(rapid.SliceOfN(rapid.SampledFrom([]event.Kind{0, 1, 0x1000, 0x1001}), 0, 3).Draw(t, "kinds")...)
		case 4:
			r = r.Category(rapid.Uint16Range(0, 2).Draw(t, "category"))
		case 5:
			r = r.Tags(rapid.SliceOfN(name, 0, 2).Draw(t, "tags")...)
		case 6:
			r = r.Clocks(number.Draw(t, "from"), number.Draw(t, "to"))
		case 7:
			r = r.Sequences(number.Draw(t, "from"), number.Draw(t, "to"))
		case 8:
			r = r.Between(at.Draw(t, "from"), at.Draw(t, "to"))
		case 9:
			r = r.FromGate(rapid.SampledFrom([]event.GateOutcome{event.GatePassed, event.GateBypassed}).Draw(t, "gate"))
		}
	}
	return r
}

func TestRegionsWithOneTextAreOneRegion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		known := make(map[string]event.Region)
		for range 60 {
			r := nastyRegion(t)
			if rapid.Bool().Draw(t, "union") {
				r = event.Union(r, nastyRegion(t))
			}
			text := r.String()
			if other, there := known[text]; there && !reflect.DeepEqual(other.Terms(), r.Terms()) {
				t.Fatalf("%q is the text of %#v and of %#v", text, other.Terms(), r.Terms())
			}
			known[text] = r
		}
	})
}
