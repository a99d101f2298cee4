// The disk space that a directory takes.

package host

import (
	"io/fs"
	"path/filepath"
	"reflect"
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

// allocatedBytes returns the bytes of the blocks allocated for a file, 0 where the
// system does not tell. The field is found by its name, which is the same on every
// Unix; its type would need the package syscall, which is kept out of here.
func allocatedBytes(info fs.FileInfo) int64 {
	stat := reflect.Indirect(reflect.ValueOf(info.Sys()))
	if stat.Kind() != reflect.Struct {
		return 0
	}
	if blocks := stat.FieldByName("Blocks"); blocks.IsValid() && blocks.CanInt() {
		return blocks.Int() * sectorBytes
	}
	return 0
}
