// This file proves that --check finds each kind of difference and names it.

package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

const madeUpHash = "0123456789abcdef0123456789abcdef01234567"

// appendCommit stores a commit as the program does.
func appendCommit(t *testing.T, store *engine.Store, stored *catalog, c commit) {
	t.Helper()
	at, content, err := describe(c, stored.scope)
	if err != nil {
		t.Fatal(err)
	}
	var cause event.ID
	if len(c.parents) > 0 {
		cause = stored.entries[c.parents[0]].id // zero where the parent is stored later
	}
	receipt, err := store.AppendWith(at, kindOf(len(c.parents)), content, engine.AppendOptions{Cause: cause})
	if err != nil {
		t.Fatal(err)
	}
	stored.entries[c.hash] = entry{id: receipt.ID, sequence: receipt.Sequence}
}

// withStore opens a store for the test and closes it after fn.
func withStore(t *testing.T, directory string, fn func(*engine.Store)) {
	t.Helper()
	store, err := openStore(directory)
	if err != nil {
		t.Fatal(err)
	}
	fn(store)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}

// mustDiffer runs the program with --check, which has to find so many differences and name one.
func mustDiffer(t *testing.T, repo, dir, count string, names ...string) {
	t.Helper()
	got := gitlog(t, "--repo", repo, "--dir", dir, "--check")
	if got.code != exitDifference {
		t.Fatalf("exit code %d, want %d\n%s%s", got.code, exitDifference, got.stdout, got.stderr)
	}
	got.expect(t, "differences", count)
	for _, name := range names {
		if !strings.Contains(got.stdout, name) {
			t.Errorf("the report does not name %q:\n%s", name, got.stdout)
		}
	}
}

func TestAnEventThatGitDoesNotKnowIsADifference(t *testing.T) {
	for name, test := range map[string]struct {
		kind    event.Kind
		content func(stored record) any
		says    []string
	}{
		"a made-up commit": {kindCommit(), func(stored record) any { stored.Hash = madeUpHash; return stored },
			[]string{"no ref of git reaches", madeUpHash + " at 3"}},
		"a second event of a commit": {kindCommit(), func(stored record) any { return stored },
			[]string{"stored more than once", "by events 1 and 3"}},
		"another kind": {event.Data, func(stored record) any { return stored },
			[]string{"no commit's", "event 3: kind 0x1000"}},
		"another payload": {kindCommit(), func(record) any { return "not a commit" },
			[]string{"no commit's", "event 3: "}},
		"a hash that is none": {kindCommit(), func(stored record) any { stored.Hash = "abc"; return stored },
			[]string{"no commit's", "event 3: an object's hash has 3 characters"}},
	} {
		t.Run(name, func(t *testing.T) {
			repo, dir := newRepository(t, "small.git"), t.TempDir()
			writeCommits(t, repo, imported{email: "a@example.org", subject: "one"}, imported{email: "a@example.org", subject: "two"})
			must(t, "--repo", repo, "--dir", dir, "--check")
			withStore(t, dir, func(store *engine.Store) {
				first, err := store.At(1)
				if err != nil {
					t.Fatal(err)
				}
				var stored record
				if err := first.Decode(&stored); err != nil {
					t.Fatal(err)
				}
				if _, err := store.Append(first.Coordinate, test.kind, test.content(stored)); err != nil {
					t.Fatal(err)
				}
			})
			mustDiffer(t, repo, dir, "1", test.says...)
			must(t, "--repo", repo, "--dir", dir) // nobody asked
		})
	}
}

func TestARewrittenHistoryStaysAndIsADifference(t *testing.T) {
	repo, dir := newRepository(t, "rewritten.git"), t.TempDir()
	root := imported{email: "a@example.org", subject: "one"}
	writeCommits(t, repo, root, imported{email: "a@example.org", subject: "old two"}, imported{email: "a@example.org", subject: "old three"})
	must(t, "--repo", repo, "--dir", dir, "--check").expect(t, "added", "3 events")
	left := gitRun(t, repo, nil, "rev-list", "--reverse", "main")
	writeCommits(t, repo, root, imported{email: "a@example.org", subject: "new two"})

	must(t, "--repo", repo, "--dir", dir).expect(t, "added", "1 events")
	hashes := strings.Split(left, "\n")
	mustDiffer(t, repo, dir, "2", "no ref of git reaches", hashes[1]+" at 2", hashes[2]+" at 3")
}

func TestACommitBeforeItsParentIsADifference(t *testing.T) {
	repo, dir := newRepository(t, "reversed.git"), t.TempDir()
	writeCommits(t, repo, imported{email: "a@example.org", subject: "one"}, imported{email: "a@example.org", subject: "two"})
	source, err := findRepository(t.Context(), repo, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	var commits []commit
	for c, err := range source.history(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		commits = append(commits, c)
	}
	slices.Reverse(commits)
	withStore(t, dir, func(store *engine.Store) {
		stored := &catalog{scope: scopeOf(source.name), entries: make(map[objectID]entry)}
		for _, c := range commits {
			appendCommit(t, store, stored, c)
		}
	})
	mustDiffer(t, repo, dir, "2", "before a parent",
		commits[0].hash.String()+" at 1, its parent "+commits[1].hash.String()+" at 2",
		"causation is not the event", commits[0].hash.String()+" at 1")
}

func TestAnEventThatTellsOtherParentsIsADifference(t *testing.T) {
	repo, dir := newRepository(t, "forged.git"), t.TempDir()
	writeCommits(t, repo, imported{email: "a@example.org", subject: "one"})
	source, err := findRepository(t.Context(), repo, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	hash := gitRun(t, repo, nil, "rev-parse", "main")
	withStore(t, dir, func(store *engine.Store) {
		at := event.MustAt(authorPrefix+"a@example.org", scopeOf(source.name))
		forged := record{Hash: hash, Parents: []string{madeUpHash}}
		if _, err := store.Append(at, kindMerge(), forged); err != nil {
			t.Fatal(err)
		}
	})
	mustDiffer(t, repo, dir, "2", "says something else", hash+" at 1: kind 0xE002, want 0xE001", hash+" at 1: other parents")
}

func TestACommitThatTheStoreLacksIsADifference(t *testing.T) {
	repo, dir := newRepository(t, "ahead.git"), t.TempDir()
	one, two := imported{email: "a@example.org", subject: "one"}, imported{email: "a@example.org", subject: "two"}
	writeCommits(t, repo, one)
	must(t, "--repo", repo, "--dir", dir)
	writeCommits(t, repo, one, two)
	source, err := findRepository(t.Context(), repo, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	withStore(t, dir, func(store *engine.Store) {
		stored, err := readCatalog(t.Context(), store, scopeOf(source.name))
		if err != nil {
			t.Fatal(err)
		}
		found, err := check(t.Context(), source, store, stored)
		if err != nil {
			t.Fatal(err)
		}
		var printed strings.Builder
		found.print(&printed)
		if want := gitRun(t, repo, nil, "rev-parse", "main"); found.total() != 1 || !strings.Contains(printed.String(), want) {
			t.Errorf("%d differences, want 1 that names %s:\n%s", found.total(), want, printed.String())
		}
	})
}

func TestOnlyTheFirstFindingsAreNamedButAllAreCounted(t *testing.T) {
	group := findings{what: "odd numbers"}
	for n := 1; n <= 15; n += 2 {
		group.add("number %d", n)
	}
	var printed strings.Builder
	found := differences{group, {what: "nothing"}}
	found.print(&printed)
	want := "8 odd numbers:\n  number 1\n  number 3\n  number 5\n  number 7\n  number 9\n  and 3 more\n"
	if found.total() != 8 || printed.String() != want {
		t.Errorf("%d findings printed as\n%s\nwant 8 as\n%s", found.total(), printed.String(), want)
	}
}
