// This file holds File: the open file of one cursor.
//
// States of a file: open, at a position that is durable -> writing the slot that does not count -> open, at the new
// position, or at the old one when writing or syncing failed; then the same slot is written next time. Close ends it.

package cursorfile

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
)

// File is the open file of a cursor. It belongs to one goroutine at a time.
type File struct {
	f       vfs.File
	content Content
}

// Create makes the file of a cursor with a position, in the place of whatever has its name, and returns when it is
// durable. After an error it may be there or not.
func Create(dir vfs.Dir, name string, p Position) (*File, error) {
	file := FileName(name)
	f, err := create(dir, file, name, p)
	if err != nil {
		return nil, fmt.Errorf("make cursor file: %w", err)
	}
	c := Content{Name: name, Position: p, slots: [2]slot{{name, 1, p}, {name, 2, p}}, newer: 1}
	return &File{f: f, content: c}, nil
}

func create(dir vfs.Dir, file, name string, p Position) (vfs.File, error) {
	making := file + temporary
	if err := dir.Remove(making); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	f, err := dir.Create(making)
	if err != nil {
		return nil, err
	}
	if err := fill(f, name, p); err != nil {
		return nil, errors.Join(err, f.Close(), dir.Remove(making))
	}
	if err := dir.Rename(making, file); err != nil {
		return nil, errors.Join(err, f.Close(), dir.Remove(making))
	}
	if hooks.Enabled && hooks.Planted(hooks.CursorNameNotSynced) {
		return f, nil
	}
	if err := dir.Sync(); err != nil { // a later sync may succeed without the name being there after a power cut: it goes, too
		return nil, errors.Join(err, f.Close(), dir.Remove(file))
	}
	return f, nil
}

// fill writes both pages whole, so that later writes need no room, and syncs them.
func fill(f vfs.File, name string, p Position) error {
	pages := make([]byte, fileSize)
	for i := range 2 {
		s := slot{name: name, generation: uint64(i + 1), position: p}
		copy(pages[i*pageSize:], s.encode())
	}
	if _, err := f.WriteAt(pages, 0); err != nil {
		return err
	}
	return f.SyncAll()
}

// Open opens the file of a cursor and returns when its position is durable. What was read may be in memory only, after
// a process was killed or a sync failed: so it is written once more, and its name synced, before anything goes on from it.
//
// Errors: [Error], with [mmapseg.ErrCorrupt] or [mmapseg.ErrVersion], also for another cursor's file under this name; those of
// the file system, fs.ErrNotExist where there is no such cursor.
func Open(dir vfs.Dir, name string) (*File, error) {
	file := FileName(name)
	f, err := dir.Open(file, true)
	if err != nil {
		return nil, err
	}
	o, err := open(dir, f, file, name)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return o, nil
}

func open(dir vfs.Dir, f vfs.File, file, name string) (*File, error) {
	c, err := read(f, file)
	var refused *Error
	switch {
	case errors.As(err, &refused):
		refused.Name = name
		return nil, refused
	case err != nil:
		return nil, err
	case c.Name != name:
		return nil, &Error{Name: name, File: file, Problem: fmt.Sprintf("it holds the position of %q", c.Name), Err: mmapseg.ErrCorrupt}
	}
	o := &File{f: f, content: c}
	if err := o.settle(); err != nil {
		return nil, fmt.Errorf("make the cursor's position durable: %w", err)
	}
	if err := dir.Sync(); err != nil {
		return nil, fmt.Errorf("make the cursor's file durable: %w", err)
	}
	return o, nil
}

// settle makes durable what was read. With two sound slots the one that counts is written again with the bytes that it has, since
// the other may be the only one that is on the disk. Otherwise the damaged one gets the position.
func (o *File) settle() error {
	if hooks.Enabled && hooks.Planted(hooks.CursorNotSettled) {
		return nil
	}
	if o.content.Fallback != nil {
		return o.Write(o.content.Position)
	}
	return o.put(o.content.newer, &o.content.slots[o.content.newer])
}

// put writes a slot and makes it durable.
func (o *File) put(i int, s *slot) error {
	if _, err := o.f.WriteAt(s.encode(), int64(i)*pageSize); err != nil {
		return err
	}
	if hooks.Enabled && hooks.Planted(hooks.CursorNotSynced) {
		return nil
	}
	return o.f.SyncData()
}

// Write makes a position durable. After an error the one before is, or this one.
func (o *File) Write(p Position) error {
	c := &o.content
	other := 1 - c.newer
	s := slot{name: c.Name, generation: c.slots[c.newer].generation + 1, position: p}
	if hooks.Enabled && hooks.Planted(hooks.CursorBothSlots) {
		if _, err := o.f.WriteAt(s.encode(), int64(c.newer)*pageSize); err != nil {
			return err
		}
	}
	if err := o.put(other, &s); err != nil {
		return fmt.Errorf("write cursor file: %w", err)
	}
	c.slots[other], c.newer, c.Position = s, other, p
	return nil
}

// Content returns what the file says. Fallback is as it was when the file was opened.
func (o *File) Content() Content { return o.content }

// Close lets go of the file.
func (o *File) Close() error { return o.f.Close() }

// Remove removes the file of a cursor, durably. The error is fs.ErrNotExist where there is none.
func Remove(dir vfs.Dir, name string) error {
	if err := dir.Remove(FileName(name)); err != nil {
		return err
	}
	return dir.Sync()
}

// Sweep removes what is left of files whose making was not finished. It must not run beside Create.
func Sweep(dir vfs.Dir) error {
	names, err := dir.List()
	if err != nil {
		return err
	}
	for _, name := range names {
		file, ok := strings.CutSuffix(name, temporary)
		if !ok || !IsFileName(file) {
			continue
		}
		if removed := dir.Remove(name); removed != nil && !errors.Is(removed, fs.ErrNotExist) {
			err = errors.Join(err, removed)
		}
	}
	return err
}
