//go:build dangerous_test_hooks

// An append that hangs in the commit section, as one does whose store into the mapping waits for a disk that hangs.

package engine_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/hooks"
)

func TestNobodyButAppendsWaitsForAnAppendThatHangs(t *testing.T) {
	t.Parallel()
	for _, policy := range hookPolicies {
		set := hooks.New(1)
		hanging, release := make(chan struct{}), make(chan struct{})
		mustInject(t, set, hooks.Rule{Point: hooks.AppendStaged, After: 2, Times: 1, Action: hooks.Do(func(hooks.Reached) error {
			close(hanging)
			<-release
			return nil
		})})
		o := small(policy)
		o.Hooks = set
		s := mustOpenDir(t, newDevice(nothing()), o)
		first := mustAppend(t, s, 1)
		if err := s.Sync(); err != nil {
			t.Fatal(err)
		}
		mustStage(t, s, 1)
		appended := make(chan error, 1)
		go func() {
			_, err := s.AppendWith(here, event.Data, "x", engine.AppendOptions{Wait: engine.WaitStaged})
			appended <- err
		}()
		<-hanging
		if err := s.WaitDurable(t.Context(), 1); err != nil {
			t.Errorf("%s: waiting for what is durable: %v", policy, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		if err := s.WaitDurable(ctx, 2); err != nil && (!errors.Is(err, engine.ErrIndeterminate) || !errors.Is(err, context.DeadlineExceeded)) {
			t.Errorf("%s: waiting for what is staged: %v", policy, err)
		}
		cancel()
		if err := s.WaitDurable(t.Context(), 100); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("%s: waiting for what is not there: got %v, want ErrNotFound", policy, err)
		}
		if got := s.Stats(); got.Durable < 1 || got.Staged < 2 || got.Visible < got.Durable || got.Staged < got.Visible {
			t.Errorf("%s: durable %d, visible %d, staged %d", policy, got.Durable, got.Visible, got.Staged)
		}
		if _, err := s.At(first[0].Sequence); err != nil {
			t.Errorf("%s: reading: %v", policy, err)
		}
		close(release)
		if err := <-appended; err != nil {
			t.Errorf("%s: %v", policy, err)
		}
		mustClose(t, s)
	}
}
