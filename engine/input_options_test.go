// Options out of their ranges: refused before anything is touched, naming field and
// range.

package engine_test

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
)

func TestAnOptionOutOfItsRangeIsRefusedBeforeTheDirectoryIsMade(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/store"
	for _, test := range []struct {
		field   string
		options engine.Options
	}{
		{"SegmentSize", engine.Options{SegmentSize: -1}},
		{"SegmentSize", engine.Options{SegmentSize: 1}},
		{"SegmentSize", engine.Options{SegmentSize: engine.MinSegmentSize - 4096}},
		{"SegmentSize", engine.Options{SegmentSize: engine.MinSegmentSize + 1}},
		{"SegmentSize", engine.Options{SegmentSize: engine.MaxSegmentSize + 4096}},
		{"MaxPayload", engine.Options{MaxPayload: -1}},
		{"MaxPayload", engine.Options{MaxPayload: 64<<20 + 1}},
		{"SyncMode", engine.Options{SyncMode: engine.SyncAll + 1}},
		{"Hashing", engine.Options{Hashing: engine.HashingOff + 1}},
	} {
		s, err := engine.Open(path, test.options)
		var refused *engine.OptionError
		if s != nil || !errors.Is(err, engine.ErrInvalid) || !errors.As(err, &refused) || refused.Field != test.field {
			t.Errorf("%+v: got %v, want an OptionError for %s", test.options, err, test.field)
			continue
		}
		if text := err.Error(); !strings.Contains(text, test.field) || !strings.Contains(text, refused.Range) {
			t.Errorf("%q does not name field and range", text)
		}
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory is there: %v", err)
	}
}

func TestTheLimitsOfOptionsAreAccepted(t *testing.T) {
	t.Parallel()
	for _, options := range []engine.Options{
		{SegmentSize: engine.MinSegmentSize},
		{SegmentSize: engine.MaxSegmentSize}, // the first segment is small all the same
		{MaxPayload: 1},
		{MaxPayload: 64 << 20},
		{SyncMode: engine.SyncAll, Hashing: engine.HashingOff},
	} {
		s, err := engine.Open(quickDir(t), options)
		if err != nil {
			t.Errorf("%+v: %v", options, err)
			continue
		}
		if got := s.Stats().DiskBytes; got > 4<<20 {
			t.Errorf("%+v: a new store takes %d bytes", options, got)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestReadOptionsOutOfTheirRangeYieldOneError(t *testing.T) {
	t.Parallel()
	s := quickStore(t, engine.Options{})
	mustAppend(t, s, 3)
	for field, options := range map[string]engine.ReadOptions{
		"Direction": {Direction: engine.Backward + 1},
		"Limit":     {Limit: -1},
	} {
		steps := 0
		for ev, err := range s.Events(0, 0, options) {
			steps++
			var refused *engine.OptionError
			if !errors.Is(err, engine.ErrInvalid) || !errors.As(err, &refused) || refused.Field != field || !ev.IsZero() {
				t.Errorf("%+v: got %v, %v", options, ev, err)
			}
		}
		if steps != 1 {
			t.Errorf("%+v: %d steps, want 1", options, steps)
		}
	}
}

func TestTheChoiceOfHashingIsKeptAndNeverChanged(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		created, kept, other engine.Hashing
	}{
		{engine.HashingStored, engine.HashingOn, engine.HashingOff},
		{engine.HashingOn, engine.HashingOn, engine.HashingOff},
		{engine.HashingOff, engine.HashingOff, engine.HashingOn},
	} {
		path := quickDir(t)
		mustClose(t, mustOpen(t, path, engine.Options{Hashing: test.created}))
		before := imageOf(t, path)
		if s, err := engine.Open(path, engine.Options{Hashing: test.other}); s != nil || !errors.Is(err, engine.ErrHashing) {
			t.Errorf("created with %d, opened with %d: got %v, want ErrHashing", test.created, test.other, err)
		}
		mustBeUnchanged(t, path, before)
		for _, again := range []engine.Hashing{test.kept, engine.HashingStored} {
			s := mustOpen(t, path, engine.Options{Hashing: again})
			for _, ev := range mustAppend(t, s, 2) {
				if hashed := !ev.Hash.IsZero(); hashed != (test.kept == engine.HashingOn) {
					t.Errorf("created with %d, opened with %d: hash %s", test.created, again, ev.Hash)
				}
			}
			mustClose(t, s)
		}
	}
}

func TestARandomSourceThatFailsIsAnErrorOfOpening(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	if s, err := engine.Open(path, engine.Options{Random: strings.NewReader("short")}); s != nil || err == nil {
		t.Fatalf("got %v, want an error", err)
	}
	mustClose(t, mustOpen(t, path, engine.Options{})) // neither locked nor half a store
}
