package mmapseg

// Control frames: round trips, sizes, and what is refused although its checksums are right.

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/batpak/batpak/event"
)

var controlPlace = Place{Salt: 0x1122334455667788, Offset: HeaderSize + 16, Mark: MakeMark(3, 8000)}

// reframe returns a frame with this body and checksums that are right.
func reframe(kind FrameType, body []byte) []byte {
	frame, start, length := controlFrame(nil, func(b []byte) []byte { return append(b, body...) })
	finishControl(frame[start:], kind, length, controlPlace)
	return frame
}

// parsed returns the frame that b holds.
func parsed(tb tester, b []byte) *Frame {
	tb.Helper()
	f, bad := parseFrame(b, controlPlace.Salt, controlPlace.Offset, int64(len(b)))
	if bad != problemNone {
		tb.Fatalf("%s", bad)
	}
	return &f
}

// decodeAny decodes a control frame by its type.
func decodeAny(f *Frame) (v any, err error) {
	switch f.Type {
	case FrameOpen:
		v, err = DecodeOpen(f, "x.seg")
	case FrameClose:
		v, err = DecodeClose(f, "x.seg")
	case FrameEnd:
		v, err = DecodeEnd(f, "x.seg")
	case FrameBatchBegin:
		v, err = DecodeBatchBegin(f, "x.seg")
	case FrameBatchCommit:
		v, err = DecodeBatchCommit(f, "x.seg")
	case FrameGap:
		v, err = DecodeGap(f, "x.seg")
	default:
		var ev event.Event
		err = NewDecoder().Event(f, "x.seg", &ev)
		v = ev
	}
	return v, err
}

// drawControl draws a control frame: the value, and its encoding.
func drawControl(t *rapid.T) (any, []byte) {
	u64, u32 := rapid.Uint64(), rapid.Uint32()
	sixteen := func(name string) [16]byte { return anyID.Draw(t, name) }
	switch FrameType(rapid.IntRange(int(FrameBatchBegin), int(FrameGap)).Draw(t, "type")) {
	case FrameBatchBegin:
		b := BatchBegin{Events: rapid.Uint32Min(1).Draw(t, "events"), Bytes: u32.Draw(t, "bytes") &^ 7, FirstSequence: rapid.Uint64Min(1).Draw(t, "first")}
		if b.Key = rapid.StringN(0, 50, event.MaxKey).Draw(t, "key"); b.Key != "" {
			b.Request = anyHash.Draw(t, "request")
		}
		out, err := AppendBatchBegin(nil, &b, controlPlace)
		must(t, err)
		return b, out
	case FrameBatchCommit:
		c := BatchCommit{Events: u32.Draw(t, "events"), Bytes: u32.Draw(t, "bytes"), FirstSequence: u64.Draw(t, "first"), CRC: u32.Draw(t, "crc")}
		return c, AppendBatchCommit(nil, &c, controlPlace)
	case FrameOpen:
		return drawOpen(t)
	case FrameClose:
		c := CloseFrame{Identity: sixteen("identity"), Incarnation: u64.Draw(t, "incarnation"), LastSequence: u64.Draw(t, "last"),
			TreeSize: u64.Draw(t, "tree"), Wall: u64.Draw(t, "wall"), Counter: u32.Draw(t, "counter")}
		return c, AppendClose(nil, &c, controlPlace)
	case FrameEnd:
		e := EndFrame{LastSequence: u64.Draw(t, "last"), TreeSize: u64.Draw(t, "tree"), NextNumber: rapid.Uint64Min(1).Draw(t, "number"),
			NextSalt: Salt(u64.Draw(t, "salt")), NextGeneration: u32.Draw(t, "generation"), Reason: EndReason(rapid.IntRange(1, 2).Draw(t, "reason"))}
		return e, AppendEnd(nil, &e, controlPlace)
	}
	first := rapid.Uint64Min(1).Draw(t, "first")
	g := GapFrame{Range: Range{first, rapid.Uint64Min(first).Draw(t, "last")}, Leaves: u64.Draw(t, "leaves"), Reason: u32.Draw(t, "reason")}
	for range rapid.IntRange(0, 5).Draw(t, "sections") {
		g.Sections = append(g.Sections, GapSection{Type: u32.Draw(t, "type"), Bytes: rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "bytes")})
	}
	return g, AppendGap(nil, &g, controlPlace)
}

func drawOpen(t *rapid.T) (any, []byte) {
	u64 := rapid.Uint64()
	o := OpenFrame{Identity: anyID.Draw(t, "identity"), Incarnation: rapid.Uint64Min(1).Draw(t, "incarnation"), Ahead: u64.Draw(t, "ahead"),
		LastSequence: u64.Draw(t, "last"), TreeSize: u64.Draw(t, "tree"), Wall: u64.Draw(t, "wall"),
		Counter: rapid.Uint32().Draw(t, "counter"), Opened: rapid.Int64().Draw(t, "opened")}
	if o.LastSequence > 0 && rapid.Bool().Draw(t, "lost") {
		o.Lost.First = rapid.Uint64Range(1, o.LastSequence).Draw(t, "lost first")
		o.Lost.Last = rapid.Uint64Range(o.Lost.First, o.LastSequence).Draw(t, "lost last")
	}
	for range rapid.IntRange(0, 5).Draw(t, "ancestors") {
		o.Ancestors = append(o.Ancestors, Ancestor{Identity: anyID.Draw(t, "ancestor"), Parted: u64.Draw(t, "parted")})
	}
	out := AppendOpen(nil, &o, controlPlace)
	if len(out) != OpenSize(len(o.Ancestors)) {
		t.Fatalf("open frame of %d bytes, OpenSize says %d", len(out), OpenSize(len(o.Ancestors)))
	}
	return o, out
}

func TestAControlFrameComesOutAsItWentIn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want, encoded := drawControl(t)
		f := parsed(t, encoded)
		must(t, f.known("x.seg"))
		got, err := decodeAny(f)
		must(t, err)
		if g, ok := got.(GapFrame); ok {
			for i := range g.Sections {
				g.Sections[i].Bytes = append([]byte{}, g.Sections[i].Bytes...)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("read\n%+v\nwant\n%+v", got, want)
		}
		if f.Mark != controlPlace.Mark || f.End() != controlPlace.Offset+int64(len(encoded)) || f.InBatch() {
			t.Fatalf("frame %+v", f)
		}
	})
}

func TestControlFramesAreAppendedBehindWhatIsThere(t *testing.T) {
	before := bytes.Repeat([]byte{0xAA}, 24)
	at := controlPlace
	frame := AppendClose(bytes.Clone(before), &CloseFrame{Incarnation: 1}, at)
	if !bytes.Equal(frame[:24], before) || !bytes.Equal(frame[24:], AppendClose(nil, &CloseFrame{Incarnation: 1}, at)) {
		t.Errorf("the frame depends on what is before it")
	}
}

func TestSizesOfControlFramesAreThoseOfTheirConstants(t *testing.T) {
	if n := len(AppendClose(nil, &CloseFrame{}, controlPlace)); n != CloseSize {
		t.Errorf("close frame of %d bytes, CloseSize is %d", n, CloseSize)
	}
	if n := len(AppendEnd(nil, &EndFrame{}, controlPlace)); n != EndSize {
		t.Errorf("end frame of %d bytes, EndSize is %d", n, EndSize)
	}
	// What Fits keeps free must hold all that may have to follow, up to 64 ancestors.
	if need := int64(CloseSize + EndSize + OpenSize(64)); need > controlRoom {
		t.Errorf("controlRoom is %d, end, close and open frame take %d", controlRoom, need)
	}
}

// refused checks that a body with right checksums is refused as corrupt.
func refused(tb tester, kind FrameType, body []byte, what string) {
	tb.Helper()
	_, err := decodeAny(parsed(tb, reframe(kind, body)))
	var corrupt *CorruptError
	if !errors.Is(err, ErrCorrupt) || !errors.As(err, &corrupt) {
		tb.Fatalf("%s: %v", what, err)
	}
	if corrupt.Segment != "x.seg" || corrupt.Offset != controlPlace.Offset || corrupt.Problem == "" {
		tb.Fatalf("%s: the error does not say where: %v", what, err)
	}
}

func TestABodyThatIsCutShortOrTooLongIsRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, encoded := drawControl(t)
		f := parsed(t, encoded)
		body := bytes.Clone(f.body())
		if !bytes.Equal(reframe(f.Type, body), encoded) {
			t.Fatalf("reframe does not build the same frame")
		}
		for n := range body {
			refused(t, f.Type, body[:n], "cut short")
		}
		for n := 1; n <= 40; n++ {
			refused(t, f.Type, append(bytes.Clone(body), make([]byte, n)...), "too long")
		}
	})
}

func TestAFrameIsNotTakenForOneOfAnotherType(t *testing.T) {
	for name, frame := range sampleFrames(t, controlPlace.Salt) {
		f, bad := parseFrame(frame, controlPlace.Salt, sampleOffset, int64(len(frame)))
		if bad != problemNone {
			t.Fatal(bad)
		}
		decoders := map[FrameType]func() error{
			FrameOpen:        func() error { _, err := DecodeOpen(&f, ""); return err },
			FrameClose:       func() error { _, err := DecodeClose(&f, ""); return err },
			FrameEnd:         func() error { _, err := DecodeEnd(&f, ""); return err },
			FrameBatchBegin:  func() error { _, err := DecodeBatchBegin(&f, ""); return err },
			FrameBatchCommit: func() error { _, err := DecodeBatchCommit(&f, ""); return err },
			FrameGap:         func() error { _, err := DecodeGap(&f, ""); return err },
			FrameEvent:       func() error { return NewDecoder().Event(&f, "", new(event.Event)) },
		}
		for kind, decode := range decoders {
			if err := decode(); (err == nil) != (kind == f.Type) || err != nil && !errors.Is(err, ErrCorrupt) {
				t.Errorf("%s read as %s: %v", name, kind, err)
			}
		}
	}
}

func TestFieldsOutOfRangeAreRefused(t *testing.T) {
	at := controlPlace
	begin := func(b BatchBegin) []byte {
		out, err := AppendBatchBegin(nil, &b, at)
		must(t, err)
		return out
	}
	for what, frame := range map[string][]byte{
		"incarnation 0":              AppendOpen(nil, &OpenFrame{}, at),
		"lost range backwards":       AppendOpen(nil, &OpenFrame{Incarnation: 1, LastSequence: 9, Lost: Range{5, 4}}, at),
		"lost range behind the last": AppendOpen(nil, &OpenFrame{Incarnation: 1, LastSequence: 9, Lost: Range{5, 10}}, at),
		"lost range from 0":          AppendOpen(nil, &OpenFrame{Incarnation: 1, LastSequence: 9, Lost: Range{0, 9}}, at),
		"too many ancestors":         AppendOpen(nil, &OpenFrame{Incarnation: 1, Ancestors: make([]Ancestor, maxAncestors+1)}, at),
		"no next segment":            AppendEnd(nil, &EndFrame{Reason: EndRotated}, at),
		"no reason":                  AppendEnd(nil, &EndFrame{NextNumber: 2}, at),
		"unknown reason":             AppendEnd(nil, &EndFrame{NextNumber: 2, Reason: EndCut + 1}, at),
		"batch of no events":         begin(BatchBegin{FirstSequence: 1}),
		"batch at sequence 0":        begin(BatchBegin{Events: 1}),
		"batch not of whole words":   begin(BatchBegin{Events: 1, FirstSequence: 1, Bytes: 81}),
		"gap from 0":                 AppendGap(nil, &GapFrame{Range: Range{0, 4}}, at),
		"gap backwards":              AppendGap(nil, &GapFrame{Range: Range{5, 4}}, at),
		"gap of too many sections":   AppendGap(nil, &GapFrame{Range: Range{5, 5}, Sections: make([]GapSection, 257)}, at),
	} {
		if _, err := decodeAny(parsed(t, frame)); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", what, err)
		}
	}
	must(t, func() error {
		_, err := decodeAny(parsed(t, AppendOpen(nil, &OpenFrame{Incarnation: 1, Ancestors: make([]Ancestor, maxAncestors)}, at)))
		return err
	}())
	if out, err := AppendBatchBegin([]byte{1}, &BatchBegin{Key: long(event.MaxKey + 1)}, at); !errors.Is(err, event.ErrInvalid) || len(out) != 1 {
		t.Errorf("a key of 256 bytes: %v, %d bytes", err, len(out))
	}
}
