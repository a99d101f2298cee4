// What the tests of queries append: random events of entities whose names are hard to
// keep apart; and every question there is about them.

package engine_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

var (
	// sownEntities begin with each other, end at the edges of what bytes there are,
	// and fill more than one block of any dictionary.
	sownEntities = append([]string{
		"a", "aa", "aab", "ab", "b", "\x00", "\x00\x00", "\x7f", "é", "è", "é\x00", "\U0010FFFF", "\U0010FFFF\U0010FFFF",
		"user", "user:", "user:1\x00", strings.Repeat("x", 300), strings.Repeat("x", 299) + "y", strings.Repeat("x", event.MaxName),
	}, numbered("user:", 23)...)
	sownScopes = []string{"s", "s1", "room", "\x00", strings.Repeat("r", event.MaxName)}
	sownTags   = []string{"red", "green", "blue", "re", "\x00", "\U0010FFFF", strings.Repeat("t", event.MaxTag)}
	sownKinds  = []event.Kind{event.Data, 0x1001, 0x1FFF, 0x7000, 0x7010, 0xC000, 0xE100, 0xF001, 0xFFFF}

	// sownPrefixes are interesting ones, some in the middle of a character.
	sownPrefixes = []string{
		"", "a", "aa", "ab", "aabc", "\x00", "\x7f", "\xc3", "\xc3\xa9", "\xf4", "\xf4\x8f\xbf", "\U0010FFFF", "\xff", "\xff\xff",
		"user", "user:", "user:1", "user:2", "user:99", "usex", "x", strings.Repeat("x", 299), strings.Repeat("x", 301),
	}
)

// numbered returns prefix1 to prefixN.
func numbered(prefix string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint(prefix, i+1)
	}
	return names
}

// sower makes events that only its seed determines.
type sower struct {
	random *rand.Rand
	micros atomic.Int64 // what its clock says
}

func newSower(seed uint64) *sower {
	w := &sower{random: rand.New(rand.NewPCG(seed, 99))}
	w.micros.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMicro())
	return w
}

// clock is for [engine.Options].
func (w *sower) clock() time.Time { return time.UnixMicro(w.micros.Load()) }

// options are small segments and the sower's clock.
func (w *sower) options(policy engine.SyncPolicy) engine.Options {
	o := small(policy)
	o.Clock = w.clock
	return o
}

// draft returns the next event, and moves the clock, also backwards.
func (w *sower) draft(known history) event.Draft {
	w.micros.Add(int64(w.random.IntN(50_000)) - 5000)
	entity := sownEntities[w.random.IntN(len(sownEntities))]
	if w.random.IntN(3) == 0 {
		entity = sownEntities[w.random.IntN(3)] // a few long streams
	}
	d := event.Draft{
		Coordinate: event.MustAt(entity, sownScopes[w.random.IntN(len(sownScopes))]),
		Kind:       sownKinds[w.random.IntN(len(sownKinds))],
		Payload:    randomBytes(w.random.Uint64(), w.random.IntN(300)),
	}
	for range max(0, w.random.IntN(6)-2) {
		d.Tags = append(d.Tags, sownTags[w.random.IntN(len(sownTags))]) // now and then one twice
	}
	if len(known) > 0 && w.random.IntN(8) == 0 {
		d.Cause = known[w.random.IntN(len(known))].ID
	}
	if len(known) > 0 && w.random.IntN(8) == 0 {
		d.Correlation = known[w.random.IntN(len(known))].ID
	}
	return d
}

// mustStore appends a draft and returns the event that it must have become.
func mustStore(t failer, s *engine.Store, d *event.Draft, known history) event.Event {
	t.Helper()
	o := engine.AppendOptions{
		Tags: d.Tags, Metadata: d.Metadata, Flags: d.Flags, Version: d.Version, Lane: d.Lane, Cause: d.Cause, Correlation: d.Correlation,
	}
	r, err := s.AppendBytesWith(d.Coordinate, d.Kind, d.Codec, d.Payload, o)
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	var cause *event.Event
	if i := slices.IndexFunc(known, func(e event.Event) bool { return e.ID == d.Cause }); i >= 0 && !d.Cause.IsZero() {
		cause = &known[i]
	}
	return expected(d, cause, r)
}

// sow appends events and returns the longer history.
func (w *sower) sow(t failer, s *engine.Store, known history, events int) history {
	t.Helper()
	for range events {
		d := w.draft(known)
		known = append(known, mustStore(t, s, &d, known))
	}
	return known
}

// settle waits until every segment but the last is sealed.
func settle(s *engine.Store) {
	until(func() bool { got := s.Stats(); return got.SealedSegments >= got.Segments-1 })
}

// questions are all selections that the sown events make interesting: every factor on
// its own, pairs, ranges, unions, and what selects nothing.
func questions(h history) []selection {
	all := everything()
	list := []selection{
		all, union(), union(all, all.entity("a")), all.entity(""), all.scope(""), all.kinds(), all.tags(""), all.category(0x10),
		all.gate(event.GatePassed), all.gate(event.GateBypassed), all.entity("nobody"), all.scope("nowhere"), all.tags("none"),
		all.entity("a").entity("b"), all.tags("red", "none"), all.kinds(event.SystemInit), all.kinds(0x1002),
	}
	for _, name := range sownEntities {
		list = append(list, all.entity(name), all.entity(name).scope("s1"), all.entity(name).clocks(2, 4), all.entity(name).tags("red"))
	}
	for _, prefix := range sownPrefixes {
		list = append(list, all.prefix(prefix), all.prefix(prefix).category(0x7), all.prefix(prefix).clocks(3, 0))
	}
	for _, scope := range sownScopes {
		list = append(list, all.scope(scope), all.scope(scope).kinds(sownKinds[0], sownKinds[4]), all.scope(scope).clocks(0, 1))
	}
	for i, kind := range sownKinds {
		list = append(list, all.kinds(kind), all.kinds(kind, sownKinds[(i+3)%len(sownKinds)]), all.kinds(kind).entity("aa"))
	}
	for category := range uint16(0x10) {
		list = append(list, all.category(category))
	}
	for i, tag := range sownTags {
		list = append(list, all.tags(tag), all.tags(tag, sownTags[(i+1)%len(sownTags)]), all.tags(tag).prefix("user:"), all.tags(tag).scope("s"))
	}
	list = append(list, ranges(h)...)
	return append(list, unions()...)
}

// ranges are selections by sequences, clocks and times.
func ranges(h history) []selection {
	all := everything()
	list := []selection{all.clocks(0, 1), all.clocks(9, 5), all.clocks(1<<60, 0), all.sequences(8, 3), all.sequences(1<<60, 0), all.sequences(0, 1)}
	if len(h) == 0 {
		return list
	}
	var none time.Time
	for part := range 5 {
		from, to := h[part*(len(h)-1)/5], h[(part+1)*(len(h)-1)/5]
		list = append(list,
			all.sequences(from.Sequence, to.Sequence), all.sequences(to.Sequence, 0).entity("a"), all.sequences(from.Sequence, from.Sequence),
			all.clocks(from.Position.Clock, to.Position.Clock), all.entity(from.Entity()).clocks(from.Position.Clock, from.Position.Clock),
			all.between(from.Time(), to.Time()), all.between(from.Time(), none).tags("blue"), all.between(none, to.Time()).prefix("user:1"),
			all.between(from.Time(), from.Time()), all.between(to.Time().Add(time.Nanosecond), to.Time().Add(time.Nanosecond)),
			all.between(to.Time(), from.Time().Add(-time.Hour)), all.between(from.Time(), to.Time()).entity("aa").clocks(2, 0))
	}
	last := h[len(h)-1].Time()
	return append(list, all.between(last.Add(time.Hour), none), all.between(none, last.Add(-1000*time.Hour)),
		all.between(time.Unix(-1<<40, 0), time.Unix(1<<40, 0)))
}

// unions overlap, contain each other, and mix what an index narrows with what none
// does.
func unions() []selection {
	all := everything()
	return []selection{
		union(all.entity("a"), all.entity("b")), union(all.entity("a"), all.entity("a").tags("red")),
		union(all.entity("a"), all.prefix("a")), union(all.tags("red"), all.tags("green"), all.tags("blue")),
		union(all.scope("s"), all.kinds(0x7000), all.tags("\x00")), union(all.entity("nobody"), all.tags("none")),
		union(all.entity("a"), all.clocks(1, 1)), union(all.sequences(5, 9), all.sequences(7, 20), all.sequences(0, 2)),
		union(all.entity("user:3"), all.sequences(100, 120)), union(all.prefix("user:"), all.scope("room").category(0xF)).clocks(2, 9),
		union(all.entity("a"), all.entity("aa"), all.entity("ab"), all.entity("é")).kinds(event.Data, 0xF001),
		union(all.gate(event.GatePassed), all.entity("\x7f")), union(union(all.entity("b")), union(), all.scope("\x00")).tags("red"),
	}
}

// answers are the questions with what must come of them.
type answers struct {
	known     history
	questions []selection
	options   []engine.ReadOptions
	want      []history
}

// answersOf asks the slice: every question in both directions, every third time with
// a limit.
func answersOf(h history) *answers { return answersTo(h, questions(h)) }

func answersTo(h history, questions []selection) *answers {
	a := &answers{known: h}
	for i, q := range questions {
		for _, direction := range []engine.Direction{engine.Forward, engine.Backward} {
			o := engine.ReadOptions{Direction: direction, SkipChecks: i%4 == 1}
			if i%3 == int(direction) {
				o.Limit = 1 + i%7
			}
			a.questions, a.options, a.want = append(a.questions, q), append(a.options, o), append(a.want, h.selected(q, o))
		}
	}
	return a
}

// mustBeGivenBy fails the test unless the store answers everything as the slice does.
func (a *answers) mustBeGivenBy(t failer, s *engine.Store) {
	t.Helper()
	for i, q := range a.questions {
		mustAnswer(t, s, q, a.options[i], a.want[i])
	}
	for _, entity := range sownEntities {
		want := a.known.selected(everything().entity(entity), engine.ReadOptions{})
		i := 0
		for ev, err := range s.Stream(entity, engine.ReadOptions{}) {
			if err != nil || i == len(want) || !sameEvent(&ev, &want[i]) {
				t.Fatalf("stream of %.60q, event %d of %d: %s, %v", entity, i+1, len(want), ev, err)
			}
			i++
		}
		if i != len(want) {
			t.Fatalf("stream of %.60q: %d events, want %d", entity, i, len(want))
		}
	}
	mustListNames(t, s, a.known, append(sownPrefixes, sownEntities...)...)
	mustTellClocks(t, s, a.known, append(numbered("nobody", 5), sownEntities...)...)
	mustGet(t, s, a.known)
	mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), a.known)
}
