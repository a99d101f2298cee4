// Making staged frames durable. All syncs of files that hold frames go through
// syncFile, one after the other: were two to run at once, one could report
// success for pages that the other lost.

package commit

import (
	"sync/atomic"
	"time"

	"github.com/batpak/batpak/mmapseg"
)

// syncCounters count syncs of files that hold frames.
type syncCounters struct{ count, nanos atomic.Uint64 }

// syncFile syncs one segment. A failure poisons the store before another sync can
// start or the watermark move, and is never retried: the kernel marks the pages
// clean whatever happened to them. The caller holds syncing.
func (l *Log) syncFile(s *mmapseg.Segment) error {
	begin := time.Now()
	err := s.Sync(l.syncAll)
	l.syncStats.count.Add(1)
	l.syncStats.nanos.Add(uint64(time.Since(begin)))
	if err != nil {
		l.mu.Lock()
		l.poisonLocked(err)
		l.mu.Unlock()
	}
	return err
}

// WaitDurable returns when the event with this sequence is durable. A caller that
// finds no sync under way does it itself, for everything that is staged by then;
// the others find their events covered when it is done.
func (l *Log) WaitDurable(sequence uint64) error {
	if l.durableSequence.Load() >= sequence {
		return nil
	}
	if err := l.syncUpTo(sequence); err != nil {
		l.tell()
		return &IndeterminateError{Sequence: sequence, Cause: err}
	}
	return nil
}

// syncUpTo syncs all that is staged unless sequence is durable by then.
func (l *Log) syncUpTo(sequence uint64) error {
	l.syncing.Lock()
	defer l.syncing.Unlock()
	if l.durableSequence.Load() >= sequence {
		return nil
	}
	return l.syncStaged()
}

// Sync makes everything durable that was staged before the call.
func (l *Log) Sync() error {
	l.mu.Lock()
	poison, closing, staged := l.poison, l.closing, l.next-1
	l.mu.Unlock()
	if closing {
		return ErrClosed
	}
	if poison != nil {
		return &PoisonError{Cause: poison}
	}
	return l.WaitDurable(staged)
}

// staged is a consistent view of what a sync has to cover.
type staged struct {
	retired  *Retired
	active   *mmapseg.Segment
	tail     int64
	sequence uint64
	poison   error
}

func (l *Log) staged() staged {
	l.mu.Lock()
	defer l.mu.Unlock()
	return staged{l.retired, l.active, l.tail, l.next - 1, l.poison}
}

// syncStaged syncs what is staged and moves the durable watermark: first the
// segment that ended, then the one after it, since nothing in that counts before
// the end frame is durable. The caller holds syncing.
func (l *Log) syncStaged() error {
	at := l.staged()
	if at.poison != nil {
		return at.poison
	}
	if at.retired != nil {
		if err := l.syncRetired(at.retired); err != nil {
			return err
		}
	}
	if err := l.syncFile(at.active); err != nil {
		return err
	}
	l.publishDurable(at.active, at.tail, at.sequence)
	return nil
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
	l.durable.Store(uint64(mmapseg.MakeMark(s.Number, end)))
	if l.everyAppend {
		s.Publish(end)
		l.set.SetVisible(last)
	}
	l.durableSequence.Store(last)
	l.mu.Lock()
	if l.active == s && !l.everyAppend {
		// The sync write-protected the pages ahead of the tail that were dirty.
		l.populated = min(l.populated, l.tail)
		l.kickAt = 0
	}
	l.mu.Unlock()
}
