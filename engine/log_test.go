// What a store logs: its life, what it finds and what goes wrong, and nothing about events.

package engine_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
)

// recorder is a handler that keeps lines of every level.
type recorder struct {
	attributes []slog.Attr // of the logger
	kept       *keptLines
}

// keptLines are the lines of a recorder and of those that were made of it.
type keptLines struct {
	mu    sync.Mutex
	lines []line
}

// line is a line with its attributes by name.
type line struct {
	level   slog.Level
	message string
	values  map[string]slog.Value
}

// String gives the level and the message.
func (l line) String() string { return l.level.String() + " " + l.message }

func newRecorder() *recorder { return &recorder{kept: new(keptLines)} }

func (r *recorder) Enabled(context.Context, slog.Level) bool { return true }
func (r *recorder) WithGroup(string) slog.Handler            { panic("the store makes no groups") }

func (r *recorder) WithAttrs(more []slog.Attr) slog.Handler {
	return &recorder{slices.Concat(r.attributes, more), r.kept}
}

func (r *recorder) Handle(_ context.Context, record slog.Record) error {
	l := line{record.Level, record.Message, make(map[string]slog.Value)}
	for _, a := range r.attributes {
		l.values[a.Key] = a.Value
	}
	record.Attrs(func(a slog.Attr) bool {
		l.values[a.Key] = a.Value
		return true
	})
	r.kept.mu.Lock()
	defer r.kept.mu.Unlock()
	r.kept.lines = append(r.kept.lines, l)
	return nil
}

// take returns the lines so far, and forgets them.
func (r *recorder) take() []line {
	r.kept.mu.Lock()
	defer r.kept.mu.Unlock()
	lines := r.kept.lines
	r.kept.lines = nil
	return lines
}

// of returns the lines with a message.
func of(lines []line, message string) (found []line) {
	for _, l := range lines {
		if l.message == message {
			found = append(found, l)
		}
	}
	return found
}

// mustBeOne returns the one line with a message. It fails the test if there is not one, of this level.
func mustBeOne(t *testing.T, lines []line, level slog.Level, message string) line {
	t.Helper()
	found := of(lines, message)
	if len(found) != 1 || found[0].level != level {
		t.Fatalf("%d lines %q of level %v among %v, want one", len(found), message, level, lines)
	}
	return found[0]
}

// mustTell fails the test unless a line has these attributes, and a directory.
func mustTell(t *testing.T, l line, want map[string]any) {
	t.Helper()
	for name, value := range want {
		if got := l.values[name].String(); got != fmt.Sprint(value) {
			t.Errorf("%v: %s is %s, want %v", l, name, got, value)
		}
	}
	if l.values["directory"].String() == "" {
		t.Errorf("%v: it does not name the directory", l)
	}
}

func TestALifeIsLoggedByItsOpeningItsRotationsAndItsClosingAndNoEventIs(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		r, path := newRecorder(), quickDir(t)
		o := small(policy)
		o.Logger = slog.New(r)
		s := mustOpen(t, path, o)
		mustTell(t, mustBeOne(t, r.take(), slog.LevelInfo, "store opened"), map[string]any{
			"directory": path, "events": 0, "last": 0, "segments": 1, "incarnation": 1, "read_only": false, "created": true, "clean": true,
		})
		cursor := mustCursor(t, s, "bills")
		mustAppend(t, s, 400)
		cursor.Poll()
		mustAck(t, cursor, 1)
		settle(s)
		mustClose(t, s)
		lines, stats := r.take(), s.Stats()
		rotated, sealed := of(lines, "segment rotated"), of(lines, "segment sealed")
		if stats.Rotations < 2 || uint64(len(rotated)) != stats.Rotations || uint64(len(sealed)) != stats.Sealed {
			t.Errorf("%s: %d lines about %d rotations, %d about %d seals", policy, len(rotated), stats.Rotations, len(sealed), stats.Sealed)
		}
		if rotated[0].level != slog.LevelDebug || sealed[0].level != slog.LevelDebug {
			t.Errorf("%v, %v", rotated[0], sealed[0])
		}
		mustTell(t, rotated[0], map[string]any{"segment": firstSegment})
		mustTell(t, mustBeOne(t, lines, slog.LevelInfo, "store closed"), map[string]any{"events": 400, "last": 400})
		if len(lines) != 1+len(rotated)+len(sealed) {
			t.Errorf("%s: more is logged: %v", policy, lines)
		}

		o.ReadOnly = true
		mustClose(t, mustOpen(t, path, o))
		lines = r.take()
		mustTell(t, mustBeOne(t, lines, slog.LevelInfo, "store opened"), map[string]any{
			"events": 400, "last": 400, "incarnation": 0, "read_only": true, "created": false, "clean": true,
		})
		if len(lines) != 2 {
			t.Errorf("%s: open for reading: %v", policy, lines)
		}
	}
}

func TestAnUncleanEndIsLoggedWithWhatIsGivenUp(t *testing.T) {
	t.Parallel()
	d := newDevice(nothing())
	s := openFor(t, d, small(engine.SyncManual()))
	mustAppend(t, s, 20)
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	r, o := newRecorder(), small(engine.SyncManual())
	o.Logger = slog.New(r)
	s = openLeft(t, d.cut(nil), o)
	lines, lost := r.take(), s.Report().Lost
	mustTell(t, mustBeOne(t, lines, slog.LevelWarn, "not closed in order"), map[string]any{"last": 20})
	mustTell(t, mustBeOne(t, lines, slog.LevelWarn, "sequences given up, since the store was not closed in order"),
		map[string]any{"first": 21, "last": lost[len(lost)-1].Last})
	mustTell(t, mustBeOne(t, lines, slog.LevelInfo, "store opened"), map[string]any{"created": false, "clean": false, "incarnation": 2, "events": 20})
}

func TestBytesThatAreCutAreLogged(t *testing.T) {
	t.Parallel()
	path := quickDir(t)
	s := mustOpen(t, path, small(engine.SyncManual()))
	mustAppend(t, s, 3)
	mustSync(t, s)
	files := imageOf(t, path) // as a kill leaves it
	mustClose(t, s)
	copy(files[firstSegment][32<<10:], "no frame")
	r, o := newRecorder(), small(engine.SyncManual())
	o.Logger = slog.New(r)
	s = openFor(t, files.memory(t), o)
	torn := s.Report().Torn
	mustTell(t, mustBeOne(t, r.take(), slog.LevelWarn, "torn tail"), map[string]any{
		"segment": firstSegment, "offset": torn.Offset, "bytes": torn.Bytes, "problem": torn.Problem,
	})
}

func TestPoisonIsLoggedOnceWithItsCause(t *testing.T) {
	t.Parallel()
	r, d := newRecorder(), newUnreliable(vfs.NewMemory())
	o := small(engine.SyncEveryAppend())
	o.Logger = slog.New(r)
	s := mustOpenDir(t, d, o)
	d.fail(errInjected, vfs.OpSyncData)
	for range 3 {
		if _, err := s.Append(here, event.Data, "x"); err == nil {
			t.Error("stored")
		}
	}
	if err := s.Close(); !errors.Is(err, engine.ErrPoisoned) {
		t.Errorf("close: %v", err)
	}
	lines := r.take()
	if got := mustBeOne(t, lines, slog.LevelError, "store poisoned").values["error"].String(); !strings.Contains(got, errInjected.Error()) {
		t.Errorf("the cause is %s", got)
	}
	mustTell(t, mustBeOne(t, lines, slog.LevelWarn, "store closed, not everything in order"), map[string]any{"error": s.Close()})
	for _, l := range lines {
		if l.level == slog.LevelError && l.message != "store poisoned" {
			t.Errorf("another one: %v", l)
		}
	}
}

func TestASegmentThatCanNotBeSealedIsLogged(t *testing.T) {
	t.Parallel()
	r, d := newRecorder(), newUnreliable(vfs.NewMemory())
	o := small(engine.SyncManual())
	o.Logger = slog.New(r)
	s := mustOpenDir(t, d, o)
	d.when(func(op vfs.Op) error {
		if op.Kind == vfs.OpWriteAt && op.Name == firstSegment {
			return errInjected
		}
		return nil
	})
	mustAppend(t, s, 400)
	until(func() bool { return s.Stats().SealFails == 1 })
	mustClose(t, s)
	lines := r.take()
	mustTell(t, mustBeOne(t, lines, slog.LevelWarn, "segment not sealed"), map[string]any{"segment": firstSegment})
	if got, want := uint64(len(of(lines, "segment sealed"))), s.Stats().Sealed; got != want {
		t.Errorf("%d lines about %d seals", got, want)
	}
}

func TestAHandlerMayAskTheStoreAboutWhatItIsTold(t *testing.T) {
	t.Parallel()
	asks := new(nosy)
	o := small(engine.SyncManual())
	o.Logger = slog.New(asks)
	s := mustOpen(t, quickDir(t), o)
	asks.set(s)
	mustAppend(t, s, 400)
	settle(s)
	mustClose(t, s)
	if asks.count() < 3 {
		t.Errorf("asked %d times", asks.count())
	}
}

// nosy is a handler that asks a store, once it has one.
type nosy struct {
	mu    sync.Mutex
	store *engine.Store
	asked int
}

func (a *nosy) Enabled(context.Context, slog.Level) bool { return true }
func (a *nosy) WithGroup(string) slog.Handler            { return a }
func (a *nosy) WithAttrs([]slog.Attr) slog.Handler       { return a }

func (a *nosy) Handle(context.Context, slog.Record) error {
	a.mu.Lock()
	s := a.store
	a.asked++
	a.mu.Unlock()
	if s != nil {
		s.Stats()
		s.Followers()
		_, _ = s.At(1) // closed, in the end
	}
	return nil
}

func (a *nosy) set(s *engine.Store) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.store = s
}

func (a *nosy) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked
}
