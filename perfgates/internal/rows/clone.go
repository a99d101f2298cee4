// Copies of a big store that cost next to nothing: what is never written to again is the
// same file under another name.

package rows

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	segmentSuffix = ".seg"
	runSuffix     = ".run"
	copyWindow    = 1 << 20
)

// clone is a copy of a store's directory.
type clone struct {
	path   string
	copied []copiedFile // segments that have bytes of their own, in order
}

// copiedFile is a file of a clone, and how many of its bytes are not zeros behind the last
// one that isn't.
type copiedFile struct {
	name string
	used int64
}

// cloneOf makes a clone of the store at path in directory, which it makes. The first
// sealed of its segments become hard links (copies, where the file system has none), as do
// index files where runs is set; the other segments are copied and synced. Each copy
// is sparse where its original is zeros.
//
// The store may be open as long as nobody appends and nothing is being sealed: the files are
// then what the death of the process would leave. A file that goes away meanwhile is one that
// was being made or replaced, and left out as if that had been a moment earlier or later.
func cloneOf(path, directory string, sealed int, runs bool) (*clone, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(directory, 0o700); err != nil {
		return nil, err
	}
	c := &clone{path: directory}
	segments := 0
	for _, entry := range entries {
		isSegment := strings.HasSuffix(entry.Name(), segmentSuffix)
		if isSegment {
			segments++
		}
		switch isRun := strings.HasSuffix(entry.Name(), runSuffix); {
		case isSegment && segments > sealed:
			err = c.add(path, entry.Name())
		case isSegment, isRun && runs:
			err = linkFile(filepath.Join(path, entry.Name()), filepath.Join(directory, entry.Name()))
		default:
			err = nil // the lock, and what is not finished
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return c, nil
}

// linkFile gives a file another name, or copies it where that can't be.
func linkFile(from, to string) error {
	if err := os.Link(from, to); err == nil || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	_, err := copySparse(from, to)
	return err
}

func (c *clone) add(from, name string) error {
	used, err := copySparse(filepath.Join(from, name), filepath.Join(c.path, name))
	if err == nil {
		c.copied = append(c.copied, copiedFile{name, used})
	}
	return err
}

// copySparse copies and syncs a file, leaving out windows of zeros, and returns how
// many bytes there are up to the last that is none.
func copySparse(from, to string) (used int64, err error) {
	source, err := os.Open(from)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	window := make([]byte, copyWindow)
	size := int64(0)
	for {
		n, err := io.ReadFull(source, window)
		if data := bytes.TrimRight(window[:n], "\x00"); len(data) > 0 {
			used = size + int64(len(data))
			if _, err := target.WriteAt(window[:n], size); err != nil {
				return 0, err
			}
		}
		size += int64(n)
		if err != nil {
			if err := errors.Join(ignoreEnd(err), target.Truncate(size)); err != nil {
				return 0, err
			}
			return used, target.Sync()
		}
	}
}
