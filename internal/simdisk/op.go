// This file holds Op, one change of a disk.

package simdisk

// OpKind says what an Op changes.
type OpKind uint8

// The kinds.
const (
	OpNote      OpKind = iota + 1 // nothing: see Journal.Note
	OpCreate                      // Name is a new file, Inode
	OpRename                      // Name becomes NewName
	OpRemove                      // Name is gone
	OpStore                       // Data at Offset through a mapping
	OpWrite                       // Data at Offset by WriteAt
	OpResize                      // the size becomes Size, by Truncate or Reserve
	OpSync                        // a sync of a file begins
	OpSynced                      // and ends
	OpDirSync                     // a sync of the directory begins
	OpDirSynced                   // and ends
)

// String returns the name of the kind.
func (k OpKind) String() string {
	names := [...]string{"note", "create", "rename", "remove", "store", "write", "resize", "sync", "synced",
		"directory sync", "directory synced"}
	if k < OpNote || int(k) > len(names) {
		return "unknown"
	}
	return names[k-OpNote]
}

// SyncResult is how a sync ended.
type SyncResult uint8

// The results.
const (
	SyncDone    SyncResult = iota // what it began with is durable
	SyncFailed                    // its pages are clean, and nothing about them is sure
	SyncAborted                   // the process was killed: its pages are dirty again
)

// Op is one change. Every one but a note has a number, its moment: 1 more than that of the one before.
type Op struct {
	Kind    OpKind
	Inode   uint64 // of the file
	Name    string // of the entry
	NewName string // of a rename
	Offset  int64
	Size    int64
	Data    []byte // never to be changed
	Torn    bool   // of a store: the process was killed in the middle; the first word is not in Data
	Sync    uint64 // number of the sync that begins or ends
	All     bool   // of a sync: fsync, not fdatasync
	Result  SyncResult
	Note    any
}
