// Grouping, one step at a time, and peers that keep what they acknowledged.

package peer

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/hashicorp/raft"
)

// waiters returns how many wait for the next batch.
func (g *group) waiters() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.waiting.values)
}

func TestWhoeverComesWhileABatchIsWrittenIsInTheNextOne(t *testing.T) {
	broken := errors.New("broken")
	began, end := make(chan int), make(chan error)
	g := newGroup(func(values [][]byte) error {
		began <- len(values)
		return <-end
	})
	errs := make([]error, 4)
	var all sync.WaitGroup
	come := func(caller int) { all.Go(func() { errs[caller] = g.append([]byte{byte(caller)}) }) }
	come(0)
	if n := <-began; n != 1 {
		t.Errorf("the first batch has %d values", n)
	}
	for caller := 1; caller < 4; caller++ {
		come(caller)
	}
	for g.waiters() < 3 {
		runtime.Gosched()
	}
	end <- nil
	if n := <-began; n != 3 {
		t.Errorf("the second batch has %d values", n)
	}
	end <- broken
	all.Wait()
	if want := []error{nil, broken, broken, broken}; !slices.Equal(errs, want) {
		t.Errorf("errors %v", errs)
	}
}

// appendTogether lets callers append values of their own, which tell them apart.
func appendTogether(t *testing.T, s Store, callers, each int) {
	t.Helper()
	s.Expect(callers)
	var all sync.WaitGroup
	for caller := range callers {
		all.Go(func() {
			for n := range each {
				if err := s.Append(fmt.Appendf(nil, "caller %d, value %d", caller, n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

func TestGroupedLogsHoldEveryValueOnce(t *testing.T) {
	const callers, each = 8, 5
	read := map[string]func(s Store, index uint64) ([]byte, error){
		"raft-wal": func(s Store, index uint64) ([]byte, error) {
			var log raft.Log
			err := s.(*raftStore).log.GetLog(index, &log)
			return log.Data, err
		},
		"tidwall-wal": func(s Store, index uint64) ([]byte, error) { return s.(*tidwallStore).log.Read(index) },
	}
	for name, at := range read {
		kind, err := Find(name)
		if err != nil {
			t.Fatal(err)
		}
		s, err := kind.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		appendTogether(t, s, callers, each)
		seen := make(map[string]bool)
		for index := uint64(1); index <= callers*each; index++ {
			value, err := at(s, index)
			if err != nil || seen[string(value)] {
				t.Errorf("%s: %q at %d, %v", name, value, index, err)
			}
			seen[string(value)] = true
		}
		if err := s.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
