// Package vfs is the seam through which every file operation of a store goes: one directory and the files in it.
//
// It knows how to open, create, reserve, sync, rename, list and lock files of one directory so that neither a symbolic
// link nor a file of somebody else gets in, how each system reserves space and reaches the disk, and which errors a
// caller branches on. There are four directories with one contract: the real one ([OpenDir]), one whose mappings are
// heap memory ([HeapBacked]), one that lives in memory ([NewMemory]) and one that fails on demand ([Faulty]).
//
// It never knows what a file holds, when something has to be synced, or in which order.
//
// # Names
//
// A directory is opened by path once and held; everything inside is reached from that descriptor by base name, so
// that renaming or replacing the directory moves nothing under a running store. Names are not empty, not "." or "..",
// and hold neither a slash nor a NUL ([ErrName]).
//
// # Errors
//
// Errors of the system are *fs.PathError with the full path and the error number, so that errors.Is works with
// fs.ErrNotExist, fs.ErrExist, fs.ErrClosed, fs.ErrPermission and syscall.Errno. Those that a store branches on are
// sentinels besides: [ErrLocked], [ErrNotRegular], [ErrNotDirectory], [ErrForeignOwner], [ErrNoSpace], [ErrLimit], [ErrUnwritable].
//
// # Interrupted calls
//
// Opening, reserving, truncating, reading, writing and the like are repeated when a signal interrupts them (EINTR). A
// sync never is: its result is the only report of a failed write-back that there will be, and a second call can
// succeed after the kernel dropped the pages that the first one failed to write. EINTR from a sync is therefore
// returned as the failure it may be. Linux does not return it for local file systems; a FUSE file system may.
//
// # The race detector
//
// It does not see real mappings. In a race build OpenDir therefore returns HeapBacked of the real directory. What is
// stored is then in the file only after a sync or unmap, and neither another process nor a second OpenDir of the same
// directory sees it before.
//
// # Systems
//
// Linux and macOS.
package vfs
