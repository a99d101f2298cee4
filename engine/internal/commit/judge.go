// Judging a unit: whether its keys are known and whether what it asks holds.
//
// It is done outside the commit section, against what is visible. What came since is looked for in the
// indexes of segments that are not sealed, first outside and then, for the little that is new by then, in the section;
// they only tell that an event may matter. If one may, the unit is judged again when that event is visible, so that
// no answer rests on an event that nobody can see, and that may never come to be.

package commit

import (
	"context"
	"runtime"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/index"
)

// judging is what a log judges with; see [Config].
type judging struct {
	byKey  func(key string, last uint64) (Holder, bool, error)
	occurs func(region event.Region, first, last uint64) (Occurrence, bool, error)
	newest func(entity string, last uint64) (Occurrence, error)
	keep   uint64 // how long keys are remembered, milliseconds; 0: forever
}

// watch is a condition as it is asked of what came lately.
type watch struct {
	region *index.Watch // nil: any event of the entity
	entity string
	hash   uint64
	from   uint64 // the first sequence that matters
}

// recheckWork is how many comparisons of an event with a key or a part of a condition are made in the section, at most.
const recheckWork = 256

// judge judges a unit. It returns when the unit may be placed as far as anybody outside the section can know, or with who
// has its keys, or with what stands against it; that answer rests on visible events, and if the call waits, on durable ones.
func (l *Log) judge(u *Unit, now int64, waits bool) ([]Holder, error) {
	began := l.stagedSequence.Load()
	for {
		visible := l.set.Visible()
		if hooks.Enabled && hooks.Planted(hooks.AnswerFromStaged) {
			visible = l.stagedSequence.Load()
		}
		known, rests, err := l.judgeKeys(u, visible, now)
		if known == nil && err == nil {
			if newer, ok := l.keysAreNew(u, visible); !ok {
				if err := l.again(u, newer); err != nil {
					return nil, err
				}
				continue
			}
			if err := u.admit(); err != nil {
				return nil, err
			}
			rests, err = l.judgeConditions(u, visible)
		}
		if known != nil || err != nil && visible >= began {
			return l.answer(u, known, rests, err, waits)
		}
		u.watch(visible)
		u.seen = visible
		var newer uint64
		var ok bool
		if err == nil {
			newer, ok = l.follow(u)
		} else {
			// Somebody may have been told of what was staged when the call began, and that may be what the unit expects.
			newer, ok = l.came(u, visible+1, began)
			if hooks.Enabled && hooks.Planted(hooks.ConflictOutdated) {
				ok = true
			}
		}
		if ok && err != nil {
			return l.answer(u, nil, rests, err, waits)
		}
		if ok {
			u.doubtful = false
			if hooks.Enabled {
				_ = l.hooks.Reach(hooks.AppendJudged, "")
			}
			return nil, nil
		}
		if err := l.again(u, newer); err != nil {
			return nil, err
		}
	}
}

// keysAreNew reports whether nothing that readers do not see yet may have a key of a unit that is to be admitted for that; else
// newer is the sequence of what may.
func (l *Log) keysAreNew(u *Unit, visible uint64) (newer uint64, ok bool) {
	if u.Admit == nil || len(u.keys) == 0 {
		return 0, true
	}
	clear(u.watches)
	u.watches = u.watches[:0] // nothing but the keys
	return l.came(u, visible+1, l.stagedSequence.Load())
}

// follow looks at what came since the unit was judged, up to where little is left for the section. It returns as came does.
func (l *Log) follow(u *Unit) (rests uint64, ok bool) {
	for {
		staged := l.stagedSequence.Load()
		if rests, ok := l.came(u, u.seen+1, staged); !ok {
			return rests, false
		}
		looked := staged - u.seen
		u.seen, u.none = staged, max(u.none, staged)
		left := l.stagedSequence.Load() - staged
		if left*u.work() <= recheckWork {
			return 0, true
		}
		if u.rounds++; left > looked/2 { // it takes longer than the next ones take to come
			u.rounds = max(u.rounds, patience)
		}
		if u.rounds >= patience {
			return 0, false
		}
	}
}

// answer gives an answer that rests on a visible event, once that is durable if the call waits.
func (l *Log) answer(u *Unit, known []Holder, rests uint64, answer error, waits bool) ([]Holder, error) {
	l.letOthers(u)
	if hooks.Enabled {
		_ = l.hooks.Reach(hooks.AppendAnswer, "")
	}
	if hooks.Enabled && hooks.Planted(hooks.AnswerNotWaitedFor) {
		waits = false
	}
	if waits && rests != 0 {
		if err := l.waitDurable(context.Background(), rests); err != nil {
			return nil, err
		}
	}
	return known, answer
}

// waitVisible returns when the event with this sequence, which is staged, is visible; 0: at once. If it can't become so the
// outcome is unknown.
func (l *Log) waitVisible(sequence uint64) error {
	if hooks.Enabled {
		_ = l.hooks.Reach(hooks.AppendAgain, "")
	}
	if l.everyAppend && sequence != 0 {
		return l.waitDurable(context.Background(), sequence)
	}
	runtime.Gosched() // whoever stages it makes it visible in the same section
	return nil
}

// judgeKeys looks up the unit's keys. rests is the sequence that the answer rests on.
func (l *Log) judgeKeys(u *Unit, visible uint64, now int64) (known []Holder, rests uint64, err error) {
	var first *KeyError // for the first key that is known, if others are not
	items, fresh := 0, false
	for i := range u.keys {
		k := &u.keys[i]
		if k.item >= 0 {
			items++
		}
		h, found, err := l.judging.byKey(k.key, visible)
		if err != nil {
			return nil, 0, err
		}
		if !found || l.expired(&h, now) {
			fresh = true
			continue
		}
		last := h.First + uint64(max(h.Events, 1)) - 1
		if problem := u.differs(k, &h); problem != "" {
			return nil, last, &KeyError{Item: u.named(k.item), Key: k.key, Sequence: h.First, Problem: problem}
		}
		if k.item < 0 {
			return []Holder{h}, last, nil
		}
		if first == nil {
			first = &KeyError{Item: u.named(k.item), Key: k.key, Sequence: h.First, Problem: "is known, but not everything of the batch is"}
		}
		known, rests = append(known, h), max(rests, last)
	}
	if hooks.Enabled && hooks.Planted(hooks.MixedKeysStored) && fresh {
		first, known = nil, nil
	}
	if first != nil && (fresh || items < len(u.items)) {
		return nil, rests, first
	}
	return known, rests, nil
}

// expired reports whether who has a key has it no longer.
func (l *Log) expired(h *Holder, now int64) bool {
	if hooks.Enabled && hooks.Planted(hooks.KeyForgottenEarly) {
		return l.judging.keep != 0 && now/1000 > int64(h.Wall+l.judging.keep/2)
	}
	return l.judging.keep != 0 && now/1000 > int64(h.Wall+l.judging.keep)
}

// differs says in what the holder of a key is not what the unit asks for; empty: it is the same request.
func (u *Unit) differs(k *keyed, h *Holder) string {
	request := &u.request
	if k.item >= 0 {
		request = &u.items[k.item].link.Digest
	}
	if hooks.Enabled && hooks.Planted(hooks.AnyRequestTaken) {
		request = &h.Request
	}
	switch {
	case k.item >= 0 && h.Events != 0:
		return "a batch has it as a whole"
	case k.item < 0 && h.Events == 0:
		return "a single event has it"
	case *request != h.Request:
		return "it belongs to another request"
	}
	return ""
}

// named returns an item's index as errors give it.
func (u *Unit) named(item int) int {
	if u.batch {
		return item
	}
	return -1
}

// judgeConditions judges what is asked against what is visible. The error is that of the first that does not hold, and rests
// the sequence that it rests on.
func (l *Log) judgeConditions(u *Unit, visible uint64) (rests uint64, err error) {
	if u.doubtful {
		for i := range u.items {
			it := &u.items[i]
			if !it.expects {
				continue
			}
			c := Condition{Item: u.named(i), Entity: it.entry.Entity(), Clock: it.want}
			if rests, err := l.expected(&c, visible, uint64(it.earlier)); err != nil {
				return rests, err
			}
		}
	}
	for i := range u.Conditions {
		if c := &u.Conditions[i]; c.Entity != "" {
			rests, err = l.expected(c, visible, 0)
		} else {
			rests, err = l.none(c, max(c.After, u.none), visible)
		}
		if err != nil {
			return rests, err
		}
	}
	u.none = max(u.none, visible)
	return 0, nil
}

// expected judges what is expected of an entity, of which the unit has earlier events.
func (l *Log) expected(c *Condition, visible, earlier uint64) (rests uint64, err error) {
	newest, err := l.judging.newest(c.Entity, visible)
	if err != nil {
		return 0, err
	}
	if c.ByID && newest.ID == c.ID || !c.ByID && newest.Clock+earlier == c.Clock {
		return 0, nil
	}
	return newest.Sequence, &ConflictError{
		Item: c.Item, Entity: c.Entity, WantClock: c.Clock, GotClock: newest.Clock + earlier,
		ByID: c.ByID, WantID: c.ID, GotID: newest.ID, Event: newest,
	}
}

// none judges that a region has no event after a sequence; it was judged up to judged.
func (l *Log) none(c *Condition, judged, visible uint64) (rests uint64, err error) {
	if judged >= visible {
		return 0, nil
	}
	first, found, err := l.judging.occurs(c.Region, judged+1, visible)
	if err != nil || !found {
		return 0, err
	}
	return first.Sequence, &ConflictError{Item: c.Item, Region: c.Region, After: c.After, Event: first}
}

// work returns how many comparisons an event takes.
func (u *Unit) work() uint64 { return u.terms + uint64(len(u.keys)) }

// watch makes the watches for what comes after a sequence.
func (u *Unit) watch(visible uint64) {
	clear(u.watches)
	u.watches, u.terms = u.watches[:0], 0
	for i := range u.Conditions {
		c := &u.Conditions[i]
		if c.Entity != "" {
			u.watches = append(u.watches, watch{nil, c.Entity, index.Hash(index.Entity, c.Entity), visible + 1})
			u.terms++
			continue
		}
		from := max(c.After, visible) + 1
		if hooks.Enabled && hooks.Planted(hooks.WatchOffByOne) {
			from++
		}
		w := index.NewWatch(c.Region.Sequences(from, 0))
		u.terms += uint64(w.Terms())
		u.watches = append(u.watches, watch{region: w, from: from})
	}
}

// recheck looks, in the section, at what came since the unit was judged. ok is false if it has to be judged again, once the event
// at rests is visible. The caller holds mu.
func (l *Log) recheck(u *Unit) (rests uint64, ok bool) {
	staged := l.next - 1
	if u.asks() && staged > u.seen {
		if (staged-u.seen)*u.work() > recheckWork {
			return 0, false
		}
		if rests, ok = l.came(u, u.seen+1, staged); !ok {
			return rests, false
		}
	}
	if !u.expects {
		return 0, true
	}
	tail := l.indexing.Load()
	for i := range u.items {
		it := &u.items[i]
		if it.expects && tail.Head(&it.entry).Clock+uint64(it.earlier) != it.want {
			u.doubtful = true
			return staged, false
		}
	}
	return 0, true
}

// came looks for events from one sequence to another, all of them staged, that may matter to a unit. If there is one ok
// is false, and rests is its sequence, or 0 if there are newer visible events than the unit was judged against.
func (l *Log) came(u *Unit, from, to uint64) (rests uint64, ok bool) {
	parts := l.index.Parts()
	for i := len(parts) - 1; i >= 0 && from <= to; i-- {
		p := parts[i]
		if p.First > to {
			continue
		}
		tail := p.Tail()
		if tail == nil {
			return 0, false // sealed, so all in it is visible by now
		}
		first := max(from, p.First)
		if n, found := u.newest(tail, p.First, first, to); found {
			return n, false
		}
		if hooks.Enabled && hooks.Planted(hooks.WatchEndsWithSegment) {
			break
		}
		to = p.First - 1
	}
	return 0, true
}

// newest returns the sequence of the newest event in a tail, whose first sequence is base, that may matter to the unit.
func (u *Unit) newest(tail *index.Tail, base, from, to uint64) (sequence uint64, found bool) {
	limit, keys := uint32(to-base+1), u.keys
	if hooks.Enabled && hooks.Planted(hooks.StagedKeyOverlooked) {
		keys = nil
	}
	for i := range keys {
		if n, ok := tail.NewestLink(index.Key, keys[i].hash, limit); ok && base+uint64(n) >= from {
			return base + uint64(n), true
		}
	}
	for i := range u.watches {
		w := &u.watches[i]
		first := max(from, w.from)
		if first > to {
			continue
		}
		if n, ok := w.newest(tail, uint32(first-base), limit); ok {
			return base + uint64(n), true
		}
	}
	return 0, false
}

// newest returns the highest ordinal of a range that may matter.
func (w *watch) newest(tail *index.Tail, from, limit uint32) (ordinal uint32, found bool) {
	if w.region != nil {
		return w.region.Newest(tail, from, limit)
	}
	ordinal, found = tail.NewestOf(w.entity, w.hash, limit)
	return ordinal, found && ordinal >= from
}
