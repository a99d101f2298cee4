// This file proves what is read from git: names of repositories, odd bytes, and that neither
// configuration nor environment changes the history.

package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
)

// readBack returns the records of a store by their entity, of those that have one commit.
func readBack(t *testing.T, directory string) map[string]record {
	t.Helper()
	records := make(map[string]record)
	withStore(t, directory, func(store *engine.Store) {
		for ev, err := range store.Events(0, 0, engine.ReadOptions{}) {
			if err != nil {
				t.Fatal(err)
			}
			var content record
			if err := ev.Decode(&content); err != nil {
				t.Fatal(err)
			}
			records[ev.Entity()] = content
		}
	})
	return records
}

func TestOddBytesInNamesAndSubjectsAreEscapedAndCounted(t *testing.T) {
	long := strings.Repeat("l", 5000) + "@example.org"
	longer := strings.Repeat("l", 5000) + "@example.com"
	repo, dir := newRepository(t, "odd.git"), t.TempDir()
	writeCommits(t, repo,
		imported{email: "plain@example.org", subject: "plain"},
		imported{email: "\xe9@example.org", subject: "caf\xe9"},
		imported{email: "\xe8@example.org", subject: "caf\xe9", encoding: "ISO-8859-1"},
		imported{email: "%41@example.org", subject: "100% of %41"},
		imported{email: "u@example.org", subject: "unknown \xe9", encoding: "no-such-encoding"},
		imported{email: "w@example.org", subject: "h\x00\xe9\x00", encoding: "UTF-16LE"},
		imported{email: "seven@example.org", subject: "+AAA-" + madeUpHash + "+AAA-", encoding: "UTF-7"},
		imported{email: "nul@example.org", subject: "before\x00after"},
		imported{email: "control@example.org", subject: "tab\tbell\a"},
		imported{email: "", subject: ""},
		imported{email: long, subject: "long"},
		imported{email: longer, subject: "longer"},
		imported{email: "huge@example.org", subject: strings.Repeat("s", 3<<20)},
	)
	got := must(t, "--repo", repo, "--dir", dir, "--check")
	got.expect(t, "added", "13 events")
	// Read as UTF-16 a commit has no author line, so git prints no address for it.
	got.expect(t, "authors", "12 distinct")
	got.expect(t, "empty", "1 names")
	got.expect(t, "differences", "none: 13 hashes, parents before children")
	if again := must(t, "--repo", repo, "--dir", dir, "--check"); again.value(t, "escaped") != got.value(t, "escaped") {
		t.Errorf("escaped: %q, in a second run %q", got.value(t, "escaped"), again.value(t, "escaped"))
	}

	records := readBack(t, dir)
	for entity, subject := range map[string]string{
		"author:plain@example.org":   "plain",
		"author:%E9@example.org":     "caf%E9",
		"author:è@example.org":       "café",
		"author:%2541@example.org":   "100% of %2541",
		"author:u@example.org":       "unknown %E9",
		"author:nul@example.org":     "before",
		"author:control@example.org": "tab\tbell\a",
		"author:":                    "",
	} {
		if content, ok := records[entity]; !ok || content.Subject != subject {
			t.Errorf("%s has the subject %q (stored: %t), want %q", entity, content.Subject, ok, subject)
		}
	}
	var shortened []string
	for entity, content := range records {
		if content.Email != "" {
			shortened = append(shortened, content.Email)
			if !isShortened(entity) || len(entity) > 1024 {
				t.Errorf("an entity of %d bytes keeps an e-mail address in its payload", len(entity))
			}
		}
	}
	slices.Sort(shortened)
	if !slices.Equal(shortened, []string{longer, long}) {
		t.Errorf("%d e-mail addresses are kept in payloads, want the two long ones", len(shortened))
	}
	if huge := records["author:huge@example.org"]; len(huge.Subject) != maxText || !isShortened(huge.Subject) {
		t.Errorf("a subject of 3 MiB was stored with %d bytes", len(huge.Subject))
	}
}

func TestCommitsWithoutAReadableTimeAreStored(t *testing.T) {
	repo, dir := newRepository(t, "timeless.git"), t.TempDir()
	tree := gitRun(t, repo, nil, "mktree")
	for n, author := range []string{"A <a@example.org>", "B <b@example.org> soon +0000", "C <c@example.org> 99999999999999999999 +0000", "nobody"} {
		text := "tree " + tree + "\nauthor " + author + "\ncommitter C <c@example.org> 1700000000 +0000\n\nodd\n"
		hash := gitRun(t, repo, []byte(text), "hash-object", "-t", "commit", "-w", "--stdin", "--literally")
		gitRun(t, repo, nil, "update-ref", "refs/heads/odd"+string(rune('0'+n)), hash)
	}
	got := must(t, "--repo", repo, "--dir", dir, "--check")
	got.expect(t, "added", "4 events")
	for entity, content := range readBack(t, dir) {
		if content.AuthorTime != 0 {
			t.Errorf("%s has the author time %d", entity, content.AuthorTime)
		}
	}
}

func TestEveryRefCountsWhateverItPointsTo(t *testing.T) {
	repo, dir := newRepository(t, "refs.git"), t.TempDir()
	writeCommits(t, repo, imported{ref: "refs/heads/main", email: "a@example.org", subject: "one"})
	writeCommits(t, repo, imported{ref: "refs/stash", email: "a@example.org", subject: "stashed"})
	writeCommits(t, repo, imported{ref: "refs/tags/light", email: "a@example.org", subject: "tagged"})
	blob := gitRun(t, repo, []byte("text"), "hash-object", "-w", "--stdin")
	gitRun(t, repo, nil, "tag", "blob", blob)
	gitRun(t, repo, nil, "-c", "user.name=T", "-c", "user.email=t@example.org", "tag", "-a", "-m", "annotated", "v1", "main")
	got := must(t, "--repo", repo, "--dir", dir, "--check")
	got.expect(t, "added", "3 events")
}

func TestNeitherConfigurationNorEnvironmentChangesTheHistory(t *testing.T) {
	repo := newRepository(t, "steady.git")
	writeHistory(t, repo, 100, 1, false)
	writeCommits(t, repo, imported{email: "real@example.org", subject: "caf\xe9", encoding: "ISO-8859-1"})
	plain := t.TempDir()
	must(t, "--repo", repo, "--dir", plain, "--check").expect(t, "added", "101 events")

	for key, setting := range map[string]string{
		"log.showSignature":      "true",
		"i18n.logOutputEncoding": "ISO-8859-1",
		"log.mailmap":            "true",
		"log.decorate":           "full",
		"log.date":               "relative",
		"log.showRoot":           "true",
		"log.diffMerges":         "on",
		"format.pretty":          "fuller",
		"color.ui":               "always",
		"core.abbrev":            "7",
		"core.pager":             "false",
	} {
		gitRun(t, repo, nil, "config", key, setting)
	}
	mailmap := filepath.Join(t.TempDir(), "mailmap")
	if err := os.WriteFile(mailmap, []byte("<other@example.org> <real@example.org>\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	gitRun(t, repo, nil, "config", "mailmap.file", mailmap)
	tip := gitRun(t, repo, nil, "rev-parse", "b0")
	root := gitRun(t, repo, nil, "rev-parse", "main")
	gitRun(t, repo, nil, "update-ref", "refs/heads/tip", tip)
	gitRun(t, repo, nil, "replace", tip, root)
	if err := os.WriteFile(filepath.Join(repo, "info", "grafts"), []byte(tip+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	other := newRepository(t, "other.git")
	t.Setenv("GIT_DIR", other)
	t.Setenv("GIT_OBJECT_DIRECTORY", filepath.Join(other, "objects"))

	disturbed := t.TempDir()
	must(t, "--repo", repo, "--dir", disturbed, "--check").expect(t, "added", "101 events")
	want, got := readBack(t, plain), readBack(t, disturbed)
	same := func(a, b record) bool {
		return a.Hash == b.Hash && a.Subject == b.Subject && slices.Equal(a.Parents, b.Parents)
	}
	if !maps.EqualFunc(want, got, same) {
		t.Error("configuration or environment changed what is stored")
	}
}

func TestTheScopeIsTheNameOfTheRepository(t *testing.T) {
	base := t.TempDir()
	directory := func(name string) string { return filepath.Join(base, name) }
	gitRun(t, ".", nil, "init", "--quiet", directory("work"))
	gitRun(t, ".", nil, "init", "--quiet", "--bare", directory("bare.git"))
	gitRun(t, ".", nil, "init", "--quiet", "--bare", directory("bare"))
	gitRun(t, ".", nil, "init", "--quiet", directory("b\xe9"))
	gitRun(t, ".", nil, "init", "--quiet", "--separate-git-dir", directory("apart"), directory("worktree"))
	writeCommits(t, directory("work"), imported{ref: "refs/heads/side", email: "a@example.org", subject: "one"})
	gitRun(t, directory("work"), nil, "worktree", "add", "--quiet", directory("linked"), "side")
	if err := os.Mkdir(filepath.Join(directory("work"), "below"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(directory("work"), directory("link")); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"work":       "repo:work",
		"work/below": "repo:work",
		"work/.git":  "repo:work",
		"linked":     "repo:work",
		"link":       "repo:work",
		"bare.git":   "repo:bare",
		"bare":       "repo:bare",
		"b\xe9":      "repo:b%E9",
		"worktree":   "repo:worktree",
	} {
		r, err := findRepository(t.Context(), directory(path), os.Stderr)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if got := scopeOf(r.name); got != want {
			t.Errorf("%q has the scope %q, want %q", path, got, want)
		}
	}
}

func TestARepositoryOfSHA256HashesIsRead(t *testing.T) {
	repo := filepath.Join(t.TempDir(), "wide.git")
	gitRun(t, ".", nil, "init", "--quiet", "--bare", "--object-format=sha256", repo)
	writeHistory(t, repo, 60, 1, false)
	must(t, "--repo", repo, "--dir", t.TempDir(), "--check").expect(t, "added", "60 events")
}

func TestADamagedRepositoryIsReportedAndWhatWasReadStays(t *testing.T) {
	repo, dir := newRepository(t, "damaged.git"), t.TempDir()
	writeCommits(t, repo,
		imported{email: "a@example.org", subject: "one"},
		imported{email: "a@example.org", subject: "two"},
		imported{email: "a@example.org", subject: "three"})
	must(t, "--repo", repo, "--dir", dir, "--check").expect(t, "added", "3 events")
	middle := gitRun(t, repo, nil, "rev-parse", "main~1")
	if err := os.Remove(filepath.Join(repo, "objects", middle[:2], middle[2:])); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		got := gitlog(t, "--repo", repo, "--dir", dir, "--check")
		if got.code != exitFailed || !strings.Contains(got.stderr, middle) {
			t.Fatalf("exit code %d, want %d and the missing object %s\n%s%s",
				got.code, exitFailed, middle, got.stdout, got.stderr)
		}
	}
	if records := readBack(t, dir); len(records) != 1 {
		t.Errorf("%d authors are stored, want the 1 of before", len(records))
	}
}

func TestABrokenRefIsRefused(t *testing.T) {
	repo, dir := newRepository(t, "broken.git"), t.TempDir()
	writeCommits(t, repo, imported{email: "a@example.org", subject: "one"})
	if err := os.WriteFile(filepath.Join(repo, "refs", "heads", "broken"), []byte("no hash\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := gitlog(t, "--repo", repo, "--dir", dir, "--check")
	if got.code != exitFailed || !strings.Contains(got.stderr, "refs/heads/broken") {
		t.Errorf("exit code %d, want %d and the name of the ref\n%s%s", got.code, exitFailed, got.stdout, got.stderr)
	}
}

func TestWhatGitSaysWithoutFailingIsPassedOn(t *testing.T) {
	repo, dir := newRepository(t, "talkative.git"), t.TempDir()
	writeCommits(t, repo, imported{email: "a@example.org", subject: "one"})
	t.Setenv("GIT_TRACE", "2") // a line on stderr for each command
	got := gitlog(t, "--repo", repo, "--dir", dir, "--check")
	if got.code != exitFine || !strings.Contains(got.stderr, "git log warns: ") || !strings.Contains(got.stderr, "git rev-list warns: ") {
		t.Errorf("exit code %d, want 0 and what git said\n%s%s", got.code, got.stdout, got.stderr)
	}
}
