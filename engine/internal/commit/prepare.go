// Preparing ahead, in two goroutines, so that a slow disk, for which creating a
// segment waits, never keeps pages from being brought in:
//
//   - the preparer brings in pages ahead of the tail;
//   - the creator makes the next segment while there is room in the active one.
//
// The preparer sleeps until an append passes kickAt, which every rotation does,
// too, and wakes the others; an idle store wakes nobody.
//
// Under the policy "every append" what is populated is also synced, early: that
// takes the writing of the zeros and the journal's commits out of the syncs that
// callers wait for. Under the others it isn't, since it would write every byte
// twice.

package commit

import (
	"fmt"

	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
)

// How many bytes are populated at once, and kept populated ahead of the tail: little
// for a store that is written slowly, since populated pages are dirty and the
// kernel writes them once for nothing; more for one whose appends were seen to
// catch up.
const (
	populateWindow   = 1 << 20
	populateAhead    = 4 << 20
	maxPopulateAhead = 32 << 20
)

// rewriteAfter returns how many bytes ahead of the tail to make writable again after a sync to which so many were added. To
// make a page writable makes it dirty, and the next sync writes it: so no more than is likely to be used by then. For a few
// pages it isn't worth waking anybody; their faults cost less.
func rewriteAfter(added int64) int64 {
	const least, most = 64 << 10, 256 << 10
	if added < least {
		return 0
	}
	return min(added, most)
}

// wake sends to a goroutine that may be asleep; it does not wait.
func wake(kick chan struct{}) {
	select {
	case kick <- struct{}{}:
	default:
	}
}

// loop runs step whenever there is a kick, until it has nothing more to do.
func (l *Log) loop(kick chan struct{}, step func() bool) {
	defer l.background.Done()
	for {
		select {
		case <-l.stop:
			return
		case <-kick:
		}
		for step() {
			select {
			case <-l.stop:
				return
			default:
			}
		}
	}
}

// prepareStep wakes the others where there is something for them to do, brings in
// the next window of pages, and reports whether there was one.
func (l *Log) prepareStep() bool {
	l.mu.Lock()
	if len(l.sealQueue) > 0 {
		wake(l.sealKick)
	}
	if l.wantsSegment() {
		wake(l.createKick)
	}
	active, untold := l.active, len(l.rotated)+len(l.notUnloaded) > 0
	if l.tail > l.populated && l.populated < active.Size { // appends have caught up and fault
		l.populateAhead = min(2*l.populateAhead, maxPopulateAhead)
	}
	from, to, again := max(l.writable, l.tail), min(l.protected, l.tail+l.rewrite), true
	if from >= to {
		from, to, again = l.populated, min(active.Size, l.tail+l.populateAhead, l.populated+populateWindow), false
	}
	if from >= to || l.poison != nil || l.closing.Load() {
		l.kickAt = l.nextKick()
		l.mu.Unlock()
		if untold {
			l.tell()
		}
		return false
	}
	l.mu.Unlock()
	l.populate(active, from, to, again)
	l.tell()
	return true
}

// nextKick returns the tail at which there is something to do again. The caller
// holds mu.
func (l *Log) nextKick() int64 {
	at := l.active.Size
	if l.populated < at {
		at = max(l.populated-l.populateAhead+populateWindow, l.tail+1)
	}
	if l.rewrite > 0 && l.writable < l.protected {
		at = min(at, max(l.writable-l.rewrite/2, l.tail+1))
	}
	if createAt := createAfter(l.active); l.prepared == nil && l.tail <= createAt {
		at = min(at, createAt+1)
	}
	return at
}

// createAfter returns the tail behind which the next segment is made.
func createAfter(active *mmapseg.Segment) int64 { return active.Size / 4 }

// wantsSegment reports whether a segment is to be made: the next one, or a larger
// one in its place. After a failure the next append that needs it asks again. The
// caller holds mu.
func (l *Log) wantsSegment() bool {
	if l.preparing != nil || l.poison != nil || l.closing.Load() {
		return false
	}
	if l.prepared == nil {
		return l.need > 0 || l.tail > createAfter(l.active)
	}
	return l.prepared.Size < l.need
}

// createStep makes a segment where one is wanted, and reports whether one was.
func (l *Log) createStep() bool {
	l.mu.Lock()
	wanted, least := l.wantsSegment(), max(l.need, mmapseg.MinSize)
	size := max(least, l.sizeAfter(l.active.Size))
	l.mu.Unlock()
	if wanted {
		l.prepare(size, least)
	}
	return wanted
}

// populate brings in pages of the active segment, or makes those writable again that were brought in
// before. A failure costs page faults later, no more, and is logged.
func (l *Log) populate(s *mmapseg.Segment, from, to int64, again bool) {
	err := l.bringIn(s, from, to)
	if err != nil {
		l.logger.Warn("segment not populated", "segment", s.Name(), "from", from, "to", to, "error", err)
	}
	if l.everyAppend && err == nil {
		l.syncing.Lock()
		if l.staged().poison == nil {
			_ = l.syncFile(s) // recorded as the poison
		}
		l.syncing.Unlock()
	}
	l.mu.Lock()
	switch {
	case l.active != s:
	case again:
		l.writable = max(l.writable, to)
	default:
		l.populated = max(l.populated, to)
	}
	l.mu.Unlock()
}

// bringIn makes pages of a segment that was not retired yet present.
func (l *Log) bringIn(s *mmapseg.Segment, from, to int64) error {
	if hooks.Enabled {
		if err := l.hooks.Reach(hooks.PreparePopulate, s.Name()); err != nil {
			return err
		}
	}
	l.mapping.Lock()
	defer l.mapping.Unlock()
	return l.populatePages(s, from, to)
}

// populatePages brings in pages. Those that are synced next are unloaded again: the sync would make the first store into each of them take a
// fault anyway.
func (l *Log) populatePages(s *mmapseg.Segment, from, to int64) error {
	if err := s.Populate(from, to); err != nil || !l.everyAppend {
		return err
	}
	return s.Unload(from, to)
}

// prepare makes a segment the next one, in place of a smaller one: of this size, or,
// where the disk has no room for that, of a smaller one, down to least.
func (l *Log) prepare(size, least int64) {
	l.mu.Lock()
	smaller := l.prepared
	l.prepared = nil
	h := mmapseg.Header{
		Number: l.active.Number + 1, Hashing: l.hashing, Salt: mmapseg.Salt(l.salts.Uint64()), Size: size,
		Origin: l.origin, Created: int64(l.wall) * 1000,
	}
	if smaller != nil {
		h.Number = smaller.Number + 1
	}
	ahead := l.populateAhead
	if l.everyAppend {
		ahead = mmapseg.MaxSize // all of it
	}
	if l.closing.Load() {
		ahead = 0 // nothing but the close frame goes there
	}
	l.mu.Unlock()
	if smaller != nil {
		if err := smaller.Discard(l.dir); err != nil {
			l.logger.Warn("unused segment not discarded", "segment", smaller.Name(), "error", err)
		}
	}
	next, err := l.create(h, ahead)
	for vfs.SmallerMayFit(err) && h.Size > least {
		h.Size = max(h.Size/2&^4095, least)
		next, err = l.create(h, ahead)
	}
	var spare *index.Tail
	if next != nil {
		spare = index.NewTail(next.Size)
	}
	if hooks.Enabled && next != nil {
		_ = l.hooks.Reach(hooks.PrepareReady, next.Name())
	}
	l.mu.Lock()
	l.prepared, l.spare, l.preparing = next, spare, err
	if next != nil {
		l.preparedTo = min(next.Size, ahead)
	}
	l.room.Broadcast()
	l.mu.Unlock()
	if err != nil {
		l.logger.Error("next segment not prepared", "segment", h.Name(), "bytes", h.Size, "error", err)
	}
}

// smallSync is how many events between two syncs are few: of the size of some hundred bytes they take as much as a handful of the
// largest pages.
const smallSync = 1 << 14

// wantsSmallPages reports whether a policy makes syncs that cover few bytes.
func wantsSmallPages(everyAppend bool, syncEvents uint64) bool {
	return everyAppend || 0 < syncEvents && syncEvents <= smallSync
}

// advise asks for small pages where syncs are small. Without them syncs write more, no worse.
func (l *Log) advise(s *mmapseg.Segment) {
	if !l.smallPages {
		return
	}
	if err := s.SmallPages(); err != nil {
		l.logger.Warn("small pages not asked for", "segment", s.Name(), "error", err)
	}
}

// create makes a segment and populates its first bytes.
func (l *Log) create(h mmapseg.Header, ahead int64) (*mmapseg.Segment, error) {
	if hooks.Enabled {
		if err := l.hooks.Reach(hooks.PrepareCreate, h.Name()); err != nil {
			return nil, fmt.Errorf("prepare segment: %w", err)
		}
	}
	next, err := mmapseg.Create(l.dir, h)
	if err != nil {
		return nil, err
	}
	l.advise(next)
	to := min(h.Size, ahead)
	for from := int64(0); from < to && err == nil; from += populateWindow {
		if err = l.populatePages(next, from, min(to, from+populateWindow)); err == nil && l.everyAppend {
			err = next.Sync(l.syncAll)
		}
	}
	if err != nil {
		if e := next.Discard(l.dir); e != nil {
			l.logger.Warn("unused segment not discarded", "segment", next.Name(), "error", e)
		}
		return nil, fmt.Errorf("prepare segment: %w", err)
	}
	return next, nil
}
