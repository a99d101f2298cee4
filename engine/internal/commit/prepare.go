// The preparer: a goroutine that brings in pages ahead of the tail and creates
// the next segment while there is still room in the active one. It sleeps until
// an append passes kickAt; an idle store does not wake it.
//
// Under the policy "every append" what it populates it also syncs, early: that
// takes the writing of the zeros and the journal's commits out of the syncs that
// callers wait for. Under the others it doesn't, since it would write every byte
// twice.

package commit

import (
	"fmt"

	"github.com/batpak/batpak/mmapseg"
)

const (
	populateWindow = 1 << 20 // bytes populated at once
	populateAhead  = 4 << 20 // bytes kept populated ahead of the tail
)

func (l *Log) prepareLoop() {
	defer l.background.Done()
	for {
		select {
		case <-l.stop:
			return
		case <-l.prepareKick:
		}
		for l.prepareStep() {
			select {
			case <-l.stop:
				return
			default:
			}
		}
	}
}

// prepareStep does the most urgent piece of work and reports whether it did any.
func (l *Log) prepareStep() bool {
	l.mu.Lock()
	active, from, need := l.active, l.populated, l.need
	to := min(active.Size, l.tail+populateAhead)
	urgent := need > 0 && (l.prepared == nil || l.prepared.Size < need)
	wanted := l.prepared == nil && l.tail > active.Size/4
	failed := l.preparing != nil
	idle := l.poison != nil || l.closing
	if from >= to && (!wanted && !urgent || failed) || idle {
		l.kickAt = l.nextKick(wanted && failed)
		l.mu.Unlock()
		return false
	}
	l.mu.Unlock()
	if from < to && !(urgent && !failed) {
		l.populate(active, from, min(to, from+populateWindow))
		return true
	}
	l.prepare(max(need, l.sizeAfter(active.Size)))
	return true
}

// nextKick returns the tail at which there is something to do again. The caller
// holds mu.
func (l *Log) nextKick(failed bool) int64 {
	at := l.active.Size
	if l.populated < at {
		at = max(l.populated-populateAhead+populateWindow, l.tail+1)
	}
	if l.prepared == nil && !failed {
		at = min(at, l.active.Size/4+1)
	}
	return at
}

// populate brings in pages of the active segment. A failure costs page faults
// later, no more, and is logged.
func (l *Log) populate(s *mmapseg.Segment, from, to int64) {
	l.mapping.Lock()
	err := s.Populate(from, to)
	l.mapping.Unlock()
	if err != nil {
		l.logger.Warn("populate segment", "segment", s.Name(), "from", from, "to", to, "error", err)
	}
	if l.everyAppend && err == nil {
		l.syncing.Lock()
		if l.staged().poison == nil {
			_ = l.syncFile(s) // recorded as the poison
		}
		l.syncing.Unlock()
	}
	l.mu.Lock()
	if l.active == s {
		l.populated = max(l.populated, to)
	}
	l.mu.Unlock()
}

// prepare makes a segment of this size the next one, in place of a smaller one.
func (l *Log) prepare(size int64) {
	l.mu.Lock()
	smaller := l.prepared
	l.prepared = nil
	number := l.active.Number + 1
	if smaller != nil {
		number = smaller.Number + 1
	}
	salt := l.random.Uint64()
	l.mu.Unlock()
	if smaller != nil {
		if err := smaller.Discard(l.dir); err != nil {
			l.logger.Warn("discard unused segment", "segment", smaller.Name(), "error", err)
		}
	}
	next, err := l.create(number, mmapseg.Salt(salt), size)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.prepared, l.preparing = next, err
	if next != nil {
		l.preparedTo = min(next.Size, populateAhead)
		if l.everyAppend {
			l.preparedTo = next.Size
		}
	} else {
		l.logger.Error("prepare segment", "number", number, "size", size, "error", err)
	}
	l.room.Broadcast()
}

// create makes and populates a segment.
func (l *Log) create(number uint64, salt mmapseg.Salt, size int64) (*mmapseg.Segment, error) {
	next, err := mmapseg.Create(l.dir, mmapseg.Header{
		Number: number, Hashing: l.hashing, Salt: salt, Size: size, Origin: l.origin, Created: l.clock().UnixMicro(),
	})
	if err != nil {
		return nil, err
	}
	to := min(size, populateAhead)
	if l.everyAppend {
		to = size
	}
	for from := int64(0); from < to && err == nil; from += populateWindow {
		if err = next.Populate(from, min(to, from+populateWindow)); err == nil && l.everyAppend {
			err = next.Sync(l.syncAll)
		}
	}
	if err != nil {
		if e := next.Discard(l.dir); e != nil {
			l.logger.Warn("discard unused segment", "segment", next.Name(), "error", e)
		}
		return nil, fmt.Errorf("prepare segment: %w", err)
	}
	return next, nil
}
