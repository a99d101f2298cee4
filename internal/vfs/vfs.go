// This file holds the contract: Dir, File and Lock.

package vfs

import "github.com/batpak/batpak/internal/mmap"

// Dir is one directory. All methods may be called concurrently; none of them waits for another process. After Close
// the methods of a directory on disk fail with fs.ErrClosed, while its files, locks and mappings go on.
type Dir interface {
	// Path returns the path as given to OpenDir, cleaned. It is for messages: nothing is opened by it again.
	Path() string

	// Create makes a file that must not exist, not even as a dangling symbolic link (fs.ErrExist), readable and
	// writable by its owner only, and opens it for reading and writing. The entry is durable after Sync.
	Create(name string) (File, error)

	// Open opens an existing regular file, for writing too if writable. Anything else under that name is a
	// *NotRegularError, a file owned by neither the directory's owner, this process's user nor root is an
	// *OwnerError, and none of them is waited for or changed.
	Open(name string, writable bool) (File, error)

	// Rename moves a file within the directory, replacing what newName named. Durable after Sync.
	Rename(oldName, newName string) error

	// Remove unlinks a file. Files and mappings that are open keep their content. Durable after Sync.
	Remove(name string) error

	// List returns the names of everything in the directory, sorted. The names are the caller's.
	List() ([]string, error)

	// Sync makes the entries durable: what was created, renamed and removed before the call.
	Sync() error

	// Lock takes the lock that the named file stands for, exclusively for one holder or shared by many, or fails
	// at once with a *LockedError. An exclusive lock creates the file if needed, readable and writable by its owner
	// only, and writes the process id into it; a shared one needs it to exist and writes nothing. A lock belongs to
	// the value that is returned, not to the process: a second one in the same process is refused as any other.
	// It ends with Unlock or with the process. The file must never be removed.
	Lock(name string, exclusive bool) (Lock, error)

	// CopyOnWrite returns the name of the file system and whether it writes to new places, so that reserving
	// space does not rule out a late ErrNoSpace.
	CopyOnWrite() (fileSystem string, copyOnWrite bool)

	// Close lets go of the directory. The second and later calls return nil.
	Close() error
}

// Lock is a held lock.
type Lock interface {
	// Unlock gives the lock back and leaves the file. The second and later calls return nil.
	Unlock() error
}

// File is one open regular file. All methods may be called concurrently, except that what overlapping writes leave
// is undefined. After Close they fail with fs.ErrClosed; mappings stay.
type File interface {
	// Name returns the base name that the file was opened or created with. A rename does not change it.
	Name() string

	// ReadAt is io.ReaderAt: fewer bytes than len(p) come with an error, io.EOF at the end of the file.
	ReadAt(p []byte, offset int64) (int, error)

	// WriteAt is io.WriterAt. Writing behind the end extends the file, zeros in between.
	WriteAt(p []byte, offset int64) (int, error)

	// Size returns the size in bytes.
	Size() (int64, error)

	// Truncate sets the size, giving back what lies behind, or extending with zeros that nothing is reserved for.
	// Mapped memory behind the new end faults, except on heap memory, where it reads zeros.
	Truncate(size int64) error

	// Reserve allocates [0, size) on the disk without changing a byte in it, so that stores and writes there can't
	// run out of space, and extends the file to size if it is shorter, never shortens it. size is not negative; 0
	// does nothing. ErrNoSpace if the disk or the quota is full; errors.ErrUnsupported if the file system can't
	// reserve, such as NFS before 4.2: nothing is zero-filled in its place. After an error a part may be reserved and the
	// file be longer. Blocks for as long as allocating takes.
	Reserve(size int64) error

	// SyncData makes the content durable, and of the metadata what reading it back needs (fdatasync). Blocks until
	// the disk says so. A failed sync must not be repeated in the hope that it helps: see the package's text.
	SyncData() error

	// SyncAll does the same with all metadata (fsync).
	SyncAll() error

	// Map maps the first length bytes: 1 up to the file's size, else mmap.ErrRange. mmap.ReadWrite needs a file
	// opened for writing. The mapping outlives the file and shares its memory with all others of that file.
	Map(length int64, mode mmap.Mode) (*mmap.Mapping, error)

	// Close lets go of the file. The second and later calls return nil.
	Close() error
}
