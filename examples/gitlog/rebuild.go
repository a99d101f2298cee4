// This file holds the proof that nothing but the events is needed: the same questions to a copy of the store that has
// lost every derived file.

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/batpak/batpak/engine"
)

// derivedSuffix ends the names of the files that hold nothing but what can be computed from the events.
const derivedSuffix = ".run"

// rebuilding is what became of the copy.
type rebuilding struct {
	opening time.Duration // with everything derived ignored and built anew
	changed findings
}

// rebuild copies the closed store without its derived files and asks again: once while what segments hold beside events
// is ignored too (engine.Options.Rebuild), and once more of what that opening has derived anew.
func rebuild(ctx context.Context, directory string, question inquiry, want answers) (r rebuilding, err error) {
	r.changed = findings{what: "answers that are others once every derived file is deleted"}
	place, err := os.MkdirTemp("", "gitlog-*")
	if err != nil {
		return r, fmt.Errorf("making room for a copy of the store: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(place)) }()
	if err := copyEvents(directory, place); err != nil {
		return r, fmt.Errorf("copying the store: %w", err)
	}
	for _, opening := range []struct {
		name    string
		rebuild bool
	}{{"rebuilt", true}, {"opened again", false}} {
		watch := startWatch()
		store, err := openWith(place, engine.Options{Rebuild: opening.rebuild})
		if err != nil {
			return r, err
		}
		if opening.rebuild {
			watch.lap(&r.opening)
		}
		got, err := question.ask(ctx, store)
		if err = errors.Join(err, store.Close()); err != nil {
			return r, fmt.Errorf("the copy of the store, %s: %w", opening.name, err)
		}
		r.compare(opening.name, got, want)
	}
	return r, nil
}

// compare names the answers that differ.
func (r *rebuilding) compare(when string, got, want answers) {
	for _, answer := range []struct {
		name      string
		got, want any
	}{
		{"busiest authors", got.busiest, want.busiest},
		{"commits per month", got.years, want.years},
		{"merges", got.merges, want.merges},
		{"first parents", got.newest, want.newest},
	} {
		if !reflect.DeepEqual(answer.got, answer.want) {
			r.changed.add("%s, %s: %v, before %v", answer.name, when, answer.got, answer.want)
		}
	}
}

// copyEvents copies the files of a closed store that are not derived.
func copyEvents(from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !entry.Type().IsRegular() || strings.HasSuffix(entry.Name(), derivedSuffix) {
			continue
		}
		if err := copyFile(filepath.Join(from, entry.Name()), filepath.Join(to, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}
