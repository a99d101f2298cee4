// This file holds the testing.TB that tests of failing tests, and examples, are given.

package batpaktest_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
)

// watched is a testing.TB that keeps what is told to it. Where it stands for no real test, as in an example, it has only
// the methods that are here.
type watched struct {
	testing.TB
	failures []string
	cleanups []func()
	log      strings.Builder
}

// watch runs a test with its cleanups and returns what it failed with.
func watch(t testing.TB, test func(t testing.TB)) *watched {
	w := &watched{TB: t}
	w.run(test)
	return w
}

// run runs a test in a goroutine of its own, since FailNow ends that.
func (w *watched) run(test func(t testing.TB)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(w)
	}()
	<-done
	for _, cleanup := range slices.Backward(w.cleanups) {
		cleanup()
	}
}

func (w *watched) Helper()                  {}
func (w *watched) Failed() bool             { return len(w.failures) > 0 }
func (w *watched) Skipped() bool            { return false }
func (w *watched) Cleanup(f func())         { w.cleanups = append(w.cleanups, f) }
func (w *watched) Output() io.Writer        { return &w.log }
func (w *watched) Context() context.Context { return context.Background() }

func (w *watched) Errorf(format string, arguments ...any) {
	w.failures = append(w.failures, fmt.Sprintf(format, arguments...))
}

func (w *watched) Fatalf(format string, arguments ...any) {
	w.Errorf(format, arguments...)
	runtime.Goexit()
}

func (w *watched) TempDir() string {
	if w.TB != nil {
		return w.TB.TempDir()
	}
	dir, err := os.MkdirTemp("", "batpaktest-")
	if err != nil {
		panic(err)
	}
	w.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			w.Errorf("%v", err)
		}
	})
	return dir
}

// mustFail fails unless the test failed once, with all of the words.
func (w *watched) mustFail(t *testing.T, words ...string) {
	t.Helper()
	if len(w.failures) != 1 {
		t.Fatalf("%d failures: %q", len(w.failures), w.failures)
	}
	for _, word := range words {
		if !strings.Contains(w.failures[0], word) {
			t.Errorf("%q is missing in:\n%s", word, w.failures[0])
		}
	}
}

// mustNotFail fails if the test failed.
func (w *watched) mustNotFail(t *testing.T) {
	t.Helper()
	if w.Failed() {
		t.Fatalf("failures: %q", w.failures)
	}
}

// mustEnd closes a store in a test that is watched.
func mustEnd(t testing.TB, s *engine.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// example runs a test and prints what it fails with.
func example(test func(t testing.TB)) {
	w := &watched{}
	w.run(test)
	for _, failure := range w.failures {
		fmt.Println(failure)
	}
	if !w.Failed() {
		fmt.Println("ok")
	}
}
