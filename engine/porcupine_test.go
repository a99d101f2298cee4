// Linearizability: histories of concurrent conditional appends, batches, keyed retries and reads, over kills, power
// cuts and failing syncs, are those of some order in which one came after the other.

package engine_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/batpak/batpak/engine"
)

// patience bounds the search for an order, which takes milliseconds where there is one.
const patience = time.Minute

func TestHistoriesOverCrashesAreLinearizable(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rounds := 24
	if raceBuild {
		rounds = 6
	}
	for name, test := range map[string]struct {
		policy engine.SyncPolicy
		kill   bool // what was only staged is lost by a power cut, and was promised to nobody
	}{
		"every append, power cuts": {engine.SyncEveryAppend(), false},
		"every append, kills":      {engine.SyncEveryAppend(), true},
		"manual, kills":            {engine.SyncManual(), true},
		"every few events, kills":  {engine.SyncEvery(5, 0), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told := make(map[specOutcome]int)
			for round := range uint64(rounds) {
				l := &lives{t: t, seed: seed + round, policy: test.policy}
				history := l.live(test.kill)
				for _, o := range history {
					if a := o.Output.(specAnswer); o.Input.(specCall).kind == callAppend {
						told[a.outcome]++
					}
				}
				result, info := porcupine.CheckOperationsVerbose(specification, history, patience)
				if result != porcupine.Ok {
					t.Fatalf("seed %d, %s: %s; %s", l.seed, name, result, longest(history, info))
				}
			}
			t.Logf("told: %v", told)
			for outcome := outcomeUnknown; outcome <= outcomeKeyTaken; outcome++ {
				if told[outcome] == 0 {
					t.Errorf("nobody was told %d: %v", outcome, told)
				}
			}
		})
	}
}

// live lets a store live four times, and returns the history.
func (l *lives) live(kill bool) operations {
	random := rand.New(rand.NewPCG(l.seed, 0))
	left := nothing()
	for range 4 {
		left = l.life(random, left, kill)
	}
	l.store = mustOpenDir(l.t, left.mount(), small(l.policy))
	l.dead.Store(false)
	last := &client{lives: l}
	l.resolve(last.readAll())
	last.readClocks()
	mustClose(l.t, l.store)
	return l.history
}

// longest describes how far an order could be found, and what could not follow.
func longest(history operations, info porcupine.LinearizationInfo) string {
	text := ""
	for _, partial := range info.PartialLinearizationsOperations() {
		for _, order := range partial {
			if len(order) == 0 || len(order) < len(history)/2 {
				continue
			}
			at := order[len(order)-1]
			text = fmt.Sprintf("%d of %d calls; the last is %s", len(order), len(history), specification.DescribeOperation(at.Input, at.Output))
		}
	}
	return text
}
