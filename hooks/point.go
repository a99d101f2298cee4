// The points: every place at which something can be made to happen. A point is declared here, and
// reached at one place of the code; which fail is said at each, since it is part of what the place promises.

package hooks

import "strconv"

// Point is a place of the store at which a test can make something happen. The zero value is no point.
type Point uint8

// Calls on files and on the directory of a store. Each is reached before the call is made, in the goroutine that makes
// it, with the name of the file. All can fail: the call is then not made, and returns the injected error. Closing and
// unlocking are done nevertheless.
const (
	// FileCreate is the making of a file.
	FileCreate Point = iota + 1
	// FileOpen is the opening of a file that is there.
	FileOpen
	// FileRead is a read into memory.
	FileRead
	// FileWrite is a write from memory; stores into mapped files are not writes.
	FileWrite
	// FileSize is the question for a file's size.
	FileSize
	// FileTruncate is a change of a file's size.
	FileTruncate
	// FileReserve is the reservation of a file's space.
	FileReserve
	// FileSyncData is a sync of a file's content.
	FileSyncData
	// FileSyncAll is a sync of a file's content and metadata.
	FileSyncAll
	// FileMap is the mapping of a file.
	FileMap
	// FileRename is a renaming; the name is the old one.
	FileRename
	// FileRemove is a removal.
	FileRemove
	// FileClose is the closing of a file.
	FileClose
	// DirectoryList is the listing of the directory; the name is empty, as at the other points of the directory.
	DirectoryList
	// DirectorySync is the sync of the directory.
	DirectorySync
	// DirectoryLock is the taking of a lock; the name is that of the lock file.
	DirectoryLock
	// DirectoryUnlock is the giving back of a lock; the name is that of the lock file.
	DirectoryUnlock
	// DirectoryClose is the closing of the directory.
	DirectoryClose

	// AppendJudged is reached when nothing stands against a unit with keys or conditions as far as can be told outside the commit
	// section, before it enters that.
	AppendJudged
	// AppendAgain is reached when something came meanwhile that may matter to such a unit, before it waits for that to be
	// visible and is judged again.
	AppendAgain
	// AppendAnswer is reached when a unit is not stored, since its key is known or a condition does not hold, before it waits for
	// what that rests on to be durable.
	AppendAnswer
	// AppendPlace is reached in the commit section when a unit has been judged, before it is given a place. Failing: the
	// append fails and nothing is stored.
	AppendPlace
	// BatchPlace is reached in the commit section when the events of a batch have their places, before it is bound together.
	BatchPlace
	// AppendStaged is reached when a unit is wholly in the mapping, before anybody waits for it.
	AppendStaged
	// PublishVisible is reached before readers are let see what is staged.
	PublishVisible
	// PublishDurable is reached when a sync succeeded, before the durable watermark moves.
	PublishDurable
	// SyncStaged is reached before a segment that holds frames is synced. Failing: as if that sync failed.
	SyncStaged
	// SyncUnload is reached before the pages that a sync is about to write are unloaded. Failing: as if that failed.
	SyncUnload
	// GroupSnapshot is reached before the leader of a group looks at what is staged.
	GroupSnapshot
	// GroupCovered is reached when the leader has looked, before those who come are told what its sync covers.
	GroupCovered
	// GroupWake is reached before the leader wakes those who wait for its sync.
	GroupWake
	// AheadWait is reached when an append finds as much staged as the policy allows, before it waits or syncs.
	AheadWait
	// RotateBegin is reached before the active segment gets its end frame. Failing: the append fails and nothing is stored.
	RotateBegin
	// RotateEnd is reached when the next segment is the active one.
	RotateEnd
	// PrepareCreate is reached before the next segment is made. Failing: as if it could not be made.
	PrepareCreate
	// PreparePopulate is reached before pages ahead of the tail are brought in. Failing: as if that failed.
	PreparePopulate
	// PrepareReady is reached before the next segment, which is made, is offered to the commit section.
	PrepareReady
	// SealRetire is reached before a segment that ended is unmapped for writing. Failing: it is not sealed.
	SealRetire
	// SealSync is reached before a segment that is to be sealed is synced. Failing: as if that sync failed.
	SealSync
	// SealFooter is reached before the footer is built. Failing: the segment is not sealed.
	SealFooter
	// SealWrite is reached before the footer is written. Failing: as if that failed.
	SealWrite
	// SealGiveBack is reached before the room behind the footer is given back. Failing: as if that failed.
	SealGiveBack
	// SealDone is reached when a segment is sealed, before readers use its footer.
	SealDone
	// CloseBegin is reached when no append is under way any more, before a close does anything.
	CloseBegin
	// CloseSync is reached before a close syncs what is staged. Failing: as if that sync failed.
	CloseSync
	// CloseFrame is reached before the close frame is stored. Failing: as if storing it failed.
	CloseFrame
	// CloseTruncate is reached before the room behind the close frame is given back. Failing: as if that failed.
	CloseTruncate

	// OpenLoad is reached when the directory is locked, before anything of it is read. Failing, here and at the other
	// points of opening: the opening fails, and the next one begins anew.
	OpenLoad
	// OpenRewrite is reached before the pages of an unsealed segment are written again.
	OpenRewrite
	// OpenSuccessor is reached before a segment is made: that behind a cut, or a new store's first.
	OpenSuccessor
	// OpenEnd is reached before the end frame is written that leads to that segment.
	OpenEnd
	// OpenFrame is reached before the open frame is written.
	OpenFrame
	// OpenRemove is reached before a file that counts for nothing is removed.
	OpenRemove
	// OpenReady is reached when everything is done that opening for writing takes, before the store is handed over.
	OpenReady

	// MergeBegin is reached before runs of the index are merged; the name is that of the file to be. Failing: as if the
	// merge failed.
	MergeBegin
	// MergeSwap is reached when a merged run has its name, before the index uses it in place of its inputs.
	MergeSwap
	// MergeRemove is reached before the file of a run is removed that is of no use any more. Failing: as if that failed.
	MergeRemove
)

// pointNames are what points are called in rules and reports.
var pointNames = [...]string{
	FileCreate: "file-create", FileOpen: "file-open", FileRead: "file-read", FileWrite: "file-write", FileSize: "file-size",
	FileTruncate: "file-truncate", FileReserve: "file-reserve", FileSyncData: "file-sync-data", FileSyncAll: "file-sync-all",
	FileMap: "file-map", FileRename: "file-rename", FileRemove: "file-remove", FileClose: "file-close",
	DirectoryList: "directory-list", DirectorySync: "directory-sync", DirectoryLock: "directory-lock",
	DirectoryUnlock: "directory-unlock", DirectoryClose: "directory-close",
	AppendJudged: "append-judged", AppendAgain: "append-again", AppendAnswer: "append-answer",
	AppendPlace: "append-place", BatchPlace: "batch-place", AppendStaged: "append-staged", PublishVisible: "publish-visible", PublishDurable: "publish-durable",
	SyncStaged: "sync-staged", SyncUnload: "sync-unload", GroupSnapshot: "group-snapshot", GroupCovered: "group-covered", GroupWake: "group-wake", AheadWait: "ahead-wait",
	RotateBegin: "rotate-begin", RotateEnd: "rotate-end",
	PrepareCreate: "prepare-create", PreparePopulate: "prepare-populate", PrepareReady: "prepare-ready",
	SealRetire: "seal-retire", SealSync: "seal-sync", SealFooter: "seal-footer", SealWrite: "seal-write",
	SealGiveBack: "seal-give-back", SealDone: "seal-done",
	CloseBegin: "close-begin", CloseSync: "close-sync", CloseFrame: "close-frame", CloseTruncate: "close-truncate",
	OpenLoad: "open-load", OpenRewrite: "open-rewrite", OpenSuccessor: "open-successor", OpenEnd: "open-end",
	OpenFrame: "open-frame", OpenRemove: "open-remove", OpenReady: "open-ready",
	MergeBegin: "merge-begin", MergeSwap: "merge-swap", MergeRemove: "merge-remove",
}

// String returns the name of the point.
func (p Point) String() string {
	if p.valid() {
		return pointNames[p]
	}
	return "hooks.Point(" + strconv.Itoa(int(p)) + ")"
}

func (p Point) valid() bool { return p > 0 && int(p) < len(pointNames) }

// Points returns all points, in the order of their declaration.
func Points() []Point {
	all := make([]Point, 0, len(pointNames)-1)
	for p := Point(1); p.valid(); p++ {
		all = append(all, p)
	}
	return all
}

// CanFail reports whether an error injected at this point makes the step fail. At the others nothing can be injected
// but a delay or the end of the process, since the code around them has nothing that could fail there.
func (p Point) CanFail() bool {
	switch p {
	case AppendJudged, AppendAgain, AppendAnswer, BatchPlace, AppendStaged, PublishVisible, PublishDurable, GroupSnapshot, GroupCovered, GroupWake, AheadWait, RotateEnd, PrepareReady, SealDone,
		CloseBegin, MergeSwap:
		return false
	}
	return p.valid()
}
