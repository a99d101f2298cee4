// What a subscription drops: of the events that wait, all but the newest that fit into its buffer.
//
// That sequences are so many is looked at first: as long as no more of them than the buffer holds lie ahead, nothing else
// is done. Beyond, a scout reads ahead and counts what the region selects, each event once, so that a reader that
// is always late costs twice what one costs that is not, whatever the region. Where more is to be skipped than kept, the place to go on
// is found from the newest event backwards.

package engine

import (
	"errors"

	"github.com/batpak/batpak/engine/internal/follow"
	"github.com/batpak/batpak/hooks"
)

// lag is what is known of the events that wait.
type lag struct {
	buffer  uint64
	dense   bool           // every sequence above lost has an event, which the region selects and nothing filters
	lost    uint64         // the highest sequence that was given up
	scout   *follow.Reader // nil: it was not needed yet
	waiting uint64         // events of the region above the reader's position and up to the scout's
	skip    uint64         // events that are still to be dropped before the next one is delivered
	damaged bool           // the scout came upon damage, of which the reader is to tell
}

// newLag returns the lag of a new subscription.
func newLag(u *Subscription) lag {
	l := lag{buffer: uint64(u.options.Buffer), dense: u.region.IsEverything() && u.options.Filter == nil}
	if n := len(u.store.lost); n > 0 {
		l.lost = u.store.lost[n-1].Last
	}
	return l
}

// stop lets go of what the scout reads.
func (l *lag) stop() {
	if l.scout != nil {
		l.scout.Stop()
	}
}

// took notes that the reader returned an event.
func (l *lag) took(sequence uint64) {
	if l.scout != nil && sequence <= l.scout.Position() && l.waiting > 0 {
		l.waiting--
	}
}

// fall drops what is too much. pace bounds the time that it takes.
func (u *Subscription) fall(pace *patience) error {
	l := &u.lag
	if l.skip == 0 {
		visible, position := u.store.hub.Visible(), u.reader.Position()
		switch {
		case u.history && position < u.began:
			return nil
		case visible <= position || visible-position <= l.buffer:
			if hooks.Enabled && hooks.Planted(hooks.HistoryGap) && u.history {
				u.reader.MoveTo(visible)
			}
			u.history = false
			return nil
		case u.history:
			return nil
		case l.dense && position >= l.lost:
			l.skip = visible - position - l.buffer
			if l.skip > jumpFrom {
				u.reader.MoveTo(position + l.skip)
				u.drop(l.skip)
				l.skip = 0
			}
		default:
			if err := u.measure(visible, pace); err != nil {
				return err
			}
			u.jump()
		}
	}
	return u.skip(pace)
}

// jumpFrom is from how many events on going on elsewhere is sooner done than reading them.
const jumpFrom = 64

// measure finds out how many events wait up to a sequence, and how many of them are too many.
func (u *Subscription) measure(visible uint64, pace *patience) error {
	l, position := &u.lag, u.reader.Position()
	if l.scout == nil {
		l.scout = follow.NewReader(u.store.hub, u.store.eventsOf, u.region, position)
	}
	if l.scout.Position() < position {
		l.scout.MoveTo(position)
		l.waiting, l.damaged = 0, false
	}
	for l.scout.Position() < visible && l.waiting+visible-l.scout.Position() > l.buffer {
		_, ok, err := l.scout.Poll()
		switch {
		case errors.Is(err, ErrCorrupt):
			l.damaged = true
		case err != nil:
			return u.end(err)
		case ok:
			l.waiting++
		}
		if err := pace.more(); err != nil {
			return err
		}
	}
	if l.waiting > l.buffer {
		l.skip = l.waiting - l.buffer
	}
	return nil
}

// jump drops what is to be dropped at once, where it is more than what is kept and nothing is asked of each event. What
// can't be found this way is left to skip.
func (u *Subscription) jump() {
	l := &u.lag
	if l.skip <= max(l.buffer, jumpFrom) || u.options.Filter != nil || l.damaged {
		return
	}
	ahead := u.region.Sequences(u.reader.Position()+1, l.scout.Position())
	oldest, kept := uint64(0), uint64(0)
	for ev, err := range u.store.Query(ahead, ReadOptions{Direction: Backward, Limit: u.options.Buffer}) {
		if err != nil {
			return
		}
		oldest, kept = ev.Sequence, kept+1
	}
	if kept == l.buffer {
		u.reader.MoveTo(oldest - 1)
		u.drop(l.skip)
		l.waiting, l.skip = l.buffer, 0
	}
}

// skip reads what is to be dropped.
func (u *Subscription) skip(pace *patience) error {
	l := &u.lag
	for l.skip > 0 {
		ev, ok, err := u.reader.Poll()
		switch {
		case err != nil:
			return u.end(err)
		case !ok:
			l.skip = 0
			return nil
		}
		l.took(ev.Sequence)
		l.skip--
		if u.wants(&ev) {
			u.drop(1)
		}
		if err := pace.more(); err != nil {
			return err
		}
	}
	return nil
}

func (u *Subscription) drop(n uint64) {
	if hooks.Enabled && hooks.Planted(hooks.DropNotCounted) {
		return
	}
	u.pending += n
	u.dropped.Add(n)
	u.store.subscriptions.dropped.Add(n)
}
