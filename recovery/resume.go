// This file holds the writable opening: what it is told, what it gives, and the way from a state to it.

package recovery

import (
	"cmp"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/batpak/batpak/hooks"
	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
)

// Resumption is what a writable opening is told.
type Resumption struct {
	SegmentSize int64     // largest ordinary segment, bytes; 0: 64 MiB; mmapseg.MinSize to mmapseg.MaxSize
	Ahead       uint64    // bound on sequences staged beyond durable ones that this opening promises to keep, from 1
	SyncAll     bool      // sync with fsync instead of fdatasync
	Now         int64     // microseconds since the Unix epoch, for headers and the open frame
	Random      io.Reader // of origin, identity and salts; nil: crypto/rand
	Hashing     bool      // for a store that is created: events carry the hash chain. Else the store's choice holds

	// Hooks are what tests make happen on the way; nil, and every build without their tag: nothing.
	Hooks *hooks.Set
}

// Resumed is a store that is open for writing: its open frame is durable, and so is everything before it.
type Resumed struct {
	Segments    []*mmapseg.Segment // in order: those of the state, and behind them the one that was made, if any; the last is the tail, mapped for writing
	Tail        int64              // offset in the tail segment at which the next frame goes
	Next        uint64             // sequence of the next event
	TreeSize    uint64             // events in the Merkle tree
	Origin      mmapseg.Origin
	Identity    [16]byte
	Hashing     bool
	Incarnation uint64
	Ancestors   []mmapseg.Ancestor
	Lost        mmapseg.Range // the range that this opening found lost; zero: none
	Wall        uint64        // HLC above which the store goes on: ms
	Counter     uint32        // within that millisecond
	Mark        mmapseg.Mark  // durable position: behind the open frame
	Unsealed    []Unsealed    // ended segments without a footer, in order, writable and retired; not those with damage
	Report      Report
}

// Unsealed is a segment that ended and has no footer yet. Its frames are durable.
type Unsealed struct {
	Segment   *mmapseg.Segment
	FramesEnd int64 // behind its end frame
}

const (
	defaultSegmentSize = 64 << 20
	firstSegmentSize   = 4 << 20
)

// resumption is one Resume.
type resumption struct {
	Resumption
	dir   vfs.Dir
	state *State
	out   *Resumed
	// goesOn: the open frame goes into the last segment, which is mapped for writing.
	goesOn bool
}

// Resume opens the store for writing, or creates it where there is none, and returns once the open frame is durable.
// The caller holds the directory's lock exclusively since before [Load]. A state can be resumed once.
//
// A store that was closed in order goes on where it ended. Otherwise the order is this, so that every step may be cut
// off and the whole be repeated: what the segments without a footer hold, as Load has read and checked it, is written
// again and synced unless it was damaged, since after a failed sync memory may hold what the disk does not; the next segment is made; an end
// frame that names it is written where the last sound unit ends, and synced; the open frame with the lost range is
// written into it and synced; files behind the cut are removed. Nothing before the cut is changed, nothing is
// truncated.
//
// A new segment is made as large as the disk has room for, down to the least that an open frame needs. So is one where
// the disk has no room to reserve the last segment of a store that was closed in order again: that one is ended.
//
// It returns State.Refuses, [mmapseg.ErrCorrupt], if there is such damage, and has changed nothing then. Other errors
// are vfs.ErrNoSpace where there is no room for the least segment or an end frame, vfs.ErrUnwritable, and those of the calls that
// failed. Nothing stays open after an error, and the store can be opened again, beginning with Load.
func (s *State) Resume(dir vfs.Dir, r Resumption) (*Resumed, error) {
	began := time.Now() // for the report only
	if err := s.resumable(&r); err != nil {
		return nil, err
	}
	s.loaded = false
	if r.Random == nil {
		r.Random = rand.Reader
	}
	p := &resumption{Resumption: r, dir: dir, state: s, out: &Resumed{
		TreeSize: s.TreeSize, Origin: s.Origin, Identity: s.Identity, Hashing: s.Hashing, Incarnation: s.Incarnation + 1,
		Ancestors: s.Ancestors, Wall: s.Wall, Counter: s.Counter, Report: s.Report,
	}}
	if hooks.Enabled && hooks.Planted(hooks.HLCRestarts) {
		p.out.Wall, p.out.Counter = 0, 0
	}
	if hooks.Enabled && hooks.Planted(hooks.IncarnationRepeated) {
		p.out.Incarnation = s.Incarnation
	}
	err := p.run()
	if hooks.Enabled && err == nil {
		err = r.Hooks.Reach(hooks.OpenReady, p.out.Segments[len(p.out.Segments)-1].Name())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("resume %s: %w", dir.Path(), err), closeAll(p.out.Segments))
	}
	for _, segment := range s.Segments {
		segment.image = nil
	}
	p.finish()
	p.out.Report.Duration += time.Since(began)
	return p.out, nil
}

// resumable refuses a state or a resumption that can't be.
func (s *State) resumable(r *Resumption) error {
	if !s.loaded {
		return errors.New("batpak: this state was not loaded, or was resumed before")
	}
	if s.Refuses != nil {
		return s.Refuses
	}
	if r.SegmentSize == 0 {
		r.SegmentSize = defaultSegmentSize
	}
	if r.SegmentSize < mmapseg.MinSize || r.SegmentSize > mmapseg.MaxSize {
		return fmt.Errorf("batpak: segment size of %d bytes: must be %d to %d", r.SegmentSize, mmapseg.MinSize, int64(mmapseg.MaxSize))
	}
	if r.Ahead == 0 {
		return errors.New("batpak: ahead of 0: must be at least 1")
	}
	if s.Incarnation == math.MaxUint64 {
		return errors.New("batpak: no incarnation is left")
	}
	if s.present >= mmapseg.MaxNumber {
		return &mmapseg.CorruptError{Segment: mmapseg.FileName(s.present, 0), Problem: fmt.Sprintf("a file has this number, and none up to %d is left for the next segment", uint64(mmapseg.MaxNumber))}
	}
	if !s.Clean && s.Exists && s.Ahead > sequenceLimit-s.LastSequence {
		return fmt.Errorf("batpak: no sequence is left behind %d and the %d that may be lost", s.LastSequence, s.Ahead)
	}
	return nil
}

func (p *resumption) run() error {
	// What was listed is durable before anything relies on it, or is removed because of it.
	if err := p.dir.Sync(); err != nil {
		return err
	}
	if err := p.remove(p.state.Unused); err != nil {
		return err
	}
	if !p.state.Exists {
		return p.create()
	}
	if err := p.open(); err != nil {
		return err
	}
	var err error
	if p.state.Clean {
		err = p.goOn()
	} else {
		err = p.cut()
	}
	if err != nil {
		return err
	}
	if hooks.Enabled && hooks.Planted(hooks.LaterFilesKept) {
		return nil
	}
	if err := p.remove(p.state.Later); err != nil {
		return err
	}
	if hooks.Enabled && hooks.Planted(hooks.RemovalNotSynced) {
		return nil
	}
	if len(p.out.Report.Removed) == 0 {
		return nil
	}
	return p.dir.Sync()
}

// remove removes files that count for nothing, the highest name first: the first segment of a store that was not
// created to the end is the last to go, so that what is left is never taken for a store that lost its beginning.
func (p *resumption) remove(names []string) error {
	names = slices.Clone(names)
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(b, a) })
	for _, name := range names {
		if hooks.Enabled {
			if err := p.Hooks.Reach(hooks.OpenRemove, name); err != nil {
				return err
			}
		}
		if err := p.dir.Remove(name); err != nil {
			return err
		}
		p.out.Report.Removed = append(p.out.Report.Removed, name)
	}
	return nil
}

// random fills b.
func (p *resumption) random(b []byte) error {
	if _, err := io.ReadFull(p.Random, b); err != nil {
		return fmt.Errorf("random numbers: %w", err)
	}
	return nil
}

// fitting makes a segment file of this size or, as long as the disk has no room for it, of half as much, down to what
// the open frame needs.
func (p *resumption) fitting(number uint64, size int64) (*mmapseg.Segment, error) {
	if hooks.Enabled {
		if err := p.Hooks.Reach(hooks.OpenSuccessor, mmapseg.FileName(number, 0)); err != nil {
			return nil, err
		}
	}
	least := mmapseg.SizeFor(mmapseg.OpenSize(len(p.out.Ancestors)))
	for ; ; size = max(size/2, least) {
		made, err := p.segment(number, size)
		if size <= least || !vfs.SmallerMayFit(err) {
			return made, err
		}
	}
}

// segment makes a segment file, large enough for the open frame in any case.
func (p *resumption) segment(number uint64, size int64) (*mmapseg.Segment, error) {
	var salt [8]byte
	if err := p.random(salt[:]); err != nil {
		return nil, err
	}
	size = max(size, mmapseg.SizeFor(mmapseg.OpenSize(len(p.out.Ancestors))))
	made, err := mmapseg.Create(p.dir, mmapseg.Header{
		Number: number, Hashing: p.out.Hashing, Salt: mmapseg.Salt(binary.LittleEndian.Uint64(salt[:])),
		Size: min((size+4095)&^4095, mmapseg.MaxSize), Origin: p.out.Origin, Created: p.Now,
	})
	if err != nil {
		return nil, err
	}
	p.out.Segments = append(p.out.Segments, made)
	return made, nil
}

// create makes a new store.
func (p *resumption) create() error {
	p.out.Hashing, p.out.Incarnation = p.Hashing, 1
	if err := errors.Join(p.random(p.out.Origin[:]), p.random(p.out.Identity[:])); err != nil {
		return err
	}
	first, err := p.fitting(1, min(firstSegmentSize, p.SegmentSize))
	if err != nil {
		return err
	}
	return p.begin(first)
}

// finish fills in what is the same for all ways.
func (p *resumption) finish() {
	r := &p.out.Report
	r.Incarnation = p.out.Incarnation
	r.Segments = len(p.out.Segments)
	if !p.out.Lost.IsZero() {
		r.Lost = append(slices.Clone(r.Lost), p.out.Lost)
	}
}
