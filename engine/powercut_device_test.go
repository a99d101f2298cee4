// device: a directory in memory that remembers what was synced, and gives images of
// what a power cut at this moment may leave: for every sector and every entry what
// was synced last or what is there now.

package engine_test

import (
	"errors"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/batpak/batpak/internal/vfs"
)

const sectorSize = 512

// device is the directory. Syncs and images exclude each other, so that nothing in an
// image rests on a sync that it misses.
type device struct {
	vfs.Dir
	calls atomic.Int64 // that change something and are still made; the others are cut off

	mu      sync.Mutex
	current map[string]*disc
	synced  map[string]*disc
}

// disc is the content of one file.
type disc struct {
	file   vfs.File // an opening to look at the content; nil: it is as synced
	synced []byte
}

// remains is what is left of a device: what the system still has in memory, and what
// the disk has. After a power cut it is the same.
type remains struct {
	files   image
	current map[string]*disc
	synced  map[string]*disc
}

// onDisk is an image that a power cut left.
func onDisk(files image) remains {
	r := remains{files: files, current: make(map[string]*disc)}
	for name, b := range files {
		r.current[name] = &disc{synced: b}
	}
	r.synced = maps.Clone(r.current)
	return r
}

// unlimited calls are made.
const unlimited = math.MaxInt64

// newDevice returns a device with what is left of another one.
func newDevice(t failer, r remains, calls int64) *device {
	d := &device{Dir: r.files.memory(t)}
	d.current, d.synced = tablesOf(r.current, r.synced)
	d.calls.Store(calls)
	return d
}

// tablesOf copies two tables; a file that has names in both stays one file.
func tablesOf(current, synced map[string]*disc) (c, s map[string]*disc) {
	c, s = make(map[string]*disc), make(map[string]*disc)
	copies := make(map[*disc]*disc)
	for from, to := range map[*map[string]*disc]map[string]*disc{&current: c, &synced: s} {
		for name, content := range *from {
			if copies[content] == nil {
				copies[content] = &disc{synced: content.synced}
			}
			to[name] = copies[content]
		}
	}
	return c, s
}

// ask counts a call.
func (d *device) ask() error {
	if d.calls.Add(-1) < 0 {
		return errCut
	}
	return nil
}

func (d *device) Create(name string) (vfs.File, error) {
	return d.opened(name, func() (vfs.File, error) { return d.Dir.Create(name) })
}

func (d *device) Open(name string, writable bool) (vfs.File, error) {
	return d.opened(name, func() (vfs.File, error) { return d.Dir.Open(name, writable) })
}

// opened keeps an opening of its own to look at the file's content.
func (d *device) opened(name string, open func() (vfs.File, error)) (vfs.File, error) {
	if err := d.ask(); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	f, err := open()
	if err != nil {
		return nil, err
	}
	if d.current[name] == nil {
		d.current[name] = &disc{}
	}
	if d.current[name].file == nil {
		if d.current[name].file, err = d.Dir.Open(name, false); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	return &deviceFile{File: f, device: d, disc: d.current[name]}, nil
}

// release closes the openings that images are read through.
func (d *device) release(t failer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, table := range []map[string]*disc{d.current, d.synced} {
		for _, content := range table {
			if content.file == nil {
				continue
			}
			if err := content.file.Close(); err != nil {
				t.Fatalf("%v", err)
			}
		}
	}
}

func (d *device) Rename(oldName, newName string) error {
	if err := d.ask(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.Dir.Rename(oldName, newName); err != nil {
		return err
	}
	d.current[newName] = d.current[oldName]
	delete(d.current, oldName)
	return nil
}

func (d *device) Remove(name string) error {
	if err := d.ask(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.Dir.Remove(name); err != nil {
		return err
	}
	delete(d.current, name)
	return nil
}

func (d *device) Sync() error {
	if err := d.ask(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.synced = maps.Clone(d.current)
	return nil
}

// deviceFile is one opening.
type deviceFile struct {
	vfs.File
	device *device
	disc   *disc
}

func (f *deviceFile) SyncData() error { return f.sync(f.File.SyncData) }
func (f *deviceFile) SyncAll() error  { return f.sync(f.File.SyncAll) }

// sync makes durable what is stored when it begins, and nothing else.
func (f *deviceFile) sync(sync func() error) error {
	if err := f.device.ask(); err != nil {
		return err
	}
	f.device.mu.Lock()
	defer f.device.mu.Unlock()
	b, err := contentOf(f.File)
	if err == nil {
		err = sync()
	}
	if err == nil {
		f.disc.synced = b
	}
	return err
}

func (f *deviceFile) WriteAt(p []byte, offset int64) (int, error) {
	if err := f.device.ask(); err != nil {
		return 0, err
	}
	return f.File.WriteAt(p, offset)
}

func (f *deviceFile) Truncate(size int64) error {
	if err := f.device.ask(); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

func (f *deviceFile) Reserve(size int64) error {
	if err := f.device.ask(); err != nil {
		return err
	}
	return f.File.Reserve(size)
}

func contentOf(f vfs.File) ([]byte, error) {
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	b := make([]byte, size)
	if _, err := f.ReadAt(b, 0); err != nil && err != io.EOF {
		return nil, err
	}
	return b, nil
}

// kill returns what the end of the process leaves, which the system outlives.
func (d *device) kill(t failer) remains {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	r := remains{files: make(image)}
	r.current, r.synced = tablesOf(d.current, d.synced)
	for name, content := range d.current {
		r.files[name] = content.synced
		if content.file == nil {
			continue
		}
		var err error
		if r.files[name], err = contentOf(content.file); err != nil {
			t.Fatalf("%v", err)
		}
	}
	return r
}

// cut returns what a power cut may leave. Without random numbers nothing survives
// that was not synced.
func (d *device) cut(t failer, random *rand.Rand) remains {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	names := maps.Clone(d.synced)
	if random != nil {
		for name := range d.synced {
			if d.current[name] != d.synced[name] && random.IntN(2) == 0 {
				delete(names, name)
			}
		}
		for name, content := range d.current {
			if random.IntN(2) == 0 {
				names[name] = content
			}
		}
	}
	files := make(image)
	for name, content := range names {
		files[name] = content.synced
		if random == nil || content.file == nil {
			continue
		}
		now, err := contentOf(content.file)
		if err != nil {
			t.Fatalf("%v", err)
		}
		files[name] = mixed(content.synced, now, random)
	}
	return onDisk(files)
}

// mixed takes each sector, and the size, from either of two versions, most of them
// from the same so that long runs of frames survive too.
func mixed(synced, now []byte, random *rand.Rand) []byte {
	size := len(synced)
	if random.IntN(2) == 0 {
		size = len(now)
	}
	often := random.IntN(20)
	b := make([]byte, size)
	for at := 0; at < size; at += sectorSize {
		from := synced
		if random.IntN(20) < often {
			from = now
		}
		if at < len(from) {
			copy(b[at:min(at+sectorSize, size)], from[at:min(at+sectorSize, len(from))])
		}
	}
	return b
}
