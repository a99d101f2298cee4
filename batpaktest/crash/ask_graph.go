// This file holds the check of what hangs together: causes, effects, conversations, the hash chain and the tree over all events.

package crash

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// linked asks for what is linked to some events.
func (x *examination) linked() error {
	for i := len(x.held) - 1; i >= 0; i -= 1 + len(x.held)/8 {
		id, conversation := x.held[i].ID, x.facts[i].correlation
		var causes, effects, together []int
		for at := x.find(x.facts[i].cause); at >= 0; at = x.find(x.facts[at].cause) {
			causes = append(causes, at)
		}
		for level := []int{i}; len(level) > 0; {
			var next []int
			for at := range x.held {
				for _, cause := range level {
					if x.facts[at].cause == x.held[cause].Sequence {
						next = append(next, at)
					}
				}
			}
			effects, level = append(effects, next...), next
		}
		for at := range x.held {
			if x.facts[at].correlation == conversation {
				together = append(together, at)
			}
		}
		err := errors.Join(
			x.yields("causes", x.store.Causes(id, engine.GraphOptions{}), causes),
			x.yields("effects", x.store.Effects(id, engine.GraphOptions{}), effects),
			x.yields("conversation", x.store.Correlated(id, engine.ReadOptions{}), together),
		)
		if err != nil {
			return fmt.Errorf("of sequence %d, %s: %w", x.held[i].Sequence, id, err)
		}
	}
	return nil
}

// yields checks that a loop yields these events, given by their index, and no others.
func (x *examination) yields(what string, loop iter.Seq2[event.Event, error], want []int) error {
	n := 0
	for ev, err := range loop {
		if err != nil || n == len(want) || entryOf(&ev) != x.held[want[n]] {
			return fmt.Errorf("%s: number %d of %d is sequence %d, %s, error %v", what, n+1, len(want), ev.Sequence, ev.ID, err)
		}
		n++
	}
	if n < len(want) {
		return fmt.Errorf("%s: there are %d of %d", what, n, len(want))
	}
	return nil
}

// chained checks the hash chain, and the tree against the heads that somebody was told.
func (x *examination) chained(heads []event.TreeHead) error {
	for _, head := range heads {
		if err := x.store.CheckHead(head); err != nil {
			return fmt.Errorf("the head over %d events: %w", head.Size, err)
		}
	}
	report, err := x.store.VerifyChain(context.Background(), event.Everything(), engine.VerifyOptions{Workers: 1, Heads: heads})
	if err != nil {
		return fmt.Errorf("the hash chain: %w", err)
	}
	if report.Events != uint64(len(x.held)) {
		return fmt.Errorf("the hash chain: %d events are verified, there are %d", report.Events, len(x.held))
	}
	return nil
}
