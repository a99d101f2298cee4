// This file holds Faulty: every call can be failed, is then not made, and is described as it is.

package vfs

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/batpak/batpak/internal/mmap"
)

// everyCall makes each call that can fail, once, on a directory that holds file, and returns the errors by call.
func everyCall(t *testing.T, d Dir, f File, l Lock) map[OpKind]error {
	t.Helper()
	created, create := d.Create("new")
	opened, open := d.Open("file", true)
	_, list := d.List()
	other, lock := d.Lock("OTHER", true)
	_, read := f.ReadAt(make([]byte, 3), 1)
	_, write := f.WriteAt(make([]byte, 5), 2)
	_, size := f.Size()
	mapping, mapped := f.Map(4, mmap.ReadWrite)
	errs := map[OpKind]error{
		OpCreate: create, OpOpen: open, OpList: list, OpLock: lock, OpReadAt: read, OpWriteAt: write, OpSize: size, OpMap: mapped,
		OpRename: d.Rename("file", "renamed"), OpRemove: d.Remove("other"), OpSyncDir: d.Sync(),
		OpTruncate: f.Truncate(6), OpReserve: f.Reserve(8), OpSyncData: f.SyncData(), OpSyncAll: f.SyncAll(),
		OpClose: f.Close(), OpUnlock: l.Unlock(), OpCloseDir: d.Close(),
	}
	if mapping != nil {
		must(t, mapping.Unmap())
	}
	for _, left := range []File{created, opened} {
		if left != nil {
			left.Close()
		}
	}
	if other != nil {
		other.Unlock()
	}
	return errs
}

// recorded makes every call on a Faulty of a Faulty: the inner one records what gets through what outer decides.
func recorded(t *testing.T, outer func(Op) error) (errs map[OpKind]error, calls []Op) {
	t.Helper()
	inner := Faulty(NewMemory(), func(op Op) error {
		calls = append(calls, op)
		return nil
	})
	put(t, inner, "file", "0123456789")
	put(t, inner, "other", "")
	armed := false
	d := Faulty(inner, func(op Op) error {
		if armed {
			return outer(op)
		}
		return nil
	})
	f, err := d.Open("file", true)
	must(t, err)
	l, err := d.Lock("LOCK", true)
	must(t, err)
	armed, calls = true, nil
	return everyCall(t, d, f, l), calls
}

func TestEveryCallIsDescribed(t *testing.T) {
	errs, calls := recorded(t, func(Op) error { return nil })
	for kind, err := range errs {
		if err != nil {
			t.Errorf("%v: %v", kind, err)
		}
	}
	for _, want := range []Op{
		{Kind: OpCreate, Name: "new", Write: true}, {Kind: OpOpen, Name: "file", Write: true}, {Kind: OpList},
		{Kind: OpLock, Name: "OTHER", Write: true}, {Kind: OpReadAt, Name: "file", Offset: 1, Length: 3},
		{Kind: OpWriteAt, Name: "file", Offset: 2, Length: 5, Write: true}, {Kind: OpSize, Name: "file"},
		{Kind: OpMap, Name: "file", Length: 4, Write: true}, {Kind: OpRename, Name: "file", To: "renamed"},
		{Kind: OpRemove, Name: "other"}, {Kind: OpSyncDir}, {Kind: OpTruncate, Name: "file", Length: 6},
		{Kind: OpReserve, Name: "file", Length: 8}, {Kind: OpSyncData, Name: "file"}, {Kind: OpSyncAll, Name: "file"},
		{Kind: OpClose, Name: "file"}, {Kind: OpUnlock, Name: "LOCK"}, {Kind: OpCloseDir},
	} {
		if !slices.Contains(calls, want) {
			t.Errorf("%+v is missing in %+v", want, calls)
		}
	}
}

func TestEveryCallCanFailAndIsThenNotMade(t *testing.T) {
	for kind := OpCreate; kind <= OpClose; kind++ {
		cause := errors.New("forged")
		errs, calls := recorded(t, func(op Op) error {
			if op.Kind == kind {
				return cause
			}
			return nil
		})
		if _, known := errs[kind]; !known {
			t.Errorf("%v is not called", kind)
		}
		for called, err := range errs {
			if called == kind && err != cause || called != kind && err != nil {
				t.Errorf("failing %v: %v returns %v", kind, called, err)
			}
		}
		made := slices.ContainsFunc(calls, func(op Op) bool { return op.Kind == kind })
		closes := kind == OpClose || kind == OpUnlock || kind == OpCloseDir
		if made != closes {
			t.Errorf("failing %v: it was made: %v", kind, made)
		}
	}
}

func TestErrorsFromBelowPassThrough(t *testing.T) {
	d := Faulty(NewMemory(), func(Op) error { return nil })
	_, open := d.Open("missing", false)
	_, lock := d.Lock("missing", false)
	for what, err := range map[string]error{"open": open, "lock": lock} {
		if err == nil {
			t.Errorf("%s: accepted", what)
		}
	}
}

func TestEveryKindHasAName(t *testing.T) {
	seen := make(map[string]bool)
	for kind := OpCreate; kind <= OpClose; kind++ {
		if name := kind.String(); name == "" || strings.HasPrefix(name, "OpKind") || seen[name] {
			t.Errorf("kind %d is %q", kind, name)
		}
		seen[kind.String()] = true
	}
	if got := OpKind(0).String() + (OpClose + 1).String(); got != "OpKind(0)OpKind(19)" {
		t.Error(got)
	}
}
