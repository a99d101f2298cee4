// This file holds asking all runs about one hash at once. Each of them costs a wait for memory, and nothing that one says is needed
// to ask the next: where the loads stand close together, the waits overlap.

package index

import (
	"math/bits"

	"github.com/batpak/batpak/internal/fault"
)

// runAnswer is what a run said of a hash.
type runAnswer struct {
	run      *Run
	from, to int    // its sequences, among all that were found
	block    []byte // of the filter; not to be read afterwards
	err      error
}

// askRuns asks all runs of the index. What one could not tell it is asked again for, by who needs it. tail, if there is one, is
// what will be asked next.
func (s *linkSearch) askRuns(runs []*Run, tail *Tail) {
	s.runs, s.sequences = s.runs[:0], s.sequences[:0]
	for _, r := range runs {
		if r.pin.Hold() {
			s.runs = append(s.runs, runAnswer{run: r})
		}
	}
	if s.look == nil {
		s.look = s.lookIntoRuns
	}
	s.tail = tail
	err := fault.Guard(s.look)
	for i := range s.runs {
		a := &s.runs[i]
		a.run.pin.Let()
		a.block = nil
		if err != nil {
			a.err = err // it may have been any
		}
	}
	s.tail = nil
}

// lookIntoRuns runs with all of the runs held.
func (s *linkSearch) lookIntoRuns() {
	touched := byte(0)
	if s.tail != nil {
		touched = s.tail.touch(s.list.hash)
	}
	list := listOf(s.list.kind)
	for i := range s.runs {
		a := &s.runs[i]
		body := &a.run.body
		if a.block, a.err = body.filterBlock(&body.lists[list], s.list.hash); len(a.block) > 0 {
			touched += a.block[0] + body.touch(&body.lists[list], s.list.hash)
		}
	}
	s.touched = touched
	for i := range s.runs {
		a := &s.runs[i]
		a.from = len(s.sequences)
		if a.err == nil && a.block != nil && filterPasses(a.block, s.list.hash) {
			body := &a.run.body
			s.sequences, a.err = body.find(s.sequences, &body.lists[list], s.list.hash)
		}
		a.to = len(s.sequences)
	}
}

// touch reads what a lookup of a hash begins with.
func (t *Tail) touch(hash uint64) byte {
	if i := t.root(hash).Load(); i != 0 {
		return byte(t.slot(i).hash)
	}
	return 0
}

// touch reads what the search among the fences of a list begins with.
func (b *runBody) touch(l *runList, hash uint64) byte {
	fences := fencesOf(l.count)
	if fences == 0 {
		return 0
	}
	guess, _ := bits.Mul64(hash, fences)
	at := l.fences + hashSize*int64(guess)
	p, err := b.data.At(at, at+hashSize)
	if err != nil {
		return 0 // the search will come upon it
	}
	return p[0]
}

// answered makes the listing that of the run which covers the part, if that was asked.
func (s *linkSearch) answered(covering *Run) bool {
	for i := range s.runs {
		if a := &s.runs[i]; a.run == covering && a.err == nil {
			s.list.first, s.list.last = covering.info.First, covering.info.Last
			s.list.sequences = append(s.list.sequences[:0], s.sequences[a.from:a.to]...)
			return true
		}
	}
	return false
}
