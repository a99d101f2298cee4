// Walking the frames of a segment, and finding the next sound one behind damage.

package mmapseg

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Window gives the bytes of a segment to a scanner: a copy, so that what was
// checked can't change under it.
type Window interface {
	// Bytes returns at least n bytes from offset, or as many as there are. They
	// are valid until the next call.
	Bytes(offset int64, n int) ([]byte, error)
	// Size returns where the segment's bytes end.
	Size() int64
}

// Memory is a window over bytes that begin at offset 0 of a segment.
type Memory []byte

// Bytes implements [Window].
func (m Memory) Bytes(offset int64, _ int) ([]byte, error) {
	if offset >= int64(len(m)) {
		return nil, nil
	}
	return m[offset:], nil
}

// Size implements [Window].
func (m Memory) Size() int64 { return int64(len(m)) }

// fileWindow reads a file in pieces into one buffer.
type fileWindow struct {
	file  io.ReaderAt
	size  int64
	piece int64 // bytes that are read at once
	buf   []byte
	at    int64 // offset of buf[0]
}

// windowSize is how much a file window reads at once, in bytes.
const windowSize = 1 << 20

// newFileWindow returns a window that reads the file with pread, a MiB at a time;
// it holds that much memory, or one frame's length where that is more.
func newFileWindow(file io.ReaderAt, size int64) Window {
	return &fileWindow{file: file, size: size, piece: windowSize}
}

func (w *fileWindow) Size() int64 { return w.size }

func (w *fileWindow) Bytes(offset int64, n int) ([]byte, error) {
	if offset >= w.size {
		return nil, nil
	}
	end := min(offset+int64(n), w.size)
	if offset >= w.at && end <= w.at+int64(len(w.buf)) {
		return w.buf[offset-w.at:], nil
	}
	want := int(min(max(int64(n), w.piece), w.size-offset))
	if cap(w.buf) < want {
		// At least doubled, so that lengths that creep up allocate a file's size twice
		// at most.
		w.buf = make([]byte, want, max(int64(want), min(2*int64(cap(w.buf)), w.size)))
	}
	w.buf = w.buf[:want]
	got, err := w.file.ReadAt(w.buf, offset)
	w.at, w.buf = offset, w.buf[:got]
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("read %d bytes at %d: %w", want, offset, err)
	}
	return w.buf, nil
}

// Scanner walks the frames of one segment in order. It stops in front of the
// first bytes that are no sound frame; whether that is the end, a torn tail or
// damage is for the caller to judge, with the help of [Scanner.Headers].
type Scanner struct {
	window Window
	salt   Salt
	file   string
	offset int64
	limit  int64
	spent  int64 // bytes of frames whose bodies were checked and not sound
}

// NewScanner returns a scanner over the frames from offset up to limit (at most
// the window's size) of the segment called file.
func NewScanner(window Window, salt Salt, file string, offset, limit int64) *Scanner {
	return &Scanner{window: window, salt: salt, file: file, offset: offset, limit: min(limit, window.Size())}
}

// Offset returns where the scanner stands: behind the last frame that [Scanner.Next]
// returned, or in front of what is no frame.
func (s *Scanner) Offset() int64 { return s.offset }

// MoveTo moves the scanner to offset, which must be a multiple of 8.
func (s *Scanner) MoveTo(offset int64) { s.offset = offset }

// Next returns the next frame, valid until the next call. ok is false in front of
// bytes that are no sound frame, and at the limit. The error is one of reading,
// or a [VersionError] for a sound frame of a type that this build does not know.
func (s *Scanner) Next() (f Frame, ok bool, err error) {
	f, bad, err := s.frameAt(s.offset)
	if err != nil || bad != problemNone {
		return Frame{}, false, err
	}
	if err := f.known(s.file); err != nil {
		return Frame{}, false, err
	}
	s.offset = f.End()
	return f, true, nil
}

// Problem says in words why there is no frame where the scanner stands.
func (s *Scanner) Problem() string {
	_, bad, err := s.frameAt(s.offset)
	switch {
	case err != nil:
		return err.Error()
	case s.offset >= s.limit:
		return "the file ends"
	}
	return string(bad)
}

func (s *Scanner) frameAt(offset int64) (Frame, problem, error) {
	room := s.limit - offset
	b, err := s.window.Bytes(offset, int(min(framePrefix, max(room, 0))))
	if err != nil {
		return Frame{}, problemNone, err
	}
	p, bad := parsePrefix(b, s.salt, offset, room)
	if bad != problemNone {
		return Frame{}, bad, nil
	}
	if b, err = s.window.Bytes(offset, p.aligned()); err != nil {
		return Frame{}, problemNone, err
	}
	if int64(len(b)) > room {
		b = b[:room]
	}
	f, bad := p.frame(b, s.salt, offset)
	if bad != problemNone {
		s.spent += int64(p.length)
	}
	return f, bad, nil
}

// Sighting is a place behind damage where a frame's header is sound.
type Sighting struct {
	Offset int64
	Length int // of the frame, as its header says
	Mark   Mark
}

// Headers calls found for every frame header with a sound checksum from where the
// scanner stands up to the limit, in order, until found returns false. Only
// headers are checked, so that the work is linear in the bytes whatever they
// hold: a header alone proves which durable position it carries. The scanner
// does not move.
func (s *Scanner) Headers(found func(Sighting) bool) error {
	for offset := s.offset; offset+framePrefix <= s.limit; {
		b, err := s.window.Bytes(offset, framePrefix) // more, where it has more
		if err != nil {
			return err
		}
		if int64(len(b)) > s.limit-offset {
			b = b[:s.limit-offset]
		}
		if len(b) < framePrefix {
			return nil
		}
		n := 0
		for ; n+framePrefix <= len(b); n += FrameAlign {
			if binary.LittleEndian.Uint16(b[n:]) != frameMagic {
				continue
			}
			at := offset + int64(n)
			p, bad := parsePrefix(b[n:n+framePrefix], s.salt, at, s.limit-at)
			if bad == problemNone && !found(Sighting{Offset: at, Length: p.length, Mark: p.mark}) {
				return nil
			}
		}
		offset += int64(n)
	}
	return nil
}

// resyncWork bounds how many bytes of unsound bodies one scanner checks before
// resync gives up, as a multiple of the scanner's limit. Damage that
// nobody forged takes each byte once.
const resyncWork = 4

// resync moves the scanner to the next sound frame behind where it stands and
// reports whether there is one. The work of a scanner that goes on with resync
// whenever Next stops is linear in its bytes: forged headers whose bodies are not
// sound use up a budget, and then the search ends as if there were no more.
func (s *Scanner) resync() (bool, error) {
	start := s.offset
	for s.offset += FrameAlign; s.spent <= resyncWork*s.limit; s.offset += FrameAlign {
		var next Sighting
		if err := s.Headers(func(at Sighting) bool { next = at; return false }); err != nil {
			return false, err
		}
		if next.Offset == 0 {
			break
		}
		s.offset = next.Offset
		if _, bad, err := s.frameAt(next.Offset); err != nil || bad == problemNone {
			return err == nil, err
		}
	}
	s.offset = start
	return false, nil
}

// eventBehind moves the scanner past the unsound bytes that it stands at, and past
// any that follow, to the first sound event with this or a higher sequence, and
// behind it. found is false if there is none.
func (s *Scanner) eventBehind(sequence uint64) (f Frame, found bool, err error) {
	for {
		if more, err := s.resync(); err != nil || !more {
			return Frame{}, false, err
		}
		for {
			f, ok, err := s.Next()
			if err != nil {
				return Frame{}, false, err
			}
			if !ok {
				break
			}
			if f.Type == FrameEvent && f.Sequence() >= sequence {
				return f, true, nil
			}
		}
	}
}
