// A store full of events, reopened, for rows that read; and its bytes in memory, for
// their floors.

package rows

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/batpak/batpak/engine"
)

// filled is a store of n events that was closed and opened again.
type filled struct {
	store      *engine.Store
	path       string
	load       *workload // goes on where filling ended
	n          int
	frameBytes int
	image      []byte // what the store's files hold, n frames long; after readImage
	remove     func()
}

// newFilled fills a store and reopens it.
func newFilled(ctx context.Context, env *Env, name string) (_ *filled, err error) {
	directory, remove, err := env.scratch(name)
	if err != nil {
		return nil, err
	}
	f := &filled{path: directory + "/store", load: newWorkload(), n: env.Scale.Events, remove: remove}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.close())
		}
	}()
	f.frameBytes = frameBytesOf(f.load)
	options := engine.Options{Sync: engine.SyncManual(), Hashing: engine.HashingOn}
	env.progress("storing %d events", f.n)
	if err := f.load.fill(ctx, f.path, options, f.n); err != nil {
		return nil, err
	}
	f.store, err = engine.Open(f.path, options)
	return f, err
}

// readImage reads the store's files into memory.
func (f *filled) readImage() (err error) {
	f.image, err = readFiles(f.path, f.n*f.frameBytes)
	return err
}

// readFiles returns the first size bytes of the segments in directory, one behind the other.
func readFiles(directory string, size int) ([]byte, error) {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return nil, err
	}
	image := make([]byte, size)
	length := 0
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), segmentSuffix) {
			continue
		}
		file, err := os.Open(directory + "/" + entry.Name())
		if err != nil {
			return nil, err
		}
		n, err := io.ReadFull(file, image[length:])
		length += n
		if err := errors.Join(ignoreEnd(err), file.Close()); err != nil {
			return nil, err
		}
	}
	if length < size {
		return nil, fmt.Errorf("%s holds %d bytes, %d are needed for the frames alone", directory, length, size)
	}
	return image, nil
}

func ignoreEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

func (f *filled) close() (err error) {
	if f.store != nil {
		err = f.store.Close()
	}
	f.remove()
	return err
}
