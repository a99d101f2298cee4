// Room for the next unit: within the active segment, or in the next one, which
// the preparer has ready. Who has to wait does so outside the section, and is
// counted.

package commit

import (
	"context"
	"fmt"
	"math"

	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/internal/fault"
	"github.com/batpak/batpak/mmapseg"
)

// waitForRoom returns when the unit fits behind the tail, rotating if it does not, and nobody else alone may be placed.
// It gives mu back while it waits. It fails when the log is closed or poisoned,
// and with vfs.ErrNoSpace when no segment can be made; the next append tries
// again.
func (l *Log) waitForRoom(u *Unit) error {
	n, events := len(u.bytes), len(u.items)
	for waited := false; ; {
		l.waitForTurn(u)
		if err := l.refusal(); err != nil {
			return err
		}
		staged := l.next - 1 + uint64(events)
		if staged < l.next || staged == math.MaxUint64 { // there is always a next one
			return ErrFull
		}
		if l.mayStage(uint64(events)) {
			if l.active.Fits(l.tail, n) {
				return nil
			}
			if hooks.Enabled && hooks.Planted(hooks.UnsyncedForgotten) {
				l.retired = nil
			}
			if l.retired == nil && l.prepared != nil && l.preparedFits(n) {
				return l.rotate()
			}
		}
		if !waited {
			l.stats.waits.Add(1)
			waited = true
		}
		if err := l.makeRoom(n, events); err != nil {
			return err
		}
	}
}

// mayStage reports whether so many events more may be staged. A unit of more events than the bound may if no more than
// the bound is staged beside it; it waits for its own sync, and is small beside what the open frame allows.
func (l *Log) mayStage(events uint64) bool {
	if hooks.Enabled && hooks.Planted(hooks.AheadNotKept) {
		return true
	}
	return l.next-1-l.durableSequence.Load() <= l.mayBeStagedBefore(events)
}

// mayBeStagedBefore returns how many events may be staged and not durable before a unit of so many.
func (l *Log) mayBeStagedBefore(events uint64) uint64 {
	if events > l.limit {
		return l.limit
	}
	return l.limit - events
}

// preparedFits reports whether the prepared segment has room for n bytes.
func (l *Log) preparedFits(n int) bool { return l.prepared.Fits(mmapseg.HeaderSize, n) }

// makeRoom does or waits for what stands in the way of n bytes. The caller holds
// mu, which is given back meanwhile.
func (l *Log) makeRoom(n, events int) error {
	if !l.mayStage(uint64(events)) {
		least := l.next - 1 - l.mayBeStagedBefore(uint64(events)) // has to be durable
		if hooks.Enabled {
			_ = l.hooks.Reach(hooks.AheadWait, l.active.Name())
		}
		l.mu.Unlock()
		began := l.stats.ahead.begin()
		_ = l.waitDurable(context.Background(), least) // a poisoned store refuses at the next look
		l.stats.ahead.end(began)
		l.mu.Lock()
		return nil
	}
	defer l.stats.room.end(l.stats.room.begin())
	if r := l.retired; r != nil {
		l.unlocked(func() error { return l.syncRetired(r) })
		return nil
	}
	l.need = max(l.need, mmapseg.SizeFor(n))
	l.preparing = nil
	wake(l.createKick)
	// Another append may rotate first: then there is room in its segment, or all
	// begins anew, since rotating forgets what was needed.
	active := l.active
	for l.active == active && l.preparing == nil && l.refusal() == nil && (l.prepared == nil || !l.preparedFits(n)) {
		l.room.Wait()
	}
	if l.preparing != nil {
		l.need = 0 // a smaller unit may well find room
		return fmt.Errorf("no room for %d bytes: %w", n, l.preparing)
	}
	return nil
}

// unlocked syncs outside the section, unless the store was poisoned or closed
// meanwhile. A failure poisons the store, which the caller looks at when it is
// back.
func (l *Log) unlocked(sync func() error) {
	l.mu.Unlock()
	l.syncing.Lock()
	l.mu.Lock()
	refused := l.refusal()
	l.mu.Unlock()
	if refused == nil {
		_ = sync() // recorded as the poison
	}
	l.syncing.Unlock()
	l.mu.Lock()
}

// sizeAfter returns the size of the segment that follows one of this size.
func (l *Log) sizeAfter(size int64) int64 { return min(2*size, l.segmentSize) }

// rotate ends the active segment and goes on in the prepared one. The caller holds
// mu and has seen that the segment before is synced.
func (l *Log) rotate() error {
	old, successor := l.active, l.prepared
	if hooks.Enabled {
		if err := l.hooks.Reach(hooks.RotateBegin, old.Name()); err != nil {
			return err
		}
	}
	end := mmapseg.EndFrame{
		LastSequence: l.next - 1, TreeSize: l.treeSize(), NextNumber: successor.Number,
		NextSalt: successor.Salt, NextGeneration: successor.Generation, Reason: mmapseg.EndRotated,
	}
	place := mmapseg.Place{Salt: old.Salt, Offset: l.tail, Mark: mmapseg.Mark(l.durable.Load())}
	l.control = mmapseg.AppendEnd(l.control[:0], &end, place)
	if hooks.Enabled && hooks.Planted(hooks.EndFrameMissing) {
		// Left out.
	} else {
		if err := l.storeControl(old, l.tail, l.control); err != nil {
			return err
		}
	}
	l.retired = &Retired{
		Segment: old, Part: l.part, End: l.tail + int64(len(l.control)), Last: l.next - 1,
	}
	old.Finish(l.next - 1)
	successor.Activate(l.next, l.treeSize())
	l.part = NewPart(successor, l.spare)
	l.index.AddPart(l.part)
	l.before = l.indexing.Load()
	l.set.Add(successor)
	l.indexing.Store(l.spare)
	l.active, l.tail, l.prepared, l.spare = successor, mmapseg.HeaderSize, nil, nil
	l.need, l.kickAt = 0, 0
	l.populated, l.writable, l.protected, l.synced = l.preparedTo, 0, 0, 0
	l.stats.rotations.Add(1)
	l.rotated = append(l.rotated, rotation{old.Name(), successor.Name(), l.retired.End, l.retired.Last}) // the preparer tells
	l.sealQueue = append(l.sealQueue, l.retired)                                                         // the preparer, which is woken next, wakes the sealer
	l.room.Broadcast()
	if hooks.Enabled {
		_ = l.hooks.Reach(hooks.RotateEnd, successor.Name())
	}
	return nil
}

// NewPart returns the part of the index for a segment that has its floor and is not sealed.
func NewPart(s *mmapseg.Segment, tail *index.Tail) *index.Part {
	return index.NewPart(IdentityOf(s), s.Floor, tail, s.Read)
}

// IdentityOf returns what the index calls a segment by.
func IdentityOf(s *mmapseg.Segment) index.Identity {
	return index.Identity{Number: s.Number, Generation: s.Generation, Salt: uint64(s.Salt)}
}

// storeControl stores a control frame; a fault poisons the store. The caller holds
// mu, or is Close.
func (l *Log) storeControl(s *mmapseg.Segment, offset int64, frame []byte) error {
	if err := fault.Guard(func() { s.Store(offset, frame) }); err != nil {
		l.poisonLocked(err)
		return &PoisonError{Cause: err}
	}
	return nil
}
