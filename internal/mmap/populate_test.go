// This file holds what populating accepts and refuses on every system.

package mmap

import (
	"bytes"
	"errors"
	"math"
	"os"
	"testing"
)

func TestPopulatingLeavesTheBytesAlone(t *testing.T) {
	page := os.Getpagesize()
	length := 8*page + 100
	for name, m := range kinds(t, length) {
		m.Store(page, bytes.Repeat([]byte{5}, 64))
		before := bytes.Clone(m.Bytes())
		for _, r := range []struct{ offset, length int }{
			{0, length}, {0, 0}, {length, 0}, {0, 1}, {1, 1}, {page - 1, 2}, {page + 5, 3*page + 7}, {8 * page, 100}, {length - 1, 1},
		} {
			if err := errors.Join(m.PopulateRead(r.offset, r.length), m.PopulateWrite(r.offset, r.length)); err != nil {
				t.Errorf("%s: %d bytes at %d: %v", name, r.length, r.offset, err)
			}
		}
		if !bytes.Equal(m.Bytes(), before) {
			t.Errorf("%s: populating changed bytes", name)
		}
	}
}

func TestPopulatingOutsideTheMappingIsRefused(t *testing.T) {
	const length = 10000
	for name, m := range kinds(t, length) {
		for _, r := range []struct{ offset, length int }{
			{-1, 1}, {0, -1}, {0, length + 1}, {length, 1}, {length + 1, 0}, {1, math.MaxInt}, {math.MaxInt, 1}, {math.MinInt, 1},
		} {
			for call, err := range map[string]error{
				"read": m.PopulateRead(r.offset, r.length), "write": m.PopulateWrite(r.offset, r.length),
			} {
				if !errors.Is(err, ErrRange) {
					t.Errorf("%s, for %s: %d bytes at %d: %v", name, call, r.length, r.offset, err)
				}
			}
		}
		if err := m.Unmap(); err != nil {
			t.Fatal(err)
		}
		if err := m.PopulateRead(0, 1); !errors.Is(err, ErrUnmapped) {
			t.Errorf("%s, after Unmap: %v", name, err)
		}
		if err := m.PopulateWrite(0, 1); !errors.Is(err, ErrUnmapped) {
			t.Errorf("%s, after Unmap: %v", name, err)
		}
	}
}

func TestAReadOnlyMappingIsNotPopulatedForWriting(t *testing.T) {
	for name, m := range map[string]*Mapping{
		"real": mustMap(t, newFile(t, 64), 64, ReadOnly),
		"heap": NewTwin(64, nil).Map(64, ReadOnly, nil),
	} {
		if err := m.PopulateWrite(0, 64); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if err := m.PopulateRead(0, 64); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
