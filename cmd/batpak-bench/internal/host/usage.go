package host

// The disk space that a directory takes.

import (
	"io/fs"
	"path/filepath"
)

// DiskUsage returns the bytes that the files in a directory and below it take.
// Each file counts with its length or with the blocks allocated for it,
// whichever is more: space reserved behind the end counts, and so do holes.
func DiskUsage(directory string) (total int64, err error) {
	err = filepath.WalkDir(directory, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		total += max(info.Size(), allocatedBytes(info))
		return nil
	})
	return total, err
}
