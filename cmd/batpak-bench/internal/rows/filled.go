package rows

// A store full of events, reopened, for rows that read; and its bytes in memory.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/batpak/batpak/cmd/batpak-bench/internal/floor"
	"github.com/batpak/batpak/engine"
)

// filled is a store of n events that was closed and opened again.
type filled struct {
	store      *engine.Store
	n          int
	frameBytes int
	image      []byte // what the store's files hold, n frames long
	remove     func()
}

// newFilled fills a store, reopens it, and reads its files into memory.
func newFilled(ctx context.Context, env *Env, name string) (_ *filled, err error) {
	directory, remove, err := env.scratch(name)
	if err != nil {
		return nil, err
	}
	f := &filled{n: env.Scale.Events, remove: remove}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.close())
		}
	}()
	load := newWorkload()
	f.frameBytes = floor.NewAppend(floor.Anonymous(nil), load.at, load.payload, true).FrameBytes()
	path := directory + "/store"
	options := engine.Options{Sync: engine.SyncManual(), Hashing: engine.HashingOn}
	env.progress("storing %d events", f.n)
	if err := load.fill(ctx, path, options, f.n); err != nil {
		return nil, err
	}
	if f.image, err = readFiles(path, f.n*f.frameBytes); err != nil {
		return nil, err
	}
	f.store, err = engine.Open(path, options)
	return f, err
}

// readFiles returns the first size bytes of the files in directory, one behind the other.
func readFiles(directory string, size int) ([]byte, error) {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return nil, err
	}
	image := make([]byte, size)
	length := 0
	for _, entry := range entries {
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
