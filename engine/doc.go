// Package engine is an embedded event store: append, read back, recover.
//
// A [Store] is one directory with one writing process. Events are appended to
// memory-mapped segment files, each with its place in four orders: its sequence in
// the store, its clock in its entity, its id and hybrid logical clock in time, and
// its cause. What an append promises when it returns is the store's [SyncPolicy]:
//
//	SyncEveryAppend  it is on disk, and readers see it from then on
//	SyncManual       it is in the mapped file: safe from a crash of this process,
//	                 not from a power cut until Sync returns
//
// After an unclean end the next [Open] keeps every event that was acknowledged as
// durable, cuts off what was torn, and records how many sequences may have been
// lost: none of them is ever given to another event. Damage of acknowledged events
// is an error that says where and which; see [Store.Report] and [ErrCorrupt].
//
// # Reading
//
// Readers never wait for the writer. [Store.Events] yields events whose slices are
// valid until the next step; [Store.At] returns copies; [Store.GetInto] reuses the
// caller's memory.
//
// # Caveats
//
// A store is closed with [Store.Close]: there is no finalizer, and until then the
// directory is locked. One process writes at a time. File systems that write to new
// places (btrfs, zfs) can run out of space in spite of preallocation; Open warns.
//
// The package knows options, policies and what the parts beneath it promise
// together. It never knows what events mean.
package engine
