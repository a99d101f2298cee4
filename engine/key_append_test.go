// Idempotency keys of single appends: stored once, however often they are made, and never another request under
// the same key.

package engine_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// mustRefuseKey fails the test unless the error is a KeyError, which it returns.
func mustRefuseKey(t failer, what string, err error) *engine.KeyError {
	t.Helper()
	var refused *engine.KeyError
	if !errors.Is(err, engine.ErrIdempotencyConflict) || !errors.As(err, &refused) || refused.Problem == "" {
		t.Fatalf("%s: got %v, want a KeyError", what, err)
	}
	return refused
}

func TestAnAppendWithAKeyIsStoredOnceHoweverOftenItIsMade(t *testing.T) {
	t.Parallel()
	for _, policy := range everyPolicy {
		for _, hashing := range []engine.Hashing{engine.HashingOn, engine.HashingOff} {
			o := small(policy)
			o.Hashing = hashing
			s := quickStore(t, o)
			intents := rich()
			var first []engine.Receipt
			for i := range intents {
				intents[i].CauseInBatch = 0
				intents[i].Key = fmt.Sprint("key-", i)
				r, ev := mustStoreNote(t, s, intents[i])
				first = append(first, r)
				if ev.Key != intents[i].Key || s.Stats().Staged != uint64(i)+1 {
					t.Fatalf("%s: event %d is stored with the key %q, staged %d", policy, i, ev.Key, s.Stats().Staged)
				}
			}
			for _, wait := range waits {
				for i := range intents {
					r, err := intents[i].waiting(wait).append(s)
					if err != nil {
						t.Fatalf("%s: again: %v", policy, err)
					}
					mustRepeat(t, policy.String(), []engine.Receipt{r}, first[i:i+1])
				}
			}
			if got := s.Stats(); got.Staged != uint64(len(intents)) || got.Events != uint64(len(intents)) {
				t.Errorf("%s: %d events up to %d, want %d", policy, got.Events, got.Staged, len(intents))
			}
		}
	}
}

func TestAnEmptyKeyIsNone(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	for range 3 {
		if _, ev := mustStoreNote(t, s, note("entity", "the same").keyed("")); ev.Key != "" {
			t.Errorf("it has the key %q", ev.Key)
		}
		mustAppendBatch(t, s, batchWith("", note("entity", "the same").keyed(""), note("entity", "the same").keyed("")))
	}
	if got := s.Stats().Events; got != 9 {
		t.Errorf("%d events, want 9", got)
	}
}

func TestAValueIsTheSameRequestWhateverItsMapsOrderIs(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	var first engine.Receipt
	for n := range 50 {
		value := make(map[string]any)
		for i := range 20 {
			value[fmt.Sprint("field-", (i*7+n)%20)] = map[string]int{"a": 1, "b": 2, "c": 3}
		}
		r, err := s.AppendWith(here, event.Data, value, engine.AppendOptions{Key: "key"})
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			first = r
			continue
		}
		mustRepeat(t, "the same value", []engine.Receipt{r}, []engine.Receipt{first})
	}
}

// altered are the ways in which a request can be another one.
func altered(root engine.Receipt) map[string]func(o *intent) {
	return map[string]func(o *intent){
		"entity":          func(o *intent) { o.Coordinate = event.MustAt("entity2", "scope") },
		"scope":           func(o *intent) { o.Coordinate = event.MustAt("entity", "scope2") },
		"swapped names":   func(o *intent) { o.Coordinate = event.MustAt("scope", "entity") },
		"kind":            func(o *intent) { o.Kind++ },
		"codec":           func(o *intent) { o.Codec = event.CodecJSON },
		"payload":         func(o *intent) { o.Payload = []byte("text!") },
		"no payload":      func(o *intent) { o.Payload = nil },
		"flags":           func(o *intent) { o.Flags = 1 },
		"a tag less":      func(o *intent) { o.Tags = o.Tags[:1] },
		"order of tags":   func(o *intent) { o.Tags = []string{"b", "a"} },
		"bounds of tags":  func(o *intent) { o.Tags = []string{"ab"} },
		"metadata":        func(o *intent) { o.Metadata = nil },
		"version":         func(o *intent) { o.Version = 1 },
		"lane":            func(o *intent) { o.Lane = 1 },
		"correlation":     func(o *intent) { o.Correlation = event.MakeID(1, 2, 3) },
		"cause":           func(o *intent) { o.Cause = root.ID },
		"metadata as tag": func(o *intent) { o.Tags, o.Metadata = []string{"a", "b", "m"}, nil },
	}
}

func TestTheSameKeyWithAnotherRequestIsRefused(t *testing.T) {
	t.Parallel()
	for _, hashing := range []engine.Hashing{engine.HashingOn, engine.HashingOff} {
		s := quickStore(t, engine.Options{SegmentSize: engine.MinSegmentSize, Sync: engine.SyncManual(), Hashing: hashing})
		root, _ := mustStoreNote(t, s, note("root", "x"))
		base := note("entity", "text").keyed("key").tagged("a", "b")
		base.Metadata = []byte("m")
		first, _ := mustStoreNote(t, s, base)
		for what, alter := range altered(root) {
			o := base
			alter(&o)
			r, err := o.append(s)
			got := mustRefuseKey(t, what, err)
			if got.Item != -1 || got.Key != "key" || got.Sequence != first.Sequence || r != (engine.Receipt{}) {
				t.Errorf("%s: %+v, receipt %+v", what, got, r)
			}
			_, err = s.AppendBatch(batchOf(note("x", "y"), o))
			mustFail(t, what, err, 1, engine.StageKey, engine.ErrIdempotencyConflict)
		}
		if got := s.Stats().Staged; got != first.Sequence {
			t.Errorf("staged %d, want %d", got, first.Sequence)
		}
		r, err := base.append(s)
		if err != nil {
			t.Fatal(err)
		}
		mustRepeat(t, "the same request at last", []engine.Receipt{r}, []engine.Receipt{first})
	}
}

func TestWhatAnAppendAsksForIsNotPartOfItsRequest(t *testing.T) {
	t.Parallel()
	s := quickStore(t, small(engine.SyncManual()))
	base := note("entity", "text").keyed("key").expecting(engine.ExpectClock(0))
	first, _ := mustStoreNote(t, s, base.given(engine.NoneAfter(event.Everything(), 0)))
	for what, o := range map[string]intent{
		"the expectation, which fails now": base,
		"another expectation":              base.expecting(engine.ExpectClock(7)),
		"an id":                            base.expecting(engine.ExpectLastID(event.MakeID(1, 1, 1))),
		"no expectation":                   base.expecting(engine.Expectation{}),
		"a condition that fails":           base.given(engine.NoneAfter(event.Entity("entity"), 0)),
		"an entity that is not so":         base.given(engine.EntityIs("entity", engine.ExpectClock(3))),
		"waiting":                          base.waiting(engine.WaitDurable),
		"not waiting":                      base.waiting(engine.WaitStaged),
	} {
		r, err := o.append(s)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		mustRepeat(t, what, []engine.Receipt{r}, []engine.Receipt{first})
	}
	other := base.expecting(engine.ExpectClock(7))
	other.Payload = []byte("other")
	_, err := other.append(s)
	mustRefuseKey(t, "a key that is taken and an expectation that fails", err)
}

func TestAFailedAppendDoesNotTakeItsKey(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		s := quickStore(t, small(policy))
		mustStoreNote(t, s, note("entity", "x"))
		for what, o := range map[string]intent{
			"expectation": note("entity", "y").expecting(engine.ExpectClock(0)),
			"region":      note("entity", "y").given(engine.NoneAfter(event.Everything(), 0)),
			"cause":       func() intent { o := note("entity", "y"); o.Cause = event.MakeID(1<<40, 0, 0); return o }(),
			"tag":         note("entity", "y").tagged(""),
		} {
			if _, err := o.keyed(what).append(s); err == nil {
				t.Fatalf("%s: it was stored", what)
			}
			if _, err := s.AppendBatch(batchWith(what, note("x", "y").keyed(what+" item"), o)); err == nil {
				t.Fatalf("%s: the batch was stored", what)
			}
			mustStoreNote(t, s, note("entity", "another request").keyed(what))
			mustStoreNote(t, s, note("entity", "another request").keyed(what+" item"))
		}
	}
}

func TestManyKeysAreEachFoundInWhateverSegmentTheyAre(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		count := 3000
		if raceBuild {
			count = 600
		}
		s := quickStore(t, small(policy))
		of := func(i int) intent { // keys that begin with each other
			return note(fmt.Sprint("entity-", i%7), fmt.Sprint("note ", i)).keyed(fmt.Sprintf("key-%0*d", i%5, i))
		}
		first := make([]engine.Receipt, count)
		together(8, func(n int) {
			for i := n; i < count; i += 8 {
				first[i], _ = mustStoreNote(crowdFailer{t}, s, of(i))
			}
		})
		for round := range 2 {
			for i := range count {
				r, err := of(i).append(s)
				if err != nil {
					t.Fatalf("%s, round %d: key %d: %v", policy, round, i, err)
				}
				mustRepeat(t, fmt.Sprintf("%s, round %d: key %d", policy, round, i), []engine.Receipt{r}, first[i:i+1])
			}
			settle(s)
			engine.WaitForMerges(s)
		}
		for i := range 200 {
			mustStoreNote(t, s, of(i).keyed(fmt.Sprint("new-", i)))
		}
	}
}
