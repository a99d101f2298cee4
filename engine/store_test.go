// Stores of the tests: opened, filled, closed.

package engine_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// here is where tests append that don't care.
var here = event.MustAt("entity", "scope")

func mustOpen(t failer, path string, o engine.Options) *engine.Store {
	t.Helper()
	s, err := engine.Open(path, o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return s
}

func mustClose(t failer, s *engine.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
}

// quickStore returns a new store that is closed after the test.
func quickStore(t *testing.T, o engine.Options) *engine.Store {
	t.Helper()
	path := quickDir(t)
	s := mustOpen(t, path, o)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// mustAppend appends events of a few entities and returns them as they are read back.
func mustAppend(t failer, s *engine.Store, events int) history {
	t.Helper()
	var appended history
	for i := range events {
		at := event.MustAt(fmt.Sprint("entity-", i%3), "scope")
		r, err := s.AppendBytes(at, event.Data, event.CodecRaw, randomBytes(uint64(i), 100+i%900))
		if err != nil {
			t.Fatalf("append: %v", err)
		}
		ev, err := s.At(r.Sequence)
		if err != nil {
			t.Fatalf("read back: %v", err)
		}
		appended = append(appended, ev)
	}
	return appended
}

// until yields the processor until the condition holds.
func until(condition func() bool) {
	for !condition() {
		runtime.Gosched()
	}
}
