// This file holds what is printed: while it goes on, for who looks, and at the end.

package main

import (
	"fmt"
	"strings"
	"time"
)

// tell prints a line now and then.
func (k *soak) tell(done <-chan struct{}) {
	ticker := time.NewTicker(progressEvery)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return
		case <-ticker.C:
			c := &k.count
			fmt.Fprintf(k.progress, "soak: %v: round %d, %d events appended, %d acknowledged, %d reacted to, %d projections\n", time.Since(k.began).Round(time.Second),
				c.rounds.Load(), c.singles.Load()+c.inBatches.Load(), c.acked.Load(), c.reacted.Load(), c.projections.Load())
		}
	}
}

// report is what happened, in some lines.
func (k *soak) report() string {
	c, m := &k.count, &k.memory
	var text strings.Builder
	line := func(format string, arguments ...any) { fmt.Fprintf(&text, format+"\n", arguments...) }
	line("%d stores, opened %d times in %v: %d times closed at rest and checked, else under load", c.stores.Load(), c.rounds.Load(), time.Since(k.began).Round(time.Millisecond), c.atRest.Load())
	line("appended:   %d events alone, %d in %d batches; %d keys repeated, %d conditions failed", c.singles.Load(), c.inBatches.Load(), c.batches.Load(), c.duplicates.Load(), c.conflicts.Load())
	line("files:      %d rotations, %d segments sealed, %d index files merged, %d syncs", c.rotations.Load(), c.sealed.Load(), c.merges.Load(), c.syncs.Load())
	line("cursors:    %d events acknowledged, %d openings without the last acknowledgement, %d events delivered again", c.acked.Load(), c.reopened.Load(), c.redelivered.Load())
	line("subscribed: %d events delivered, %d dropped", c.delivered.Load(), c.dropped.Load())
	line("reactors:   %d events reacted to, %d attempts repeated; set back %d times to %d events that were answered already", c.reacted.Load(), c.retries.Load(), c.setBack.Load(), c.known.Load())
	line("projected:  %d states, %d of them without reading, %d watched; %d read from files, %d written", c.projections.Load(), c.cached.Load(), c.watched.Load(), c.fileHits.Load(), c.filesWritten.Load())
	line("verified:   %d events of the hash chain", c.verified.Load())
	line("heap:       open and at rest %s", &m.open)
	line("            between rounds %s; %d goroutines; %d KiB from the system", &m.closed, m.goroutines, m.system>>10)
	return text.String()
}
