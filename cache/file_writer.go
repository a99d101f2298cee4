// This file holds the writing of files, in the background.
//
// States of a state: waiting -> writing -> written, or given up: replaced by a newer one of its key while it waits, older than
// what the file has, or failed. It is found by Get until it is written or given up.

package cache

import (
	"errors"
	"io/fs"
	"slices"
)

// How many states may wait to be written, and how many bytes they may have, unless it is a single one.
const (
	maxWaiting      = 256
	maxWaitingBytes = 16 << 20
)

// waiting is a state to be written.
type waiting struct {
	name  string
	key   Key
	state FileState
	size  int64 // of the file
	begun bool  // it is being written: neither state nor size changes any more
}

// Put has a state written in the background, unless a newer one is there, too many wait, or it is larger than all files may be
// together. The state must not be changed any more. It waits for nothing; what fails is counted and logged.
//
// Files are not synced: one that is torn by a power cut is found out when it is read.
func (f *Files) Put(key *Key, state FileState) {
	w := &waiting{name: fileName(key), key: *key, state: state, size: fileBytes(key, &state)}
	if f.ReadOnly || !f.offer(w) {
		return
	}
	if !f.Go(f.work) {
		f.mu.Lock()
		f.running = false
		f.idle.Broadcast()
		f.mu.Unlock()
	}
}

// offer has a state wait and reports whether somebody has to begin writing.
func (f *Files) offer(w *waiting) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over {
		return false
	}
	if k := f.known[w.name]; k != nil && k.read && k.sequence >= w.state.Sequence {
		f.olderThan(w, k.sequence)
		return false
	}
	before := f.waiting[w.name]
	if before != nil && before.state.Sequence >= w.state.Sequence {
		f.olderThan(w, before.state.Sequence)
		return false
	}
	count, bytes := len(f.order), f.bytes
	if before != nil && !before.begun {
		count, bytes = count-1, bytes-before.size
	}
	if blocks(w.size) > f.Limit || count >= maxWaiting || count > 0 && bytes+w.size > maxWaitingBytes {
		f.stats.dropped.Add(1)
		return false
	}
	f.bytes = bytes + w.size
	if before != nil && !before.begun { // in its place
		*before = *w
		return false
	}
	f.waiting[w.name] = w
	f.order = append(f.order, w)
	if f.running {
		return false
	}
	f.running = true
	return true
}

// olderThan counts a state that comes too late. One of the same sequence is the same state. mu is held.
func (f *Files) olderThan(w *waiting, sequence uint64) {
	if w.state.Sequence < sequence {
		f.stats.older.Add(1)
	}
}

// drop has a state wait no more. mu is held.
func (f *Files) drop(w *waiting) {
	if f.waiting[w.name] == w {
		delete(f.waiting, w.name)
	}
	if at := slices.Index(f.order, w); at >= 0 {
		f.order = slices.Delete(f.order, at, at+1)
		f.bytes -= w.size
	}
}

// work writes what waits until nothing does.
func (f *Files) work() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.order) > 0 {
		w := f.order[0]
		f.order = slices.Delete(f.order, 0, 1)
		f.bytes -= w.size
		w.begun = true
		f.mu.Unlock()
		f.write(w)
		f.mu.Lock()
		f.drop(w)
	}
	f.running = false
	f.idle.Broadcast()
}

// write writes a state's file, unless the one that is there is newer.
func (f *Files) write(w *waiting) {
	f.disk.Lock()
	defer f.disk.Unlock()
	if err := f.takeInventory(); err != nil {
		f.told("list", "", err)
		return
	}
	if !f.isNewer(w) {
		return
	}
	err := f.makeRoom(w.name, w.size)
	if err == nil {
		err = f.replace(w)
	}
	f.told("write", w.name, err)
	if err != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	k := f.knowState(w.name, w.size, w.state.Sequence)
	f.editions++
	k.edition = f.editions
	delete(f.silent, w.name)
	f.stats.written.Add(1)
}

// isNewer reports whether a state is to be written in place of what its file has. disk is held.
func (f *Files) isNewer(w *waiting) bool {
	f.mu.Lock()
	k := f.known[w.name]
	read := k == nil || k.read
	f.mu.Unlock()
	if !read { // it is from an earlier opening
		state, size, err := readFile(&f.FilesConfig, &w.key, w.name)
		var reason *disbelief
		f.mu.Lock()
		switch {
		case err == nil:
			k = f.knowState(w.name, size, state.Sequence)
		case errors.As(err, &reason):
			f.stats.discarded.Add(1)
			f.Logger.Warn("the file of a projection's state is not believed", "file", w.name, "problem", reason.reason)
		case isMissing(err):
		default:
			f.failed("read", w.name, err)
			if isForeign(err) {
				f.mu.Unlock()
				return false
			}
		}
		f.mu.Unlock()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if k == nil || !k.read || k.sequence < w.state.Sequence {
		return true
	}
	f.olderThan(w, k.sequence)
	return false
}

// replace writes a file under another name and gives it its own when it is whole. disk is held.
func (f *Files) replace(w *waiting) error {
	temporary := temporaryName(w.name)
	file, err := f.Dir.Create(temporary)
	if errors.Is(err, fs.ErrExist) {
		if err = f.Dir.Remove(temporary); err == nil {
			file, err = f.Dir.Create(temporary)
		}
	}
	if err != nil {
		return err
	}
	_, err = file.WriteAt(encodeFile(&f.FilesConfig, &w.key, &w.state), 0)
	err = errors.Join(err, file.Close())
	if err == nil {
		err = f.Dir.Rename(temporary, w.name)
	}
	if err != nil {
		if left := f.Dir.Remove(temporary); left != nil && !isMissing(left) {
			err = errors.Join(err, left)
		}
	}
	return err
}

// told counts and logs what a call on a file failed with, if it did.
func (f *Files) told(operation, name string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil {
		delete(f.silent, operation)
		return
	}
	f.failed(operation, name, err)
}

func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// Close writes what waits to be written and returns when nobody writes any more. Afterwards Get finds nothing and Put does
// nothing. It returns nil: what could not be written is counted, and logged. It may be called again. The directory stays open.
func (f *Files) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.over = true
	for f.running {
		f.idle.Wait()
	}
	if len(f.order) == 0 {
		return nil
	}
	f.running = true
	f.mu.Unlock()
	f.work()
	f.mu.Lock()
	return nil
}
