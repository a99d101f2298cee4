// Rot in a sealed segment: opening goes on, what touches a damaged event says so, what
// does not is answered; appends go on wherever the entity's newest event is whole, and
// never from a wrong one.

package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/mmapseg"
)

// rotten is a miniature of which neighbouring events' bytes are damaged.
type rotten struct {
	asked       *answers
	known       history // as if nothing were damaged
	segment     string
	first, last uint64 // sequences of the damaged ones
	files       image
}

// eventFrames returns the frames of a sealed segment's events.
func (m image) eventFrames(t *testing.T, name string) []mmapseg.Frame {
	t.Helper()
	h, err := mmapseg.DecodeHeader(name, m[name])
	if err != nil {
		t.Fatal(err)
	}
	end, _ := framesEnd(m[name])
	scanner := mmapseg.NewScanner(mmapseg.Memory(bytes.Clone(m[name])), h.Salt, name, mmapseg.HeaderSize, end)
	var frames []mmapseg.Frame
	for {
		f, ok, err := scanner.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return frames
		}
		if f.Type == mmapseg.FrameEvent {
			frames = append(frames, f)
		}
	}
}

// rot damages the frames of some events of a sealed segment, as far as they lie in one:
// the first one in its header or in its middle, the others in their middle.
func (m *miniature) rot(t *testing.T, first uint64, events int, header bool) *rotten {
	t.Helper()
	r := &rotten{asked: m.answers, known: m.known, files: m.files.clone(), first: first}
	for _, name := range m.files.sealed() {
		for _, f := range m.files.eventFrames(t, name) {
			if f.Sequence() < first || f.Sequence() >= first+uint64(events) || r.segment != "" && r.segment != name {
				continue
			}
			at := (f.Offset + f.End()) / 2
			if header && f.Sequence() == first {
				at = f.Offset + 8
			}
			r.files[name][at] ^= 0x40
			r.segment, r.last = name, f.Sequence()
		}
	}
	if r.segment == "" {
		t.Fatalf("sequence %d is in no sealed segment", first)
	}
	return r
}

func (r *rotten) damaged(sequence uint64) bool { return sequence >= r.first && sequence <= r.last }

// newestDamaged reports whether the newest event of an entity is damaged.
func (r *rotten) newestDamaged(entity string) bool { return r.damaged(r.known.newest(entity)) }

// newest returns the sequence of an entity's newest event, 0 without one.
func (h history) newest(entity string) uint64 {
	for i := len(h) - 1; i >= 0; i-- {
		if h[i].Entity() == entity {
			return h[i].Sequence
		}
	}
	return 0
}

func TestRotInASealedSegmentIsToldOfWhereItIsTouchedAndNowhereElse(t *testing.T) {
	t.Parallel()
	m := newMiniature(t, 71)
	edge := m.files.eventFrames(t, m.files.sealed()[1])[0].Sequence()
	for n, first := range []uint64{1, 2, 7, 13, edge - 2, edge - 1, edge, edge + 1, edge + 5} {
		for _, events := range []int{1, 4} {
			if raceBuild && (n+events)%8 != 1 {
				continue
			}
			r := m.rot(t, first, events, first%2 == 1)
			for _, opened := range []struct {
				what  string
				files image
				o     engine.Options
				known knowledge
			}{
				{"sound footers", r.files, engine.Options{}, exactly},
				{"sound footers, for reading", r.files, engine.Options{ReadOnly: true}, exactly},
				{"no runs", r.files.clone().withoutRuns(), engine.Options{}, exactly},
				{"no footers", r.files.clone().withoutFooters(every).withoutRuns(), engine.Options{}, fromFrames},
				{"no footers, for reading", r.files.clone().withoutFooters(every), engine.Options{ReadOnly: true}, fromFrames},
				{"damaged footers", r.files.clone().withDamagedFooters(), engine.Options{}, late},
				{"damaged footers and no runs", r.files.clone().withDamagedFooters().withoutRuns(), engine.Options{}, late},
				{"damaged footers, for reading", r.files.clone().withDamagedFooters(), engine.Options{ReadOnly: true}, late},
				{"rebuilt", r.files, engine.Options{Rebuild: true}, fromFrames},
			} {
				what := prefixed{t, fmt.Sprintf("sequences %d to %d of %s, %s", r.first, r.last, r.segment, opened.what)}
				r.mustBeToldOf(what, opened.files, opened.o, opened.known)
			}
		}
	}
}

// knowledge is what a store can know about a damaged event.
type knowledge int

const (
	exactly    knowledge = iota // the footer is sound: only what the event belongs to is touched
	fromFrames                  // there is no footer, opening finds the damage
	late                        // the footer turns out to be damaged when it is used
)

// withDamagedFooters damages the sections of all footers, which opening does not read.
func (m image) withDamagedFooters() image {
	for _, name := range m.sealed() {
		end, _ := framesEnd(m[name])
		m[name][end+100] ^= 1
	}
	return m
}

// mustBeToldOf opens the damaged store, asks, appends, asks, and opens it again.
func (r rotten) mustBeToldOf(t prefixed, files image, o engine.Options, known knowledge) {
	t.Helper()
	dir := files.memory(t)
	s := mustOpenDir(t, dir, o)
	exact := known == exactly
	if known == fromFrames {
		var errs []error
		for _, e := range s.Report().Damage {
			errs = append(errs, e)
		}
		r.mustCover(t, "report", errs, r.first, r.last)
	}
	r.mustTell(t, s, exact)
	if got := s.Stats().Rebuilt; (got > 0) != (known == late) {
		t.Fatalf("%d segments were rebuilt late", got)
	}
	if !o.ReadOnly {
		r.known = append(slices.Clip(r.known), r.mustAppendWhereWhole(t, s, exact)...)
		r.mustTell(t, s, exact)
	}
	mustClose(t, s)
	s = mustOpenDir(t, dir, engine.Options{ReadOnly: true})
	r.mustTell(t, s, exact)
	mustClose(t, s)
}

// mustCover fails the test unless errors name damaged sequences only, none twice, and
// among them those from first to last.
func (r *rotten) mustCover(t prefixed, what string, errs []error, first, last uint64) {
	t.Helper()
	named := make(map[uint64]bool)
	for _, err := range errs {
		var corrupt *engine.CorruptError
		if !errors.As(err, &corrupt) || !errors.Is(err, engine.ErrCorrupt) || corrupt.Segment != r.segment || corrupt.First > corrupt.Last {
			t.Fatalf("%s: %v", what, err)
		}
		for sequence := corrupt.First; sequence <= corrupt.Last; sequence++ {
			if !r.damaged(sequence) || named[sequence] {
				t.Fatalf("%s: %v: sequence %d is whole, or named twice", what, err, sequence)
			}
			named[sequence] = true
		}
	}
	for sequence := first; sequence <= last; sequence++ {
		if !named[sequence] {
			t.Fatalf("%s: damaged sequence %d is passed over, told was %v", what, sequence, errs)
		}
	}
}

// mustTell asks everything: what is whole is answered rightly, a damaged event is
// ErrCorrupt where it is due. Without its footer nobody knows what the event was, so that it
// may be due everywhere.
func (r *rotten) mustTell(t prefixed, s *engine.Store, exact bool) {
	t.Helper()
	for i, q := range r.asked.questions {
		r.mustTellOne(t, s, q, engine.ReadOptions{Direction: r.asked.options[i].Direction}, exact)
	}
	for _, entity := range sownEntities {
		r.mustTellOne(t, s, everything().entity(entity), engine.ReadOptions{}, exact)
	}
	var into event.Event
	for _, ev := range r.known {
		for what, err := range map[string]error{"by sequence": s.GetInto(ev.Sequence, &into), "by id": s.GetIDInto(ev.ID, &into)} {
			if damaged := r.damaged(ev.Sequence); damaged && !errors.Is(err, engine.ErrCorrupt) || !damaged && (err != nil || !sameEvent(&into, &ev)) {
				t.Fatalf("%s: sequence %d, id %s: %v", what, ev.Sequence, ev.ID, err)
			}
		}
	}
	names := r.known.entities("")
	for entity, err := range s.Entities("") {
		if err == nil && !slices.Contains(names, entity) {
			t.Fatalf("entity %.60q, %v", entity, err)
		}
	}
	for _, entity := range names {
		got, err := s.Clock(entity)
		switch want := r.known.clock(entity); {
		case err == nil && got != want:
			t.Fatalf("clock of %.60q: %d, want %d or an error", entity, got, want)
		case err != nil && (!errors.Is(err, engine.ErrCorrupt) || r.known.newest(entity) > r.last || exact && !r.newestDamaged(entity)):
			t.Fatalf("clock of %.60q: %v", entity, err)
		}
	}
}

// mustTellOne asks one question.
func (r *rotten) mustTellOne(t prefixed, s *engine.Store, q selection, o engine.ReadOptions, exact bool) {
	t.Helper()
	what := fmt.Sprintf("query %s %+v", q.region, o)
	want := slices.DeleteFunc(r.known.selected(q, o), func(ev event.Event) bool { return r.damaged(ev.Sequence) })
	var errs []error
	n := 0
	for ev, err := range s.Query(q.region, o) {
		switch {
		case err != nil:
			errs = append(errs, err)
		case n == len(want) || !sameEvent(&ev, &want[n]):
			t.Fatalf("%s: event %d of %d: %s, %v", what, n+1, len(want), ev, err)
		default:
			n++
		}
	}
	if n != len(want) {
		t.Fatalf("%s: %d events, want %d; errors %v", what, n, len(want), errs)
	}
	r.mustCover(t, what, errs, 1, 0)
	for _, ev := range r.known[r.first-1 : r.last] {
		if q.selects(&ev) {
			r.mustCover(t, what, errs, ev.Sequence, ev.Sequence)
		}
	}
	// An index may leave several events to look at, a damaged one among them; but a
	// stream needs no more than its own.
	if entity, stream := isStream(q.region); stream && exact && len(errs) > 0 && !r.damagedOf(entity) {
		t.Fatalf("%s: told of damage that is not its: %v", what, errs)
	}
}

// damagedOf reports whether an event of the entity is damaged.
func (r *rotten) damagedOf(entity string) bool {
	return slices.ContainsFunc(r.known[r.first-1:r.last], func(ev event.Event) bool { return ev.Entity() == entity })
}

// isStream reports whether a region is one entity's events and nothing else.
func isStream(r event.Region) (entity string, ok bool) {
	terms := r.Terms()
	if len(terms) != 1 {
		return "", false
	}
	entity, ok = terms[0].Entity()
	return entity, ok && r.String() == event.Entity(entity).String()
}

// mustAppendWhereWhole appends to every entity: it goes on from the newest event or
// fails with ErrCorrupt, which with a sound footer only those whose newest event is
// damaged do, and without one none whose newest event comes later. It returns what was
// appended.
func (r *rotten) mustAppendWhereWhole(t prefixed, s *engine.Store, exact bool) history {
	t.Helper()
	var appended history
	for _, entity := range append([]string{"somebody new"}, sownEntities...) {
		d := event.Draft{Coordinate: event.MustAt(entity, "s"), Kind: 0xB000, Payload: []byte("after")}
		receipt, err := s.AppendBytes(d.Coordinate, d.Kind, d.Codec, d.Payload)
		switch {
		case errors.Is(err, engine.ErrCorrupt):
			if r.known.newest(entity) > r.last || exact && !r.newestDamaged(entity) {
				t.Fatalf("append to %.60q: %v", entity, err)
			}
		case err != nil:
			t.Fatalf("append to %.60q: %v", entity, err)
		case r.newestDamaged(entity):
			t.Fatalf("append to %.60q, whose newest event is damaged, got clock %d", entity, receipt.Position.Clock)
		default:
			appended = append(appended, expected(&d, nil, receipt))
		}
	}
	if len(appended) == 0 {
		t.Fatalf("no entity can be appended to")
	}
	mustBeSound(t, slices.Concat(r.known, appended), true) // with the damaged events as they were
	if staged := s.Stats().Staged; staged != appended[len(appended)-1].Sequence {
		t.Fatalf("staged up to %d, appended up to %d", staged, appended[len(appended)-1].Sequence)
	}
	mustAnswer(t, s, everything().kinds(0xB000).sequences(appended[0].Sequence, 0), engine.ReadOptions{}, appended)
	for i := range appended {
		newest := everything().entity(appended[i].Entity())
		mustAnswer(t, s, newest, engine.ReadOptions{Direction: engine.Backward, Limit: 1}, appended[i:i+1])
	}
	return appended
}
