// Events that are stored and not yet durable: under the policy "every append" no
// question brings them to light before they are.

package engine_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
)

func TestWhatIsStagedAndNotVisibleIsFoundByNoQuestion(t *testing.T) {
	t.Parallel()
	w := newSower(95)
	d := newUnreliable(vfs.NewMemory())
	s := mustOpenDir(t, d, w.options(engine.SyncEveryAppend()))
	known := w.sow(t, s, nil, 300)
	settle(s)
	release := make(chan struct{})
	d.when(func(op vfs.Op) error {
		if op.Kind == vfs.OpSyncData {
			<-release
		}
		return nil
	})
	var appending sync.WaitGroup
	const staged = 12
	for i := range staged {
		appending.Go(func() {
			at := event.MustAt(fmt.Sprint("later-", i), fmt.Sprint("later-", i))
			if i%2 == 0 {
				at = event.MustAt(sownEntities[i], sownScopes[0])
			}
			if _, err := s.AppendBytesWith(at, sownKinds[0], event.CodecRaw, nil, engine.AppendOptions{Tags: []string{"red"}}); err != nil {
				t.Errorf("append: %v", err)
			}
		})
	}
	last := known[len(known)-1].Sequence
	until(func() bool { return s.Stats().Staged == last+staged })
	answersOf(known).mustBeGivenBy(t, s)
	mustListNames(t, s, known, "later-")
	mustTellClocks(t, s, known, "later-1", "later-3")
	close(release)
	appending.Wait()
	known = all(t, s, 0, 0, engine.ReadOptions{})
	if got := known[len(known)-1].Sequence; got != last+staged {
		t.Fatalf("events up to sequence %d, want %d", got, last+staged)
	}
	answersOf(known).mustBeGivenBy(t, s)
	mustListNames(t, s, known, "later-")
	mustBeSound(t, known, true)
	mustClose(t, s)
}
