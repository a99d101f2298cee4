// This file holds the watch over workers: what does not end is told, with what all goroutines were doing.

package crash

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

const (
	defaultPatience = time.Minute
	stacksSize      = 1 << 20 // of goroutine stacks that are kept, at most
	stacksLines     = 30      // of them that are told where they are not saved

	stackLinesAtLeast = 10 // of each worker's
)

// worker is a goroutine that lets stores live, one after the other.
type worker struct {
	*simulation
	doing     atomic.Pointer[doing] // nil: it has not begun
	shrinking string                // the finding that is being made smaller; empty: none
}

// doing is a life or a trial from its beginning to that of the next one. It does not change once it is stored.
type doing struct {
	began     time.Time
	finding   Finding // what it is if it does not end, without a description
	shrinking string
}

// begins notes what the worker does from now on. t is nil for a life.
func (w *worker) begins(f Finding, t *trial) {
	f.Seed = w.Seed
	if t != nil {
		f.trial = t.clone() // spelling changes the original
	}
	now := &doing{began: time.Now(), finding: f, shrinking: w.shrinking}
	begun := func() {}
	if w.hook != nil {
		begun = w.hook(now)
	}
	w.doing.Store(now)
	begun()
}

// watch waits for workers to end, but not for those that are at one thing for longer than the patience lasts.
func (s *simulation) watch(workers []*worker, ended <-chan *worker) {
	every := time.NewTicker(min(time.Second, s.Patience))
	defer every.Stop()
	for len(workers) > 0 {
		select {
		case w := <-ended:
			workers = slices.DeleteFunc(workers, func(other *worker) bool { return other == w })
		case <-every.C:
			workers = slices.DeleteFunc(workers, func(w *worker) bool {
				now := w.doing.Load()
				if now == nil || time.Since(now.began) <= s.Patience {
					return false
				}
				s.endless(now)
				return true
			})
		}
	}
}

// endless adds to the report what does not end, and makes the simulation end.
func (s *simulation) endless(now *doing) {
	f, stacks := now.finding, stacksOfAll()
	what := "life"
	if f.trial != nil {
		what = "trial"
	}
	f.Description = fmt.Sprintf("a %s does not end: it began %s ago", what, time.Since(now.began).Round(time.Millisecond))
	if now.shrinking != "" {
		f.Description += "; it was to make this finding smaller: " + now.shrinking
	}
	if s.Save != "" {
		f.Stacks, f.Unsaved = f.saveStacks(s.Save, stacks)
		if f.trial != nil { // of a life there is nothing to replay
			var err error
			if f.File, err = f.save(s.Save); err != nil {
				f.Unsaved = err
			}
		}
	}
	if f.Stacks == "" {
		f.Description += "; goroutines:\n" + firstStacks(stacks)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stuck = true
	s.report.Findings = append(s.report.Findings, f)
}

// saveStacks writes stacks beside where the finding is saved, and returns the path of the file; empty: there is none.
func (f *Finding) saveStacks(dir string, stacks []byte) (string, error) {
	path := filepath.Join(dir, f.name()+".stacks")
	if err := os.WriteFile(path, stacks, 0o600); err != nil {
		return "", err
	}
	return path, nil
}

// stacksOfAll returns the stacks of all goroutines, as many as there is room for.
func stacksOfAll() []byte {
	stacks := make([]byte, stacksSize)
	return stacks[:runtime.Stack(stacks, true)]
}

// firstStacks returns some lines of stacks, without the goroutine that asked for them: those of workers, which are what is watched,
// before other goroutines, of each of them where it is and where it came from, so that one with many calls doesn't hide the next.
func firstStacks(stacks []byte) string {
	var own, others []string
	for i, stack := range strings.Split(strings.TrimSpace(string(stacks)), "\n\n") {
		switch {
		case i == 0: // who asked
		case strings.Contains(stack, "crash.(*worker)."):
			own = append(own, stack)
		default:
			others = append(others, stack)
		}
	}
	share := max(stacksLines/max(len(own), 1), stackLinesAtLeast) - 1 // an empty line follows
	for i, stack := range own {
		if lines := strings.Split(stack, "\n"); len(lines) > share {
			half := share / 2
			own[i] = strings.Join(slices.Concat(lines[:share-half-1], []string{"..."}, lines[len(lines)-half:]), "\n")
		}
	}
	lines := strings.Split(strings.Join(append(own, others...), "\n\n"), "\n")
	return strings.Join(lines[:min(len(lines), stacksLines)], "\n")
}
