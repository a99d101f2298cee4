// This file holds the directory whose mappings are heap memory. Its files are in heapfile.go.

package vfs

import "sync"

// HeapBacked returns d with mappings of heap memory: for the race detector, which does not see real ones, and for
// watching what is stored. Everything else is as in d.
//
// All mappings of one file, of whichever Open, share one memory, as real ones do. It is filled from the file by the first
// mapping. What is stored goes to the file, exactly the bytes that were stored, by SyncData, SyncAll, Close and Unmap,
// whose error says if that failed; ReadAt, WriteAt and Truncate see and change the memory, too. What another
// process, or another Dir of the same directory, writes to a mapped file is not seen.
//
// While a file is mapped it can't be mapped with a greater length than it had at the first mapping
// (errors.ErrUnsupported): memory that is in use can't grow in place. Touching memory behind the end of a truncated file
// does not fault; stores there are fault.ErrMapFault when they are written back.
//
// A Dir that is heap-backed already is returned as it is. Files of an implementation from elsewhere share
// memory between the mappings of one File only.
func HeapBacked(d Dir) Dir {
	switch d := d.(type) {
	case *heapDir:
		return d
	case *Memory:
		return d
	}
	return newHeapDir(d)
}

// heapDir adds heap memory to the files of a Dir.
type heapDir struct {
	Dir
	mu   sync.Mutex
	used map[any]*pages // by identity, of the files that are open or mapped
}

func newHeapDir(d Dir) *heapDir {
	return &heapDir{Dir: d, used: make(map[any]*pages)}
}

// identified is a File that says which file it is: a comparable value, equal for two Files that were opened, under
// whatever name, on the same file, and not used again for another while one of them is open.
type identified interface{ identity() (any, error) }

func (d *heapDir) Create(name string) (File, error) {
	f, err := d.Dir.Create(name)
	if err != nil {
		return nil, err
	}
	return d.attach(f, true)
}

func (d *heapDir) Open(name string, writable bool) (File, error) {
	f, err := d.Dir.Open(name, writable)
	if err != nil {
		return nil, err
	}
	return d.attach(f, writable)
}

// attach makes f a heap-backed file with the pages of all others that are the same file.
func (d *heapDir) attach(f File, writable bool) (File, error) {
	var id any = f
	if known, ok := f.(identified); ok {
		var err error
		if id, err = known.identity(); err != nil {
			return nil, both(err, f.Close())
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.used[id]
	if p == nil {
		p = &pages{writers: make(map[*heapFile]int)}
		d.used[id] = p
	}
	p.users++
	return &heapFile{base: f, dir: d, id: id, pages: p, writable: writable, holders: 1}, nil
}

// detach forgets the pages of a file when nobody has it open or mapped any more.
func (d *heapDir) detach(f *heapFile) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f.pages.users--; f.pages.users == 0 {
		delete(d.used, f.id)
	}
}
