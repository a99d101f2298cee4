// The sealer: a goroutine that takes ended segments one after the other from
// retired to sealed. What it can't do is reported and left for the next opening;
// an ended segment is complete without a footer.

package commit

import (
	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/mmapseg"
)

// sealStep seals the first queued segment and reports whether there was one.
func (l *Log) sealStep() bool {
	l.mu.Lock()
	if len(l.sealQueue) == 0 || l.poison != nil {
		l.mu.Unlock()
		return false
	}
	r := l.sealQueue[0]
	l.sealQueue = l.sealQueue[1:]
	l.mu.Unlock()
	err := l.seal(r)
	l.tell()
	if err != nil {
		l.logger.Warn("segment not sealed", "segment", r.Segment.Name(), "error", err)
		l.stats.sealErrors.Add(1)
	}
	return true
}

// seal unmaps the segment for writing before it syncs: a sync of pages that are
// mapped for writing interrupts the appending core for each of them.
func (l *Log) seal(r *Retired) error {
	if hooks.Enabled {
		if err := l.hooks.Reach(hooks.SealRetire, r.Segment.Name()); err != nil {
			return err
		}
	}
	l.mapping.Lock()
	err := r.Segment.Retire()
	l.mapping.Unlock()
	if err != nil {
		return err
	}
	if hooks.Enabled && hooks.Planted(hooks.FooterBeforeFrames) {
		// Left out.
	} else {
		if err := l.serially(func() error { return l.syncRetired(r) }); err != nil {
			return err
		}
	}
	if hooks.Enabled {
		if err := l.hooks.Reach(hooks.SealFooter, r.Segment.Name()); err != nil {
			return err
		}
	}
	// Where there are few processors, the preparer's turn comes late while this
	// one computes, and then on the appending goroutine's: so look after the pages
	// from here.
	footer, err := r.Segment.BuildFooter(r.End, func() { l.prepareStep() }, r.Part.Tail().Encode)
	if err != nil {
		return err
	}
	if hooks.Enabled {
		if err := l.hooks.Reach(hooks.SealWrite, r.Segment.Name()); err != nil {
			return err
		}
	}
	if err := r.Segment.Seal(r.End, footer); err != nil {
		return err
	}
	if err := l.serially(func() error { return l.syncSealed(r.Segment) }); err != nil {
		return err
	}
	if hooks.Enabled {
		if err := l.hooks.Reach(hooks.SealGiveBack, r.Segment.Name()); err != nil {
			return err
		}
	}
	if err := r.Segment.GiveBack(r.End, r.End+int64(len(footer))); err != nil {
		return err
	}
	l.stats.sealed.Add(1)
	l.logger.Debug("segment sealed", "segment", r.Segment.Name(), "events", r.Part.Tail().Events(), "bytes", r.End+int64(len(footer)))
	if hooks.Enabled {
		_ = l.hooks.Reach(hooks.SealDone, r.Segment.Name())
	}
	l.sealed(r)
	return nil
}

// syncSealed syncs a segment that got its footer. The caller holds syncing.
func (l *Log) syncSealed(s *mmapseg.Segment) error {
	if hooks.Enabled {
		if err := l.hooks.Reach(hooks.SealSync, s.Name()); err != nil {
			return l.poisonBy(err)
		}
	}
	return l.syncFile(s)
}

// serially runs a sync when no other is under way and the store is not poisoned.
func (l *Log) serially(sync func() error) error {
	if hooks.Enabled && hooks.Planted(hooks.SyncsNotSerial) {
		return sync()
	}
	l.syncing.Lock()
	defer l.syncing.Unlock()
	if poison := l.staged().poison; poison != nil {
		return poison
	}
	return sync()
}

// Close refuses further appends, makes everything durable, leaves a close frame
// and gives the tail's room back. It reports every failure; a poisoned log gets
// no close frame. Segments stay open for readers. Further calls return the same.
func (l *Log) Close() error {
	l.closed.Do(func() { l.closeErr = l.close() })
	return l.closeErr
}

func (l *Log) close() error {
	l.mu.Lock()
	l.closing.Store(true)
	l.room.Broadcast()
	l.mu.Unlock()
	close(l.stop)
	l.background.Wait()
	if hooks.Enabled {
		_ = l.hooks.Reach(hooks.CloseBegin, "")
	}
	for l.sealStep() { // what the sealer had not come to
	}
	l.leaveSealed()
	err := l.serially(l.finish)
	if hooks.Enabled && hooks.Planted(hooks.CloseFrameWhenPoisoned) {
		if l.poison != nil {
			_ = l.leaveCloseFrame()
		}
	}
	l.disarm()
	l.mu.Lock()
	prepared := l.prepared
	l.prepared, l.spare = nil, nil
	if l.poison != nil {
		err = &PoisonError{Cause: l.poison}
	}
	l.mu.Unlock()
	if prepared != nil {
		if e := prepared.Discard(l.dir); err == nil {
			err = e
		}
	}
	l.tell()
	return err
}

// sealOnClose is how many bytes of frames the active segment may hold when the log is closed without being ended
// and sealed: the next opening has to read them all to know what they are.
const sealOnClose = 2 << 20

// leaveSealed ends an active segment that holds much, and seals it, so that the close frame stands in one that holds
// nothing else. Where that fails, the next opening takes longer.
func (l *Log) leaveSealed() {
	l.mu.Lock()
	skip := l.poison != nil || l.retired != nil || l.tail-mmapseg.HeaderSize < sealOnClose
	missing := l.prepared == nil
	size := l.sizeAfter(l.active.Size)
	l.mu.Unlock()
	if skip {
		return
	}
	if missing {
		l.prepare(size, mmapseg.MinSize)
	}
	l.mu.Lock()
	var err error
	if l.prepared != nil {
		err = l.rotate()
	}
	l.mu.Unlock()
	if err == nil {
		for l.sealStep() { // reports its failures itself
		}
	}
}

// finish syncs what is staged, then leaves the close frame: it must not be on disk
// before what it vouches for.
func (l *Log) finish() error {
	if hooks.Enabled {
		if err := l.hooks.Reach(hooks.CloseSync, l.active.Name()); err != nil {
			return l.poisonBy(err)
		}
	}
	if hooks.Enabled && hooks.Planted(hooks.CloseFrameBeforeSync) {
		// Left out.
	} else {
		if err := l.syncStaged(); err != nil {
			return err
		}
	}
	if hooks.Enabled {
		if err := l.hooks.Reach(hooks.CloseFrame, l.active.Name()); err != nil {
			return l.poisonBy(err)
		}
	}
	return l.leaveCloseFrame()
}

// leaveCloseFrame writes and syncs the close frame, and gives back the room behind it.
func (l *Log) leaveCloseFrame() error {
	l.mu.Lock()
	frame := mmapseg.AppendClose(nil, &mmapseg.CloseFrame{
		Identity: l.identity, Incarnation: l.incarnation, LastSequence: l.next - 1, TreeSize: l.treeSize(), Wall: l.wall, Counter: l.counter,
	}, mmapseg.Place{Salt: l.active.Salt, Offset: l.tail, Mark: mmapseg.Mark(l.durable.Load())})
	err := l.storeControl(l.active, l.tail, frame)
	l.tail += int64(len(frame))
	active, tail, last := l.active, l.tail, l.next-1
	l.mu.Unlock()
	if err != nil {
		return err
	}
	if err := l.syncFile(active); err != nil {
		return err
	}
	l.publishDurable(active, tail, last)
	if hooks.Enabled {
		if err := l.hooks.Reach(hooks.CloseTruncate, active.Name()); err != nil {
			return err
		}
	}
	if err := active.Retire(); err != nil {
		return err
	}
	return active.Truncate(tail)
}
