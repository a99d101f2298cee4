// This file holds Mapping: memory that shows a file's bytes, and the one function that stores into it.
//
// States: mapped -> unmapped. Only Unmap makes the step; everything else is refused or empty afterwards.

package mmap

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"unsafe"

	mmapgo "github.com/edsrzf/mmap-go"

	"github.com/batpak/batpak/hooks"
)

// Mode says what a mapping allows. The zero value reads only.
type Mode uint8

const (
	// ReadOnly allows reads. A store panics.
	ReadOnly Mode = iota
	// ReadWrite allows reads and [Mapping.Store]. The file must be open for writing.
	ReadWrite
)

// String returns "read-only" or "read-write".
func (m Mode) String() string {
	switch m {
	case ReadOnly:
		return "read-only"
	case ReadWrite:
		return "read-write"
	}
	return fmt.Sprintf("Mode(%d)", uint8(m))
}

// word is the size of the unit that is stored last and atomically, in bytes.
const word = 8

// ErrRange reports a length or a range that is not inside the file or the mapping.
var ErrRange = errors.New("mmap: out of range")

// ErrUnmapped reports a call that needs memory on a mapping whose memory is gone.
var ErrUnmapped = errors.New("mmap: not mapped any more")

// Mapping is memory that shows the first bytes of a file, or heap memory in its place.
//
// Store, Load and the populate calls may run concurrently with each other and with readers of Bytes, as long as
// no two stores overlap and readers touch a unit only after they saw its first word, or a watermark published
// after it. None of them may run concurrently with Unmap or after it: the memory is gone then, and touching it
// is a fault. Keeping a mapping alive while it is used is the caller's work.
type Mapping struct {
	// direct is what Store writes to without a detour: the memory of a real read-write mapping, else empty.
	// It comes first because Store is the hottest function of the engine.
	direct []byte
	data   []byte
	mode   Mode
	twin   *Twin // nil: real memory of a file

	unmapping sync.Mutex // makes Unmap callable twice, also at the same time
	onUnmap   func() error
}

// Map maps the first length bytes of f, shared with every other mapping of the file in any process.
//
// length is 1 up to the file's size; otherwise the error is [ErrRange], since the bytes behind the end of a file
// can't be touched. ReadWrite needs a file open for writing. f may be closed afterwards; the mapping stays.
func Map(f *os.File, length int, mode Mode) (*Mapping, error) {
	protection := mmapgo.RDONLY
	switch mode {
	case ReadOnly:
	case ReadWrite:
		protection = mmapgo.RDWR
	default:
		return nil, fmt.Errorf("mmap: map %s: mode %d is neither read-only nor read-write", f.Name(), uint8(mode))
	}
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("mmap: map %s: %w", f.Name(), err)
	}
	if length < 1 || int64(length) > info.Size() {
		return nil, fmt.Errorf("%w: map %s: length %d, must be 1 to the file's size of %d bytes",
			ErrRange, f.Name(), length, info.Size())
	}
	data, err := mmapgo.MapRegion(f, length, protection, 0, 0)
	if err != nil {
		return nil, fmt.Errorf("mmap: map %d bytes of %s %s: %w", length, f.Name(), mode, err)
	}
	m := &Mapping{data: data, mode: mode}
	if mode == ReadWrite {
		m.direct = data
	}
	return m, nil
}

// Bytes returns the mapped memory, valid until Unmap, nil afterwards. It is for reading only. Bytes of a real
// mapping must be read through package fault wherever the file may have been cut or the disk may fail.
func (m *Mapping) Bytes() []byte { return m.data }

// Store copies unit to the offset so that a reader who sees the unit's first 8 bytes, read by Load, sees all of it:
// everything behind them is copied first, then they are stored with one atomic store.
//
// offset and len(unit) are multiples of 8, len(unit) is at least 8, the range lies inside the mapping, and the
// mapping is read-write and still mapped; otherwise Store panics, since all of that is decided by code and not by
// data. It does not block, except on a heap twin for the time of a copy. On a full disk without a reservation, or a
// cut file, it faults: run it inside fault.Guard.
func (m *Mapping) Store(offset int, unit []byte) {
	if (offset|len(unit))&(word-1) != 0 || len(unit) == 0 || offset < 0 || len(unit) > len(m.direct)-offset {
		m.storeElsewhere(offset, unit)
		return
	}
	target := m.direct[offset : offset+len(unit)]
	if hooks.Enabled && hooks.Planted(hooks.FirstWordFirst) {
		atomic.StoreUint64((*uint64)(unsafe.Pointer(&target[0])), binary.NativeEndian.Uint64(unit))
	}
	copy(target[word:], unit[word:])
	atomic.StoreUint64((*uint64)(unsafe.Pointer(&target[0])), binary.NativeEndian.Uint64(unit))
}

// Prefetch asks the processor for the memory into which a store of length bytes at offset will go, so that the store does not have to
// wait for it. What lies outside the mapping, and on a heap twin everything, is left out.
func (m *Mapping) Prefetch(offset, length int) {
	if offset < 0 || length <= 0 || length > len(m.direct)-offset {
		return
	}
	prefetchWrite(unsafe.Pointer(&m.direct[offset]), length)
}

// storeElsewhere is the way of every store that is not plainly into mapped memory: into a heap twin, or refused.
func (m *Mapping) storeElsewhere(offset int, unit []byte) {
	m.check("store", offset, len(unit))
	if m.mode != ReadWrite {
		panic("mmap: store into a read-only mapping")
	}
	m.twin.store(offset, unit)
}

// Load returns the 8 bytes at offset, a multiple of 8 inside the mapping (else it panics), in the machine's byte
// order, with one atomic load: who sees a word that Store wrote sees the whole unit. As with Bytes, a cut file or a
// failing disk make it fault: package fault turns that into an error.
func (m *Mapping) Load(offset int) uint64 {
	if offset&(word-1) != 0 || offset < 0 || offset > len(m.data)-word {
		m.check("load", offset, word)
	}
	return atomic.LoadUint64((*uint64)(unsafe.Pointer(&m.data[offset])))
}

// check panics if the range can't be stored to or loaded from.
func (m *Mapping) check(operation string, offset, length int) {
	switch {
	case m.data == nil:
		panic(fmt.Sprintf("mmap: %s after unmap", operation))
	case offset%word != 0 || length%word != 0:
		panic(fmt.Sprintf("mmap: %s of %d bytes at %d: both must be multiples of %d", operation, length, offset, word))
	case length == 0:
		panic(fmt.Sprintf("mmap: %s of no bytes at %d", operation, offset))
	case offset < 0 || length > len(m.data)-offset:
		panic(fmt.Sprintf("mmap: %s of %d bytes at %d of %d", operation, length, offset, len(m.data)))
	}
}

// PopulateWrite brings the pages of [offset, offset+length), rounded out to whole pages, into memory ready for
// stores, as one system call that blocks while the pages are read and, on a file with holes, allocated. The contents
// stay. On heap memory, on systems other than Linux and on kernels before 5.14 it does nothing.
//
// Errors: [ErrRange] if the range is not inside the mapping, [ErrUnmapped] after Unmap, fault.ErrMapFault if a page
// can't be had (the file was cut, the disk failed, or it is full and the range was not reserved: the kernel does not
// tell which), and the error number of the kernel otherwise.
func (m *Mapping) PopulateWrite(offset, length int) error {
	if m.mode != ReadWrite {
		return fmt.Errorf("mmap: populate a read-only mapping for writing")
	}
	return m.populate(forWriting, offset, length)
}

// SmallPages makes pages that come in from now on come in one by one, in the smallest size that the file system has. Otherwise the kernel
// reads ahead where they are touched in order, in pages of up to 1 MiB, and then one changed byte makes all of such a
// page dirty, which the next sync writes. It costs 3 to 4 us more for each 4 KiB that are populated. Errors: [ErrUnmapped], and the error
// number of the kernel. On heap memory and on systems other than Linux it does nothing.
func (m *Mapping) SmallPages() error {
	switch {
	case m.data == nil:
		return ErrUnmapped
	case m.twin != nil:
		return nil
	}
	return smallPages(m.data)
}

// Unload takes the pages of [offset, offset+length), rounded out to whole pages, out of the process's page tables. Their contents stay in the
// file's cache, and the next store or load brings a page back by a fault. A sync protects each page that it writes from
// being stored to unseen, and has every processor on which the process runs told so, page by page; of pages that were unloaded nobody
// has to be told. One interruption for all of them is left, and a virtual machine pays microseconds for each. On heap memory and on systems
// other than Linux it does nothing.
//
// Errors: [ErrRange] if the range is not inside the mapping, [ErrUnmapped] after Unmap, and the error number of the kernel.
func (m *Mapping) Unload(offset, length int) error {
	b, err := m.pages("unload", offset, length)
	if len(b) == 0 || err != nil {
		return err
	}
	return unload(b)
}

// PopulateRead does the same as PopulateWrite for reading, with the same errors, on mappings of both modes.
func (m *Mapping) PopulateRead(offset, length int) error {
	return m.populate(forReading, offset, length)
}

func (m *Mapping) populate(purpose purpose, offset, length int) error {
	b, err := m.pages("populate", offset, length)
	if len(b) == 0 || err != nil {
		return err
	}
	return populate(b, purpose)
}

// pages returns the memory of a range from the beginning of its first page; the kernel rounds the end up itself. It is empty where there is
// nothing to tell the kernel.
func (m *Mapping) pages(operation string, offset, length int) ([]byte, error) {
	if m.data == nil {
		return nil, ErrUnmapped
	}
	if offset < 0 || length < 0 || length > len(m.data)-offset {
		return nil, fmt.Errorf("%w: %s %d bytes at %d of %d", ErrRange, operation, length, offset, len(m.data))
	}
	if m.twin != nil || length == 0 {
		return nil, nil
	}
	return m.data[offset&^(os.Getpagesize()-1) : offset+length], nil
}

// purpose is what pages are brought in for.
type purpose uint8

const (
	forReading purpose = iota
	forWriting
)

func (p purpose) String() string {
	if p == forWriting {
		return "writing"
	}
	return "reading"
}

// Unmap gives the memory back. The second and later calls, also concurrent ones, do nothing and return nil. The
// mapping is gone even if an error is returned; on a heap twin the error is that of writing back what was stored.
func (m *Mapping) Unmap() error {
	m.unmapping.Lock()
	defer m.unmapping.Unlock()
	if m.data == nil {
		return nil
	}
	data, length := mmapgo.MMap(m.data), len(m.data)
	m.direct, m.data = nil, nil
	if m.twin != nil {
		if m.onUnmap == nil {
			return nil
		}
		return m.onUnmap()
	}
	if err := data.Unmap(); err != nil {
		return fmt.Errorf("mmap: unmap %d bytes: %w", length, err)
	}
	return nil
}
