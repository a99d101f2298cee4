// The commit section: the short time under one mutex in which a unit gets its
// place. No system call is made in it and no sealed page is touched; its pages
// were brought in by the preparer. Who has to wait for room leaves it.

package commit

import (
	"context"
	"fmt"

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

// Append gives the unit its place and waits for what it is to wait for. The receipt is that of
// the unit's last event.
func (l *Log) Append(u *Unit, wait Wait) (Receipt, error) {
	now := l.clock().UnixMicro()
	if err := l.enter(u); err != nil {
		return Receipt{}, err
	}
	if err := l.mayPlace(u); err != nil {
		l.mu.Unlock()
		wake(l.prepareKick) // there may have been a rotation
		return Receipt{}, err
	}
	if err := fault.Guard(func() { l.place(u, now) }); err != nil {
		l.poisonLocked(err)
		l.mu.Unlock()
		l.tell()
		return Receipt{}, &IndeterminateError{Cause: err}
	}
	kick := l.tail >= l.kickAt
	l.mu.Unlock()
	if kick {
		wake(l.prepareKick)
	}
	receipt := u.items[len(u.items)-1].receipt()
	if wait == WaitDurable || wait == WaitPolicy && l.everyAppend {
		if err := l.waitDurable(context.Background(), receipt.Sequence); err != nil {
			return Receipt{}, err
		}
	} else if l.syncsItself {
		l.begin(receipt.Sequence)
	}
	return receipt, nil
}

// enter finds out what the unit's events mean to the index, without holding anybody up, and enters the commit section
// with room for them. Where the active segment changed meanwhile, what was found may be outdated: if it changed
// once, as when this unit found no room, the segment before says what is new, and the room is kept; otherwise all begins
// anew. mu is held when it returns without an error.
func (l *Log) enter(u *Unit) error {
	for {
		tail := l.indexing.Load()
		for i := range u.items {
			e := &u.items[i].entry
			if tail.Resolve(e) {
				continue
			}
			head, err := l.head(e.Entity(), e.EntityHash(), tail)
			if err != nil {
				return fmt.Errorf("newest event of the entity: %w", err)
			}
			if hooks.Enabled && hooks.Planted(hooks.ClocksRestart) {
				head = index.Head{}
			}
			e.Head = head
		}
		l.mu.Lock()
		err := l.waitForRoom(len(u.bytes), len(u.items))
		if err == nil && (l.indexing.Load() == tail || l.moveOn(u, tail)) {
			return nil
		}
		l.mu.Unlock()
		wake(l.prepareKick) // there was a rotation, or may have been
		if err != nil {
			l.tell()
			return err
		}
	}
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

// mayPlace judges a unit. The caller holds mu.
func (l *Log) mayPlace(u *Unit) error {
	if err := l.judge(u); err != nil {
		return err
	}
	if hooks.Enabled {
		if err := l.hooks.Reach(hooks.AppendPlace, l.active.Name()); err != nil {
			return err
		}
	}
	return nil
}

// judge decides whether the unit may be stored at all, now that nothing can come
// between the decision and the storing. It is here that idempotency keys are
// looked up, and then expectations, in what was committed since they were judged
// outside; until there are any, every unit passes.
func (l *Log) judge(*Unit) error { return nil }

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
		l.assign(&u.items[i], tail, sequence+uint64(i), now)
		it := &u.items[i]
		it.frame.Assign(u.bytes, &it.assigned, l.active.Salt, base, mark)
		tail.Add(&it.entry, index.Place{
			Ordinal: uint32(it.assigned.Sequence - l.part.First), Wall: it.link.Wall, Counter: it.link.Counter, Timestamp: now,
		})
	}
	l.active.Store(base, u.bytes)
	for i := range u.items {
		l.active.Point(sequence+uint64(i), base+int64(u.items[i].frame.Start))
	}
	l.next += uint64(len(u.items))
	l.stagedSequence.Store(l.next - 1)
	l.tail += int64(len(u.bytes))
	if hooks.Enabled {
		_ = l.hooks.Reach(hooks.AppendStaged, l.active.Name())
	}
	if !l.everyAppend {
		if hooks.Enabled {
			_ = l.hooks.Reach(hooks.PublishVisible, l.active.Name())
		}
		l.active.Publish(l.tail)
		l.set.SetVisible(l.next - 1)
	}
	if hooks.Enabled && hooks.Planted(hooks.VisibleBeforeDurable) {
		l.active.Publish(l.tail)
		l.set.SetVisible(l.next - 1)
	}
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
