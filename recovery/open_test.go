// This file holds the tests of reading a loaded store through its segments, whole and damaged.

package recovery_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
	"github.com/batpak/batpak/recovery"
)

// readAll opens the store for reading and returns what a reader finds, forwards, and what is found one by one.
func readAll(t testing.TB, dir vfs.Dir) (forwards, single []string) {
	t.Helper()
	l := load(t, dir, recovery.Options{})
	segments, err := l.state.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	var set mmapseg.Set
	for _, s := range segments {
		set.Add(s)
	}
	set.SetVisible(l.state.LastSequence)
	defer func() {
		if err := set.Close(); err != nil {
			t.Error(err)
		}
	}()
	var ev event.Event
	text := func(f *mmapseg.Frame, s *mmapseg.Segment) string {
		if err := decoder.Event(f, s.Name(), &ev); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%d %s %s", ev.Sequence, ev.Entity(), ev.Payload)
	}
	reader := set.Reader(1, l.state.LastSequence, true)
	defer reader.Close()
	for {
		f, s, ok, err := reader.Next()
		if err != nil && !mmapseg.IsDamage(err) {
			t.Fatal(err)
		}
		if err == nil && !ok {
			break
		}
		if err == nil {
			forwards = append(forwards, text(&f, s))
		}
	}
	for sequence := uint64(1); sequence <= min(l.state.LastSequence, 3*ahead); sequence++ {
		f, s, _, err := set.Find(sequence, nil, true)
		if err == nil {
			single = append(single, text(&f, s))
		} else if !errors.Is(err, mmapseg.ErrNotFound) && !mmapseg.IsDamage(err) {
			t.Fatal(err)
		}
	}
	return forwards, single
}

func TestWhatIsLoadedCanBeRead(t *testing.T) {
	cut := threeSegments(t, true)
	cut.written = append(cut.written, "")[:len(cut.written)]
	again := write(t, cut.dir)
	again.events(9)
	again.release()
	again.written = append(cut.written, again.written...)
	for what, w := range map[string]*writer{"sealed": sealedStore(t), "not closed": threeSegments(t, false), "cut": again} {
		forwards, single := readAll(t, w.dir)
		if !slices.Equal(forwards, w.written) || !slices.Equal(single, w.written) {
			t.Errorf("%s: forwards %q\nsingle %q\nwant %q", what, forwards, single, w.written)
		}
	}
}

func TestADamagedStoreCanBeReadBesideTheDamage(t *testing.T) {
	for _, seal := range []bool{true, false} {
		w := threeSegments(t, seal)
		files := imageOf(t, w.dir)
		for segment := range 3 {
			for _, u := range w.units {
				if u.segment != segment || len(u.events) == 0 {
					continue
				}
				changed := files.clone()
				changed[name(segment)][u.offset+30] ^= 1
				dir := changed.memory(t)
				want := load(t, dir, recovery.Options{}).events
				forwards, single := readAll(t, dir)
				if !slices.Equal(forwards, want) || !slices.Equal(single, want) {
					t.Fatalf("segment %d, damage at %d: forwards %q\nsingle %q\nwant %q", segment+1, u.offset, forwards, single, want)
				}
			}
		}
	}
}

func TestAFunctionThatFailsEndsLoading(t *testing.T) {
	w := sealedStore(t)
	failure := errors.New("the caller's own")
	// Without footers, since nothing is called for the events of sealed segments.
	_, err := recovery.Load(w.dir, recovery.Options{IgnoreFooters: true, Event: func(*recovery.Segment, *mmapseg.Frame) error { return failure }})
	if !errors.Is(err, failure) {
		t.Errorf("an error of Event: %v", err)
	}
	_, err = recovery.Load(w.dir, recovery.Options{IgnoreFooters: true, Batch: func(*recovery.Segment, *mmapseg.BatchBegin) error { return failure }})
	if !errors.Is(err, failure) {
		t.Errorf("an error of Batch: %v", err)
	}
	// What a decoder finds damaged is damage.
	state, err := recovery.Load(w.dir, recovery.Options{IgnoreFooters: true, Event: func(s *recovery.Segment, f *mmapseg.Frame) error {
		if f.Sequence() == 3 {
			return fmt.Errorf("decode: %w", &mmapseg.CorruptError{Segment: s.Header.Name(), Offset: f.Offset, Problem: "found by the decoder"})
		}
		return nil
	}})
	if err != nil || len(state.Damage) != 1 || state.Damage[0].Problem != "found by the decoder" || state.Refuses != state.Damage[0] {
		t.Errorf("damage that Event finds: %v, %v", err, state)
	}
}

func TestABatchIsAnnouncedBeforeItsEvents(t *testing.T) {
	w := sealedStore(t)
	var trace []string
	_, err := recovery.Load(w.dir, recovery.Options{
		IgnoreFooters: true, // nothing is announced of sealed segments
		Batch: func(_ *recovery.Segment, b *mmapseg.BatchBegin) error {
			trace = append(trace, fmt.Sprintf("batch %s %d+%d", b.Key, b.FirstSequence, b.Events))
			return nil
		},
		Event: func(_ *recovery.Segment, f *mmapseg.Frame) error {
			trace = append(trace, fmt.Sprintf("event %d", f.Sequence()))
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	at := slices.Index(trace, "batch key 21+5")
	if at != 20 || trace[at+1] != "event 21" || trace[at+5] != "event 25" {
		t.Errorf("trace %q", trace)
	}
}

func TestTheReportNamesWhatWasFound(t *testing.T) {
	w := threeSegments(t, true)
	files := imageOf(t, w.dir)
	files[name(8)+".tmp"], files["readme"] = nil, nil
	torn := w.units[len(w.units)-1]
	files[name(2)][torn.offset+50] ^= 1
	first := files[name(0)]
	first[len(first)-1] ^= 1
	dir := files.memory(t)
	text := load(t, dir, recovery.Options{}).state.Report.String()
	for _, part := range []string{
		"not closed in order", "3 segments, 0 of them sealed, 17 events", "torn tail: " + name(2), "footer ignored: " + name(0),
		"ignored: readme", "holds nothing: " + name(8) + ".tmp", "incarnation 1",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("report without %q:\n%s", part, text)
		}
	}
	if bytes.Contains([]byte(text), []byte("payload of")) {
		t.Errorf("a payload in the report:\n%s", text)
	}
	again := write(t, dir)
	text = again.out.Report.String()
	for _, part := range []string{"lost: sequences 18 to 1017", "removed: " + name(8) + ".tmp", "incarnation 2"} {
		if !strings.Contains(text, part) {
			t.Errorf("report without %q:\n%s", part, text)
		}
	}
}

func TestWhatIsNotInOrderIsLogged(t *testing.T) {
	w := threeSegments(t, true)
	files := imageOf(t, w.dir)
	files["readme"] = nil
	files[name(2)][w.units[len(w.units)-1].offset+50] ^= 1
	files[name(1)][mmapseg.HeaderSize+30] ^= 1
	first := files[name(0)]
	first[len(first)-1] ^= 1
	var text bytes.Buffer
	load(t, files.memory(t), recovery.Options{Logger: slog.New(slog.NewTextHandler(&text, nil))})
	for _, part := range []string{
		`msg="file ignored" file=readme`, `msg="footer ignored"`, `level=ERROR msg=damage`, `msg="torn tail"`, `msg="not closed in order"`,
	} {
		if !strings.Contains(text.String(), part) {
			t.Errorf("log without %s:\n%s", part, text.String())
		}
	}
}
