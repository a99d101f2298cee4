// Making staged frames durable. All syncs of files that hold frames go through
// syncFile, one after the other: were two to run at once, one could report
// success for pages that the other lost.

package commit

import (
	"context"
	"fmt"
	"time"

	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/mmapseg"
)

// syncFile syncs one segment. A failure poisons the store before another sync can
// start or the watermark move, and is never retried: the kernel marks the pages
// clean whatever happened to them. The caller holds syncing.
func (l *Log) syncFile(s *mmapseg.Segment) error {
	begin := time.Now()
	err := l.syncSegment(s)
	l.syncStats.add(time.Since(begin))
	if hooks.Enabled && hooks.Planted(hooks.SyncRetried) {
		if err != nil {
			err = l.syncSegment(s)
		}
	}
	if hooks.Enabled && hooks.Planted(hooks.SyncErrorSwallowed) {
		err = nil
	}
	if err != nil {
		return l.poisonBy(err)
	}
	return nil
}

// syncSegment is the system call.
func (l *Log) syncSegment(s *mmapseg.Segment) error {
	if hooks.Enabled {
		if err := l.hooks.Reach(hooks.SyncStaged, s.Name()); err != nil {
			return err
		}
	}
	if hooks.Enabled && hooks.Planted(hooks.SyncSkipped) {
		return nil
	}
	return s.Sync(l.syncAll)
}

// Wait returns when the event with this sequence is durable. Without such an event it is
// mmapseg.ErrNotFound, at once. It does not enter the commit section.
func (l *Log) Wait(ctx context.Context, sequence uint64) error {
	switch last := l.stagedSequence.Load(); {
	case l.Closing():
		return ErrClosed
	case sequence == 0 || sequence > last:
		return fmt.Errorf("wait for sequence %d: %w: the store goes on behind %d", sequence, mmapseg.ErrNotFound, last)
	}
	return l.waitDurable(ctx, sequence)
}

// Sync makes everything durable that was staged before the call.
func (l *Log) Sync() error {
	l.mu.Lock()
	refused, staged := l.refusal(), l.next-1
	l.mu.Unlock()
	if refused != nil {
		return refused
	}
	return l.waitDurable(context.Background(), staged)
}

// staged is a consistent view of what a sync has to cover.
type staged struct {
	retired  *Retired
	active   *mmapseg.Segment
	tail     int64
	dirty    int64 // pages of active below it may have to be written
	sequence uint64
	poison   error
}

func (l *Log) staged() staged {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := staged{l.retired, l.active, l.tail, l.tail, l.next - 1, l.poison}
	switch {
	case l.everyAppend: // what is populated was synced
	case l.populated > l.protected:
		at.dirty = max(l.tail, l.populated)
	default:
		at.dirty = max(l.tail, l.writable)
	}
	return at
}

// syncStaged syncs what is staged and moves the durable watermark. The caller holds
// syncing.
func (l *Log) syncStaged() error { return l.syncAt(l.staged()) }

// syncAt syncs what was staged at some moment: first the segment that ended, then the
// one after it, since nothing in that counts before the end frame is durable. The
// caller holds syncing.
func (l *Log) syncAt(at staged) error {
	if at.poison != nil {
		return at.poison
	}
	l.cover(at.sequence)
	if hooks.Enabled && hooks.Planted(hooks.RetiredNotSynced) {
		at.retired = nil
	}
	if hooks.Enabled && hooks.Planted(hooks.DurableBeforeSync) {
		l.publishDurable(at.active, at.tail, at.sequence)
	}
	if at.retired != nil {
		if err := l.syncRetired(at.retired); err != nil {
			return err
		}
	}
	l.unload(at)
	if err := l.syncFile(at.active); err != nil {
		return err
	}
	if hooks.Enabled && hooks.Planted(hooks.SnapshotAfterSync) {
		at = l.staged()
	}
	l.publishDurable(at.active, at.tail, at.sequence)
	return nil
}

// unloadAtLeast is how many bytes of pages a sync must have to write for it to be worth unloading them: below that the system call costs
// more than it saves.
const unloadAtLeast = 8 << 10

// unload takes the pages that a sync is about to write out of the mapping for writing: nothing is stored into them any more, but for the last
// one and those ahead of the tail, which the sync would protect from stores as well. Where the mapping is in use, it is left out. The caller holds
// syncing.
func (l *Log) unload(at staged) {
	from := int64(0)
	if l.unloaded.segment == at.active {
		from = l.unloaded.to
	}
	l.unloaded.segment, l.unloaded.to = at.active, at.tail
	if at.dirty-from < unloadAtLeast || !l.mapping.TryLock() {
		return
	}
	err := l.unloadPages(at.active, from, at.dirty)
	l.mapping.Unlock()
	if err == nil {
		return
	}
	l.mu.Lock()
	l.notUnloaded = append(l.notUnloaded, notUnloaded{at.active.Name(), err})
	l.mu.Unlock()
	wake(l.prepareKick) // the preparer tells
}

// unloadPages is the system call.
func (l *Log) unloadPages(s *mmapseg.Segment, from, to int64) error {
	if hooks.Enabled {
		if err := l.hooks.Reach(hooks.SyncUnload, s.Name()); err != nil {
			return err
		}
	}
	return s.Unload(from, to)
}

// notUnloaded is a failure to unload pages of a segment, which costs time and no more.
type notUnloaded struct {
	segment string // name of the file
	err     error
}

// cover notes that a sync covers what was staged up to a sequence. The caller holds syncing.
func (l *Log) cover(sequence uint64) {
	l.group.covered.Store(max(l.group.covered.Load(), sequence))
}

// poisonBy poisons the store with a failure, which it returns.
func (l *Log) poisonBy(err error) error {
	l.mu.Lock()
	l.poisonLocked(err)
	l.mu.Unlock()
	return err
}

// syncRetired syncs the segment that ended last, unless it was done already, and
// lets the sealer have it. The caller holds syncing.
func (l *Log) syncRetired(r *Retired) error {
	l.mu.Lock()
	pending := l.retired == r
	l.mu.Unlock()
	if !pending {
		return nil
	}
	l.cover(r.Last)
	if err := l.syncFile(r.Segment); err != nil {
		return err
	}
	l.publishDurable(r.Segment, r.End, r.Last)
	l.mu.Lock()
	l.retired = nil
	l.room.Broadcast()
	l.mu.Unlock()
	return nil
}

// publishDurable moves the durable watermark, and under the policy "every append"
// lets readers see what it covers. The caller holds syncing.
func (l *Log) publishDurable(s *mmapseg.Segment, end int64, last uint64) {
	if hooks.Enabled {
		_ = l.hooks.Reach(hooks.PublishDurable, s.Name())
	}
	l.durable.Store(uint64(mmapseg.MakeMark(s.Number, end)))
	if l.everyAppend {
		if hooks.Enabled {
			_ = l.hooks.Reach(hooks.PublishVisible, s.Name())
		}
		s.Publish(end)
		l.set.SetVisible(last)
		published := l.published
		if hooks.Enabled && hooks.Planted(hooks.NotifyMissing) {
			published = func() {}
		}
		published()
	}
	l.durableSequence.Store(last)
	l.mu.Lock()
	if l.active == s && !l.everyAppend {
		// The sync write-protected the pages ahead of the tail that were dirty.
		l.writable, l.protected = l.tail, l.populated
		l.rewrite, l.synced = rewriteAfter(end-l.synced), end
		l.kickAt = 0
	}
	l.mu.Unlock()
}
