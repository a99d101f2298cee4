// The directory as fault injection sees it: every call on it and on its files is a point.

package engine

import (
	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/internal/vfs"
)

// hooked returns dir with the points of its calls, where something is to happen at any.
func hooked(dir vfs.Dir, set *hooks.Set) vfs.Dir {
	if hooks.Enabled && set != nil {
		points := [...]hooks.Point{
			vfs.OpCreate: hooks.FileCreate, vfs.OpOpen: hooks.FileOpen, vfs.OpRename: hooks.FileRename, vfs.OpRemove: hooks.FileRemove,
			vfs.OpList: hooks.DirectoryList, vfs.OpSyncDir: hooks.DirectorySync, vfs.OpLock: hooks.DirectoryLock,
			vfs.OpCloseDir: hooks.DirectoryClose, vfs.OpUnlock: hooks.DirectoryUnlock, vfs.OpReadAt: hooks.FileRead,
			vfs.OpWriteAt: hooks.FileWrite, vfs.OpSize: hooks.FileSize, vfs.OpTruncate: hooks.FileTruncate,
			vfs.OpReserve: hooks.FileReserve, vfs.OpSyncData: hooks.FileSyncData, vfs.OpSyncAll: hooks.FileSyncAll,
			vfs.OpMap: hooks.FileMap, vfs.OpClose: hooks.FileClose,
		}
		return vfs.Faulty(dir, func(op vfs.Op) error { return set.Reach(points[op.Kind], op.Name) })
	}
	return dir
}
