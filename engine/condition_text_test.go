// What a ConflictError says: names as Go quotes them, so that none can forge a line of a log, and no sequence where there is
// no event.

package engine_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// oddNames are names of entities that a log must not print as they are.
var oddNames = []string{"plain", "two words", "a\nERROR forged log line\x1b[31m", "tab\tand \"quotes\"", "\u202eright to left", "\x00", "\u2028", "clock 3"}

// mustSay fails the test unless an error says these and holds nothing that does not print.
func mustSay(t *testing.T, what string, err error, says ...string) {
	t.Helper()
	text := err.Error()
	for _, word := range says {
		if !strings.Contains(text, word) {
			t.Errorf("%s: %q does not say %q", what, text, word)
		}
	}
	if i := strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
		t.Errorf("%s: %q has %q", what, text, text[i:])
	}
	if strings.Contains(text, "sequence 0") {
		t.Errorf("%s: %q names a sequence that there is not", what, text)
	}
}

func TestAConflictQuotesTheNameOfTheEntity(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	for i, name := range oddNames {
		other := event.MakeID(1, 1, uint64(i))
		first, _ := mustStoreNote(t, s, note(name, "first"))
		at := fmt.Sprintf("sequence %d", first.Sequence)
		for what, o := range map[string]intent{
			"clock":               note(name, "x").expecting(engine.ExpectClock(7)),
			"last id":             note(name, "x").expecting(engine.ExpectLastID(other)),
			"condition":           note("other", "x").given(engine.EntityIs(name, engine.ExpectClock(0))),
			"condition by an id":  note("other", "x").given(engine.EntityIs(name, engine.ExpectLastID(other))),
			"region":              note("other", "x").given(engine.NoneAfter(event.Entity(name), 0)),
			"region of the names": note("other", "x").given(engine.NoneAfter(event.Union(event.EntityPrefix(name), event.Tagged(name), event.Scope(name)), 0)),
		} {
			_, err := o.append(s)
			mustConflict(t, what, err)
			mustSay(t, what, err, strconv.Quote(name), fmt.Sprint(first.Sequence))
			if !strings.HasPrefix(what, "region") {
				mustSay(t, what, err, at)
			}
			_, err = s.AppendBatch(batchOf(note("third", "x"), o))
			mustFail(t, what, err, 1, engine.StageCondition, engine.ErrConflict)
			mustSay(t, what+", in a batch", err, strconv.Quote(name), "item 1")
		}
	}
}

func TestAConflictNamesNoSequenceWhereThereIsNoEvent(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	for _, name := range oddNames {
		for what, expect := range map[string]engine.Expectation{"clock": engine.ExpectClock(3), "last id": engine.ExpectLastID(event.MakeID(1, 1, 1))} {
			for way, call := range map[string]func() error{
				"alone":     func() error { _, err := note(name, "x").expecting(expect).append(s); return err },
				"condition": func() error { _, err := note("other", "x").given(engine.EntityIs(name, expect)).append(s); return err },
				"item": func() error {
					_, err := s.AppendBatch(batchOf(note("other", "x"), note(name, "x").expecting(expect)))
					return err
				},
				"batch": func() error { _, err := s.AppendBatch(batchIf(notes(2), engine.EntityIs(name, expect))); return err },
			} {
				err := call()
				if got := mustConflict(t, what, err); got.Event.Sequence != 0 || !got.Event.ID.IsZero() {
					t.Errorf("%s, %s: %+v", what, way, got)
				}
				mustSay(t, what+", "+way, err, strconv.Quote(name))
				if strings.Contains(err.Error(), "sequence") {
					t.Errorf("%s, %s: %q names a sequence", what, way, err)
				}
			}
		}
	}
	// What an item finds of its entity may be earlier items only.
	_, err := s.AppendBatch(batchOf(note("entity", "1"), note("entity", "2"), note("entity", "3").expecting(engine.ExpectClock(5))))
	mustFail(t, "behind items", err, 2, engine.StageCondition, engine.ErrConflict)
	mustSay(t, "behind items", err, `"entity"`, "clock 5", "2")
	if strings.Contains(err.Error(), "sequence") {
		t.Errorf("behind items: %q names a sequence", err)
	}
}
