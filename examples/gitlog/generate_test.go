// This file holds the making of repositories for the tests: git runs undisturbed by the user's
// configuration, and git fast-import writes histories of any size in seconds.

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// gitRun runs git in a directory and returns what it prints, without the last line break.
func gitRun(t *testing.T, directory string, stdin []byte, arguments ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", directory}, arguments...)...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C")
	cmd.Stdin = bytes.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(arguments, " "), err, stderr.Bytes())
	}
	return strings.TrimSuffix(string(output), "\n")
}

// newRepository makes an empty bare repository and returns its directory.
func newRepository(t *testing.T, name string) string {
	t.Helper()
	directory := filepath.Join(t.TempDir(), name)
	gitRun(t, ".", nil, "init", "--quiet", "--bare", directory)
	return directory
}

// importer writes the input of git fast-import.
type importer struct {
	stream bytes.Buffer
	mark   int
}

// imported is a commit to write. The zero parents make a root.
type imported struct {
	ref      string
	email    string
	subject  string
	encoding string
	time     int64
	parents  []string // marks as ":1", or names of commits
}

// commit writes one commit and returns its mark.
func (i *importer) commit(c imported) string {
	i.mark++
	if len(c.parents) == 0 {
		// Otherwise the ref's present commit would become the parent.
		fmt.Fprintf(&i.stream, "reset %s\n", c.ref)
	}
	fmt.Fprintf(&i.stream, "commit %s\nmark :%d\n", c.ref, i.mark)
	fmt.Fprintf(&i.stream, "author A U Thor <%s> %d +0000\n", c.email, c.time)
	fmt.Fprintf(&i.stream, "committer C <c@example.org> %d +0000\n", c.time)
	if c.encoding != "" {
		fmt.Fprintf(&i.stream, "encoding %s\n", c.encoding)
	}
	fmt.Fprintf(&i.stream, "data %d\n%s\n", len(c.subject), c.subject)
	for n, parent := range c.parents {
		fmt.Fprintf(&i.stream, "%s %s\n", [2]string{"from", "merge"}[min(n, 1)], parent)
	}
	return fmt.Sprintf(":%d", i.mark)
}

// run gives what was written to git fast-import.
func (i *importer) run(t *testing.T, directory string) {
	t.Helper()
	gitRun(t, directory, i.stream.Bytes(), "fast-import", "--quiet", "--force", "--date-format=raw-permissive")
}

// writeHistory adds commits to a repository on eight branches that fork from and merge into each
// other. Their times go back and forth, so that only the parents tell the order. The first commit of
// a branch goes on from what the repository has under that name, if continued is set.
func writeHistory(t *testing.T, directory string, commits int, seed uint64, continued bool) {
	t.Helper()
	const branches = 8
	random := rand.New(rand.NewPCG(seed, seed))
	var (
		in   importer
		tips [branches]string
	)
	if continued {
		for b := range tips {
			tips[b] = fmt.Sprintf("refs/heads/b%d^0", b)
		}
	}
	for n := range commits {
		b := random.IntN(branches)
		c := imported{
			ref:     fmt.Sprintf("refs/heads/b%d", b),
			email:   fmt.Sprintf("dev%d@example.org", random.IntN(60)),
			subject: fmt.Sprintf("seed %d, change %d: %x", seed, n, random.Uint64()),
			time:    1_600_000_000 + random.Int64N(100_000_000),
		}
		if tips[b] != "" {
			c.parents = append(c.parents, tips[b])
		}
		// One in ten joins up to three other branches; a branch without commits forks there.
		for others := random.IntN(10); others >= 7; others-- {
			other := tips[random.IntN(branches)]
			if other != "" && !slices.Contains(c.parents, other) && random.IntN(3) == 0 {
				c.parents = append(c.parents, other)
			}
		}
		tips[b] = in.commit(c)
	}
	in.run(t, directory)
}

// writeCommits writes a chain of commits on one branch.
func writeCommits(t *testing.T, directory string, commits ...imported) {
	t.Helper()
	var (
		in       importer
		previous []string
	)
	for n, c := range commits {
		if c.ref == "" {
			c.ref = "refs/heads/main"
		}
		if c.time == 0 {
			c.time = 1_700_000_000 + int64(n)
		}
		if c.parents == nil {
			c.parents = previous
		}
		previous = []string{in.commit(c)}
	}
	in.run(t, directory)
}
