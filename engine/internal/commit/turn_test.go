// Tests of what judging costs: how much of it may be left for the commit section depends on how much a unit asks.

package commit

import (
	"fmt"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/internal/vfs"
)

func TestAUnitThatOthersAlwaysOvertakeByTwoSegmentsGetsItsTurn(t *testing.T) {
	l, set := newLog(t, vfs.NewMemory(), false)
	head, rounds := l.head, 0
	var last chan struct{}
	l.head = func(entity string, hash uint64, tail *index.Tail) (index.Head, error) {
		if entity != "late" {
			return head(entity, hash, tail)
		}
		if rounds++; rounds > 4*patience {
			return head(entity, hash, tail) // it lost
		}
		overtaken, segments := make(chan struct{}), len(set.Segments())
		last = overtaken
		go func() {
			defer close(overtaken)
			for len(set.Segments()) < segments+2 {
				if _, err := appendBytes(l, 8000); err != nil {
					t.Error(err)
					return
				}
			}
		}()
		until(func() bool { // the others fill two segments, or have to wait
			l.mu.Lock()
			defer l.mu.Unlock()
			select {
			case <-overtaken:
				return true
			default:
				return l.exclusive != nil
			}
		})
		return head(entity, hash, tail)
	}
	u := l.NewUnit()
	defer l.Release(u)
	u.Draft = event.Draft{Coordinate: event.MustAt("late", "scope"), Kind: event.Data, Payload: []byte("x")}
	l.Encode(u, Cause{}, Gate{})
	if _, err := l.Append(u, WaitPolicy); err != nil {
		t.Fatal(err)
	}
	if rounds != patience+1 {
		t.Errorf("it was resolved %d times, want %d", rounds, patience+1)
	}
	<-last // others go on
}

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
