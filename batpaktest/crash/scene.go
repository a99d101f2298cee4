// This file holds the scene of trials: a journal that is replayed, and what had been told at each of its moments.

package crash

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/batpak/batpak/internal/simdisk"
)

// scene is a life that has been lived. It belongs to one goroutine.
type scene struct {
	ops    []simdisk.Op
	base   *simdisk.Disk // before the first of them
	record *record
	begins func(*trial) // is told of every trial; nil: nobody is

	at   int // how many of ops are on disk
	disk *simdisk.Disk
}

func sceneOf(journal *simdisk.Journal, r *record) *scene {
	s := &scene{ops: journal.Ops(), base: journal.Base(), record: r}
	s.disk = s.base.Clone()
	return s
}

// move replays up to a moment: the number of entries of the journal that count.
func (s *scene) move(moment int) {
	if moment < s.at {
		s.disk, s.at = s.base.Clone(), 0
	}
	for ; s.at < moment; s.at++ {
		s.disk.Apply(s.ops[s.at])
	}
}

// view returns what had been told at the moment. A note with the number n counts from moment n+1 on.
func (s *scene) view() *view { return s.record.seen(s.at - 1) }

// begin moves to where a trial begins.
func (s *scene) begin(t *trial) {
	if s.begins != nil {
		s.begins(t)
	}
	s.move(t.Moment)
}

// again carries a trial out, and gives up when it takes longer than the patience lasts: then the scene is of no use any
// more.
func (s *scene) again(t *trial, patience time.Duration) error {
	end := make(chan error, 1)
	go func() { end <- s.run(t, new(tally)) }()
	select {
	case err := <-end:
		return err
	case <-time.After(patience):
		return fmt.Errorf("a trial does not end: it began %s ago; goroutines:\n%s", patience, firstStacks(stacksOfAll()))
	}
}

// run carries a trial out. The error is a broken promise.
func (s *scene) run(t *trial, count *tally) error {
	s.begin(t)
	return t.run(s.disk, s.view(), s.base, count, nil)
}

// spell carries a trial out and writes its cuts down choice by choice.
func (s *scene) spell(t *trial) error {
	s.begin(t)
	return t.run(s.disk, s.view(), s.base, new(tally), func(c *cut, d *simdisk.Disk) { *c = c.spelled(d) })
}

// moments returns moments at which to look, in their order: most of them where something happens that is
// neither the storing of a frame nor a note. On top come some right behind an acknowledgement that more is durable than
// was known before: there a cut shows whether it came too early.
func (s *scene) moments(r *rand.Rand, n int) []int {
	var rare [simdisk.OpDirSynced + 1][]int // by kind, so that what is rare is not overlooked
	for i := range s.ops {
		if k := s.ops[i].Kind; k != simdisk.OpStore && k != simdisk.OpNote {
			rare[k] = append(rare[k], i)
		}
	}
	var moments []int
	for range n {
		if at := rare[r.IntN(len(rare))]; len(at) > 0 {
			moments = append(moments, at[r.IntN(len(at))]+r.IntN(2))
			continue
		}
		moments = append(moments, r.IntN(len(s.ops)+1))
	}
	for _, i := range r.Perm(len(s.record.durable))[:min(acknowledgedPerLife, len(s.record.durable))] {
		moments = append(moments, s.record.durable[i].at+1)
	}
	moments = append(moments, len(s.ops))
	slices.Sort(moments)
	return slices.Compact(moments)
}
