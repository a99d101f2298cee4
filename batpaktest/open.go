// This file holds Open and OpenIn: stores that a test can't forget to close.

package batpaktest

import (
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"github.com/batpak/batpak/engine"
)

// Open creates a store in a new temporary directory of the test. At most one options may be given; see [OpenIn] for what
// they are filled up with. A store that can't be opened ends the test.
//
// The test must close the store: at its end, when its own deferred calls and cleanups are through, one that is
// still open fails it, with the place of the call to Open, and is closed.
func Open(t testing.TB, options ...engine.Options) *engine.Store {
	t.Helper()
	return open(t, callerOf(1), t.TempDir(), options)
}

// OpenIn is [Open] in a directory that is given, of a store that is there already or a new one: for a test that closes
// a store and opens it again.
//
// Options that are nil are filled up with what makes runs repeat each other: Clock with that of a [NewClock], Random
// with a [NewRandom] whose seed is the last element of the directory's path, which for directories of t.TempDir is their number within
// the test. So appends that come one after the other get the same ids, times and hashes in every run; of those that come at the same
// time only the order can differ. Logger becomes one that writes to the test's log.
func OpenIn(t testing.TB, dir string, options ...engine.Options) *engine.Store {
	t.Helper()
	return open(t, callerOf(1), dir, options)
}

// callerOf returns the place of the call to the function that calls it, so many functions up, as file:line.
func callerOf(up int) string {
	_, file, line, ok := runtime.Caller(up + 1)
	if !ok {
		return "an unknown place"
	}
	return fmt.Sprintf("%s:%d", filepath.Base(file), line)
}

// open opens the store on behalf of a call at place.
func open(t testing.TB, place, dir string, given []engine.Options) *engine.Store {
	t.Helper()
	if len(given) > 1 {
		t.Fatalf("batpaktest: %d options are given, at most one may be", len(given))
	}
	var options engine.Options
	if len(given) == 1 {
		options = given[0]
	}
	store, err := engine.Open(dir, steady(t, dir, options))
	if err != nil {
		t.Fatalf("batpaktest: open a store: %v", err)
	}
	t.Cleanup(func() {
		t.Helper()
		_, err := store.At(0) // which no event has
		closed := errors.Is(err, engine.ErrClosed)
		err = store.Close()
		switch {
		case closed: // the test has what Close returned
		case err != nil:
			t.Errorf("batpaktest: the store opened at %s was not closed; closing it failed: %v", place, err)
		default:
			t.Errorf("batpaktest: the store opened at %s was not closed", place)
		}
	})
	return store
}

// steady fills up options with what makes runs repeat each other.
func steady(t testing.TB, dir string, options engine.Options) engine.Options {
	if options.Clock == nil {
		options.Clock = NewClock().Now
	}
	if options.Random == nil {
		options.Random = NewRandom(seedOf(dir))
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	}
	return options
}

// seedOf returns the number that a path ends in, or one made of the name that it ends in.
func seedOf(dir string) uint64 {
	name := filepath.Base(dir)
	if n, err := strconv.ParseUint(name, 10, 64); err == nil {
		return n
	}
	h := fnv.New64a()
	h.Write([]byte(name))
	return h.Sum64()
}

// withoutTime leaves the time out of log lines.
func withoutTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
