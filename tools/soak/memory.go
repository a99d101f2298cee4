// This file holds what must not grow: the heap and the number of goroutines, between rounds, while no store is open.

package main

import (
	"fmt"
	"runtime"
)

// memory is what was seen of them.
type memory struct {
	goroutines   int    // before the first round
	open, closed series // bytes of the heap that are in use: while the store is open and at rest, and between rounds
	system       uint64 // bytes that the runtime had from the system, the latest
}

// series is a number that is looked at again and again.
type series struct {
	first, last, most uint64
	looks             int
}

// add adds a look.
func (s *series) add(n uint64) {
	if s.looks++; s.looks == 1 {
		s.first = n
	}
	s.last, s.most = n, max(s.most, n)
}

// slack is what the heap may vary by, in bytes: pools, what the runtime keeps, and how much of the store is not sealed.
const slack = 8 << 20

// begin looks before anything was done.
func (m *memory) begin() { m.goroutines = runtime.NumGoroutine() }

// lookOpen looks at the heap while the store is open and at rest.
func (m *memory) lookOpen(k *soak) { m.heap(k, &m.open, "with the store open") }

// look looks after a round.
func (m *memory) look(k *soak) {
	if !k.await(func() bool { return runtime.NumGoroutine() <= m.goroutines }) {
		k.violate("%d goroutines after a round, there were %d:\n%s", runtime.NumGoroutine(), m.goroutines, stacks())
	}
	m.heap(k, &m.closed, "between rounds")
}

// heap adds a look at the heap.
func (m *memory) heap(k *soak, s *series, when string) {
	runtime.GC()
	runtime.GC() // for what pools have kept over the first
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	m.system = stats.Sys
	s.add(stats.HeapAlloc)
	if s.last > 2*s.first+slack {
		k.violate("%d KiB of the heap are in use %s, the first time there were %d KiB", s.last>>10, when, s.first>>10)
	}
}

// String is the series in KiB.
func (s *series) String() string {
	return fmt.Sprintf("%d KiB at the end, %d KiB the first time, %d KiB at most", s.last>>10, s.first>>10, s.most>>10)
}

// stacks are those of all goroutines.
func stacks() string {
	text := make([]byte, 64<<10)
	return string(text[:runtime.Stack(text, true)])
}
