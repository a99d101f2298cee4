// This file holds Table: what the footer of a sealed segment knows about its events, read in place.
//
// A Table is the places of its sections, and does not change. Opening one reads nothing of them, so that opening a store
// touches no page of an index; what is wrong with a section is found when it is first asked.

package index

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/batpak/batpak/internal/checked"
)

// The kinds of the sections. Those of the dictionaries are behind each other in the order of the types: entities 16,
// scopes 17, kinds 18, tags 19, gates 20.
const (
	sectionDictionaries = 15 // plus the Type
	sectionZones        = 21
	sectionLinks        = 22
)

// sectionVersion and linksVersion are the versions of the sections that this package writes, and the only ones that it reads. The
// lists of version 1 had all hashes in front of all values, so that a lookup read two pages more; those of version 2 stand in leaves. Version 1
// is the first.
const (
	sectionVersion = 1
	linksVersion   = 2
)

// versionOf returns the version of a section.
func versionOf(kind uint32) uint32 {
	if kind == sectionLinks {
		return linksVersion
	}
	return sectionVersion
}

// ErrVersion says that a section has a version that this package does not read.
var ErrVersion = errors.New("unknown version")

// TableError says what is wrong with a section: it is missing, has another version (the error Is [ErrVersion]), or its
// bytes contradict themselves (it Is [checked.ErrDamaged]).
type TableError struct {
	Section uint32 // the kind of the section
	Problem string
	version bool
}

// Error names the section and the problem.
func (e *TableError) Error() string {
	return fmt.Sprintf("index: section %d (%s) %s", e.Section, sectionName(e.Section), e.Problem)
}

// Is reports whether target is what the error is about: [ErrVersion], or else [checked.ErrDamaged].
func (e *TableError) Is(target error) bool {
	if e.version {
		return target == ErrVersion
	}
	return target == checked.ErrDamaged
}

func sectionName(kind uint32) string {
	switch kind {
	case sectionZones:
		return "zones"
	case sectionLinks:
		return "links"
	}
	return [...]string{"entities", "scopes", "kinds", "tags", "gates"}[kind-sectionOf(Entity)]
}

// sectionOf returns the kind of the section that holds the dictionary of a type.
func sectionOf(t Type) uint32 { return sectionDictionaries + uint32(t) }

// Section returns the bytes and the version of a section of a footer; ok is false if the footer has none of that kind.
type Section func(kind uint32) (data checked.Range, version uint32, ok bool)

// Table is the index of a sealed segment. All methods may be called concurrently. But for Events they read mapped bytes
// and are called inside [Part]'s read; their errors are a [TableError] that Is [checked.ErrDamaged], or a
// *[checked.DamageError].
type Table struct {
	events       uint32
	dictionaries [Gate]checked.Range // by Type - 1
	zones        checked.Range
	linked       checked.Range
	lists        atomic.Pointer[runBody] // over linked; nil: not read
}

// OpenTable returns the table of a segment with so many events over the sections of its footer. It reads nothing of
// them and does not block. A section that is missing, of another version, or too short to be one is a *[TableError];
// sections of other kinds are not asked for.
func OpenTable(events uint32, section Section) (*Table, error) {
	t := &Table{events: events}
	for kind := sectionOf(Entity); kind <= sectionLinks; kind++ {
		data, version, ok := section(kind)
		if !ok {
			return nil, &TableError{Section: kind, Problem: "is missing"}
		}
		if want := versionOf(kind); version != want {
			return nil, &TableError{kind, fmt.Sprintf("has version %d, want %d", version, want), true}
		}
		switch kind {
		case sectionZones:
			if want := zonesSize(events); data.Len() != want {
				return nil, &TableError{Section: kind, Problem: fmt.Sprintf("has %d bytes, want %d for %d events", data.Len(), want, events)}
			}
			t.zones = data
		case sectionLinks:
			t.linked = data
		default:
			if data.Len() < dictionaryHeader+indexEntry {
				return nil, &TableError{Section: kind, Problem: fmt.Sprintf("has only %d bytes", data.Len())}
			}
			t.dictionaries[kind-sectionOf(Entity)] = data
		}
	}
	return t, nil
}

// Events returns the number of events.
func (t *Table) Events() uint32 { return t.events }

// links returns the lists of hashes. Where they lie is kept once it was read.
func (t *Table) links() (*runBody, error) {
	if body := t.lists.Load(); body != nil {
		return body, nil
	}
	body, err := openLinks(t.linked, t.events)
	if err == nil {
		t.lists.Store(body)
	}
	return body, err
}
