// The bare work below the rows W1 to W4: floors of appends of every size of the mix, and of reading frames of such sizes.

package rows

import (
	"errors"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/perfgates/internal/floor"
)

// mixFloor does what no store can do without for the events of a mix, which it draws as the store's side does.
type mixFloor struct {
	load     *mix
	prepared *floor.Prepared
	appends  []*floor.Append // by number of the size
	f0       *floor.Durable  // after each append; nil: appends don't wait for syncs
	image    []byte          // of which frames are read
	frame    []byte
	sum      uint32
}

// newMixFloor prepares a file of size bytes, and F0's where appends wait for syncs.
func newMixFloor(directory string, load *mix, size int, synced bool) (_ *mixFloor, err error) {
	f := &mixFloor{load: load}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.close())
		}
	}()
	if f.prepared, err = floor.Prepare(directory, size, synced); err != nil {
		return nil, err
	}
	at := make([]event.Coordinate, entityCount)
	for number := range at {
		at[number] = coordinateOf(number)
	}
	for _, bytes := range load.bytes {
		f.appends = append(f.appends, floor.NewAppend(f.prepared, at, load.payload[:bytes], true))
	}
	f.image = floor.NewAnonymous(size)
	f.frame = make([]byte, f.frameBytes(len(load.bytes)-1))
	if synced {
		f.f0, err = floor.NewDurable(directory, size, f.frameBytes(0))
	}
	return f, err
}

// frameBytes returns the room that an event with a size takes.
func (f *mixFloor) frameBytes(size int) int { return f.appends[size].FrameBytes() }

// meanFrame returns the mean of that, in bytes.
func (f *mixFloor) meanFrame() float64 {
	const draws = 10_000
	sum := 0
	for range draws {
		sum += f.frameBytes(f.load.size())
	}
	return float64(sum) / draws
}

// append does the bare work of an append.
func (f *mixFloor) append() error {
	f.load.entity()
	err := f.appends[f.load.size()].Once()
	if err == nil && f.f0 != nil {
		err = f.f0.Once()
	}
	return err
}

// read copies frames from random places in memory, and computes the CRC of each.
func (f *mixFloor) read(frames int) error {
	f.load.entity()
	for range frames {
		size := f.frameBytes(f.load.size())
		at := f.load.random.IntN(len(f.image) - size)
		copy(f.frame, f.image[at:at+size])
		f.sum ^= sumFrames(f.frame[:size], size)
	}
	return nil
}

// populate makes the pages ready again, which the kernel protects when it writes them back.
func (f *mixFloor) populate() error { return f.prepared.Populate() }

func (f *mixFloor) close() (err error) {
	if f.f0 != nil {
		err = f.f0.Close()
	}
	if f.prepared != nil {
		err = errors.Join(err, f.prepared.Close())
	}
	return err
}
