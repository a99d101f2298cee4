// This file holds rebuilding: the index of a segment whose footer is damaged is built from its frames, once.

package query

import (
	"errors"
	"fmt"
	"math"

	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/internal/checked"
	"github.com/batpak/batpak/mmapseg"
)

// Rebuild returns the index of a segment into which nothing is stored any more, built from its frames because of cause,
// which is logged. Sequences whose frames can't be read are holes in it. The error is one of reading the file.
func (r *Reader) Rebuild(segment *mmapseg.Segment, cause error) (*index.Tail, error) {
	tail, unknown, err := r.build(segment)
	if err != nil {
		return nil, fmt.Errorf("rebuild the index of %s: %w", segment.Name(), r.translate(err))
	}
	r.rebuilt.Add(1)
	r.logger.Warn("the index of a segment was rebuilt from its events",
		"segment", segment.Name(), "events", tail.Events(), "unreadable", unknown, "error", cause)
	return tail, nil
}

// Rebuilt returns how often the index of a segment was rebuilt.
func (r *Reader) Rebuilt() uint64 { return r.rebuilt.Load() }

// DamagedPart is told of a part whose table could not be read, by who is no reader. It is rebuilt if it is damaged; what can't
// be done is logged.
func (r *Reader) DamagedPart(p *index.Part, cause error) {
	if !errors.Is(cause, checked.ErrDamaged) {
		return
	}
	if err := r.rebuildPart(p, cause); err != nil {
		r.logger.Warn("the index of a segment could not be rebuilt", "segment", mmapseg.FileName(p.Segment.Number, p.Segment.Generation), "error", err)
	}
}

// rebuildPart rebuilds a part of the index whose table is damaged. Who comes while that is done waits for it.
func (r *Reader) rebuildPart(p *index.Part, cause error) error {
	r.rebuilding.Lock()
	defer r.rebuilding.Unlock()
	if !p.Sealed() {
		return nil // another one did
	}
	segment := r.segmentFrom(p.First)
	if segment == nil || segment.Number != p.Segment.Number {
		return fmt.Errorf("index of segment %d: %w", p.Segment.Number, cause)
	}
	tail, err := r.Rebuild(segment, cause)
	if err != nil {
		return err
	}
	p.Rebuilt(tail)
	return nil
}

// build reads all frames of a segment.
func (r *Reader) build(segment *mmapseg.Segment) (tail *index.Tail, unknown uint64, err error) {
	tail = index.NewTail(segment.Size)
	in := segment.Range(math.MaxUint64)
	if in.IsZero() {
		return tail, 0, nil
	}
	if in.Last == math.MaxUint64 { // it has not ended
		in.Last = r.set.Visible()
	}
	var alone mmapseg.Set // so that it does not matter what is visible yet
	alone.Add(segment)
	alone.SetVisible(in.Last)
	frames := alone.Reader(in.First, in.Last, true)
	defer frames.Close()
	hole := func(next uint64) {
		if from := uint64(tail.Events()); next > from {
			tail.Hole(uint32(from), uint32(next-1))
			unknown += next - from
		}
	}
	indexer, batches := NewIndexer(r.decoder), batchKeys{segment: segment}
	for {
		f, _, ok, err := frames.Next()
		if err == nil && ok {
			hole(f.Sequence() - in.First)
			var batch Batch
			if batch, err = batches.of(&f); err == nil {
				err = indexer.Add(tail, uint32(f.Sequence()-in.First), &f, batch, segment.Name())
			}
		}
		switch {
		case mmapseg.IsDamage(err):
			continue // what comes next shows how much it took
		case err != nil:
			return nil, 0, err
		case !ok:
			hole(in.Last + 1 - in.First)
			return tail, unknown, nil
		}
	}
}

// batchKeys follows the events of a segment and finds the keys of their batches.
type batchKeys struct {
	segment *mmapseg.Segment
	behind  uint64 // the sequence behind the batch that was begun last
	end     int64  // of the frame before, if that is an event of a batch
}

// of says what the next event has of its batch. The error is one of reading the file.
func (b *batchKeys) of(f *mmapseg.Frame) (Batch, error) {
	if !f.InBatch() {
		return Batch{}, nil
	}
	before := b.end
	b.end = f.End()
	if f.Sequence() < b.behind || before == f.Offset {
		return Batch{}, nil
	}
	begin, ok, err := b.segment.BatchBegin(f)
	if err != nil && !mmapseg.IsDamage(err) {
		return Batch{}, err
	}
	if !ok {
		return Batch{Lost: true}, nil
	}
	b.behind = f.Sequence() + uint64(begin.Events)
	if hooks.Enabled && hooks.Planted(hooks.BatchKeyNotRebuilt) {
		begin.Key = ""
	}
	return Batch{Key: begin.Key}, nil
}
