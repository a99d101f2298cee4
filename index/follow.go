// This file holds Links: what a hash links to in the order of sequences, a piece at a time. Finder.Linked is for the few
// newest; this is for many, of which all may be wanted or only the first.

package index

import (
	"errors"
	"math"
	"slices"
	"sort"
)

// Links names the events that may be linked to by hashes of one type. It keeps its memory for the next call, belongs to
// one goroutine, and holds nothing between two calls.
type Links struct {
	finder     *Finder
	question   linkQuestion
	run        *Run // that is being asked
	readRun    func()
	failed     error // of readRun
	unreadable *Run  // is not asked again
}

// Links returns a Links for a type, one of [Key], [Cause], [Correlation] and [Imported].
func (f *Finder) Links(t Type) *Links {
	l := &Links{finder: f, question: linkQuestion{kind: t}}
	l.readRun = func() { l.failed = l.question.ofRun(l.run) }
	return l
}

// Ascend appends sequences from one to another, both included, of events that may be linked to by the hash, ascending, and
// returns up to which sequence none was left out. That is as far as one part or one run tells, at most to, and less where there
// are more than most; of a part that has no table yet, all are taken. The watermark must have been at to, or above,
// before. Events of which nothing is known are not among them.
func (l *Links) Ascend(dst []uint64, hash, from, to uint64, most int) (found []uint64, upTo uint64, err error) {
	parts := l.finder.index.Parts()
	i := max(partBefore(parts, from), 0)
	if len(parts) == 0 || from > to || parts[i].First > to {
		return dst, to, nil
	}
	l.question.ask(dst, hash, from, to, most, false)
	_, last, err := l.answer(parts, i)
	found = l.question.dst
	if err != nil {
		return found[:len(dst)], 0, err
	}
	if l.question.cut {
		return found, found[len(found)-1], nil
	}
	return found, min(last, to), nil
}

// Descend is Ascend in the other direction, from the higher sequence to the lower one, and returns down to which sequence none was
// left out.
func (l *Links) Descend(dst []uint64, hash, from, to uint64, most int) (found []uint64, downTo uint64, err error) {
	parts := l.finder.index.Parts()
	i := partBefore(parts, to)
	if i < 0 || from > to {
		return dst, from, nil
	}
	l.question.ask(dst, hash, from, to, most, true)
	first, _, err := l.answer(parts, i)
	found = l.question.dst
	if err != nil {
		return found[:len(dst)], 0, err
	}
	if l.question.cut {
		return found, found[len(found)-1], nil
	}
	return found, max(first, from), nil
}

// partBefore returns the last part that begins at or before a sequence; -1: none does.
func partBefore(parts []*Part, sequence uint64) int {
	return sort.Search(len(parts), func(i int) bool { return parts[i].First > sequence }) - 1
}

// answer asks the run that covers parts[i], or else the part. It returns the bounds, both included, of the sequences that
// the answer covers.
func (l *Links) answer(parts []*Part, i int) (first, last uint64, err error) {
	p := parts[i]
	if from, behind, ok := l.ofRun(parts, i); ok {
		first, last = boundsOf(parts, from, behind)
		return first, last, nil
	}
	l.question.first, l.question.extent = p.First, extentOf(parts, i, l.question.to)
	if l.question.extent.limit > 0 {
		err = l.finder.ask(p, &l.question)
	}
	first, last = boundsOf(parts, i, i+1)
	return first, last, err
}

// boundsOf returns the sequences that some neighbouring parts can have.
func boundsOf(parts []*Part, from, behind int) (first, last uint64) {
	if from > 0 {
		first = parts[from].First
	}
	if behind == len(parts) {
		return first, math.MaxUint64
	}
	return first, parts[behind].First - 1
}

// ofRun asks the run that covers parts[i] and returns which parts it covers; false: there is none that can be read.
func (l *Links) ofRun(parts []*Part, i int) (from, behind int, ok bool) {
	for {
		l.run = l.finder.index.covering(parts[i])
		if l.run == nil || l.run == l.unreadable {
			return 0, 0, false
		}
		failed := l.run.read(l.readRun)
		if failed == nil && l.failed == nil {
			info := l.run.Info()
			from = sort.Search(i, func(n int) bool { return parts[n].Segment.Number >= info.First })
			behind = i + sort.Search(len(parts)-i, func(n int) bool { return parts[i+n].Segment.Number > info.Last })
			return from, behind, true
		}
		switch {
		case !errors.Is(failed, errRunClosed):
			l.unreadable = l.run
			l.finder.damaged(l.run, errors.Join(failed, l.failed))
		case l.finder.index.covering(parts[i]) == l.run:
			return 0, 0, false // the store is being closed, which the part will say
		}
	}
}

// linkQuestion asks for sequences of a hash in a range.
type linkQuestion struct {
	kind     Type
	hash     uint64
	from, to uint64
	most     int
	backward bool

	first  uint64 // sequence of the part that is asked
	extent extent

	dst  []uint64
	kept int  // of dst, which is what was there before
	cut  bool // there may be more
}

func (q *linkQuestion) ask(dst []uint64, hash, from, to uint64, most int, backward bool) {
	q.dst, q.kept, q.cut = dst, len(dst), false
	q.hash, q.from, q.to, q.most, q.backward = hash, from, to, max(most, 1), backward
}

// within returns the ordinals, both included, of the part that is asked, of whose ordinals so many are visible.
func (q *linkQuestion) within(limit uint32) (from, to uint64, ok bool) {
	if limit == 0 || q.to < q.first {
		return 0, 0, false
	}
	if q.from > q.first {
		from = q.from - q.first
	}
	to = min(q.to-q.first, uint64(limit)-1)
	return from, to, from <= to
}

func (q *linkQuestion) ofTail(t *Tail) error {
	q.dst, q.cut = q.dst[:q.kept], false
	limit := q.extent.of(t)
	from, to, ok := q.within(limit)
	slot := t.find(q.kind, q.hash, "")
	if !ok || slot == 0 {
		return nil
	}
	t.descend(slot, limit, func(ordinal uint32) bool {
		if uint64(ordinal) < from {
			return false
		}
		if uint64(ordinal) <= to {
			q.dst = append(q.dst, q.first+uint64(ordinal))
			q.cut = q.backward && len(q.dst) == q.kept+q.most
		}
		return !q.cut
	})
	if !q.backward {
		slices.Reverse(q.dst[q.kept:])
	}
	return nil
}

func (q *linkQuestion) ofTable(t *Table) error {
	q.dst, q.cut = q.dst[:q.kept], false
	from, to, ok := q.within(q.extent.in(t))
	if !ok {
		return nil
	}
	links, err := t.links()
	if err != nil {
		return err
	}
	err = q.ofBody(links, from, to)
	for i := range q.dst[q.kept:] {
		q.dst[q.kept+i] += q.first
	}
	return err
}

func (q *linkQuestion) ofRun(r *Run) error {
	q.dst, q.cut = q.dst[:q.kept], false
	return q.ofBody(&r.body, q.from, q.to)
}

// ofBody asks for the values of the lists from one to another, both included.
func (q *linkQuestion) ofBody(b *runBody, from, to uint64) error {
	dst, err := b.piece(q.dst, q.kind, q.hash, from, to, q.most, q.backward)
	q.dst, q.cut = dst, err == nil && len(dst) == q.kept+q.most
	return err
}

// piece appends values of a hash from one to another, both included, at most so many: the lowest, ascending, or the highest,
// descending. An error leaves dst as it was.
func (b *runBody) piece(dst []uint64, t Type, hash, from, to uint64, most int, backward bool) ([]uint64, error) {
	l := &b.lists[listOf(t)]
	if passes, err := b.passes(l, hash); !passes || to < b.base {
		return dst, err
	}
	low, err := b.search(l, hash)
	if err != nil {
		return dst, err
	}
	high, err := b.behind(l, hash)
	if err != nil {
		return dst, err
	}
	if low, err = b.notBelow(l, low, high, from); err != nil {
		return dst, err
	}
	if to < b.base+b.span {
		if high, err = b.notBelow(l, low, high, to+1); err != nil {
			return dst, err
		}
	}
	count := min(high-min(low, high), uint64(most))
	if backward {
		low = high - count
	}
	kept := len(dst)
	if dst, err = b.values(dst, l, low, low+count); err == nil && backward {
		slices.Reverse(dst[kept:])
	}
	return dst, err
}

// notBelow returns the first of some entries of one hash whose value is not below another; high if there is none.
func (b *runBody) notBelow(l *runList, low, high, value uint64) (uint64, error) {
	for low < high {
		middle := low + (high-low)/2
		found, err := b.value(l, middle)
		if err != nil {
			return 0, err
		}
		if found < value {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low, nil
}

// values appends the values of entries of one hash, which ascend.
func (b *runBody) values(dst []uint64, l *runList, low, high uint64) ([]uint64, error) {
	kept := len(dst)
	for entry := low; entry < high; entry++ {
		value, err := b.value(l, entry)
		if err == nil && entry > low && value <= dst[len(dst)-1] {
			err = b.contradiction(l.valueAt(entry), "a value is out of order")
		}
		if err != nil {
			return dst[:kept], err
		}
		dst = append(dst, value)
	}
	return dst, nil
}

// Unknown returns the stretches of events of which nothing is known, and that may be linked to by anything, as far as they
// have sequences from one to another, both included; what lies above visible is cut off. They ascend. Of parts that a
// run covers the run knows more.
func (f *Finder) Unknown(from, to, visible uint64) []HoleError {
	parts := f.index.Parts()
	var list []HoleError
	for i := max(partBefore(parts, from), 0); i < len(parts) && parts[i].First <= to; i++ {
		p, e := parts[i], extentOf(parts, i, visible)
		tail := p.Tail()
		if tail == nil || e.limit == 0 || tail.holeCount.Load() == 0 || f.index.covering(p) != nil {
			continue
		}
		for _, hole := range tail.holesBelow(e.of(tail)) {
			h := HoleError{First: p.First + uint64(hole[0]), Last: p.First + uint64(hole[1])}
			if h.First <= to && h.Last >= from {
				list = append(list, h)
			}
		}
	}
	return list
}
