// This file holds the saved form of a journal: gob of the mirrors below, compressed. It is for findings of tests, not
// for keeping: another version of this package may refuse it.

package simdisk

import (
	"compress/flate"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
)

// savedVersion is the version of the form.
const savedVersion = 1

type savedJournal struct {
	Version int
	Base    savedState
	Ops     []Op
}

type savedState struct {
	Moment, Newest, LastSync uint64
	Names                    map[string][]savedEntry
	Inodes                   map[uint64]savedInode
	Syncs                    map[uint64]savedSync
}

type savedEntry struct{ Moment, Inode uint64 }

type savedInode struct {
	Sizes []savedExtent
	Pages map[int]savedPage
}

type savedExtent struct {
	Moment uint64
	Size   int64
}

type savedPage struct {
	Durable, Cache []byte // empty: zeros
	Dirty          bool
	Dropped        uint64
	Log            []savedPiece
}

type savedPiece struct {
	Moment uint64
	At     uint16
	Kind   uint8
	Data   []byte
}

type savedSync struct {
	Inode, Moment uint64
	Pages         []int
	Dropped       []savedDrop
	All           bool
}

type savedDrop struct {
	Page   int
	Moment uint64
}

// Encode writes the journal and its base, for [DecodeJournal].
func (j *Journal) Encode(w io.Writer) error {
	compressed, err := flate.NewWriter(w, flate.BestSpeed)
	if err != nil {
		return err
	}
	base := j.Base()
	saved := savedJournal{Version: savedVersion, Base: base.state.save(), Ops: j.Ops()}
	if err := gob.NewEncoder(compressed).Encode(saved); err != nil {
		return fmt.Errorf("encode journal: %w", err)
	}
	return compressed.Close()
}

// DecodeJournal reads what [Journal.Encode] wrote. The journal is stopped but for notes.
func DecodeJournal(r io.Reader) (*Journal, error) {
	var saved savedJournal
	if err := gob.NewDecoder(flate.NewReader(r)).Decode(&saved); err != nil {
		return nil, fmt.Errorf("decode journal: %w", err)
	}
	if saved.Version != savedVersion {
		return nil, fmt.Errorf("decode journal: version %d, known is %d", saved.Version, savedVersion)
	}
	s, err := saved.Base.load()
	if err != nil {
		return nil, fmt.Errorf("decode journal: %w", err)
	}
	return &Journal{base: newDisk(s), ops: saved.Ops}, nil
}

func (s *state) save() savedState {
	c := savedState{
		Moment: s.moment, Newest: s.newest, LastSync: s.lastSync,
		Names:  make(map[string][]savedEntry),
		Inodes: make(map[uint64]savedInode),
		Syncs:  make(map[uint64]savedSync),
	}
	for name, list := range s.names {
		for _, e := range list {
			c.Names[name] = append(c.Names[name], savedEntry{e.moment, e.inode})
		}
	}
	for number, i := range s.inodes {
		c.Inodes[number] = i.save()
	}
	for number, run := range s.syncs {
		saved := savedSync{Inode: run.inode, Moment: run.moment, Pages: run.pages, All: run.all}
		for _, d := range run.dropped {
			saved.Dropped = append(saved.Dropped, savedDrop{d.page, d.moment})
		}
		c.Syncs[number] = saved
	}
	return c
}

func (i *inode) save() savedInode {
	c := savedInode{Pages: make(map[int]savedPage)}
	for _, e := range i.sizes {
		c.Sizes = append(c.Sizes, savedExtent{e.moment, e.size})
	}
	for n, p := range i.pages {
		if p == nil {
			continue
		}
		saved := savedPage{Dirty: p.dirty, Dropped: p.dropped}
		if p.durable != nil {
			saved.Durable = p.durable[:]
		}
		if p.cache != nil {
			saved.Cache = p.cache[:]
		}
		for _, piece := range p.log {
			saved.Log = append(saved.Log, savedPiece{piece.moment, piece.at, uint8(piece.kind), piece.data})
		}
		c.Pages[n] = saved
	}
	return c
}

// errSaved is what a state that no disk can have is refused with.
var errSaved = errors.New("not a state of a disk")

func (c *savedState) load() (state, error) {
	s := newState()
	s.moment, s.newest, s.lastSync = c.Moment, c.Newest, c.LastSync
	for number, saved := range c.Inodes {
		i, err := saved.load(s.owner)
		if err != nil {
			return state{}, err
		}
		s.inodes[number] = i
	}
	for name, list := range c.Names {
		for _, e := range list {
			if e.Inode != 0 && s.inodes[e.Inode] == nil {
				return state{}, fmt.Errorf("%w: %s stands for no file", errSaved, name)
			}
			s.names[name] = append(s.names[name], entry{e.Moment, e.Inode})
		}
	}
	for number, saved := range c.Syncs {
		run := &syncing{inode: saved.Inode, moment: saved.Moment, pages: saved.Pages, all: saved.All}
		for _, d := range saved.Dropped {
			run.dropped = append(run.dropped, drop{d.Page, d.Moment})
		}
		s.syncs[number] = run
	}
	return s, nil
}

func (c *savedInode) load(o *owner) (*inode, error) {
	if len(c.Sizes) == 0 {
		return nil, fmt.Errorf("%w: a file without a size", errSaved)
	}
	i := &inode{owner: o}
	for _, e := range c.Sizes {
		i.sizes = append(i.sizes, extent{e.Moment, e.Size})
	}
	for n, saved := range c.Pages {
		if n < 0 || n > 1<<24 {
			return nil, fmt.Errorf("%w: page %d", errSaved, n)
		}
		p := i.page(n)
		p.dirty, p.dropped = saved.Dirty, saved.Dropped
		p.durable, p.cache = loadBlock(saved.Durable), loadBlock(saved.Cache)
		for _, piece := range saved.Log {
			if int(piece.At)%SectorSize+len(piece.Data) > SectorSize || piece.At >= PageSize {
				return nil, fmt.Errorf("%w: a piece across sectors", errSaved)
			}
			p.log = append(p.log, loadPiece(piece))
		}
	}
	return i, nil
}

func loadBlock(saved []byte) *block {
	if len(saved) == 0 {
		return nil
	}
	b := new(block)
	copy(b[:], saved)
	return b
}

func loadPiece(saved savedPiece) piece {
	return piece{moment: saved.Moment, at: saved.At, kind: pieceKind(saved.Kind), data: saved.Data}
}
