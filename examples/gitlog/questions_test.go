// This file proves what the index is asked: authors, months, merges, first parents, and the same of a copy that has lost
// every derived file.

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// second returns the author time of a day's noon in UTC.
func second(year int, month time.Month, day int) int64 {
	return time.Date(year, month, day, 12, 0, 0, 0, time.UTC).Unix()
}

// fields returns the numbers of a line of the report.
func (o outcome) fields(t *testing.T, label string) []string {
	t.Helper()
	return strings.Fields(o.value(t, label))
}

func TestMonthsCountByAuthorTime(t *testing.T) {
	repo, dir := newRepository(t, "months.git"), t.TempDir()
	lastMoment := time.Date(2020, 2, 29, 23, 59, 59, 0, time.UTC).Unix()
	writeCommits(t, repo,
		imported{email: "a@example.org", subject: "1", time: second(2021, 12, 31)},
		imported{email: "a@example.org", subject: "2", time: lastMoment},
		imported{email: "b@example.org", subject: "3", time: lastMoment + 1},
		imported{email: "b@example.org", subject: "4", time: second(2020, 1, 1)},
		imported{email: "b@example.org", subject: "5", time: second(2020, 2, 1)},
	)
	got := must(t, "--repo", repo, "--dir", dir, "--check")
	for number, want := range map[int][]string{
		2020: {"1", "2", "1", "0", "0", "0", "0", "0", "0", "0", "0", "0"},
		2021: {"0", "0", "0", "0", "0", "0", "0", "0", "0", "0", "0", "1"},
	} {
		if months := got.fields(t, fmt.Sprintf("%11d", number)); !slices.Equal(months, want) {
			t.Errorf("%d: %v, want %v", number, months, want)
		}
	}
	got.expect(t, "rebuilt", "the same answers after every derived file was deleted, in a copy")
}

func TestTimesThatNoCalendarHasAreMovedToItsEnds(t *testing.T) {
	var clock commitClock
	if before := time.Now(); clock.now().Before(before) {
		t.Error("before the first commit the clock is behind")
	}
	for given, want := range map[int64]int64{-1: 0, 0: 0, 1_700_000_000: 1_700_000_000, 1 << 62: lastSecond} {
		clock.set(given)
		if got := clock.now().Unix(); got != want {
			t.Errorf("the author time %d became %d, want %d", given, got, want)
		}
	}
	if year := time.Unix(lastSecond, 0).UTC().Year(); year != 9999 || time.Unix(lastSecond+1, 0).UTC().Year() != 10000 {
		t.Errorf("the last year is %d", year)
	}
}

func TestTheBusiestAuthorsAreThoseOfTheRepositoryAsked(t *testing.T) {
	dir := t.TempDir()
	one, two := newRepository(t, "one.git"), newRepository(t, "two.git")
	var first, second []imported
	for author := range 12 {
		email := fmt.Sprintf("dev%02d@example.org", author)
		for range author + 1 {
			first = append(first, imported{email: email, subject: "one"})
		}
		for range 30 - author { // whose streams are longest is another matter
			second = append(second, imported{email: email, subject: "two"})
		}
	}
	writeCommits(t, one, first...)
	writeCommits(t, two, second...)
	must(t, "--repo", two, "--dir", dir, "--check")
	got := must(t, "--repo", one, "--dir", dir, "--check")
	for author := 2; author < 12; author++ {
		got.expect(t, fmt.Sprintf("%11d", author+1), fmt.Sprintf("dev%02d@example.org", author))
	}
	if strings.Contains(got.stdout, "dev01@example.org") {
		t.Errorf("the eleventh author is named:\n%s", got.stdout)
	}
}

func TestFirstParentsAreFollowedFromHead(t *testing.T) {
	repo, dir := newRepository(t, "chain.git"), t.TempDir()
	writeHistory(t, repo, 400, 3, false)
	got := must(t, "--repo", repo, "--dir", dir)
	if strings.Contains(got.stdout, "links from HEAD") {
		t.Errorf("HEAD names no commit, and yet:\n%s", got.stdout)
	}
	gitRun(t, repo, nil, "symbolic-ref", "HEAD", "refs/heads/b0")
	got = must(t, "--repo", repo, "--dir", dir, "--check")
	got.expect(t, "first parents", "the newest 10 links from HEAD")
	for line := range strings.Lines(gitRun(t, repo, nil, "log", "--first-parent", "-10", "--format=%H %s", "HEAD") + "\n") {
		hash, subject, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		got.expect(t, "  "+hash[:shownDigits], subject)
	}
	got.expect(t, "by kind", gitRun(t, repo, nil, "rev-list", "--all", "--merges", "--count")+" merges")
}

func TestTheChainEndsAtTheRoot(t *testing.T) {
	repo, dir := newRepository(t, "short.git"), t.TempDir()
	writeCommits(t, repo, imported{email: "a@example.org", subject: "one"}, imported{email: "a@example.org", subject: "two\x1b[2J"})
	gitRun(t, repo, nil, "symbolic-ref", "HEAD", "refs/heads/main")
	got := must(t, "--repo", repo, "--dir", dir, "--check")
	got.expect(t, "first parents", "the newest 2 links from HEAD")
	if strings.ContainsRune(got.stdout, '\x1b') {
		t.Errorf("the report holds what a terminal obeys: %q", got.stdout)
	}
}

func TestWhatTheIndexSaysIsComparedWithEveryEvent(t *testing.T) {
	repo, dir := newRepository(t, "compared.git"), t.TempDir()
	writeHistory(t, repo, 50, 1, false)
	gitRun(t, repo, nil, "symbolic-ref", "HEAD", "refs/heads/b0")
	must(t, "--repo", repo, "--dir", dir)
	source, err := findRepository(t.Context(), repo, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	withStore(t, dir, func(store *engine.Store) {
		stored, err := readCatalog(t.Context(), store, scopeOf(source.name))
		if err != nil {
			t.Fatal(err)
		}
		question, err := newInquiry(t.Context(), source, stored)
		if err != nil {
			t.Fatal(err)
		}
		said, err := question.ask(t.Context(), store)
		if err != nil {
			t.Fatal(err)
		}
		if found, err := checkAnswers(t.Context(), source, stored, said); err != nil || found.count != 0 {
			t.Errorf("true answers: %v, %v", found.named, err)
		}
		wrong := answers{busiest: said.busiest[1:], years: nil, merges: said.merges + 1, newest: said.newest[:1]}
		if found, err := checkAnswers(t.Context(), source, stored, wrong); err != nil || found.count != 4 {
			t.Errorf("four wrong answers: %v, %v", found.named, err)
		}
		changed := rebuilding{changed: findings{what: "others"}}
		if changed.compare("then", said, said); changed.changed.count != 0 {
			t.Errorf("the same answers: %v", changed.changed.named)
		}
		if changed.compare("then", wrong, said); changed.changed.count != 4 {
			t.Errorf("four other answers: %v", changed.changed.named)
		}
	})
}

func TestTheCopyHasNoDerivedFiles(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	withStore(t, from, func(store *engine.Store) {
		if _, err := store.Append(event.MustAt("author:a", "repo:r"), kindCommit(), record{}); err != nil {
			t.Fatal(err)
		}
	})
	derived := filepath.Join(from, "00000000000000000001-00000000000000000002"+derivedSuffix)
	if err := os.WriteFile(derived, []byte("derived"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := copyEvents(from, to); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(to, "*"+derivedSuffix)); err != nil || len(left) != 0 {
		t.Errorf("copied: %v, %v", left, err)
	}
	withStore(t, to, func(store *engine.Store) {
		if clock, err := store.Clock("author:a"); err != nil || clock != 1 {
			t.Errorf("clock %d, %v", clock, err)
		}
	})
}
