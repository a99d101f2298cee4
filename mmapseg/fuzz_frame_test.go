package mmapseg

// Fuzzing of what decodes headers and frames: no panic, and no more memory than twice the input and a MiB.

import (
	"bytes"
	"errors"
	"runtime"
	"testing"

	"github.com/batpak/batpak/event"
)

// bounded runs fn and fails if it allocates more than an input of this many bytes may cost.
func bounded(t *testing.T, input int, fn func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > uint64(2*input+1<<20) {
		t.Errorf("%d bytes were allocated for an input of %d", used, input)
	}
}

func FuzzDecodeHeader(f *testing.F) {
	h := testHeader(7, MinSize)
	name := h.Name()
	f.Add(name, h.encode(), false)
	f.Add(name, h.encode()[:100], true)
	f.Add("", []byte("BATPAKSG"), true)
	f.Add(FileName(1, 1), make([]byte, HeaderSize), true)
	f.Fuzz(func(t *testing.T, name string, page []byte, right bool) {
		if right && len(page) >= HeaderSize {
			page = rewritten(&h, func(b []byte) { copy(b, page[:HeaderSize]) })
		}
		bounded(t, len(page), func() {
			got, err := DecodeHeader(name, page)
			if err != nil {
				if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrVersion) || got != (Header{}) {
					t.Errorf("%+v %v", got, err)
				}
				return
			}
			if got.Name() != name {
				t.Errorf("header of %s taken from %s", got.Name(), name)
			}
			again, err := DecodeHeader(name, got.encode())
			if err != nil || again != got {
				t.Errorf("%+v became %+v: %v", got, again, err)
			}
		})
	})
}

func FuzzEventFrame(f *testing.F) {
	salt := testSaltOf(3)
	for _, frame := range sampleFrames(f, salt) {
		f.Add(frame, uint16(len(frame)), true)
		f.Add(frame, uint16(len(frame)), false)
	}
	rich := richEvent(f, salt, sampleOffset)
	f.Add(rich, uint16(leWord(rich)>>32), true)
	decoder := NewDecoder()
	f.Fuzz(func(t *testing.T, b []byte, length uint16, right bool) {
		if right {
			b = append(bytes.Clone(b), make([]byte, eventFixed)...)
			b = reseal(b, max(framePrefix, int(length)), salt, sampleOffset)
		}
		bounded(t, len(b), func() {
			frame, bad := parseFrame(b, salt, sampleOffset, int64(len(b)))
			if bad != problemNone || frame.known("x.seg") != nil {
				return
			}
			if frame.End() > sampleOffset+int64(len(b)) {
				t.Errorf("a frame of %d out of %d bytes", frame.Length, len(b))
			}
			var ev event.Event
			if err := decoder.Event(&frame, "x.seg", &ev); err != nil {
				if !errors.Is(err, ErrCorrupt) {
					t.Error(err)
				}
				return
			}
			frame.HLC()
			hash, _ := frame.EventHash()
			if ev.Sequence != frame.Sequence() || ev.ID != frame.ID() || ev.Timestamp != frame.Timestamp() || ev.Hash != hash {
				t.Errorf("decoded and undecoded fields differ: %+v", ev)
			}
		})
	})
}

// encodeAny is the inverse of decodeAny for control frames.
func encodeAny(t *testing.T, v any) []byte {
	switch v := v.(type) {
	case OpenFrame:
		return AppendOpen(nil, &v, controlPlace)
	case CloseFrame:
		return AppendClose(nil, &v, controlPlace)
	case EndFrame:
		return AppendEnd(nil, &v, controlPlace)
	case BatchBegin:
		b, err := AppendBatchBegin(nil, &v, controlPlace)
		must(t, err)
		return b
	case BatchCommit:
		return AppendBatchCommit(nil, &v, controlPlace)
	case GapFrame:
		return AppendGap(nil, &v, controlPlace)
	}
	t.Fatalf("%T", v)
	return nil
}

func FuzzControlFrame(f *testing.F) {
	for _, frame := range sampleFrames(f, controlPlace.Salt) {
		f.Add(frame[2], frame[framePrefix:leWord(frame)>>32])
	}
	f.Add(uint8(FrameGap), append(make([]byte, 28), bytes.Repeat([]byte{0xFF}, 40)...))
	f.Add(uint8(FrameOpen), bytes.Repeat([]byte{0x01}, 88))
	f.Fuzz(func(t *testing.T, kind uint8, body []byte) {
		if FrameType(kind) == FrameEvent {
			return
		}
		encoded := reframe(FrameType(kind), body)
		frame := parsed(t, encoded)
		if frame.known("x.seg") != nil {
			return
		}
		var v any
		var err error
		bounded(t, len(encoded), func() { v, err = decodeAny(frame) })
		switch {
		case err == nil && !bytes.Equal(encodeAny(t, v), reframe(FrameType(kind), body)):
			t.Errorf("%+v has another encoding than the one that was read", v)
		case err != nil && !errors.Is(err, ErrCorrupt):
			t.Error(err)
		}
	})
}
