// One segment file of a running store, and its states:
//
//	prepared  made by Create; no frames, not in the Set
//	active    the commit section stores frames into it
//	retired   Retire took its writable mapping; nothing can be stored any more
//	sealed    Seal wrote its footer, GiveBack cut the file; immutable from here on
//	closed    Close: unmapped when the last holder is gone
//
// Readers may use it from active to closed, below the offset that was published
// for them.

package mmapseg

import (
	"fmt"
	"sync/atomic"

	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/internal/fault"
	"github.com/batpak/batpak/internal/mmap"
	"github.com/batpak/batpak/internal/pin"
	"github.com/batpak/batpak/internal/vfs"
)

// MinSize and MaxSize bound the reserved size of a segment file, in bytes.
const (
	MinSize = 64 << 10
	MaxSize = 1 << 34
)

// MaxNumber is the highest number of a segment: marks have 32 bits for it, and of a higher one nobody could tell what is
// durable in it.
const MaxNumber = 1<<32 - 1

// Segment is one segment file. Its methods for storing and sealing belong to one
// goroutine at a time; reading may go on beside them, from any number.
type Segment struct {
	Header
	// Floor is the lowest sequence that the segment can hold. It is set before
	// the segment enters a Set and never changes.
	Floor uint64
	// TreeBase is the number of events in the store's Merkle tree before the
	// segment's first. Set with Floor.
	TreeBase uint64

	name  string
	file  vfs.File
	read  *mmap.Mapping
	write *mmap.Mapping // nil unless prepared or active

	// end is how far readers may read, in bytes from the start of the file.
	// Frames below it are complete and never change: the writer stores it after
	// them, readers load it before them.
	end atomic.Int64
	// points is replaced when the segment is sealed.
	points atomic.Pointer[points]
	// pages are those through which frames are read; nil while they are in memory as
	// what was stored lately.
	pages  atomic.Pointer[populated]
	footer atomic.Pointer[openFooter] // nil until the segment is sealed
	disk   atomic.Int64               // size of the file
	// behind is the first sequence that the segment can no longer hold, 0 while
	// it may still grow.
	behind atomic.Uint64

	holders *pin.Pin // keeps the mappings and the file
}

// footerRoom is how much of a segment is kept for its footer: 4 bytes for every
// PointStride events of at least 80, 32 for every 256 with a hash of at least 112,
// and what does not grow. Where events are larger, that is also room for the sections of
// others: 4 bytes for each event of 160, more for each larger one. What does not fit makes
// the file grow when it is sealed.
func footerRoom(size int64) int64 { return (size/(20*PointStride) + size/896 + 4096) &^ 7 }

// controlRoom is how much room frames leave for the end, close and open frames
// that may have to follow them.
const controlRoom = EndSize + CloseSize + framePrefix + 88 + 24*64

// SizeFor returns the size of a segment that has room for a unit of n bytes: a
// multiple of 4,096.
func SizeFor(n int) int64 {
	need := HeaderSize + int64(n) + 2*controlRoom + 4096
	return max(MinSize, (need+need/16+4095)&^4095)
}

// Create makes the segment's file and maps it: written under a temporary name,
// reserved for real, its header synced, renamed, the directory synced. It returns
// vfs.ErrNoSpace where the file system has no room for it; nothing is left
// behind after an error.
func Create(dir vfs.Dir, h Header) (*Segment, error) {
	if h.Size < MinSize || h.Size > MaxSize || h.Size%4096 != 0 {
		return nil, fmt.Errorf("batpak: segment of %d bytes: must be a multiple of 4096 from %d to %d", h.Size, MinSize, int64(MaxSize))
	}
	if _, _, ok := ParseFileName(h.Name()); !ok || h.Number > MaxNumber {
		return nil, fmt.Errorf("batpak: segment %d of generation %d: the number must be 1 to %d, the generation 99999 at most", h.Number, h.Generation, uint64(MaxNumber))
	}
	temporary := h.Name() + temporarySuffix
	file, err := dir.Create(temporary)
	if err != nil {
		return nil, fmt.Errorf("create segment: %w", err)
	}
	name := temporary
	undo := func(err error) (*Segment, error) {
		_ = file.Close()     // the first error is the one to tell
		_ = dir.Remove(name) // what stays is removed at the next opening
		return nil, fmt.Errorf("create segment %s: %w", h.Name(), err)
	}
	if err := file.Reserve(h.Size); err != nil {
		return undo(err)
	}
	if _, err := file.WriteAt(h.encode(), 0); err != nil {
		return undo(err)
	}
	if hooks.Enabled && hooks.Planted(hooks.HeaderNotSynced) {
		// Left out.
	} else {
		if err := file.SyncAll(); err != nil {
			return undo(err)
		}
	}
	if err := dir.Rename(temporary, h.Name()); err != nil {
		return undo(err)
	}
	name = h.Name()
	if hooks.Enabled && hooks.Planted(hooks.DirectorySyncMissing) {
		// Left out.
	} else {
		if err := dir.Sync(); err != nil {
			return undo(err)
		}
	}
	if file, err = reopened(dir, file, name); err != nil {
		return undo(err)
	}
	s := newSegment(h, file)
	s.disk.Store(h.Size)
	if err := s.mapFor(h.Size, true); err != nil {
		return undo(err)
	}
	s.points.Store(newPoints(0, pointsFor(h.Size)))
	return s, nil
}

// reopened opens a file under the name that it has now, which errors then give.
func reopened(dir vfs.Dir, file vfs.File, name string) (vfs.File, error) {
	again, err := dir.Open(name, true)
	if err != nil {
		return file, err
	}
	return again, file.Close()
}

func newSegment(h Header, file vfs.File) *Segment {
	s := &Segment{Header: h, name: h.Name(), file: file}
	s.holders = pin.New(s.release)
	s.end.Store(HeaderSize)
	return s
}

// mapFor maps the file's first size bytes for reading, and for writing too.
func (s *Segment) mapFor(size int64, writable bool) (err error) {
	if s.read, err = s.file.Map(size, mmap.ReadOnly); err != nil {
		return err
	}
	if writable {
		if s.write, err = s.file.Map(size, mmap.ReadWrite); err != nil {
			_ = s.read.Unmap()
		}
	}
	return err
}

// Contents is what recovery found in a segment that is opened again.
type Contents struct {
	Floor    uint64
	TreeBase uint64
	End      int64 // behind the last frame that counts
	// Points are the offsets, in units of 8 bytes, of the events Floor, Floor +
	// PointStride, Floor + 2*PointStride ...; 0 where one is not known.
	Points []uint32
	Footer *Footer // of a sealed segment, else nil
}

// Open maps an existing segment file for reading. A segment with a footer is
// sealed; for the others the points come with c.
func Open(dir vfs.Dir, h Header, c Contents) (*Segment, error) {
	return open(dir, h, c, opening{})
}

// OpenTail opens the unfinished last segment to go on with it: reserved again to
// its whole size, mapped for writing. It returns vfs.ErrNoSpace where the file
// system has no room for that; the file may have become longer then.
func OpenTail(dir vfs.Dir, h Header, c Contents) (*Segment, error) {
	return open(dir, h, c, opening{writable: true, mapped: true, reserve: h.Size})
}

// OpenEnded opens a segment into which nothing is stored any more, but whose file
// may still be written: with [Segment.Rewrite] and [Segment.Seal]. It is mapped for
// reading only. room is how many bytes behind c.End are reserved for what is to be
// written there, so that vfs.ErrNoSpace is returned here and not in the middle of
// it; 0: nothing is reserved, and the file keeps its size.
func OpenEnded(dir vfs.Dir, h Header, c Contents, room int64) (*Segment, error) {
	how := opening{writable: true}
	if room > 0 {
		how.reserve = c.End + room
	}
	return open(dir, h, c, how)
}

// opening is how a segment is opened.
type opening struct {
	writable bool  // its file
	mapped   bool  // for writing too
	reserve  int64 // bytes of the file; 0: as they are
}

func open(dir vfs.Dir, h Header, c Contents, how opening) (*Segment, error) {
	file, err := dir.Open(h.Name(), how.writable)
	if err != nil {
		return nil, fmt.Errorf("open segment: %w", err)
	}
	undo := func(err error) (*Segment, error) {
		_ = file.Close() // the first error is the one to tell
		return nil, fmt.Errorf("open segment %s: %w", h.Name(), err)
	}
	if how.reserve > 0 {
		if err := file.Reserve(how.reserve); err != nil {
			return undo(err)
		}
	}
	size, err := file.Size()
	if err != nil {
		return undo(err)
	}
	s := newSegment(h, file)
	s.Floor, s.TreeBase = c.Floor, c.TreeBase
	s.disk.Store(size)
	mapped := min(size, h.Size)
	if c.Footer != nil {
		mapped = size // the footer of a full segment may reach beyond its reserved size
	}
	if c.End > mapped {
		return undo(&CorruptError{Segment: h.Name(), Offset: mapped, Problem: "the file has become shorter than its frames"})
	}
	if err := s.mapFor(mapped, how.mapped); err != nil {
		return undo(err)
	}
	s.end.Store(c.End)
	if c.Footer != nil {
		footer, err := s.sound(c.Footer)
		if err != nil {
			_ = s.read.Unmap() // the error is the one to tell
			return undo(err)
		}
		s.seal(footer)
		return s, nil
	}
	entries := int64(len(c.Points))
	if how.mapped {
		entries = max(entries, pointsFor(h.Size))
	}
	table := newPoints(c.Floor, entries)
	table.fill(c.Points)
	s.points.Store(table)
	s.pages.Store(newPopulated(s.read, &s.disk))
	return s, nil
}

// sound opens the footer of a file that should still be as long as when it was read.
func (s *Segment) sound(f *Footer) (*openFooter, error) {
	if disk := s.disk.Load(); disk < f.size {
		return nil, &CorruptError{Segment: s.name, Offset: disk, Problem: "the file has become shorter than its footer"}
	}
	return s.openFooter(f)
}

// Name returns the segment's file name.
func (s *Segment) Name() string { return s.name }

// Activate gives a prepared segment its place in the log, before it enters a Set.
func (s *Segment) Activate(floor, treeBase uint64) {
	s.Floor, s.TreeBase = floor, treeBase
	s.points.Load().first = floor
}

// Fits reports whether a unit of n bytes can stand at tail, with room left for
// what must be able to follow it.
func (s *Segment) Fits(tail int64, n int) bool {
	return tail+int64(n)+controlRoom <= s.Size-footerRoom(s.Size)
}

// FitsControl reports whether a control frame of n bytes can stand at tail with
// room left for an end frame.
func (s *Segment) FitsControl(tail int64, n int) bool {
	return tail+int64(n)+EndSize+CloseSize <= s.Size-footerRoom(s.Size)
}

// Store copies a unit of frames to offset; its first 8 bytes come last, in one
// atomic store. Readers see it when [Segment.Publish] says so.
func (s *Segment) Store(offset int64, unit []byte) { s.write.Store(int(offset), unit) }

// Prefetch asks for the cache lines of n bytes at offset, where a unit is about to be stored; see mmap.Mapping.
func (s *Segment) Prefetch(offset int64, n int) { s.write.Prefetch(int(offset), n) }

// Point notes where the event with this sequence stands, for finding it and its
// neighbours. It belongs to the goroutine that stores.
func (s *Segment) Point(sequence uint64, offset int64) {
	if n := sequence - s.Floor; n%PointStride == 0 {
		s.points.Load().set(n/PointStride, uint32(offset/FrameAlign))
	}
}

// Publish lets readers read up to end.
func (s *Segment) Publish(end int64) { s.end.Store(end) }

// End returns how far readers may read.
func (s *Segment) End() int64 { return s.end.Load() }

// Finish says that last is the highest sequence that the segment will ever hold,
// or one below its floor when it holds none.
func (s *Segment) Finish(last uint64) { s.behind.Store(last + 1) }

// holds reports whether the segment may hold sequence.
func (s *Segment) holds(sequence uint64) bool {
	behind := s.behind.Load()
	return sequence >= s.Floor && (behind == 0 || sequence < behind)
}

// Populate brings in the pages from byte from to byte to for writing, so that
// storing into them takes no page fault. After [Segment.Retire], with which it must
// not run at the same time, it does nothing.
func (s *Segment) Populate(from, to int64) error {
	to = min(to, s.Size)
	if from >= to || s.write == nil {
		return nil
	}
	return s.write.PopulateWrite(int(from), int(to-from))
}

// Unload takes the pages from byte from to byte to out of the mapping for writing, before a sync that writes them; see mmap.Mapping. A store into one
// of them takes a page fault again. After [Segment.Retire], with which it must not run at the same time, it does nothing.
func (s *Segment) Unload(from, to int64) error {
	to = min(to, s.Size)
	if from >= to || s.write == nil {
		return nil
	}
	return s.write.Unload(int(from), int(to-from))
}

// SmallPages makes the pages that [Segment.Populate] brings in from now on small, so that a sync of few changed bytes writes few
// pages; see mmap.Mapping. After [Segment.Retire], with which it must not run at the same time, it does nothing.
func (s *Segment) SmallPages() error {
	if s.write == nil {
		return nil
	}
	return s.write.SmallPages()
}

// Sync makes what was stored durable: with fdatasync, or with fsync when all is
// set. The caller keeps syncs of a store serial.
func (s *Segment) Sync(all bool) error {
	if all {
		return s.file.SyncAll()
	}
	return s.file.SyncData()
}

// Rewrite writes b at offset with pwrite: bytes that the segment holds already,
// which storing through a mapping would not make dirty, or a frame behind them.
// The segment's file must have been opened for writing; see [OpenTail] and
// [OpenEnded]. Nothing is durable before [Segment.Sync].
func (s *Segment) Rewrite(b []byte, offset int64) error {
	if _, err := s.file.WriteAt(b, offset); err != nil {
		return fmt.Errorf("write %d bytes at %d of %s: %w", len(b), offset, s.Name(), err)
	}
	return nil
}

// Retire unmaps the segment for writing.
func (s *Segment) Retire() error {
	if s.write == nil {
		return nil
	}
	err := s.write.Unmap()
	s.write = nil
	return err
}

// Truncate gives back the file's room behind size.
func (s *Segment) Truncate(size int64) error {
	if hooks.Enabled && hooks.Planted(hooks.GiveBackTooMuch) {
		size &^= 4095
	}
	if err := s.file.Truncate(size); err != nil {
		return fmt.Errorf("cut %s to %d bytes: %w", s.Name(), size, err)
	}
	s.disk.Store(size)
	return nil
}

// DiskSize returns the size of the file in bytes.
func (s *Segment) DiskSize() int64 { return s.disk.Load() }

// Read runs fn, which reads mapped bytes of the segment. They stay mapped until it returns,
// and a fault in it ends it and is an error, fault.ErrMapFault; a closed segment is
// [ErrSegmentClosed], and then fn does not run. It may be called concurrently and takes no
// lock. [Segment.Close] waits for fn.
func (s *Segment) Read(fn func()) error {
	if !s.holders.Hold() {
		return ErrSegmentClosed
	}
	defer s.holders.Let()
	if err := fault.Guard(fn); err != nil {
		return fmt.Errorf("read %s: %w", s.Name(), err)
	}
	return nil
}

// Close unmaps the segment once the last reader has let go of it, which Close
// waits for, and closes its file. It may be called again.
func (s *Segment) Close() error { return s.holders.Close() }

// release lets go of everything, when nobody reads any more.
func (s *Segment) release() error {
	err := s.Retire()
	if e := s.read.Unmap(); err == nil {
		err = e
	}
	if o := s.footer.Load(); o != nil {
		if e := o.unmap(); err == nil {
			err = e
		}
	}
	if e := s.file.Close(); err == nil {
		err = e
	}
	return err
}

// Discard closes the segment and removes its file, which holds no frames.
func (s *Segment) Discard(dir vfs.Dir) error {
	err := s.Close()
	if e := dir.Remove(s.Name()); err == nil {
		err = e
	}
	return err
}

// Range returns the sequences up to visible that the segment holds; the zero
// range when there are none.
func (s *Segment) Range(visible uint64) Range {
	if behind := s.behind.Load(); behind != 0 {
		visible = min(visible, behind-1)
	}
	if visible < s.Floor || s.Floor == 0 {
		return Range{}
	}
	return Range{First: s.Floor, Last: visible}
}
