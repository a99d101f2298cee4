// This file holds RunWriter: several sealed parts and runs become one run. Lists are streamed from where they stand to
// where they will stand; memory is bounded by the number of inputs.

package index

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/batpak/batpak/internal/checked"
)

// RunInput is what a run is made from: one sealed part, or a run with the parts that it covers.
type RunInput struct {
	Parts []*Part
	Run   *Run // nil: Parts has one element, which is sealed
}

// Sequences returns the first sequence of the input and the one behind its last; false: it is a part that is not sealed.
func (in RunInput) Sequences() (first, end uint64, ok bool) {
	if in.Run != nil {
		return in.Run.info.Base, in.Run.info.LastSequence + 1, true
	}
	end, ok = in.Parts[0].end()
	return in.Parts[0].First, end, ok
}

// InputError says that what a run was to be made from can't be read or contradicts itself.
type InputError struct {
	Input int // its place among the inputs
	Err   error
}

// Error names the input by its place.
func (e *InputError) Error() string {
	return fmt.Sprintf("index: input %d of a run: %v", e.Input, e.Err)
}

// Unwrap returns what reading it returned.
func (e *InputError) Unwrap() error { return e.Err }

// RunWriter writes one run file.
type RunWriter struct {
	info   RunInfo
	counts [lists]uint64
	places [lists]runList // offsets from the end of the header
	sums   int64          // offset in the file of the block sums
	inputs []*mergeInput

	out     io.WriterAt
	pace    func() error
	written int // bytes since pace was called last
}

// mergeInput is an input, opened.
type mergeInput struct {
	place int
	body  runBody
	read  func(fn func()) error
	shift uint64 // what its values are to be raised by
}

// NewRunWriter returns the writer of a run over the inputs, whose parts follow each other in the index. It reads
// headers only. An input that can't be read is an *[InputError]; it is another error if inputs are not sealed, out of
// order, overlap, or cover more than 2^32 sequences.
func NewRunWriter(origin [16]byte, inputs []RunInput) (*RunWriter, error) {
	w := &RunWriter{}
	var parts []*Part
	end := uint64(0)
	for i, input := range inputs {
		m, first, last, err := openInput(i, input)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			w.info.Base, end = first, first
		}
		if first < end || last+1 < first || last+1-w.info.Base > maxSpan {
			return nil, fmt.Errorf("index: input %d of a run covers sequences %d to %d, those before it %d to %d",
				i, first, last, w.info.Base, end-1)
		}
		end = last + 1
		m.shift = first - w.info.Base
		for n := range lists {
			w.counts[n] += m.body.lists[n].count
			w.info.Entries += m.body.lists[n].count
		}
		w.inputs = append(w.inputs, m)
		parts = append(parts, input.Parts...)
	}
	if len(parts) == 0 {
		return nil, errors.New("index: a run of nothing")
	}
	for i, p := range parts[1:] {
		if p.Segment.Number <= parts[i].Segment.Number || p.First < parts[i].First {
			return nil, fmt.Errorf("index: segment %d does not follow segment %d", p.Segment.Number, parts[i].Segment.Number)
		}
	}
	places, size, ok := layOut(w.counts, 0, runAlign)
	if !ok {
		return nil, errors.New("index: a list of a run is too long")
	}
	w.places, w.sums = places, runHeaderSize+size
	w.info.Origin, w.info.Identities = origin, identitiesOf(parts)
	w.info.First, w.info.Last = parts[0].Segment.Number, parts[len(parts)-1].Segment.Number
	w.info.Segments, w.info.LastSequence = uint64(len(parts)), end-1
	w.info.Size = runSize(size)
	return w, nil
}

// openInput opens an input and returns its first and last sequence.
func openInput(place int, input RunInput) (m *mergeInput, first, last uint64, err error) {
	if input.Run != nil {
		m = &mergeInput{place: place, body: input.Run.body, read: input.Run.read}
		m.body.base = 0
		return m, input.Run.info.Base, input.Run.info.LastSequence, nil
	}
	if len(input.Parts) != 1 {
		return nil, 0, 0, fmt.Errorf("index: input %d of a run has %d parts and no run", place, len(input.Parts))
	}
	part := input.Parts[0]
	_, table := part.source()
	if table == nil {
		return nil, 0, 0, fmt.Errorf("index: segment %d is not sealed", part.Segment.Number)
	}
	m = &mergeInput{place: place, read: part.read}
	var failed error
	err = part.read(func() {
		var body *runBody
		if body, failed = table.links(); failed == nil {
			m.body = *body
		}
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return nil, 0, 0, &InputError{place, err}
	}
	return m, part.First, part.First + uint64(table.Events()) - 1, nil
}

// Info says what the run will cover, and how large it will be.
func (w *RunWriter) Info() RunInfo { return w.info }

// paceSize is how much is written between two calls of pace.
const paceSize = 1 << 20

// Write writes the whole file, the header last. pace is called after about every MiB; its error ends
// writing, and is returned as it is. Errors of an input are an *[InputError], other errors are those of out.
func (w *RunWriter) Write(out io.WriterAt, pace func() error) error {
	w.out, w.pace = out, pace
	for i := range lists {
		if err := w.writeList(i); err != nil {
			return err
		}
	}
	_, err := out.WriteAt(encodeRunHeader(&w.info, w.counts)[:], 0)
	return err
}

// writeList merges one list of all inputs.
func (w *RunWriter) writeList(i int) error {
	if w.counts[i] == 0 {
		return nil
	}
	place := w.places[i]
	filter := filterWriter{out: w.stream(place.filter), blocks: filterBlocks(place.count)}
	leaves := leafWriter{list: &w.places[i], fences: w.stream(place.fences), out: w.stream(place.leaves)}
	var q mergeQueue
	for _, input := range w.inputs {
		if r := newListReader(input, i); r.next() {
			q.push(r)
		} else if r.err != nil {
			return r.err
		}
	}
	for len(q) > 0 {
		r := q[0]
		if err := filter.add(r.hash); err != nil {
			return err
		}
		if err := leaves.add(r.hash, uint32(uint64(r.value)+r.input.shift)); err != nil {
			return err
		}
		if !r.next() {
			if r.err != nil {
				return r.err
			}
			q.pop()
		}
		q.sink()
	}
	return firstError(filter.close(), leaves.fences.close(), leaves.out.close())
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// leafWriter writes the fences and the leaves of a list.
type leafWriter struct {
	list        *runList
	fences, out *stream
	leaves      uint64 // that were begun
	leaf        []byte // the one at hand
	entries     uint64 // it will have
	at          uint64 // of them are written
}

// add writes the next entry.
func (l *leafWriter) add(hash uint64, value uint32) error {
	if l.at == l.entries {
		if err := l.begin(hash); err != nil {
			return err
		}
	}
	binary.LittleEndian.PutUint64(l.leaf[hashSize*l.at:], hash)
	binary.LittleEndian.PutUint32(l.leaf[hashSize*l.entries+valueSize*l.at:], value)
	l.at++
	return nil
}

// begin begins the next leaf, with its first hash.
func (l *leafWriter) begin(hash uint64) error {
	_, l.entries = l.list.leaf(l.leaves)
	l.at = 0
	room := leafSize
	if l.entries < leafEntries {
		room = entrySize * int(l.entries)
	}
	l.leaf = l.out.room(room)
	if fencesOf(l.list.count) > 0 {
		binary.LittleEndian.PutUint64(l.fences.room(hashSize), hash)
	}
	l.leaves++
	return firstError(l.out.err, l.fences.err)
}

// filterWriter writes the filter of a list whose hashes come ascending.
type filterWriter struct {
	out    *stream
	blocks uint64
	block  []byte // nil at first
	at     uint64 // the block's place
}

// add sets a hash's bits.
func (f *filterWriter) add(hash uint64) error {
	for at := filterBlockOf(hash, f.blocks); f.block == nil || f.at < at; {
		if f.block != nil {
			f.at++
		}
		f.block = f.out.room(filterBlockSize)
	}
	filterAdd(f.block, hash)
	return f.out.err
}

// close writes the blocks that are left.
func (f *filterWriter) close() error {
	for f.at++; f.at < f.blocks; f.at++ {
		f.out.room(filterBlockSize)
	}
	return f.out.close()
}

// stream writes one piece of a list from its beginning to its end, with the checksums of its blocks. What room returns
// is zero, and may be written to until the next call.
type stream struct {
	w      *RunWriter
	at     int64 // where the buffer goes, from the end of the header
	used   int
	buffer []byte
	err    error
}

// streamBuffer is a multiple of a block, and of everything that is written.
const streamBuffer = 64 << 10

func (w *RunWriter) stream(at int64) *stream {
	return &stream{w: w, at: at, buffer: make([]byte, streamBuffer)}
}

// room returns the next n bytes of the piece.
func (s *stream) room(n int) []byte {
	if s.used+n > len(s.buffer) {
		s.flush()
	}
	s.used += n
	return s.buffer[s.used-n : s.used : s.used]
}

// close writes what is left, up to the end of the block.
func (s *stream) close() error {
	s.used = (s.used + runAlign - 1) / runAlign * runAlign
	s.flush()
	return s.err
}

// flush writes the buffer, which holds whole blocks.
func (s *stream) flush() {
	full := s.buffer[:s.used]
	if s.err == nil && len(full) > 0 {
		s.err = s.w.writeBlocks(full, s.at)
	}
	s.at += int64(len(full))
	s.used = 0
	clear(full)
}

// writeBlocks writes blocks and their checksums.
func (w *RunWriter) writeBlocks(blocks []byte, at int64) error {
	if _, err := w.out.WriteAt(blocks, runHeaderSize+at); err != nil {
		return err
	}
	sums := checked.AppendSums(make([]byte, 0, streamBuffer/checked.BlockSize*4), blocks)
	if _, err := w.out.WriteAt(sums, w.sums+at/checked.BlockSize*4); err != nil {
		return err
	}
	if w.written += len(blocks); w.written >= paceSize {
		w.written = 0
		return w.pace()
	}
	return nil
}
