// Answers that rest on an event that is staged: they wait until readers see it, and until it is durable where the
// call waits for that; if its sync fails the outcome is unknown, whatever the answer would have been.

package engine_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// question is an append that the event staged before it stands against, or is.
type question struct {
	what  string
	ask   func(s *engine.Store, wait engine.Wait) error
	batch bool                 // which waits until it is durable whatever it is told
	right func(err error) bool // the answer
}

// staged is the event that all questions are about; it is the first of its entity.
func staged() intent { return note("entity", "staged").keyed("key").tagged("hot") }

var errDuplicate = errors.New("it was answered with the first receipt")

// duplicate makes an error of a receipt that is marked so.
func duplicate(r engine.Receipt, err error) error {
	if err == nil && r.Duplicate {
		return errDuplicate
	}
	return err
}

func is(want error) func(error) bool { return func(err error) bool { return errors.Is(err, want) } }

func questionsAboutStaged() []question {
	single := func(what string, o intent, want error) question {
		return question{what, func(s *engine.Store, wait engine.Wait) error { return duplicate(o.waiting(wait).append(s)) }, false, is(want)}
	}
	batch := func(what string, b *engine.Batch, want error) question {
		return question{what, func(s *engine.Store, _ engine.Wait) error {
			receipts, err := s.AppendBatch(b)
			if err == nil && receipts[0].Duplicate {
				return errDuplicate
			}
			return err
		}, true, is(want)}
	}
	new := note("entity", "new")
	return []question{
		single("expected clock", new.expecting(engine.ExpectClock(0)), engine.ErrConflict),
		single("expected clock to come", new.expecting(engine.ExpectClock(2)), engine.ErrConflict),
		single("expected no last id", new.expecting(engine.ExpectLastID(event.ID{})), engine.ErrConflict),
		single("entity", note("other", "x").given(engine.EntityIs("entity", engine.ExpectClock(0))), engine.ErrConflict),
		single("region", note("other", "x").given(engine.NoneAfter(event.Tagged("hot"), 0)), engine.ErrConflict),
		single("union", note("other", "x").given(engine.NoneAfter(event.Union(event.Tagged("cold"), event.EntityPrefix("ent")), 0)), engine.ErrConflict),
		single("everything", note("other", "x").given(engine.NoneAfter(event.Everything(), 0)), engine.ErrConflict),
		single("duplicate", staged(), errDuplicate),
		single("another request", note("entity", "x").keyed("key"), engine.ErrIdempotencyConflict),
		batch("item's clock", batchOf(note("other", "x"), new.expecting(engine.ExpectClock(0))), engine.ErrConflict),
		batch("batch's region", batchIf(notes(2), engine.NoneAfter(event.Tagged("hot"), 0)), engine.ErrConflict),
		batch("item's key", batchOf(staged()), errDuplicate),
		batch("item's key with another request", batchOf(note("other", "x"), new.keyed("key")), engine.ErrIdempotencyConflict),
		batch("batch's key", batchWith("key", new), engine.ErrIdempotencyConflict),
		batch("mixed keys", batchOf(staged(), new.keyed("new")), engine.ErrIdempotencyConflict),
	}
}

// mustStageFirst stages the event that the questions are about, on a disk whose syncs are held from then on.
func mustStageFirst(t *testing.T, s *engine.Store, d *slowDisk) {
	t.Helper()
	d.hold()
	if _, err := staged().waiting(engine.WaitStaged).append(s); err != nil {
		t.Fatal(err)
	}
}

func TestAnAnswerThatRestsOnAStagedEventWaitsUntilItIsVisibleAndDurableIfTheCallWaits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range everyPolicy {
			for name, wait := range waits {
				for _, q := range questionsAboutStaged() {
					for _, verdict := range []error{nil, errInjected} {
						what := fmt.Sprintf("%s, waiting for %s: %s, sync gives %v", policy, name, q.what, verdict)
						s, d := slowStore(t, small(policy))
						mustStageFirst(t, s, d)
						asked := call(func() error { return q.ask(s, wait) })
						synctest.Wait()
						waiting := policy == engine.SyncEveryAppend() || q.batch || wait == engine.WaitDurable
						if !waiting {
							if err := <-asked; !q.right(err) {
								t.Errorf("%s: got %v", what, err)
							}
						} else {
							mustNotBeDone(t, what, asked)
						}
						if got := s.Stats().Staged; got != 1 {
							t.Errorf("%s: staged %d, want 1", what, got)
						}
						d.release(verdict)
						if waiting {
							err := <-asked
							if verdict != nil {
								mustBeUnknown(t, what, err)
								mustBe(t, what, err, engine.ErrIndeterminate)
							} else if !q.right(err) || errors.Is(err, engine.ErrIndeterminate) {
								t.Errorf("%s: got %v", what, err)
							}
						}
						_ = s.Close() // poisoned or not
					}
				}
			}
		}
	})
}

func TestWhatRestedOnALostEventIsDecidedAnewAfterwards(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, q := range questionsAboutStaged() {
			s, d := slowStore(t, small(engine.SyncEveryAppend()))
			mustStageFirst(t, s, d)
			asked := call(func() error { return q.ask(s, engine.WaitPolicy) })
			synctest.Wait()
			left := d.device.cut(nil) // nothing of it is there
			d.release(errInjected)
			mustBeUnknown(t, q.what, <-asked)
			_ = s.Close() // poisoned
			s = openLeft(t, left, small(engine.SyncEveryAppend()))
			err := q.ask(s, engine.WaitPolicy)
			if wrong := q.what == "expected clock to come"; wrong != (err != nil) {
				t.Errorf("%s: got %v", q.what, err)
			}
			mustClose(t, s)
		}
	})
}

func TestWhatHoldsBehindAStagedEventIsStoredBehindIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range everyPolicy {
			for what, o := range map[string]intent{
				"clock":                 note("entity", "x").expecting(engine.ExpectClock(1)),
				"no region before":      note("entity", "x").given(engine.NoneAfter(event.Tagged("hot"), 1)),
				"later clocks":          note("entity", "x").given(engine.NoneAfter(event.Tagged("hot").Clocks(2, 0), 0)),
				"another entity's":      note("other", "x").given(engine.EntityIs("nobody", engine.ExpectClock(0))),
				"another key":           note("entity", "staged").keyed("key2").tagged("hot"),
				"everything until then": note("entity", "x").given(engine.NoneAfter(event.Everything(), 1)),
			} {
				for _, verdict := range []error{nil, errInjected} {
					s, d := slowStore(t, small(policy))
					mustStageFirst(t, s, d)
					asked := call(func() error { return duplicate(o.waiting(engine.WaitDurable).append(s)) })
					synctest.Wait()
					mustNotBeDone(t, what, asked)
					d.release(verdict)
					switch err := <-asked; {
					case verdict != nil:
						mustBeUnknown(t, what, err)
					case err != nil || s.Stats().Durable != 2:
						t.Errorf("%s: %s: got %v, durable %d", policy, what, err, s.Stats().Durable)
					}
					_ = s.Close() // poisoned or not
				}
			}
		}
	})
}

func TestAPoisonedStoreAnswersFromWhatIsDurableOnly(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, policy := range everyPolicy {
			s, d := slowStore(t, small(policy))
			first, _ := mustStoreNote(t, s, staged().waiting(engine.WaitDurable))
			d.release(errInjected)
			lost := note("entity", "lost").keyed("lost")
			_, err := lost.waiting(engine.WaitDurable).append(s)
			mustBeUnknown(t, policy.String(), err)
			for name, wait := range waits {
				what := fmt.Sprintf("%s, waiting for %s", policy, name)
				_, err = note("entity", "new").keyed("new").waiting(wait).append(s)
				mustStoreNothing(t, what, err)
				_, err = note("entity", "new").waiting(wait).given(engine.NoneAfter(event.Tagged("nothing"), 0)).append(s)
				mustStoreNothing(t, what, err)
				r, err := staged().waiting(wait).append(s)
				if err == nil {
					mustRepeat(t, what, []engine.Receipt{r}, []engine.Receipt{first})
				} else {
					mustStoreNothing(t, what, err)
				}
				r, err = lost.waiting(engine.WaitDurable).append(s)
				if err == nil || !errors.Is(err, engine.ErrIndeterminate) && !errors.Is(err, engine.ErrPoisoned) {
					t.Errorf("%s: what may be lost is %+v, %v", what, r, err)
				}
			}
			_ = s.Close() // poisoned
		}
	})
}
