// This file holds the window through which files are read in pieces, with memory that is used for one after the other.

package recovery

import (
	"fmt"
	"io"
)

const (
	sweepPiece   = 1 << 20
	controlPiece = 4 << 10 // a page: of control frames most are alone, many can stand in a row
)

// window is a mmapseg.Window over one file at a time.
type window struct {
	file   io.ReaderAt
	name   string
	size   int64
	piece  int   // how much is read at once, in bytes
	offset int64 // of bytes[0]
	bytes  []byte
}

// over makes the window one over file, up to size. What it was over before is not valid any more.
func (w *window) over(file io.ReaderAt, name string, size int64) *window {
	w.file, w.name, w.size, w.offset, w.bytes = file, name, size, 0, w.bytes[:0]
	return w
}

// Size implements mmapseg.Window.
func (w *window) Size() int64 { return w.size }

// Bytes implements mmapseg.Window.
func (w *window) Bytes(offset int64, n int) ([]byte, error) {
	if offset >= w.size {
		return nil, nil
	}
	end := min(offset+int64(n), w.size)
	if offset >= w.offset && end <= w.offset+int64(len(w.bytes)) {
		return w.bytes[offset-w.offset:], nil
	}
	want := int(min(max(int64(n), int64(w.piece)), w.size-offset))
	if cap(w.bytes) < want {
		w.bytes = make([]byte, want)
	}
	w.bytes = w.bytes[:want]
	got, err := w.file.ReadAt(w.bytes, offset)
	w.offset, w.bytes = offset, w.bytes[:got]
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("recover: read %d bytes at %d of %s: %w", want, offset, w.name, err)
	}
	return w.bytes, nil
}

// counted counts the bytes that are read of a file.
type counted struct {
	io.ReaderAt
	bytes *int64
}

// ReadAt implements io.ReaderAt.
func (c counted) ReadAt(p []byte, offset int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, offset)
	*c.bytes += int64(n)
	return n, err
}

// written is a mmapseg.Window over a segment in memory that ends in zeros, which need not be searched: it has no bytes
// of them, but the segment's size, by which the lengths of frames are judged.
type written struct {
	bytes []byte
	size  int64
}

// Size implements mmapseg.Window.
func (w *written) Size() int64 { return w.size }

// Bytes implements mmapseg.Window.
func (w *written) Bytes(offset int64, _ int) ([]byte, error) {
	if offset >= int64(len(w.bytes)) {
		return nil, nil
	}
	return w.bytes[offset:], nil
}
