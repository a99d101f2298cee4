// The forger: changes stored events, and everything about them that is only a checksum, so that nothing but hashes can tell.

package engine_test

import (
	"bytes"
	"encoding/binary"
	"maps"
	"testing"

	"github.com/klauspost/crc32"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/mmapseg"
)

// forger has the files of a store.
type forger struct {
	t      *testing.T
	files  image
	parsed map[string][]forged // what events found in them
}

func newForger(t *testing.T, files image) *forger {
	return &forger{t: t, files: files, parsed: make(map[string][]forged)}
}

// clone returns a forger of the same files, to change them once more.
func (f *forger) clone() *forger {
	return &forger{t: f.t, files: f.files.clone(), parsed: maps.Clone(f.parsed)}
}

// forged is an event in its file.
type forged struct {
	name  string // of the file
	salt  mmapseg.Salt
	frame mmapseg.Frame
	event event.Event
}

// frames returns the frames of a segment, which are not borrowed.
func (f *forger) frames(name string) (mmapseg.Header, []mmapseg.Frame) {
	f.t.Helper()
	b := bytes.Clone(f.files[name])
	header, err := mmapseg.DecodeHeader(name, b)
	if err != nil {
		f.t.Fatal(err)
	}
	end, sealed := framesEnd(b)
	if !sealed {
		end = int64(len(b))
	}
	scanner := mmapseg.NewScanner(mmapseg.Memory(b), header.Salt, name, mmapseg.HeaderSize, end)
	var frames []mmapseg.Frame
	for {
		frame, ok, err := scanner.Next()
		if err != nil {
			f.t.Fatal(err)
		}
		if !ok {
			return header, frames
		}
		frames = append(frames, frame)
	}
}

// events returns the events of a segment.
func (f *forger) events(name string) []forged {
	f.t.Helper()
	if events := f.parsed[name]; events != nil {
		return events
	}
	header, frames := f.frames(name)
	decoder := mmapseg.NewDecoder()
	var events []forged
	for i := range frames {
		if frames[i].Type != mmapseg.FrameEvent {
			continue
		}
		e := forged{name: name, salt: header.Salt, frame: frames[i]}
		if err := decoder.Event(&frames[i], name, &e.event); err != nil {
			f.t.Fatal(err)
		}
		e.event = e.event.Clone()
		events = append(events, e)
	}
	f.parsed[name] = events
	return events
}

// at returns the event with a sequence.
func (f *forger) at(sequence uint64) forged {
	f.t.Helper()
	for _, name := range f.files.segments() {
		for _, e := range f.events(name) {
			if e.event.Sequence == sequence {
				return e
			}
		}
	}
	f.t.Fatalf("there is no event %d", sequence)
	return forged{}
}

// put stores an event where another one stood, which has to be as long. fit makes it as long, by its payload.
func (f *forger) put(where *forged, ev *event.Event) {
	f.t.Helper()
	draft := ev.Draft()
	o := mmapseg.EventOptions{
		Hashing: true, Depth: ev.Position.Depth, CauseSequence: ev.CauseSequence, InBatch: where.frame.InBatch(),
	}
	_, o.Request, _ = where.frame.Key()
	if ev.Tombstone {
		o.Tombstone, o.PayloadHash, o.PayloadSize = true, event.PayloadHash(ev.Payload), uint32(len(ev.Payload))
	}
	if ev.Gate != nil {
		var err error
		if o.Gate, err = ev.Gate.AppendBinary(nil); err != nil {
			f.t.Fatal(err)
		}
	}
	frame, encoded := mmapseg.EncodeEvent(nil, &draft, &o)
	if len(frame) != len(where.frame.Bytes) {
		f.t.Fatalf("the frame has %d bytes in place of %d", len(frame), len(where.frame.Bytes))
	}
	encoded.Assign(frame, &mmapseg.Assigned{
		Sequence: ev.Sequence, Clock: ev.Position.Clock, Timestamp: ev.Timestamp, ID: ev.ID, Hash: ev.Hash, Cause: ev.Cause, CauseAt: ev.CauseSequence,
	}, where.salt, where.frame.Offset, where.frame.Mark)
	copy(f.files[where.name][where.frame.Offset:], frame)
	delete(f.parsed, where.name)
}

// change changes an event in its place.
func (f *forger) change(sequence uint64, how func(ev *event.Event)) {
	f.t.Helper()
	e := f.at(sequence)
	e.event = e.event.Clone()
	how(&e.event)
	f.put(&e, &e.event)
}

// relink computes the hashes of an entity's events anew, of those with sequences from first to last.
func (f *forger) relink(entity string, first, last uint64) {
	f.t.Helper()
	var prev event.Hash
	for _, name := range f.files.segments() {
		for _, e := range f.events(name) {
			if e.event.Entity() != entity {
				continue
			}
			if e.event.Sequence >= first && e.event.Sequence <= last {
				hash, err := e.event.ChainHash(prev)
				if err != nil {
					f.t.Fatal(err)
				}
				e.event.Hash = hash
				f.put(&e, &e.event)
			}
			prev = e.event.Hash
		}
	}
}

// treeSection is the type of the section of a footer that holds nodes of the tree, and checksSection that of the checksums.
const (
	treeSection   = 3
	checksSection = 5
)

// changeNode changes a node that the footer of a segment keeps, and all checksums over it, and returns its number; false: the footer
// keeps none.
func (f *forger) changeNode(name string, honest bool) (number uint64, ok bool) {
	f.t.Helper()
	le, b := binary.LittleEndian, f.files[name]
	frames, _ := framesEnd(b)
	header, _ := f.frames(name)
	trailer := b[len(b)-trailerSize:]
	directory := b[le.Uint64(trailer[16:]) : len(b)-trailerSize]
	section := func(kind uint32) (entry []byte, from, to uint64) {
		for entry = directory; le.Uint32(entry) != kind; entry = entry[32:] {
		}
		from = le.Uint64(entry[8:])
		return entry, from, from + le.Uint64(entry[16:])
	}
	_, from, to := section(treeSection)
	if to-from == 8 {
		return 0, false
	}
	b[from+8] ^= 1
	if honest {
		return le.Uint64(b[from:]), true
	}
	castagnoli := crc32.MakeTable(crc32.Castagnoli)
	entry, checks, behind := section(checksSection)
	for block := uint64(0); block*4096 < checks-uint64(frames); block++ {
		at := uint64(frames) + block*4096
		le.PutUint32(b[checks+4*block:], crc32.Checksum(b[at:min(at+4096, checks)], castagnoli))
	}
	le.PutUint32(entry[24:], crc32.Checksum(b[checks:behind], castagnoli))
	le.PutUint32(trailer[52:], crc32.Checksum(directory, castagnoli))
	le.PutUint32(trailer[92:], crc32.Update(uint32(header.Salt), castagnoli, trailer[:92]))
	return le.Uint64(b[from:]), true
}

// putRequest changes the digest that stands beside an event's key.
func (f *forger) putRequest(where *forged, request event.Hash) {
	f.t.Helper()
	key, old, _ := where.frame.Key()
	where.frame.Bytes = bytes.Clone(where.frame.Bytes)
	at := bytes.Index(where.frame.Bytes, append(bytes.Clone(key), old[:]...))
	copy(where.frame.Bytes[at+len(key):], request[:])
	f.put(where, &where.event)
}
