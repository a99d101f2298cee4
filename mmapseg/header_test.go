package mmapseg

// Segment headers and the names of their files.

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func drawHeader(t *rapid.T) Header {
	h := Header{
		Number: rapid.Uint64Min(1).Draw(t, "number"), Generation: rapid.Uint32Range(0, 99999).Draw(t, "generation"),
		Hashing: rapid.Bool().Draw(t, "hashing"), Salt: Salt(rapid.Uint64().Draw(t, "salt")),
		Size: 4096 * rapid.Int64Range(MinSize/4096, MaxSize/4096).Draw(t, "pages"), Origin: Origin(anyID.Draw(t, "origin")),
		Created: rapid.Int64().Draw(t, "created"),
	}
	if h.Generation > 0 {
		h.ReplacesFirst, h.ReplacesLast = rapid.Uint64().Draw(t, "first"), rapid.Uint64().Draw(t, "last")
	}
	return h
}

func TestAHeaderComesOutAsItWentIn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawHeader(t)
		page := want.encode()
		if len(page) != HeaderSize {
			t.Fatalf("a header of %d bytes", len(page))
		}
		got, err := DecodeHeader(want.Name(), page)
		must(t, err)
		if got != want {
			t.Fatalf("read %+v, want %+v", got, want)
		}
		got, err = DecodeHeader(want.Name(), append(page, 1, 2, 3)) // what follows is not the header's
		must(t, err)
		if got != want {
			t.Fatalf("read %+v, want %+v", got, want)
		}
	})
}

func TestAFlippedBitAnywhereInTheHeaderPageIsSurvived(t *testing.T) {
	h := testHeader(7, MinSize)
	page := h.encode()
	for bit := range HeaderSize * 8 {
		page[bit/8] ^= 1 << (bit % 8)
		got, err := DecodeHeader(h.Name(), page)
		mended := HeaderMended(h.Name(), page)
		page[bit/8] ^= 1 << (bit % 8)
		if err != nil || got != h || mended != (bit/8 < headerRecord) {
			t.Fatalf("bit %d of byte %d: %+v, mended %v, %v", bit%8, bit/8, got, mended, err)
		}
	}
}

func TestAFlippedBitInBothCopiesOfAHeaderIsRefused(t *testing.T) {
	h := testHeader(7, MinSize)
	for bit := range headerRecord * 8 {
		page := h.encode()
		page[bit/8] ^= 1 << (bit % 8)
		page[headerCopy+bit/8] ^= 1 << (bit % 8)
		got, err := DecodeHeader(h.Name(), page)
		version := bit/8 >= 8 && bit/8 < 12
		if version && !errors.Is(err, ErrVersion) || !version && !errors.Is(err, ErrCorrupt) || got != (Header{}) {
			t.Fatalf("bit %d of byte %d: %+v, %v", bit%8, bit/8, got, err)
		}
	}
}

func TestAHeaderThatIsCutShortIsRefused(t *testing.T) {
	h := testHeader(7, MinSize)
	page := h.encode()
	for n := 0; n < HeaderSize; n++ {
		_, err := DecodeHeader(h.Name(), page[:n])
		var corrupt *CorruptError
		if !errors.As(err, &corrupt) || corrupt.Offset != int64(n) || corrupt.Segment != h.Name() {
			t.Fatalf("%d bytes: %v", n, err)
		}
	}
	if _, err := DecodeHeader(h.Name(), make([]byte, HeaderSize)); !errors.Is(err, ErrCorrupt) {
		t.Errorf("zeros: %v", err)
	}
}

// rewritten returns a header page with a change and a checksum that is right.
func rewritten(h *Header, change func(page []byte)) []byte {
	page := h.encode()
	change(page)
	binary.LittleEndian.PutUint32(page[headerRecord-4:], crc(0, page[:headerRecord-4]))
	copy(page[headerCopy:], page[:headerRecord])
	return page
}

func TestUnknownVersionsAndFeaturesAreRefusedWithBothVersionsNamed(t *testing.T) {
	h := testHeader(7, MinSize)
	for what, c := range map[string]struct {
		change       func(page []byte)
		found, known uint64
	}{
		"format version": {func(p []byte) { p[8] = 2 }, 2, FormatVersion},
		"feature flags":  {func(p []byte) { p[15] = 0x80 }, 0x80000000, 0},
		"hashing":        {func(p []byte) { p[28] = 2 }, 2, 1},
		"checksum":       {func(p []byte) { p[29] = 9 }, 9, 1},
	} {
		_, err := DecodeHeader(h.Name(), rewritten(&h, c.change))
		var version *VersionError
		if !errors.Is(err, ErrVersion) || !errors.As(err, &version) {
			t.Fatalf("%s: %v", what, err)
		}
		if *version != (VersionError{File: h.Name(), What: what, Found: c.found, Known: c.known}) {
			t.Errorf("%s: %+v", what, version)
		}
		for _, part := range []string{h.Name(), what, fmt.Sprint(c.found), fmt.Sprint(c.known)} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q does not name %s", what, err, part)
			}
		}
	}
	// A later version may keep its checksum elsewhere: it is named all the same.
	page := h.encode()
	page[8], page[headerRecord-1] = 9, page[headerRecord-1]^1
	copy(page[headerCopy:], page[:headerRecord])
	if _, err := DecodeHeader(h.Name(), page); !errors.Is(err, ErrVersion) {
		t.Errorf("version 9 with another checksum: %v", err)
	}
}

func TestAHeaderOutOfRangeOrUnderAnotherNameIsRefused(t *testing.T) {
	h := testHeader(7, MinSize)
	put := func(at int, v uint64) func([]byte) {
		return func(p []byte) { binary.LittleEndian.PutUint64(p[at:], v) }
	}
	for what, page := range map[string][]byte{
		"size below the least":   rewritten(&h, put(40, MinSize-4096)),
		"size above the largest": rewritten(&h, put(40, MaxSize+4096)),
		"negative size":          rewritten(&h, put(40, math.MaxUint64)),
		"number 0":               rewritten(&h, put(16, 0)),
		"another number":         rewritten(&h, put(16, 8)),
		"another generation":     rewritten(&h, func(p []byte) { p[24] = 1 }),
		"no checksum":            rewritten(&h, func(p []byte) { p[29] = 0 }),
	} {
		if _, err := DecodeHeader(h.Name(), page); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, name := range []string{"", "7.seg", FileName(8, 0), FileName(7, 1), FileName(7, 0) + temporarySuffix} {
		if _, err := DecodeHeader(name, h.encode()); !errors.Is(err, ErrCorrupt) {
			t.Errorf("under the name %q: %v", name, err)
		}
	}
}

func TestFileNamesSortLikeNumbersAndAreParsedBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) (uint64, uint32) {
			return rapid.Uint64Min(1).Draw(t, name), rapid.Uint32Range(0, 99999).Draw(t, name+" generation")
		}
		a, generationA := draw("a")
		b, generationB := draw("b")
		nameA, nameB := FileName(a, generationA), FileName(b, generationB)
		number, generation, ok := ParseFileName(nameA)
		if !ok || number != a || generation != generationA || IsTemporary(nameA) || !IsTemporary(nameA+temporarySuffix) {
			t.Fatalf("%s parsed as %d %d %v", nameA, number, generation, ok)
		}
		if before := a < b || a == b && generationA < generationB; (nameA < nameB) != before {
			t.Fatalf("%s and %s sort wrongly", nameA, nameB)
		}
	})
}

func TestOtherFileNamesAreNotParsed(t *testing.T) {
	good := FileName(12, 3)
	for _, name := range []string{
		"", ".seg", "lock", good[1:], "0" + good, good + "x", good + ".seg", good[:20] + "_" + good[21:], FileName(0, 0),
		strings.ToUpper(good), "+" + good[1:], "-" + good[1:], " " + good[1:], good[:21] + "+0003.seg", good[:21] + "0_003.seg",
		"99999999999999999999-00000.seg", "0x000000000000000012-00000.seg", good + temporarySuffix, FileName(12, 100000),
	} {
		if number, generation, ok := ParseFileName(name); ok {
			t.Errorf("%q parsed as %d, %d", name, number, generation)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		name := []byte(good)
		name[rapid.IntRange(0, len(name)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		if number, generation, ok := ParseFileName(string(name)); ok && FileName(number, generation) != string(name) {
			t.Fatalf("%q parsed as %d, %d", name, number, generation)
		}
	})
}

func TestNoSegmentIsCreatedWhoseHeaderWouldBeRefused(t *testing.T) {
	dir := diskDir(t)
	for what, change := range map[string]func(h *Header){
		"number 0":             func(h *Header) { h.Number = 0 },
		"generation 100000":    func(h *Header) { h.Generation = 100000 },
		"size not in pages":    func(h *Header) { h.Size++ },
		"size below the least": func(h *Header) { h.Size = MinSize - 4096 },
		"size too large":       func(h *Header) { h.Size = MaxSize + 4096 },
	} {
		h := testHeader(3, MinSize)
		change(&h)
		if s, err := Create(dir, h); err == nil {
			_ = s.Close()
			t.Errorf("%s: created", what)
		}
	}
	names, err := dir.List()
	must(t, err)
	if len(names) != 0 {
		t.Errorf("left behind: %v", names)
	}
	h := testHeader(3, MinSize)
	s, err := Create(dir, h)
	must(t, err)
	defer func() { must(t, s.Close()) }()
	page := fileImage(t, s)[:HeaderSize]
	if !bytes.Equal(page, h.encode()) {
		t.Errorf("the file has another header")
	}
}
