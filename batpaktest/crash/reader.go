// This file holds readers: what they see and remember.

package crash

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"

	"github.com/batpak/batpak/engine"
)

// read looks at what is visible, again and again, and remembers it.
func (l *life) read(r *rand.Rand) {
	seen, label := l.highest.Load(), label{}
	for rounds := 0; !l.done.Load() && rounds < 100; rounds++ {
		top, first := seen, true
		for ev, err := range l.store.Events(0, 0, engine.ReadOptions{Direction: engine.Backward, Limit: 1 + r.IntN(20)}) {
			if err != nil {
				if !l.hastily || !errors.Is(err, engine.ErrClosed) {
					l.violated(fmt.Errorf("read: %w", err))
				}
				return
			}
			text := stampOf(&ev).check(&ev, &label)
			if first && text == "" && !label.endsUnit() {
				text = fmt.Sprintf("is the last that is visible, and number %d of a batch of %d events", label.index+1, label.items)
			}
			if text != "" {
				l.violated(fmt.Errorf("read: sequence %d %s", ev.Sequence, text))
				return
			}
			first = false
			if ev.Sequence > seen {
				l.knows(entryOf(&ev), 0)
				top = max(top, ev.Sequence)
			}
		}
		if top > seen && l.opening.Policy.waits() {
			l.keeps(top) // what is visible is durable
		}
		seen = top
		if !l.opening.Plain && r.IntN(8) == 0 {
			l.head()
		}
		if stats := l.store.Stats(); stats.Durable > stats.Staged || stats.Visible > stats.Staged {
			l.violated(fmt.Errorf("durable and visible up to %d and %d, staged up to %d", stats.Durable, stats.Visible, stats.Staged))
		} else if bound := l.bound(); bound > 0 && stats.Staged-stats.Durable > bound {
			l.violated(fmt.Errorf("staged up to %d, durable up to %d, under the policy %s", stats.Staged, stats.Durable, policies[l.opening.Policy]))
		} else if r.IntN(3) == 0 {
			l.keeps(stats.Durable)
		}
		runtime.Gosched()
	}
}

// head remembers the head of the tree over what is durable.
func (l *life) head() {
	head, err := l.store.Head()
	switch {
	case err == nil:
		l.journal.Note(&note{Kind: headed, Head: head})
	case !l.hastily || !errors.Is(err, engine.ErrClosed):
		l.violated(fmt.Errorf("head of the tree: %w", err))
	}
}

// bound returns how many events may be staged and not durable; 0: any number.
func (l *life) bound() uint64 {
	bound := l.opening.Policy.bound()
	if bound > 0 && bound < maxItems && (l.mixed || l.reacts) {
		return bound + maxItems // a batch that is longer than the bound may come on top
	}
	return bound
}
