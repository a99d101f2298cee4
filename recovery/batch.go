// This file holds batches: they count as a whole or not at all.

package recovery

import (
	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/mmapseg"
)

// takeBatch takes a batch: first all its frames are checked against each other, then its events are given out, read
// a second time, so that a batch of any size needs no memory. sound is as that of take.
func (w *walk) takeBatch(first *mmapseg.Frame) (sound bool, err error) {
	begin, err := mmapseg.DecodeBatchBegin(first, w.file.name)
	if err != nil {
		return true, w.kept(err)
	}
	head := *first // without its bytes, which the next frame may overwrite
	head.Bytes = nil
	behind, problem, err := w.checkBatch(&head, &begin)
	if err != nil {
		return false, err
	}
	switch {
	case problem == unsoundBytes:
		return false, nil
	case problem != "":
		w.stray(head.Offset, "%s", problem)
		return true, nil
	case !w.arrive(begin.FirstSequence, &head):
		return true, nil
	}
	return true, w.giveBatch(&head, &begin, behind)
}

// unsoundBytes is the problem of a batch that runs into bytes which are no sound frame.
const unsoundBytes = "unsound"

// checkBatch walks the batch and leaves the scanner behind it, or in front of the first frame that does not belong to
// it, or of bytes that are no sound frame. behind is the end of the commit frame.
func (w *walk) checkBatch(head *mmapseg.Frame, begin *mmapseg.BatchBegin) (behind int64, problem string, err error) {
	end := head.End() + int64(begin.Bytes)
	var sum uint32
	for i := range uint64(begin.Events) {
		f, ok, err := w.scanner.Next()
		if err != nil {
			return 0, "", err
		}
		if !ok {
			if hooks.Enabled && hooks.Planted(hooks.TornBatchCounted) && i > 0 {
				begin.Events = uint32(i)
				return w.scanner.Offset(), "", nil
			}
			return 0, unsoundBytes, nil
		}
		switch {
		case f.Type != mmapseg.FrameEvent || !f.InBatch() || f.End() > end:
			problem = "a batch has fewer events than its begin frame says"
		case f.Sequence() != begin.FirstSequence+i:
			problem = "an event of a batch has another sequence than its begin frame says"
		default:
			sum = mmapseg.BatchCRC(sum, f.BodyCRC())
			continue
		}
		w.scanner.MoveTo(f.Offset)
		return 0, problem, nil
	}
	f, ok, err := w.scanner.Next()
	if err != nil {
		return 0, "", err
	}
	if !ok {
		return 0, unsoundBytes, nil
	}
	if problem = w.checkCommit(&f, begin, end, sum); problem != "" {
		w.scanner.MoveTo(f.Offset)
	}
	return f.End(), problem, nil
}

// checkCommit says in what the frame is not the commit frame of the batch; "" if it is.
func (w *walk) checkCommit(f *mmapseg.Frame, begin *mmapseg.BatchBegin, end int64, sum uint32) (problem string) {
	if f.Type != mmapseg.FrameBatchCommit || f.Offset != end {
		return "a batch has no commit frame where its begin frame says"
	}
	commit, err := mmapseg.DecodeBatchCommit(f, w.file.name)
	if hooks.Enabled && hooks.Planted(hooks.BatchUnchecked) {
		sum = commit.CRC
	}
	switch {
	case err != nil:
		return "a batch has a commit frame that can't be understood"
	case commit.Events != begin.Events || commit.Bytes != begin.Bytes || commit.FirstSequence != begin.FirstSequence:
		return "the begin and commit frames of a batch contradict each other"
	case commit.CRC != sum:
		return "the events of a batch are not those that its commit frame binds"
	}
	return ""
}

// giveBatch gives out the events of a batch that counts.
func (w *walk) giveBatch(head *mmapseg.Frame, begin *mmapseg.BatchBegin, behind int64) error {
	if w.l.o.Batch != nil {
		if err := w.kept(w.l.o.Batch(w.segment, begin)); err != nil {
			return err
		}
	}
	w.count(head)
	w.scanner.MoveTo(head.End())
	for range begin.Events {
		f, ok, err := w.scanner.Next()
		if err != nil {
			return err
		}
		if !ok { // only if the file changed between the two readings
			w.stray(head.Offset, "the batch changed while it was read")
			return nil
		}
		w.l.frame = f
		if err := w.event(&w.l.frame); err != nil {
			return err
		}
	}
	w.l.state.Report.Frames++
	w.segment.Contents.End = behind
	w.scanner.MoveTo(behind)
	return nil
}
