// Queries over segments of thousands of events, where lists are long, some stretches
// are full of what is asked for and others have a little of it.

package engine_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// denseEvents fill two segments of a megabyte.
const denseEvents = 17_000

// densely stores events of which some properties are dense in some stretches and sparse
// or absent in others.
func densely(t failer, s *engine.Store, micros *int64) history {
	t.Helper()
	random := rand.New(rand.NewPCG(90, 0))
	var known history
	for i := range denseEvents {
		*micros += int64(random.IntN(900)) - 200
		stretch := i / 700 % 6
		often := []int{1, 2, 9, 60, 1, 400}[stretch] // one of so many
		at := event.MustAt(fmt.Sprint("many:", random.IntN(500)), "wide")
		if random.IntN(often) == 0 {
			at = event.MustAt("long", "narrow")
		}
		if i%997 == 0 {
			at = event.MustAt("rare", "narrow")
		}
		d := event.Draft{Coordinate: at, Kind: event.Kind(0x1000 * (1 + i/3000)), Payload: []byte{byte(i)}}
		if random.IntN(often) == 0 {
			d.Kind = 0xF001
		}
		if random.IntN(5) < 2 {
			d.Kind = 0xE002 // too many for a list, too few everywhere to read all
		}
		if stretch != 1 && random.IntN(often) == 0 {
			d.Tags = append(d.Tags, "often")
		}
		if random.IntN(300) == 0 {
			d.Tags = append(d.Tags, "seldom")
		}
		known = append(known, mustStore(t, s, &d, nil))
	}
	return known
}

// denseQuestions are selections whose answers are long, or short ones of long lists.
func denseQuestions(h history) []selection {
	all := everything()
	long, often, seldom, fought := all.entity("long"), all.tags("often"), all.tags("seldom"), all.kinds(0xF001)
	list := []selection{
		all, long, often, seldom, fought, all.entity("rare"), all.prefix("many:"), all.prefix("many:1"), all.prefix("many:499"),
		all.scope("narrow"), all.scope("wide"), long.tags("often"), long.tags("seldom"), long.tags("often", "seldom"), long.kinds(0xF001),
		long.kinds(0x2000), long.scope("wide"), often.scope("narrow").kinds(0xF001), often.prefix("many:2"), seldom.prefix("many:"),
		fought.prefix("l"), all.category(0xF), all.category(0x3), all.kinds(0xE002), all.kinds(0xE002).prefix("many:"), all.kinds(0x1000, 0x2000, 0x3000), union(long, often),
		union(long, seldom, all.entity("rare")), union(often, seldom, fought), union(all.entity("rare"), all.entity("many:7")),
		union(all.prefix("many:3"), all.scope("narrow")), union(long, all.sequences(5000, 5100)), union(seldom, all.clocks(1, 1)),
		union(all.category(0x1), all.category(0x2), all.category(0xF)), long.clocks(1, 70), long.clocks(900, 901), long.clocks(2000, 0), long.clocks(64, 2100),
	}
	for part := range 6 {
		from, to := h[part*len(h)/7], h[part*len(h)/7+len(h)/5]
		list = append(list, long.sequences(from.Sequence, to.Sequence), often.between(from.Time(), to.Time()), all.between(from.Time(), from.Time().Add(time.Millisecond)),
			seldom.sequences(from.Sequence, 0), fought.between(time.Time{}, to.Time()), all.prefix("many:").sequences(from.Sequence, from.Sequence+1500))
	}
	return list
}

func TestLongListsAreAnsweredLikeShortOnes(t *testing.T) {
	t.Parallel()
	for _, size := range []int64{1 << 20, 4 << 20} { // some sealed, or all in the tail
		path := quickDir(t)
		micros := int64(1_790_000_000_000_000)
		o := engine.Options{Sync: engine.SyncManual(), SegmentSize: size, Clock: func() time.Time { return time.UnixMicro(micros) }}
		s := mustOpen(t, path, o)
		known := densely(t, s, &micros)
		settle(s)
		if got := s.Stats().SealedSegments; (got >= 2) != (size == 1<<20) {
			t.Fatalf("%d segments of %d bytes are sealed", got, size)
		}
		mustAnswerLongLists(t, s, known)
		mustClose(t, s)
		if raceBuild {
			break
		}
		s = mustOpen(t, path, engine.Options{ReadOnly: true, Rebuild: size == 1<<20})
		mustAnswerLongLists(t, s, known)
		mustClose(t, s)
	}
}

// mustAnswerLongLists asks in both directions with limits about the sizes in which an
// index may be read.
func mustAnswerLongLists(t *testing.T, s *engine.Store, known history) {
	t.Helper()
	limits := []int{0, 1, 63, 64, 65, 600, 5000}
	if raceBuild {
		limits = []int{0, 65, 600}
	}
	for i, q := range denseQuestions(known) {
		whole := known.selected(q, engine.ReadOptions{})
		backward := slices.Clone(whole)
		slices.Reverse(backward)
		for n, limit := range limits {
			if raceBuild && (n+i)%2 == 1 {
				continue
			}
			mustAnswer(t, s, q, engine.ReadOptions{Limit: limit}, whole.first(limit))
			mustAnswer(t, s, q, engine.ReadOptions{Direction: engine.Backward, Limit: limit}, backward.first(limit))
		}
	}
	mustListNames(t, s, known, "", "many:", "many:4", "r")
	mustTellClocks(t, s, known, "long", "rare", "many:0", "many:499", "nobody")
	for i := 0; i < len(known); i += 127 {
		mustGet(t, s, known[i:i+1])
	}
}

// first returns at most so many events, 0 being all.
func (h history) first(limit int) history {
	if limit == 0 {
		return h
	}
	return h[:min(limit, len(h))]
}
