// Random places in the files of a store, read without the store: what memory and its
// page tables cost at this size, whoever reads.

package rows

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/batpak/batpak/internal/mmap"
	"github.com/batpak/batpak/internal/vfs"
)

// places are the mapped segments of a store, every page brought in.
type places struct {
	directory vfs.Dir
	mappings  []*mmap.Mapping
	frames    [][]byte // random pieces of a frame's size
	next      int
	frame     []byte
	sum       uint32
}

// newPlaces maps the segments of the store at path, which may be open. The last two, which
// may never have been written to, are left out if there are others.
func newPlaces(path string, frameBytes int) (_ *places, err error) {
	p := &places{frame: make([]byte, frameBytes)}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	if p.directory, err = vfs.OpenDir(path, false); err != nil {
		return nil, err
	}
	names, err := p.directory.List()
	if err != nil {
		return nil, err
	}
	var segments []string
	for _, name := range names {
		if strings.HasSuffix(name, segmentSuffix) {
			segments = append(segments, name)
		}
	}
	if len(segments) == 0 {
		return nil, fmt.Errorf("%s holds no segments", path)
	}
	for _, name := range segments[:max(1, len(segments)-2)] {
		if err := p.add(name); err != nil {
			return nil, err
		}
	}
	p.choose(1 << 16)
	return p, nil
}

// choose picks random frames, as many of each file as its size is of all.
func (p *places) choose(count int) {
	var first []int // number of the first frame of each file
	total := 0
	for _, mapping := range p.mappings {
		first = append(first, total)
		total += len(mapping.Bytes()) / len(p.frame)
	}
	random := rand.New(rand.NewPCG(3, 4))
	for range count {
		number := random.IntN(total)
		file, found := slices.BinarySearch(first, number)
		if !found {
			file--
		}
		at := (number - first[file]) * len(p.frame)
		p.frames = append(p.frames, p.mappings[file].Bytes()[at:at+len(p.frame)])
	}
}

func (p *places) add(name string) (err error) {
	file, err := p.directory.Open(name, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }() // the mapping stays
	size, err := file.Size()
	if err != nil {
		return err
	}
	mapping, err := file.Map(size, mmap.ReadOnly)
	if err != nil {
		return err
	}
	p.mappings = append(p.mappings, mapping)
	for at := 0; at < int(size); at += copyWindow {
		if err := mapping.PopulateRead(at, min(copyWindow, int(size)-at)); err != nil {
			return err
		}
	}
	return nil
}

// copyFrame copies a frame's worth of bytes from a random place and computes their CRC: the
// least that a checked read can cost.
func (p *places) copyFrame() error {
	copy(p.frame, p.frames[p.next])
	p.sum ^= sumFrames(p.frame, len(p.frame))
	p.next = (p.next + 1) % len(p.frames)
	return nil
}

func (p *places) close() (err error) {
	for _, mapping := range p.mappings {
		err = errors.Join(err, mapping.Unmap())
	}
	p.mappings, p.frames = nil, nil
	if p.directory != nil {
		err = errors.Join(err, p.directory.Close())
		p.directory = nil
	}
	return err
}
