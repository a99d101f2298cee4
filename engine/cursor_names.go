// Named cursors as the store sees them: which are in use, which there are, and what can be done to those that nobody uses.

package engine

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"unicode/utf8"

	"github.com/batpak/batpak/engine/internal/cursorfile"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/hooks"
)

// CursorInfo is what is known of a named cursor.
type CursorInfo struct {
	Name  string // empty where the file does not say it
	File  string // base name of the file that keeps the position
	Acked uint64 // sequence up to which everything was acknowledged; 0: nothing was, or it is not known
	Lag   uint64 // sequences between Acked and the newest visible one; 0 where Err is not nil
	InUse bool   // a cursor with the name is open, or is being opened or reset
	Err   error  // why it can't be opened, see [Store.CursorGuaranteed]; nil: it can
}

// Cursors lists the named cursors, in the order of their names, those whose name is not known first. It reads a file and an event
// for each that is not in use, and changes nothing. Errors: that of listing the directory; [ErrClosed].
func (s *Store) Cursors() ([]CursorInfo, error) {
	leave, err := s.cursors.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	files, err := s.dir.List()
	if err != nil {
		return nil, fmt.Errorf("list cursors: %w", err)
	}
	var list []CursorInfo
	for _, file := range files {
		if !cursorfile.IsFileName(file) {
			continue
		}
		if info, ok := s.cursorIn(file); ok {
			list = append(list, info)
		}
	}
	slices.SortFunc(list, func(a, b CursorInfo) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.File, b.File))
	})
	return list, nil
}

// cursorIn tells about the cursor of a file; false: the file is gone.
func (s *Store) cursorIn(file string) (CursorInfo, bool) {
	info := CursorInfo{File: file}
	c, taken := s.cursors.user(file)
	if info.InUse = taken; c != nil {
		info.Name, info.Acked, info.Lag = c.name, c.Acked(), c.Lag()
		return info, true
	}
	content, err := cursorfile.Read(s.dir, file)
	if errors.Is(err, fs.ErrNotExist) {
		return info, false
	}
	info.Name, info.Acked = content.Name, content.Position.Acked
	if err == nil {
		_, err = s.adopt(content)
	}
	if err != nil {
		info.Err = cursorError(err, content.Name, file)
		return info, true
	}
	info.Lag = behind(s.set.Visible(), info.Acked)
	return info, true
}

// ResetCursor gives a named cursor that is not in use a position, whatever state its file is in, and makes one that is not there. The zero Start is
// the beginning. It returns when the position is durable.
//
// Errors: [OptionError] for a name or a start that is out of range; [ErrCursorInUse]; [ErrReadOnly]; [ErrClosed]; those of the
// file system, after which the position is the old one or the new one.
func (s *Store) ResetCursor(name string, to Start) error {
	return s.withCursor(name, func() error {
		at, err := s.startOf(to)
		if err != nil {
			return err
		}
		f, err := s.makeCursorFile(name, at)
		if err != nil {
			return err
		}
		return f.Close()
	})
}

// RemoveCursor removes a named cursor that is not in use, whatever state its file is in, and returns when that is durable.
//
// Errors: [OptionError] for a name that is out of range; [ErrNoCursor]; [ErrCursorInUse]; [ErrReadOnly]; [ErrClosed]; those of the file
// system, after which it may be there again when the store is opened next.
func (s *Store) RemoveCursor(name string) error {
	return s.withCursor(name, func() error {
		err := cursorfile.Remove(s.dir, name)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w: %q", ErrNoCursor, name)
		}
		return err
	})
}

// withCursor does something to a named cursor while nobody else can.
func (s *Store) withCursor(name string, work func() error) error {
	if err := checkCursorName(name); err != nil {
		return err
	}
	leave, err := s.cursors.enter()
	if err != nil {
		return err
	}
	defer leave()
	if s.log == nil {
		return s.notWritten()
	}
	if err := s.cursors.reserve(name); err != nil {
		return err
	}
	defer s.cursors.free(name)
	return work()
}

func checkCursorName(name string) error {
	if name == "" || len(name) > MaxCursorName || !utf8.ValidString(name) {
		return &OptionError{"Name", fmt.Sprintf("%q", name), fmt.Sprintf("1 to %d bytes of valid UTF-8", MaxCursorName)}
	}
	return nil
}

// openCursorFile opens the file of a cursor, or makes it with the position that a new one begins at, and returns the position.
func (s *Store) openCursorFile(name string, start Start) (*cursorfile.File, cursorfile.Position, error) {
	file := cursorfile.FileName(name)
	f, err := cursorfile.Open(s.dir, name)
	if errors.Is(err, fs.ErrNotExist) {
		at, err := s.startOf(start)
		if err != nil {
			return nil, at, err
		}
		f, err = s.makeCursorFile(name, at)
		return f, at, err
	}
	if err != nil {
		return nil, cursorfile.Position{}, cursorError(err, name, file)
	}
	content := f.Content()
	at, err := s.adopt(content)
	if err != nil {
		return nil, at, errors.Join(cursorError(err, name, file), f.Close())
	}
	if content.Fallback != nil {
		s.cursors.fellBack()
		s.logger.Warn("cursor goes on from its other slot", "cursor", name, "file", file, "error", content.Fallback, "acked", at.Acked)
	}
	return f, at, nil
}

// makeCursorFile makes the file of a cursor, in the place of any that is there.
func (s *Store) makeCursorFile(name string, at cursorfile.Position) (*cursorfile.File, error) {
	s.cursors.sweep(s)
	f, err := cursorfile.Create(s.dir, name, at)
	if err != nil {
		return nil, fmt.Errorf("cursor %q: %w", name, err)
	}
	return f, nil
}

// adopt returns the position of a file as one in this store; [ErrDiverged]: it is none.
func (s *Store) adopt(content cursorfile.Content) (cursorfile.Position, error) {
	at := content.Position
	if hooks.Enabled && hooks.Planted(hooks.ForeignCursorTaken) {
		return at, nil
	}
	if at.Identity != s.identity {
		parted, known := s.sharedWith(at.Identity)
		switch {
		case !known:
			return at, diverged(content.Name, fmt.Sprintf("it is of the store %x, this one is %x", at.Identity, s.identity))
		case at.Acked > parted:
			return at, diverged(content.Name, fmt.Sprintf("it is at %d of the store %x, from which this one parted at %d", at.Acked, at.Identity, parted))
		}
		at.Identity, at.Told = s.identity, min(at.Told, parted)
	}
	if given := s.given(); s.log != nil && max(at.Acked, at.Told) > given {
		return at, diverged(content.Name, fmt.Sprintf("it is at %d, and the store has given sequences up to %d only", at.Acked, given))
	}
	return at, s.compare(content.Name, at)
}

// compare returns [ErrDiverged] for a position behind another event than the store has there. Where nothing can be compared, the
// position is believed: the event is not known, its bytes are damaged, or it was lost, of which the holder is told.
func (s *Store) compare(name string, at cursorfile.Position) error {
	want := event.ID(at.Event)
	if want.IsZero() {
		return nil
	}
	// What is known of the event was read when it was visible, so that it is now, or was lost.
	if visible := s.set.Visible(); s.log != nil && at.Acked > visible {
		return diverged(name, fmt.Sprintf("it is at %d, behind event %s, and the store has events up to %d only", at.Acked, want, visible))
	}
	if id, err := s.identify(at.Acked); err == nil && id != want {
		return diverged(name, fmt.Sprintf("it is at %d, behind event %s, and the store has event %s there", at.Acked, want, id))
	}
	return nil
}

// markOf returns what a position at a sequence keeps of the event there, see [cursorfile.Position].
func (s *Store) markOf(sequence uint64) event.ID {
	id, err := s.identify(s.keptUpTo(sequence))
	if err != nil {
		return event.ID{} // it is damaged, or not visible yet: nothing is compared
	}
	return id
}

// given returns the highest sequence that any event was given, or that was lost.
func (s *Store) given() uint64 {
	if s.log == nil {
		return s.set.Visible()
	}
	return s.log.State().Staged
}

// startOf returns the position of who begins anew: the zero Start is the beginning. Such a one is told of no range that was lost
// before, unless it begins within one: then of that and of those behind.
func (s *Store) startOf(start Start) (cursorfile.Position, error) {
	at := cursorfile.Position{Identity: s.identity}
	switch start.kind {
	case fromNow:
		at.Acked = s.set.Visible()
	case fromAfter:
		at.Acked = start.sequence
	}
	if given := s.given(); at.Acked > given {
		return at, &OptionError{"Start", start, fmt.Sprintf("from after a sequence that was given, %d at most", given)}
	}
	for _, lost := range s.lost {
		if lost.Contains(at.Acked) {
			break
		}
		at.Told = lost.Last
	}
	at.Event = s.markOf(at.Acked)
	return at, nil
}
