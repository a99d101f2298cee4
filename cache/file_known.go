// This file holds what is known of the files in the directory, and in which order they were used.

package cache

import (
	"container/list"
	"errors"
	"fmt"
	"strings"

	"github.com/batpak/batpak/internal/vfs"
)

// blockSize is what the size of a file is rounded up to.
const blockSize = 4096

// known is what is known of a file.
type known struct {
	name     string
	edition  uint64 // changes when the file is written again; 0: it is as it was found
	charge   int64  // its size in whole blocks
	read     bool   // it was read or written: it has the state up to sequence
	sequence uint64
	foreign  bool          // not a regular file of ours: it is left alone
	place    *list.Element // in used; nil: it is foreign, or can't be removed
}

// blocks rounds a size up to whole blocks.
func blocks(size int64) int64 { return (size + blockSize - 1) / blockSize * blockSize }

// unchanged reports whether a file is still what it was when it was known as before, of an edition. mu is held.
func (f *Files) unchanged(name string, before *known, edition uint64) bool {
	if now := f.known[name]; now == nil || now != before {
		return now == before && !f.listed
	}
	return before.edition == edition
}

// knowState keeps that a file has a state, as the one used last. mu is held.
func (f *Files) knowState(name string, size int64, sequence uint64) *known {
	k := f.know(name, size)
	k.read, k.sequence = true, sequence
	if k.place == nil {
		k.place = f.used.PushFront(k)
	}
	f.used.MoveToFront(k.place)
	return k
}

// know keeps that a file is there, as the one whose use is longest ago unless it was known. mu is held.
func (f *Files) know(name string, size int64) *known {
	k := f.known[name]
	if k == nil {
		k = &known{name: name}
		k.place = f.used.PushBack(k)
		f.known[name] = k
		f.stats.files.Add(1)
	} else if k.foreign {
		k.foreign = false
		f.stats.files.Add(1)
	}
	f.stats.bytes.Add(blocks(size) - k.charge)
	k.charge = blocks(size)
	return k
}

// forget keeps that a file is gone. mu is held.
func (f *Files) forget(k *known) {
	delete(f.known, k.name)
	if k.place != nil {
		f.used.Remove(k.place)
	}
	if !k.foreign {
		f.stats.files.Add(^uint64(0))
	}
	f.stats.bytes.Add(-k.charge)
}

// takeInventory makes everything in the directory known and removes what was not finished. disk is held.
func (f *Files) takeInventory() error {
	if f.listed {
		return nil
	}
	names, err := f.Dir.List()
	if err != nil {
		return err
	}
	for _, name := range names {
		switch {
		case isFileName(name):
			f.find(name)
		case isTemporaryName(name):
			if _, err := f.sizeOf(name); err == nil {
				err = f.Dir.Remove(name)
				f.told("remove", name, err)
			}
		}
	}
	f.mu.Lock()
	f.listed = true
	f.mu.Unlock()
	return nil
}

// find makes a file known that was listed.
func (f *Files) find(name string) {
	f.mu.Lock()
	k := f.known[name]
	f.mu.Unlock()
	if k != nil {
		return
	}
	size, err := f.sizeOf(name)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.known[name] != nil {
		return // it was read meanwhile
	}
	switch {
	case err == nil:
		f.know(name, size)
	case isForeign(err):
		f.known[name] = &known{name: name, foreign: true}
	default: // it is there, of whatever size
		f.failed("read", name, err)
		f.know(name, 0)
	}
}

// isForeign reports whether an error says that a file is none of ours.
func isForeign(err error) bool {
	return errors.Is(err, vfs.ErrNotRegular) || errors.Is(err, vfs.ErrForeignOwner)
}

// sizeOf returns the size of a file.
func (f *Files) sizeOf(name string) (int64, error) {
	file, err := f.Dir.Open(name, false)
	if err != nil {
		return 0, err
	}
	defer func() { _ = file.Close() }() // it was only looked at
	return file.Size()
}

// makeRoom removes files, those first whose use is longest ago, until so many bytes fit in besides all but the named one. disk
// is held.
func (f *Files) makeRoom(name string, size int64) error {
	for {
		f.mu.Lock()
		total := f.stats.bytes.Load() + blocks(size)
		if k := f.known[name]; k != nil {
			total -= k.charge
		}
		var victim *known
		if total > f.Limit {
			for e := f.used.Back(); e != nil && victim == nil; e = e.Prev() {
				if k := e.Value.(*known); k.name != name {
					victim = k
				}
			}
		}
		f.mu.Unlock()
		switch {
		case total <= f.Limit:
			return nil
		case victim == nil:
			return fmt.Errorf("%d bytes are taken by what can't be removed", total-blocks(size))
		}
		f.evict(victim)
	}
}

// evict removes a file, or keeps that it can't be removed. disk is held.
func (f *Files) evict(victim *known) {
	err := f.Dir.Remove(victim.name)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.known[victim.name] != victim {
		return // it was found to be gone meanwhile
	}
	if err != nil && !isMissing(err) {
		f.failed("remove", victim.name, err)
		f.used.Remove(victim.place)
		victim.place = nil
		return
	}
	if err == nil {
		f.stats.evicted.Add(1)
	}
	delete(f.silent, "remove")
	f.forget(victim)
}

// temporaryName returns the name under which a file is written.
func temporaryName(name string) string { return strings.TrimSuffix(name, fileSuffix) + temporarySuffix }
