// This file holds Faulty: a directory whose calls fail when they are told to.

package vfs

import (
	"fmt"

	"github.com/batpak/batpak/internal/mmap"
)

// OpKind is a call that can fail.
type OpKind uint8

// The calls of Dir, Lock and File that return an error, in the order of their declaration.
const (
	OpCreate OpKind = iota + 1
	OpOpen
	OpRename
	OpRemove
	OpList
	OpSyncDir
	OpLock
	OpCloseDir
	OpUnlock
	OpReadAt
	OpWriteAt
	OpSize
	OpTruncate
	OpReserve
	OpSyncData
	OpSyncAll
	OpMap
	OpClose
)

var opNames = [...]string{
	OpCreate: "create", OpOpen: "open", OpRename: "rename", OpRemove: "remove", OpList: "list", OpSyncDir: "sync directory",
	OpLock: "lock", OpCloseDir: "close directory", OpUnlock: "unlock", OpReadAt: "read", OpWriteAt: "write",
	OpSize: "size", OpTruncate: "truncate", OpReserve: "reserve", OpSyncData: "sync data", OpSyncAll: "sync",
	OpMap: "map", OpClose: "close",
}

// String returns the name of the call.
func (k OpKind) String() string {
	if k == 0 || int(k) >= len(opNames) {
		return fmt.Sprintf("OpKind(%d)", uint8(k))
	}
	return opNames[k]
}

// Op is one call that is about to be made.
type Op struct {
	Kind OpKind
	// Name of the file that it is about, as opened; of the old name for a rename; empty for List, SyncDir, CloseDir.
	Name string
	// To is the new name of a rename.
	To string
	// Offset in bytes, of a read or write.
	Offset int64
	// Length in bytes: of the buffer that is read to or written; the size to truncate or reserve to; that of a mapping.
	Length int64
	// Write: the file is opened for writing, the lock is exclusive, the mapping is mmap.ReadWrite.
	Write bool
}

// Faulty returns d with a say before every call: if decide returns an error, the call is not made and returns exactly
// that error; a sync then syncs nothing. Closing and unlocking are made all the same, as a close that reports an error
// closes too. decide is called from whichever goroutine makes the call, also concurrently, and may block to hold the
// call up. It is not asked about Path, Name, CopyOnWrite and what is done with a mapping.
func Faulty(d Dir, decide func(Op) error) Dir {
	return &faultyDir{Dir: d, decide: decide}
}

type faultyDir struct {
	Dir
	decide func(Op) error
}

func (d *faultyDir) Create(name string) (File, error) {
	if err := d.decide(Op{Kind: OpCreate, Name: name, Write: true}); err != nil {
		return nil, err
	}
	return d.wrap(d.Dir.Create(name))
}

func (d *faultyDir) Open(name string, writable bool) (File, error) {
	if err := d.decide(Op{Kind: OpOpen, Name: name, Write: writable}); err != nil {
		return nil, err
	}
	return d.wrap(d.Dir.Open(name, writable))
}

func (d *faultyDir) wrap(f File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return &faultyFile{File: f, decide: d.decide}, nil
}

func (d *faultyDir) Rename(oldName, newName string) error {
	if err := d.decide(Op{Kind: OpRename, Name: oldName, To: newName}); err != nil {
		return err
	}
	return d.Dir.Rename(oldName, newName)
}

func (d *faultyDir) Remove(name string) error {
	if err := d.decide(Op{Kind: OpRemove, Name: name}); err != nil {
		return err
	}
	return d.Dir.Remove(name)
}

func (d *faultyDir) List() ([]string, error) {
	if err := d.decide(Op{Kind: OpList}); err != nil {
		return nil, err
	}
	return d.Dir.List()
}

func (d *faultyDir) Sync() error {
	if err := d.decide(Op{Kind: OpSyncDir}); err != nil {
		return err
	}
	return d.Dir.Sync()
}

func (d *faultyDir) Lock(name string, exclusive bool) (Lock, error) {
	if err := d.decide(Op{Kind: OpLock, Name: name, Write: exclusive}); err != nil {
		return nil, err
	}
	l, err := d.Dir.Lock(name, exclusive)
	if err != nil {
		return nil, err
	}
	return &faultyLock{Lock: l, name: name, decide: d.decide}, nil
}

func (d *faultyDir) Close() error {
	return first(d.decide(Op{Kind: OpCloseDir}), d.Dir.Close())
}

// first returns the decision, or else the result of the call that was made in any case.
func first(decision, result error) error {
	if decision != nil {
		return decision
	}
	return result
}

type faultyLock struct {
	Lock
	name   string
	decide func(Op) error
}

func (l *faultyLock) Unlock() error {
	return first(l.decide(Op{Kind: OpUnlock, Name: l.name}), l.Lock.Unlock())
}

type faultyFile struct {
	File
	decide func(Op) error
}

// identity is that of the file below; a file from elsewhere has none but itself.
func (f *faultyFile) identity() (any, error) {
	if known, ok := f.File.(identified); ok {
		return known.identity()
	}
	return f.File, nil
}

func (f *faultyFile) ReadAt(p []byte, offset int64) (int, error) {
	if err := f.decide(Op{Kind: OpReadAt, Name: f.Name(), Offset: offset, Length: int64(len(p))}); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, offset)
}

func (f *faultyFile) WriteAt(p []byte, offset int64) (int, error) {
	if err := f.decide(Op{Kind: OpWriteAt, Name: f.Name(), Offset: offset, Length: int64(len(p)), Write: true}); err != nil {
		return 0, err
	}
	return f.File.WriteAt(p, offset)
}

func (f *faultyFile) Size() (int64, error) {
	if err := f.decide(Op{Kind: OpSize, Name: f.Name()}); err != nil {
		return 0, err
	}
	return f.File.Size()
}

func (f *faultyFile) Truncate(size int64) error {
	if err := f.decide(Op{Kind: OpTruncate, Name: f.Name(), Length: size}); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

func (f *faultyFile) Reserve(size int64) error {
	if err := f.decide(Op{Kind: OpReserve, Name: f.Name(), Length: size}); err != nil {
		return err
	}
	return f.File.Reserve(size)
}

func (f *faultyFile) SyncData() error {
	if err := f.decide(Op{Kind: OpSyncData, Name: f.Name()}); err != nil {
		return err
	}
	return f.File.SyncData()
}

func (f *faultyFile) SyncAll() error {
	if err := f.decide(Op{Kind: OpSyncAll, Name: f.Name()}); err != nil {
		return err
	}
	return f.File.SyncAll()
}

func (f *faultyFile) Map(length int64, mode mmap.Mode) (*mmap.Mapping, error) {
	if err := f.decide(Op{Kind: OpMap, Name: f.Name(), Length: length, Write: mode == mmap.ReadWrite}); err != nil {
		return nil, err
	}
	return f.File.Map(length, mode)
}

func (f *faultyFile) Close() error {
	return first(f.decide(Op{Kind: OpClose, Name: f.Name()}), f.File.Close())
}
