// This file holds a user's tests, as they stand beside an application: of its own code on a store, of a fold, of a
// reactor, and of what is there after the store was opened again.

package batpaktest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/batpak/batpak/batpaktest"
	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// lend is the application: it writes down who has a book, unless somebody has it.
func lend(store *engine.Store, book, reader string) error {
	at := event.MustAt("book:"+book, "library")
	state, err := engine.Project(context.Background(), store, borrower, event.Entity(at.Entity()), engine.Consistent())
	if err != nil {
		return err
	}
	if state.Value != "" {
		return fmt.Errorf("%w: %s has it", errLent, state.Value)
	}
	clock, err := store.Clock(at.Entity())
	if err != nil {
		return err
	}
	_, err = store.AppendWith(at, lent, reader, engine.AppendOptions{Expect: engine.ExpectClock(clock)})
	return err
}

var (
	lent     = event.MustKind(4, 1)
	returned = event.MustKind(4, 2)
	reminded = event.MustKind(4, 3)
	errLent  = errors.New("not there")
)

// borrower folds a book into who has it; nobody is "".
var borrower = engine.MustProjection(engine.Fold[string]{
	Name: "borrower", Version: 1, Kinds: []event.Kind{lent, returned},
	Apply: func(reader *string, ev event.Event) error {
		if ev.Kind == returned {
			*reader = ""
			return nil
		}
		return ev.Decode(reader)
	},
})

// welcome is a reactor's function: it has a letter written to who borrows for the first time.
func welcome(store *engine.Store) engine.React {
	return func(_ context.Context, ev event.Event, reactions *engine.Batch) error {
		var reader string
		if err := ev.Decode(&reader); err != nil {
			return err
		}
		for earlier, err := range store.Query(event.OfKind(lent).Sequences(0, ev.Sequence-1), engine.ReadOptions{}) {
			var other string
			if err := errors.Join(err, earlier.Decode(&other)); err != nil {
				return err
			}
			if other == reader {
				return nil
			}
		}
		reactions.Add(event.MustAt("letters:"+reader, "library"), reminded, "welcome")
		return nil
	}
}

var (
	ulysses = event.MustAt("book:ulysses", "library")
	emma    = event.MustAt("book:emma", "library")
)

func TestABookIsLentOnce(t *testing.T) {
	dir := t.TempDir()
	store := batpaktest.OpenIn(t, dir)
	if err := errors.Join(lend(store, "ulysses", "alice"), lend(store, "emma", "bob")); err != nil {
		t.Fatal(err)
	}
	if err := lend(store, "ulysses", "bob"); !errors.Is(err, errLent) {
		t.Errorf("error %v", err)
	}
	mustClose(t, store)

	store = batpaktest.OpenIn(t, dir)
	defer store.Close()
	if err := lend(store, "ulysses", "bob"); !errors.Is(err, errLent) {
		t.Errorf("after a restart: error %v", err)
	}
	if _, err := store.Append(ulysses, returned, nil); err != nil {
		t.Fatal(err)
	}
	if err := lend(store, "ulysses", "bob"); err != nil {
		t.Error(err)
	}
	if books := slices.Collect(names(store.Entities("book:"))); !slices.Equal(books, []string{"book:emma", "book:ulysses"}) {
		t.Errorf("books %q", books)
	}
}

// names leaves the errors out of a list, which a test of damage would not.
func names(list func(yield func(string, error) bool)) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		list(func(name string, err error) bool { return err != nil || yield(name) })
	}
}

func TestABookBelongsToWhoBorrowedItLast(t *testing.T) {
	batpaktest.Fold(t, borrower).
		In(event.Entity("book:ulysses")).
		Given(batpaktest.NewEvent(ulysses, lent, "alice"), batpaktest.NewEvent(emma, lent, "carol")).
		Then("alice").
		When(batpaktest.NewEvent(ulysses, returned, nil)).
		Then("").
		When(batpaktest.NewEvent(ulysses, lent, "bob")).
		Then("bob")
}

func TestALoanWithoutAReaderIsRefused(t *testing.T) {
	batpaktest.Fold(t, borrower).When(batpaktest.NewEvent(emma, lent, 7)).ThenError(event.ErrUndecodable)
}

func TestAReaderIsWelcomedOnce(t *testing.T) {
	batpaktest.ReactWith(t, welcome).
		Given(batpaktest.NewEvent(ulysses, lent, "alice")).
		When(batpaktest.NewEvent(emma, lent, "bob")).
		Then(batpaktest.NewEvent(event.MustAt("letters:bob", "library"), reminded, "welcome"))
	batpaktest.ReactWith(t, welcome).
		Given(batpaktest.NewEvent(ulysses, lent, "alice")).
		When(batpaktest.NewEvent(emma, lent, "alice")).
		Then()
}
