// This file holds what the goroutine does: one merge after the other.

package merge

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"

	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/internal/vfs"
)

var (
	errClosing = errors.New("closing")
	errChanged = errors.New("an input is gone")
)

// step removes what was dropped, merges once, and reports whether there may be more to do.
func (m *Merger) step() bool {
	m.mu.Lock()
	dropped, closing := m.dropped, m.closing
	if !closing {
		m.dropped = nil
	}
	m.mu.Unlock()
	if closing {
		return false
	}
	for _, r := range dropped {
		m.remove(fileName(r.Info()))
		m.release(r)
	}
	inputs := next(m.index.Parts(), m.index.Runs(), func(p *index.Part) bool { return !m.unfit[p] })
	if inputs == nil {
		return false
	}
	err := m.merge(inputs)
	var bad *index.InputError
	switch {
	case err == nil:
		return true
	case errors.Is(err, errClosing):
		return false
	case errors.Is(err, errChanged): // what is left is another plan
		return true
	case errors.As(err, &bad):
		m.refuse(inputs[bad.Input], bad.Err)
		return true
	}
	m.fail("merge runs", temporaryName(inputs), err)
	return false // it is tried again when the next segment is sealed
}

// refuse leaves an input out from now on.
func (m *Merger) refuse(input index.RunInput, err error) {
	if input.Run != nil {
		m.Damaged(input.Run, err)
		return
	}
	m.unfit[input.Parts[0]] = true
	m.fail("read links of a segment", fmt.Sprint("segment ", input.Parts[0].Segment.Number), err)
	if m.damagedPart != nil {
		m.damagedPart(input.Parts[0], err)
	}
}

// merge makes one run of the inputs and puts it in their place.
func (m *Merger) merge(inputs []index.RunInput) error {
	w, err := index.NewRunWriter(m.origin, inputs)
	if err != nil {
		return err
	}
	name := fileName(w.Info())
	if hooks.Enabled {
		if err := m.hooks.Reach(hooks.MergeBegin, name); err != nil {
			return err
		}
	}
	f, err := m.create(name + temporary)
	if err != nil {
		return err
	}
	r, err := m.write(w, f)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		// Nothing is synced: a file that a power cut left without its content is found out, and made anew.
		err = m.dir.Rename(name+temporary, name)
	}
	if err != nil {
		m.remove(name + temporary)
	} else if !m.replace(inputs, r) {
		m.remove(name)
		err = errChanged
	}
	if err != nil && r != nil {
		m.release(r)
	}
	return err
}

// create makes a file, in the place of one that could not be removed earlier.
func (m *Merger) create(name string) (vfs.File, error) {
	f, err := m.dir.Create(name)
	if errors.Is(err, fs.ErrExist) {
		if err := m.dir.Remove(name); err != nil {
			return nil, err
		}
		return m.dir.Create(name)
	}
	return f, err
}

// write fills the file and opens it as a run.
func (m *Merger) write(w *index.RunWriter, f vfs.File) (*index.Run, error) {
	if err := f.Reserve(w.Info().Size); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return nil, err
	}
	err := w.Write(f, func() error {
		runtime.Gosched()
		if m.isClosing() {
			return errClosing
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return m.open(f)
}

// replace puts a run in the place of its inputs, and removes their files; false: an input is not in the index any more.
func (m *Merger) replace(inputs []index.RunInput, r *index.Run) bool {
	if hooks.Enabled {
		_ = m.hooks.Reach(hooks.MergeSwap, fileName(r.Info()))
	}
	var old []*index.Run
	for _, input := range inputs {
		if input.Run != nil {
			old = append(old, input.Run)
		}
	}
	m.mu.Lock()
	var runs []*index.Run
	gone := len(old)
	for _, present := range m.index.Runs() {
		if slices.Contains(old, present) {
			gone--
		} else {
			runs = append(runs, present)
		}
	}
	if gone > 0 {
		m.mu.Unlock()
		return false
	}
	at := slices.IndexFunc(runs, func(other *index.Run) bool { return other.Info().First > r.Info().Last })
	if at < 0 {
		at = len(runs)
	}
	m.index.SetRuns(slices.Insert(runs, at, r))
	m.counters.merges.Add(1)
	m.counters.written.Add(r.Info().Size)
	m.mu.Unlock()
	for _, run := range old {
		m.remove(fileName(run.Info()))
		m.release(run)
	}
	return true
}

// temporaryName is the name under which the inputs were to be merged, for messages.
func temporaryName(inputs []index.RunInput) string {
	first, last := inputs[0].Parts, inputs[len(inputs)-1].Parts
	return fileName(index.RunInfo{First: first[0].Segment.Number, Last: last[len(last)-1].Segment.Number}) + temporary
}
