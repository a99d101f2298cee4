// This file holds the run files of the directory: which of them are believed, and how they come and go.

package merge

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/index"
	"github.com/batpak/batpak/internal/checked"
	"github.com/batpak/batpak/internal/mmap"
	"github.com/batpak/batpak/internal/vfs"
)

const (
	suffix    = ".run"
	temporary = ".tmp" // behind the name of a file that is being written
)

// fileName returns the name of a run's file.
func fileName(info index.RunInfo) string {
	return fmt.Sprintf("%020d-%020d%s", info.First, info.Last, suffix)
}

// isFileName reports whether a run's file can have the name.
func isFileName(name string) bool {
	var info index.RunInfo
	_, err := fmt.Sscanf(name, "%d-%d", &info.First, &info.Last)
	return err == nil && name == fileName(info)
}

// Load opens the run files, puts those into the index that cover segments of it and can be believed, removes
// others of this store, and what an unfinished merge left; then merging begins. It reads headers only. Files that can't
// be opened or removed are told of and counted; the error is that of listing the directory.
func (m *Merger) Load() error {
	names, err := m.dir.List()
	if err != nil {
		return fmt.Errorf("load runs: %w", err)
	}
	var found []*index.Run
	for _, name := range names {
		switch {
		case isFileName(name):
			if r := m.load(name); r != nil {
				found = append(found, r)
			}
		case isFileName(strings.TrimSuffix(name, temporary)):
			m.remove(name)
		}
	}
	runs := m.choose(found)
	m.mu.Lock()
	m.index.SetRuns(runs)
	m.mu.Unlock()
	m.counters.warming.Store(!m.readOnly)
	if !m.readOnly {
		m.goroutine.Add(1)
		go m.loop()
		m.Kick()
	}
	return nil
}

// load opens one file; nil: it is not to be used, which was told of.
func (m *Merger) load(name string) *index.Run {
	f, err := m.dir.Open(name, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a writer replaced it
	}
	if err != nil {
		m.fail("open run", name, err)
		return nil
	}
	r, err := m.open(f)
	if closed := f.Close(); err == nil && closed != nil {
		m.fail("close run", name, closed)
	}
	if err == nil && fileName(r.Info()) != name {
		m.release(r)
		err = fmt.Errorf("it covers what %s does", fileName(r.Info()))
	}
	var refused *index.RunError
	switch {
	case err == nil:
		return r
	case errors.Is(err, index.ErrForeign):
		m.logger.Warn("run of another store is left alone", "file", name, "error", err)
	case errors.As(err, &refused), errors.Is(err, checked.ErrDamaged), r != nil:
		m.discard(name, err)
	default:
		m.fail("open run", name, err)
	}
	return nil
}

// open maps an open file. The run outlives the file.
func (m *Merger) open(f vfs.File) (*index.Run, error) {
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	if size == 0 {
		return nil, &checked.DamageError{Problem: "an empty file"}
	}
	mapping, err := f.Map(size, mmap.ReadOnly)
	if err != nil {
		return nil, err
	}
	bring := func(from, to int) {
		_ = mapping.PopulateRead(from, to-from) // what can't be read faults when it is, which is told then
	}
	bring(0, min(int(size), checked.BlockSize))
	r, err := index.OpenRun(mapping.Bytes(), m.origin, bring, mapping.Unmap)
	if err != nil {
		return nil, errors.Join(err, mapping.Unmap())
	}
	return r, nil
}

// choose returns the runs that exactly cover consecutive sealed segments, ascending. Of two that overlap it takes the one
// that covers more, which replaced the other when the merger was interrupted. Others are let go of and removed.
func (m *Merger) choose(found []*index.Run) []*index.Run {
	slices.SortFunc(found, func(a, b *index.Run) int { return cmp.Compare(b.Info().Segments, a.Info().Segments) })
	parts := m.index.Parts()
	var runs []*index.Run
	for _, r := range found {
		info := r.Info()
		var problem string
		switch {
		case m.rebuild:
			problem = "everything is made anew"
		case !r.Matches(covered(parts, r)):
			problem = "it does not cover the segments that there are"
		case slices.ContainsFunc(runs, func(other *index.Run) bool {
			return info.First <= other.Info().Last && other.Info().First <= info.Last
		}):
			problem = "another covers its segments"
		default:
			runs = append(runs, r)
			continue
		}
		m.release(r)
		m.discard(fileName(info), errors.New(problem))
	}
	slices.SortFunc(runs, func(a, b *index.Run) int { return cmp.Compare(a.Info().First, b.Info().First) })
	return runs
}

// discard removes a file that is of no use, and tells of it.
func (m *Merger) discard(name string, reason error) {
	m.counters.dropped.Add(1)
	m.logger.Warn("run can't be used and will be made anew", "file", name, "error", reason)
	m.remove(name)
}

// remove unlinks a file, unless the store is only read.
func (m *Merger) remove(name string) {
	if m.readOnly {
		return
	}
	if hooks.Enabled {
		if err := m.hooks.Reach(hooks.MergeRemove, name); err != nil {
			m.fail("remove run", name, err)
			return
		}
	}
	if err := m.dir.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		m.fail("remove run", name, err)
	}
}

// release waits for the readers of a run and unmaps it.
func (m *Merger) release(r *index.Run) {
	if err := r.Close(); err != nil {
		m.fail("unmap run", fileName(r.Info()), err)
	}
}

// close is Close, done once.
func (m *Merger) close() error {
	m.mu.Lock()
	m.closing = true
	m.changed.Broadcast()
	m.mu.Unlock()
	m.goroutine.Wait()

	m.mu.Lock()
	runs := m.index.Runs()
	m.index.SetRuns(nil)
	runs = slices.Concat(runs, m.dropped)
	m.dropped = nil
	m.mu.Unlock()
	var errs []error
	for _, r := range runs {
		errs = append(errs, r.Close())
	}
	return errors.Join(errs...)
}
