// Which pages the preparer brings in, and which it makes writable again after a sync.

package commit

import "testing"

func TestOfWhatASyncProtectedOnlyAsMuchIsMadeWritableAgainAsIsLikelyToBeUsed(t *testing.T) {
	for _, c := range []struct{ added, want int64 }{
		{0, 0}, {408, 0}, {64<<10 - 1, 0}, {64 << 10, 64 << 10}, {100 << 10, 100 << 10}, {256 << 10, 256 << 10}, {64 << 20, 256 << 10},
		{-5, 0}, // another segment
	} {
		if got := rewriteAfter(c.added); got != c.want {
			t.Errorf("%d bytes after a sync to which %d were added, want %d", got, c.added, c.want)
		}
	}
}

func TestThePreparerMakesPagesWritableAgainAheadOfTheTailOnly(t *testing.T) {
	l, set := newLog(t, newDisk(), false)
	active := set.Segments()[0]
	// step changes what the preparer goes by, lets it work, whichever goroutine that is in, and returns up to
	// where behind the tail pages are writable, and where it is woken next.
	step := func(change func()) (writable, kick int64) {
		l.mu.Lock()
		change()
		l.mu.Unlock()
		for l.prepareStep() {
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.writable - l.tail, l.kickAt - l.tail
	}
	writable, kick := step(func() {
		l.populated, l.protected, l.writable, l.rewrite = active.Size, active.Size, l.tail, 8<<10
	})
	if writable != 8<<10 || kick != 4<<10 {
		t.Errorf("%d bytes are made writable again, woken at %d, want 8 KiB, and woken when half is used up", writable, kick)
	}
	if writable, _ = step(func() { l.tail += 5 << 10 }); writable != 8<<10 {
		t.Errorf("%d bytes are writable when some were used, want 8 KiB again", writable)
	}
	writable, kick = step(func() { l.rewrite, l.writable = 0, l.tail })
	if next := createAfter(active) + 1 - l.tail; writable != 0 || kick != next {
		t.Errorf("%d bytes are made writable again, woken at %d; for a few pages nobody is to be woken before %d", writable, kick, next)
	}
}

func TestSmallPagesAreAskedForWhereSyncsAreSmall(t *testing.T) {
	for _, c := range []struct {
		everyAppend bool
		events      uint64
		want        bool
	}{{true, 0, true}, {false, 1, true}, {false, smallSync, true}, {false, smallSync + 1, false}, {false, 0, false}} {
		if got := wantsSmallPages(c.everyAppend, c.events); got != c.want {
			t.Errorf("every append %v, every %d events: %v, want %v", c.everyAppend, c.events, got, c.want)
		}
	}
}
