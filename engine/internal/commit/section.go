// The commit section: the short time under one mutex in which a unit gets its
// place. No system call is made in it and no sealed page is touched; its pages
// were brought in by the preparer. Who has to wait for room leaves it.

package commit

import (
	"context"
	"fmt"
	"time"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/internal/fault"
	"github.com/batpak/batpak/mmapseg"
)

// Wait says what an append waits for.
type Wait uint8

// What an append can wait for: what the policy says, until it is durable, for nothing but its place.
const (
	WaitPolicy Wait = iota
	WaitDurable
	WaitStaged
)

// Append gives the unit its place, if nothing that it asks stands against it, and waits for what it is to wait for.
// Where its keys are known already, with the same request, nothing is stored and known says who has them: the
// batch that has the unit's key, or who has those of its items, in their order.
func (l *Log) Append(u *Unit, wait Wait) (known []Holder, err error) {
	waits := wait == WaitDurable || wait == WaitPolicy && l.everyAppend
	known, err = l.settle(u, waits)
	l.letOthers(u)
	if known != nil || err != nil {
		return known, err
	}
	last := u.items[len(u.items)-1].assigned.Sequence
	if waits {
		if err := l.waitDurable(context.Background(), last); err != nil {
			return nil, err
		}
	} else if l.syncsItself {
		l.begin(last)
	}
	return nil, nil
}

// settle judges the unit and gives it its place, as often as it takes.
func (l *Log) settle(u *Unit, waits bool) (known []Holder, err error) {
	now := l.clock().UnixMicro()
	if len(u.keys) == 0 {
		if err := u.admit(); err != nil {
			return nil, err
		}
	}
	for {
		if u.asks() {
			if known, err = l.judge(u, now, waits); known != nil || err != nil {
				return known, err
			}
		}
		rests, placed, err := l.commit(u, now)
		if placed || err != nil {
			return nil, err
		}
		if err := l.again(u, rests); err != nil {
			return nil, err
		}
	}
}

// commit is the commit section. placed is false if the unit has to be judged again, once the event that this rests on is visible; 0:
// at once.
func (l *Log) commit(u *Unit, now int64) (rests uint64, placed bool, err error) {
	if err := l.enter(u); err != nil {
		return 0, false, err
	}
	rests, ok, err := l.mayPlace(u)
	if err != nil || !ok {
		l.mu.Unlock()
		wake(l.prepareKick) // there may have been a rotation
		return rests, false, err
	}
	if err := fault.Guard(func() { l.place(u, now) }); err != nil {
		l.poisonLocked(err)
		l.mu.Unlock()
		l.tell()
		return 0, false, &IndeterminateError{Cause: err}
	}
	kick := l.tail >= l.kickAt
	l.mu.Unlock()
	if !l.everyAppend {
		l.published()
	}
	if kick {
		wake(l.prepareKick)
	}
	return 0, true, nil
}

// enter finds out what the unit's events mean to the index, without holding anybody up, and enters the commit section
// with room for them. Where the active segment changed meanwhile, what was found may be outdated: if it changed
// once, as when this unit found no room, the segment before says what is new, and the room is kept; otherwise all begins
// anew, and others wait when that was in vain too often. mu is held when it returns without an error.
func (l *Log) enter(u *Unit) error {
	for {
		tail := l.indexing.Load()
		for i := range u.items {
			e := &u.items[i].entry
			if tail.Resolve(e) {
				continue
			}
			if u.items[i].earlier != 0 {
				e.Head = u.items[u.items[i].first].entry.Head
				continue
			}
			head, err := l.readHead(e, tail)
			if err != nil {
				return fmt.Errorf("newest event of the entity: %w", err)
			}
			if hooks.Enabled && hooks.Planted(hooks.ClocksRestart) {
				head = index.Head{}
			}
			e.Head = head
		}
		l.mu.Lock()
		err := l.waitForRoom(u)
		if err == nil && (l.indexing.Load() == tail || l.moveOn(u, tail)) {
			return nil
		}
		if err == nil { // others filled a segment and more meanwhile, as they may again
			l.loseOut(u)
		}
		l.mu.Unlock()
		wake(l.prepareKick) // there was a rotation, or may have been
		if err != nil {
			l.tell()
			return err
		}
	}
}

// readHead finds the state of an entity before the events of a tail. Where sealed segments may be asked, whose indexes may have
// to come from the disk, it is counted as a wait if it took long enough for one. Most find what they ask for in memory, and touch
// nothing that others share.
func (l *Log) readHead(e *index.Entry, tail *index.Tail) (index.Head, error) {
	if l.index.Parts()[0].Tail() != nil { // the oldest is sealed first
		return l.head(e.Entity(), e.EntityHash(), tail)
	}
	began := time.Now()
	head, err := l.head(e.Entity(), e.EntityHash(), tail)
	if took := time.Since(began); took >= l.slowHead {
		l.stats.heads.add(took)
	}
	return head, err
}

// moveOn resolves a unit that was resolved against the tail before the active segment's, and reports whether it was. The
// caller holds mu.
func (l *Log) moveOn(u *Unit, resolved *index.Tail) bool {
	if resolved != l.before {
		return false
	}
	active := l.indexing.Load()
	for i := range u.items {
		e := &u.items[i].entry
		if head, ok := resolved.HeadOf(e.EntityHash(), e.Entity()); ok {
			e.Head = head // newer than what was found before that segment
		}
		active.Resolve(e)
	}
	return true
}

// mayPlace decides whether the unit may be stored, now that nothing can come between the decision and the storing. It looks at
// nothing but what came since the unit was judged; if that may matter ok is false, and the unit is to be judged
// again when the event at rests is visible. The caller holds mu.
func (l *Log) mayPlace(u *Unit) (rests uint64, ok bool, err error) {
	if hooks.Enabled && hooks.Planted(hooks.JudgedOutsideOnly) {
		return 0, true, nil
	}
	if u.asks() || u.expects {
		if rests, ok = l.recheck(u); !ok {
			return rests, false, nil
		}
	}
	if hooks.Enabled {
		if err := l.hooks.Reach(hooks.AppendPlace, l.active.Name()); err != nil {
			return 0, false, err
		}
	}
	return 0, true, nil
}

// prefetchBytes is up to how many bytes behind the tail are brought into the cache for the next unit, which is taken to be as large as
// the one before.
const prefetchBytes = 1024

// place assigns and copies a unit for which there is room. The caller holds mu.
func (l *Log) place(u *Unit, now int64) {
	mark := mmapseg.Mark(l.durable.Load())
	if hooks.Enabled && hooks.Planted(hooks.DurableMarkZero) {
		mark = 0
	}
	base := l.tail
	sequence := l.next
	tail := l.indexing.Load()
	for i := range u.items {
		it := &u.items[i]
		if it.cause != 0 {
			cause := &u.items[it.cause-1].assigned
			if hooks.Enabled && hooks.Planted(hooks.FirstItemAsCause) {
				cause = &u.items[0].assigned
			}
			it.assigned.Cause, it.assigned.CauseAt = cause.ID, cause.Sequence
			it.entry.SetCause(cause.ID)
		}
		l.assign(it, tail, sequence+uint64(i), now)
		it.frame.Assign(u.bytes, &it.assigned, l.active.Salt, base, mark)
		tail.Add(&it.entry, index.Place{
			Ordinal: uint32(it.assigned.Sequence - l.part.First), Wall: it.link.Wall, Counter: it.link.Counter, Timestamp: now,
		})
	}
	if u.batch {
		if hooks.Enabled {
			_ = l.hooks.Reach(hooks.BatchPlace, l.active.Name())
		}
		l.bind(u, sequence, mmapseg.Place{Salt: l.active.Salt, Offset: base, Mark: mark})
	}
	l.active.Store(base, u.bytes)
	for i := range u.items {
		l.active.Point(sequence+uint64(i), base+int64(u.items[i].frame.Start))
	}
	l.next += uint64(len(u.items))
	l.stagedSequence.Store(l.next - 1)
	l.tail += int64(len(u.bytes))
	l.active.Prefetch(l.tail, min(len(u.bytes), prefetchBytes))
	if hooks.Enabled {
		_ = l.hooks.Reach(hooks.AppendStaged, l.active.Name())
	}
	if !l.everyAppend {
		if hooks.Enabled {
			_ = l.hooks.Reach(hooks.PublishVisible, l.active.Name())
		}
		l.active.Publish(l.tail)
		l.set.SetVisible(l.next - 1)
		if hooks.Enabled && hooks.Planted(hooks.BatchHalfVisible) && u.batch {
			l.set.SetVisible(l.next - 2)
		}
	}
	if hooks.Enabled && hooks.Planted(hooks.VisibleBeforeDurable) {
		l.active.Publish(l.tail)
		l.set.SetVisible(l.next - 1)
	}
}

// bind writes the frames around the items of a batch, which have theirs.
func (l *Log) bind(u *Unit, sequence uint64, at mmapseg.Place) {
	begin := mmapseg.BatchBegin{
		Events: uint32(len(u.items)), Bytes: uint32(u.Size() - mmapseg.BatchCommitSize), FirstSequence: sequence, Key: u.key, Request: u.request,
	}
	commit := mmapseg.BatchCommit{Events: begin.Events, Bytes: begin.Bytes, FirstSequence: sequence}
	for i := range u.items {
		commit.CRC = mmapseg.BatchCRC(commit.CRC, u.items[i].frame.BodyCRC(u.bytes))
	}
	_, _ = mmapseg.AppendBatchBegin(u.bytes[:0], &begin, at) // in its place; the key was validated
	end := len(u.bytes) - mmapseg.BatchCommitSize
	at.Offset += int64(end)
	if hooks.Enabled && hooks.Planted(hooks.BatchCommitMissing) {
		return
	}
	mmapseg.AppendBatchCommit(u.bytes[:end], &commit, at)
}

// maxWall is the last millisecond that an id has room for. A clock that is beyond it
// stands still there, and the counter goes on.
const maxWall = 1<<48 - 1

// assign gives one event its sequence, clock, time, id and hash, and makes it its
// entity's head.
func (l *Log) assign(it *item, tail *index.Tail, sequence uint64, now int64) {
	if wall := min(uint64(max(now, 0)/1000), maxWall); wall > l.wall {
		l.wall, l.counter = wall, 0
	} else if l.counter++; l.counter == 0 {
		l.wall++
	}
	head := tail.Enter(&it.entry)
	head.Clock++
	a := &it.assigned
	a.Sequence, a.Clock, a.Timestamp = sequence, head.Clock, now
	a.ID = event.MakeID(l.wall, l.counter, l.random.Uint64())
	it.link.Wall, it.link.Counter = l.wall, l.counter
	if !l.hashing {
		return
	}
	it.link.Prev = head.Hash
	it.link.ID, it.link.Timestamp, it.link.Sequence, it.link.Clock = a.ID, now, sequence, head.Clock
	a.Hash = it.link.Hash()
	head.Hash = a.Hash
}
