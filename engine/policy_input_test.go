// Policies and waits that can't be kept: refused before anything is touched.

package engine_test

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

func TestAContradictoryPolicyIsRefusedBeforeTheDirectoryIsMade(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/store"
	for _, policy := range []engine.SyncPolicy{
		engine.SyncEvery(0, 0),
		engine.SyncEvery(-1, 0),
		engine.SyncEvery(-1, time.Second),
		engine.SyncEvery(math.MinInt, 0),
		engine.SyncEvery(engine.MaxSyncEvents+1, 0),
		engine.SyncEvery(engine.MaxSyncEvents+1, time.Second),
		engine.SyncEvery(math.MaxInt, math.MaxInt64),
		engine.SyncEvery(0, -time.Second),
		engine.SyncEvery(10, -1),
		engine.SyncEvery(0, 1),
		engine.SyncEvery(0, engine.MinSyncInterval-1),
		engine.SyncEvery(10, engine.MaxSyncInterval+1),
	} {
		s, err := engine.Open(path, engine.Options{Sync: policy})
		var refused *engine.OptionError
		if s != nil || !errors.Is(err, engine.ErrInvalid) || !errors.As(err, &refused) || refused.Field != "Sync" || refused.Value != policy {
			t.Errorf("%s: got %v, want an OptionError for Sync", policy, err)
			continue
		}
		if text := err.Error(); !strings.Contains(text, policy.String()) || !strings.Contains(text, refused.Range) {
			t.Errorf("%q does not name the policy and the range", text)
		}
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory is there: %v", err)
	}
}

func TestTheLimitsOfAPolicyAreAccepted(t *testing.T) {
	t.Parallel()
	for _, policy := range []engine.SyncPolicy{
		engine.SyncEvery(1, 0),
		engine.SyncEvery(engine.MaxSyncEvents, 0),
		engine.SyncEvery(0, engine.MinSyncInterval),
		engine.SyncEvery(0, engine.MaxSyncInterval),
		engine.SyncEvery(engine.MaxSyncEvents, engine.MaxSyncInterval),
	} {
		path := quickDir(t)
		s := mustOpen(t, path, engine.Options{Sync: policy})
		events := mustAppend(t, s, 5)
		mustClose(t, s)
		s = mustOpen(t, path, engine.Options{Sync: policy})
		mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), events)
		mustClose(t, s)
	}
}

func TestAPolicyIsAValueThatNamesItself(t *testing.T) {
	t.Parallel()
	for policy, want := range map[engine.SyncPolicy]string{
		{}:                                   "every append",
		engine.SyncEvery(100, 0):             "every 100 events",
		engine.SyncEvery(0, time.Second):     "every 1s",
		engine.SyncEvery(100, 2*time.Second): "every 100 events or 2s",
		engine.SyncManual():                  "manual",
	} {
		if got := policy.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if (engine.SyncPolicy{}) != engine.SyncEveryAppend() {
		t.Error("the zero value is not SyncEveryAppend")
	}
}

func TestAWaitThatDoesNotExistIsRefusedAndStoresNothing(t *testing.T) {
	t.Parallel()
	for _, policy := range everyPolicy {
		s := quickStore(t, small(policy))
		for _, wait := range []engine.Wait{engine.WaitStaged + 1, math.MaxUint8} {
			_, err := s.AppendWith(here, event.Data, "x", engine.AppendOptions{Wait: wait})
			var refused *engine.OptionError
			if !errors.Is(err, engine.ErrInvalid) || !errors.As(err, &refused) || refused.Field != "Wait" {
				t.Errorf("%s: wait %d: got %v, want an OptionError for Wait", policy, wait, err)
			}
		}
		mustShow(t, policy.String(), s, 0, 0, 0)
	}
}
