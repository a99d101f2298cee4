// This file holds the inventory: which files the directory has, and what their names and headers say.

package recovery

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
)

// file is one segment file of the directory.
type file struct {
	name       string
	number     uint64
	generation uint32
	size       int64
	header     mmapseg.Header
	damage     *mmapseg.CorruptError // why the header is none; nil: it is sound
	rot        *mmapseg.CorruptError // the same, of a file whose header the end frame before it gave
	opened     vfs.File              // since its header was read; nil: it is to be opened again

	mended     bool // only the second copy of the header is sound
	superseded bool // a compaction's output stands for it
	chained    bool // it is one of the segments that count, or damage that was told
	frames     bool // a frame header was seen in it
}

// inventory is everything in the directory.
type inventory struct {
	segments  []*file  // by number, then generation
	temporary []string // of segments
	derived   []string // files that make no sense without segments
	ignored   []string
	present   uint64 // highest number of a segment file
}

// derivedSuffixes are those of files that exist only beside segments: positions of cursors, and what was computed
// from events. A directory with them and without segments has lost its segments. Who makes them also removes those of
// which the making was not finished.
var derivedSuffixes = [...]string{".cursor", ".cursor.tmp", ".run", ".run.tmp", ".cache", ".cache.tmp"}

func isDerived(name string) bool {
	return slices.ContainsFunc(derivedSuffixes[:], func(suffix string) bool { return strings.HasSuffix(name, suffix) })
}

// keptOpen is how many segment files stay open between the reading of their headers and of what they hold, so that
// they are opened once. A store has as many descriptors when it is open; others who load one need not.
const keptOpen = 256

// takeInventory lists the directory and reads the headers of the segment files. The inventory is to be closed, also
// after an error.
func takeInventory(dir vfs.Dir) (*inventory, error) {
	all := &inventory{}
	names, err := dir.List()
	if err != nil {
		return all, fmt.Errorf("recover %s: %w", dir.Path(), err)
	}
	page := make([]byte, mmapseg.HeaderSize)
	for _, name := range names {
		number, generation, ok := mmapseg.ParseFileName(name)
		switch {
		case ok:
			f := &file{name: name, number: number, generation: generation}
			all.segments = append(all.segments, f)
			if err := f.readHeader(dir, page, len(all.segments) <= keptOpen); err != nil {
				return all, err
			}
			if f.size > 0 { // an empty file never had a header, and so never the number
				all.present = max(all.present, number)
			}
		case mmapseg.IsTemporary(name):
			ours, err := regular(dir, name)
			if err != nil {
				return all, err
			}
			if ours {
				all.temporary = append(all.temporary, name)
			} else {
				all.ignored = append(all.ignored, name)
			}
		case isDerived(name):
			all.derived = append(all.derived, name)
		case name != LockName:
			all.ignored = append(all.ignored, name)
		}
	}
	slices.SortFunc(all.segments, func(a, b *file) int {
		return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.generation, b.generation))
	})
	if err := all.checkOrigin(); err != nil {
		return all, err
	}
	all.supersede()
	return all, nil
}

// close closes the files that are still open.
func (all *inventory) close() {
	for _, f := range all.segments {
		f.close()
	}
}

// open returns the segment's file, open for reading. Each call is followed by one of close.
func (f *file) open(dir vfs.Dir) (vfs.File, error) {
	if f.opened == nil {
		opened, err := dir.Open(f.name, false)
		if err != nil {
			return nil, fmt.Errorf("recover: %w", err)
		}
		f.opened = opened
	}
	return f.opened, nil
}

func (f *file) close() {
	if f.opened != nil {
		_ = f.opened.Close() // it was only read
		f.opened = nil
	}
}

// regular reports whether name is a regular file of ours, as only those are made.
func regular(dir vfs.Dir, name string) (bool, error) {
	opened, err := dir.Open(name, false)
	switch {
	case errors.Is(err, vfs.ErrNotRegular), errors.Is(err, vfs.ErrForeignOwner):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("recover: %w", err)
	}
	return true, opened.Close()
}

// readHeader fills in size and header. Damage is kept in the file; a header of another version is an error. The file
// stays open if keep is set.
func (f *file) readHeader(dir vfs.Dir, page []byte, keep bool) error {
	opened, err := f.open(dir)
	if err != nil {
		return err
	}
	if !keep {
		defer f.close()
	}
	if f.size, err = opened.Size(); err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	n, err := opened.ReadAt(page, 0)
	if err != nil && err != io.EOF {
		return fmt.Errorf("recover: %w", err)
	}
	f.header, err = mmapseg.DecodeHeader(f.name, page[:n])
	if err != nil && !errors.As(err, &f.damage) {
		return err
	}
	f.mended = err == nil && mmapseg.HeaderMended(f.name, page[:n])
	if f.damage != nil {
		f.damage.Problem += fmt.Sprintf(" (file of %d bytes)", f.size)
	}
	return nil
}

// checkOrigin refuses segments of different stores side by side.
func (all *inventory) checkOrigin() error {
	var first *file
	for _, f := range all.segments {
		switch {
		case f.damage != nil:
		case first == nil:
			first = f
		case f.header.Origin != first.header.Origin:
			return fmt.Errorf("%w: %s has origin %x, %s has %x", mmapseg.ErrForeign,
				f.name, f.header.Origin, first.name, first.header.Origin)
		}
	}
	return nil
}

// supersede marks the files that a compaction's output stands for. The output was complete and synced before it got
// its name.
func (all *inventory) supersede() {
	for _, by := range all.segments {
		if by.damage != nil || by.generation == 0 {
			continue
		}
		for _, f := range all.segments {
			if f.generation < by.generation && by.covers(f.number) {
				f.superseded = true
			}
		}
	}
}

// shortened reports whether the file is shorter than it was reserved before it got its name. Only closing and sealing
// make it so, once what it holds is durable up to a close or an end frame.
func (f *file) shortened() bool { return f.damage == nil && f.size < f.header.Size }

// covers reports whether the segment stands for the one with this number.
func (f *file) covers(number uint64) bool {
	h := &f.header
	return f.damage == nil && (number == h.Number || number >= h.ReplacesFirst && number <= h.ReplacesLast)
}

// index returns the place of f in the list.
func (all *inventory) index(f *file) int {
	i, _ := all.at(f.number, f.generation)
	return i
}

// at returns the place of a segment in the list, or where it would stand.
func (all *inventory) at(number uint64, generation uint32) (int, bool) {
	return slices.BinarySearchFunc(all.segments, number, func(f *file, number uint64) int {
		return cmp.Or(cmp.Compare(f.number, number), cmp.Compare(f.generation, generation))
	})
}

// named returns the file that an end frame in the segment behind names, or the output of a compaction that stands
// for it; nil if there is neither.
func (all *inventory) named(end *mmapseg.EndFrame, behind uint64) *file {
	i, ok := all.at(end.NextNumber, end.NextGeneration)
	if ok && !all.segments[i].superseded {
		return all.segments[i]
	}
	i, _ = all.at(behind, math.MaxUint32)
	for _, f := range all.segments[i:] {
		if f.number > end.NextNumber {
			break
		}
		if f.number > behind && f.generation > end.NextGeneration && !f.superseded && f.covers(end.NextNumber) {
			return f
		}
	}
	return nil
}

// behind returns the first file with a higher number whose frames can be read; nil if there is none.
func (all *inventory) behind(number uint64) *file {
	i, _ := all.at(number, math.MaxUint32)
	for _, f := range all.segments[i:] {
		if f.number > number && f.damage == nil && !f.superseded {
			return f
		}
	}
	return nil
}
