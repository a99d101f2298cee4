// This file proves the program through its command line: what is stored, what a second run adds, and
// what is refused.

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// outcome is what a run of the program left.
type outcome struct {
	code           int
	stdout, stderr string
}

// gitlog runs the program.
func gitlog(t *testing.T, arguments ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(context.Background(), arguments, &stdout, &stderr)
	return outcome{code, stdout.String(), stderr.String()}
}

// must runs the program and fails the test where it does not exit with 0.
func must(t *testing.T, arguments ...string) outcome {
	t.Helper()
	got := gitlog(t, arguments...)
	if got.code != exitFine || got.stderr != "" {
		t.Fatalf("gitlog %v: exit code %d\n%s%s", arguments, got.code, got.stdout, got.stderr)
	}
	return got
}

// value returns what a report says behind a label.
func (o outcome) value(t *testing.T, label string) string {
	t.Helper()
	for line := range strings.Lines(o.stdout) {
		if rest, ok := strings.CutPrefix(line, fmt.Sprintf("%-13s ", label)); ok {
			return strings.TrimSuffix(rest, "\n")
		}
	}
	t.Fatalf("the report has no line %q:\n%s", label, o.stdout)
	return ""
}

// expect compares one line of the report.
func (o outcome) expect(t *testing.T, label, want string) {
	t.Helper()
	if got := o.value(t, label); got != want {
		t.Errorf("%s: %q, want %q", label, got, want)
	}
}

func TestALargeHistoryIsStoredOnceAndContinued(t *testing.T) {
	repo, dir := newRepository(t, "large.git"), t.TempDir()
	const commits = largeHistory
	writeHistory(t, repo, commits, 1, false)
	merges := gitRun(t, repo, nil, "rev-list", "--all", "--merges", "--count")
	if merges == "0" {
		t.Fatal("the generated history has no merges")
	}

	first := must(t, "--repo", repo, "--dir", dir, "--check")
	first.expect(t, "added", fmt.Sprint(commits, " events"))
	first.expect(t, "commits", fmt.Sprint(commits))
	first.expect(t, "merges", merges+" of them")
	first.expect(t, "authors", "60 distinct")
	first.expect(t, "differences", fmt.Sprint("none: ", commits, " hashes, parents before children"))

	second := must(t, "--repo", repo, "--dir", dir, "--check")
	second.expect(t, "added", "0 events")
	second.expect(t, "merges", merges+" of them")
	second.expect(t, "differences", fmt.Sprint("none: ", commits, " hashes, parents before children"))

	writeHistory(t, repo, 300, 2, true)
	writeCommits(t, repo, imported{ref: "refs/heads/late", email: "late@example.org", subject: "forked from an old commit",
		parents: []string{"refs/heads/b3~40"}})
	third := must(t, "--repo", repo, "--dir", dir, "--check")
	third.expect(t, "added", "301 events")
	third.expect(t, "authors", "61 distinct")
	third.expect(t, "differences", fmt.Sprint("none: ", commits+301, " hashes, parents before children"))
}

func TestARunWithoutCheckPrintsNoDifferences(t *testing.T) {
	repo, dir := newRepository(t, "plain.git"), t.TempDir()
	writeCommits(t, repo, imported{email: "a@example.org", subject: "one"})
	got := must(t, "--repo", repo, "--dir", dir)
	got.expect(t, "commits", "1")
	if strings.Contains(got.stdout, "differences") {
		t.Errorf("differences without --check:\n%s", got.stdout)
	}
}

func TestAnEmptyRepositoryHasNothingToStore(t *testing.T) {
	repo, dir := newRepository(t, "empty.git"), t.TempDir()
	for range 2 {
		got := must(t, "--repo", repo, "--dir", dir, "--check")
		got.expect(t, "added", "0 events")
		got.expect(t, "commits", "0")
		got.expect(t, "merges", "0 of them")
		got.expect(t, "authors", "0 distinct")
		got.expect(t, "differences", "none: 0 hashes, parents before children")
	}
}

func TestTwoRepositoriesCanShareAStore(t *testing.T) {
	dir := t.TempDir()
	one, two := newRepository(t, "one.git"), newRepository(t, "two.git")
	writeHistory(t, one, 50, 1, false)
	writeHistory(t, two, 70, 1, false) // shares its first commits with the other
	must(t, "--repo", one, "--dir", dir, "--check").expect(t, "added", "50 events")
	got := must(t, "--repo", two, "--dir", dir, "--check")
	got.expect(t, "added", "70 events")
	got.expect(t, "other scopes", "50 events, neither counted above nor compared")
	must(t, "--repo", one, "--dir", dir, "--check").expect(t, "added", "0 events")
}

func TestAStoppedRunReportsItAndTheNextOneGoesOn(t *testing.T) {
	repo, dir := newRepository(t, "stopped.git"), t.TempDir()
	writeHistory(t, repo, 200, 1, false)
	source, err := findRepository(t.Context(), repo, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	store, err := openStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := readCatalog(t.Context(), store, scopeOf(source.name))
	if err != nil {
		t.Fatal(err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if added, err := ingest(stopped, source, store, stored, new(commitClock)); err == nil || added != 0 {
		t.Errorf("a stopped run added %d events, error %v", added, err)
	}
	// As if git had been cut off in the middle.
	left := 0
	for c, err := range source.history(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		appendCommit(t, store, stored, c)
		if left++; left == 80 {
			break
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	must(t, "--repo", repo, "--dir", dir, "--check").expect(t, "added", "120 events")
}

func TestWhatCannotRunIsRefusedWithTheReason(t *testing.T) {
	repo := newRepository(t, "fine.git")
	writeCommits(t, repo, imported{email: "a@example.org", subject: "one"}, imported{email: "a@example.org", subject: "two"})
	shallow := filepath.Join(t.TempDir(), "shallow.git")
	gitRun(t, ".", nil, "clone", "--quiet", "--bare", "--depth=1", "--branch=main", "file://"+repo, shallow)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "store")
	for name, test := range map[string]struct {
		arguments []string
		reason    string
	}{
		"a shallow clone":      {[]string{"--repo", shallow, "--dir", dir}, "shallow clone"},
		"no repository":        {[]string{"--repo", t.TempDir(), "--dir", dir}, "not a git repository"},
		"no directory":         {[]string{"--repo", filepath.Join(file, "x"), "--dir", dir}, "cannot change to"},
		"an empty --repo":      {[]string{"--repo", "", "--dir", dir}, "--repo is empty"},
		"a missing --dir":      {[]string{"--repo", repo}, "--dir is missing"},
		"a store in a file":    {[]string{"--repo", repo, "--dir", file}, file},
		"an unknown flag":      {[]string{"--repo", repo, "--dir", dir, "--fast"}, "-fast"},
		"a flag without value": {[]string{"--repo", repo, "--dir"}, "-dir"},
		"a further argument":   {[]string{"--repo", repo, "--dir", dir, "more"}, `"more"`},
	} {
		got := gitlog(t, test.arguments...)
		if got.code != exitFailed || !strings.Contains(got.stderr, test.reason) || got.stdout != "" {
			t.Errorf("%s: exit code %d, want %d and the reason %q\n%s%s",
				name, got.code, exitFailed, test.reason, got.stdout, got.stderr)
		}
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("a refused run left a store: %v", err)
	}
}

func TestAMissingGitIsNamed(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	got := gitlog(t, "--repo", ".", "--dir", filepath.Join(t.TempDir(), "store"))
	if got.code != exitFailed || !strings.Contains(got.stderr, "git is needed") {
		t.Errorf("exit code %d, want %d and that git is needed: %s", got.code, exitFailed, got.stderr)
	}
}

func TestHelpIsNoFailure(t *testing.T) {
	got := gitlog(t, "--help")
	if got.code != exitFine || !strings.Contains(got.stderr, "usage: gitlog") {
		t.Errorf("exit code %d, want 0 and the usage: %s", got.code, got.stderr)
	}
}
