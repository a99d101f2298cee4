// This file holds the git side: which repository it is, whether its history is whole, and how git is
// run so that neither configuration nor environment changes what it prints.

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// repository is a git repository whose history can be read.
type repository struct {
	git      string    // path of the program
	path     string    // a directory of the repository, as the caller named it
	name     string    // base name of the top directory without ".git", as the file system has it
	warnings io.Writer // what git says on stderr although it succeeds
}

// findRepository checks that a path belongs to a repository that is no shallow clone.
func findRepository(ctx context.Context, path string, warnings io.Writer) (repository, error) {
	git, err := exec.LookPath("git")
	if err != nil {
		return repository{}, fmt.Errorf("git is needed to read a repository: %w", err)
	}
	r := repository{git: git, path: path, warnings: warnings}
	// The path stands last: it is the only one of the three that may hold a line break.
	answer, err := r.ask(ctx, "rev-parse", "--is-shallow-repository", "--is-bare-repository", "--git-common-dir")
	if err != nil {
		return repository{}, fmt.Errorf("%s: %w", path, err)
	}
	parts := strings.SplitN(answer, "\n", 3)
	if len(parts) != 3 {
		return repository{}, fmt.Errorf("%s: git rev-parse gave %d lines, want 3", path, len(parts))
	}
	switch parts[0] {
	case "false":
	case "true":
		return repository{}, fmt.Errorf("%s is a shallow clone: its oldest commits have lost their parents, "+
			"so its history is not whole (git fetch --unshallow completes it)", path)
	default:
		return repository{}, fmt.Errorf("%s: this git cannot tell whether the clone is shallow, want 2.15 or newer", path)
	}
	r.name, err = r.findName(ctx, parts[1] == "true", parts[2])
	if err != nil {
		return repository{}, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// findName returns the base name of the repository's top directory without ".git". All worktrees of
// a repository share it: it comes from the directory that they have in common where that says it.
func (r repository) findName(ctx context.Context, bare bool, common string) (string, error) {
	if !filepath.IsAbs(common) {
		common = filepath.Join(r.path, common)
	}
	top, err := filepath.Abs(common)
	if err != nil {
		return "", fmt.Errorf("finding the repository's directory: %w", err)
	}
	top, err = filepath.EvalSymlinks(top)
	if err != nil {
		return "", fmt.Errorf("finding the repository's directory: %w", err)
	}
	base := filepath.Base(top)
	switch {
	case base == ".git":
		base = filepath.Base(filepath.Dir(top))
	case !bare && !strings.HasSuffix(base, ".git"):
		// A submodule, or a git directory that lies apart from its worktree.
		worktree, err := r.ask(ctx, "rev-parse", "--show-toplevel")
		if err != nil {
			return "", err
		}
		base = filepath.Base(worktree)
	}
	if name := strings.TrimSuffix(base, ".git"); name != "" {
		return name, nil
	}
	return base, nil
}

// ask runs a git command and returns what it prints, without the last line break.
func (r repository) ask(ctx context.Context, arguments ...string) (string, error) {
	cmd := r.command(ctx, arguments...)
	var complaint excerpt
	cmd.Stderr = &complaint
	answer, err := cmd.Output()
	if err != nil {
		return "", complaint.explain(ctx, arguments[0], err)
	}
	return strings.TrimSuffix(string(answer), "\n"), nil
}

// stream runs a git command and yields what it prints, piece by piece, each without the delimiter
// that ends it and valid until the next step. A failure of git is the last error. Leaving the loop
// early stops git.
func (r repository) stream(ctx context.Context, delimiter byte, arguments ...string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		running, stop := context.WithCancel(ctx)
		defer stop()
		cmd := r.command(running, arguments...)
		var complaint excerpt
		cmd.Stderr = &complaint
		output, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			yield(nil, fmt.Errorf("starting git %s: %w", arguments[0], err))
			return
		}
		left, err := pieces(output, delimiter, yield)
		if left || err != nil {
			stop()
		}
		waited := cmd.Wait()
		switch {
		case left:
		case ctx.Err() != nil:
			yield(nil, complaint.explain(ctx, arguments[0], ctx.Err()))
		case err != nil:
			yield(nil, fmt.Errorf("reading what git %s prints: %w", arguments[0], err))
		case waited != nil:
			yield(nil, complaint.explain(ctx, arguments[0], waited))
		case complaint.text != nil:
			fmt.Fprintf(r.warnings, "gitlog: git %s warns: %s\n", arguments[0], complaint.String())
		}
	}
}

// pieces yields the parts of a stream that a delimiter ends, and reports whether the loop was left
// early. A last part without its delimiter is [io.ErrUnexpectedEOF].
func pieces(from io.Reader, delimiter byte, yield func([]byte, error) bool) (left bool, err error) {
	reader := bufio.NewReaderSize(from, 1<<16)
	var piece []byte
	for {
		part, err := reader.ReadSlice(delimiter)
		piece = append(piece, part...)
		switch {
		case err == nil:
			if !yield(piece[:len(piece)-1], nil) {
				return true, nil
			}
			piece = piece[:0]
		case errors.Is(err, bufio.ErrBufferFull):
		case !errors.Is(err, io.EOF):
			return false, err
		case len(piece) > 0:
			return false, io.ErrUnexpectedEOF
		default:
			return false, nil
		}
	}
}

// command prepares git to run on the repository. Replace refs and grafts would show another history
// than the stored one, and so would the variables that point git elsewhere. The user's other settings
// stay: git needs them to trust a directory (safe.directory).
func (r repository) command(ctx context.Context, arguments ...string) *exec.Cmd {
	fixed := []string{
		"-C", r.path, "--no-pager", "--no-replace-objects", "--literal-pathspecs",
		"-c", "log.showSignature=false",
		"-c", "log.mailmap=false",
		"-c", "i18n.logOutputEncoding=UTF-8",
		"-c", "advice.graftFileDeprecated=false",
	}
	cmd := exec.CommandContext(ctx, r.git, append(fixed, arguments...)...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return misleads(name)
	})
	cmd.Env = append(cmd.Env,
		"GIT_NO_REPLACE_OBJECTS=1",
		"GIT_GRAFT_FILE="+os.DevNull,
		"GIT_OPTIONAL_LOCKS=0",
		"LC_ALL=C",
	)
	return cmd
}

// misleads reports whether a variable makes git look at another repository than the one asked for.
// Hooks run with some of them set.
func misleads(variable string) bool {
	switch variable {
	case "GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_NAMESPACE",
		"GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_SHALLOW_FILE",
		"GIT_REPLACE_REF_BASE", "GIT_GRAFT_FILE", "GIT_CONFIG":
		return true
	}
	return false
}

// excerpt keeps the beginning of what a program says on stderr.
type excerpt struct {
	text []byte
}

// Write keeps at most 2 KiB in all and accepts everything.
func (e *excerpt) Write(p []byte) (int, error) {
	const most = 2 << 10
	e.text = append(e.text, p[:min(len(p), most-len(e.text))]...)
	return len(p), nil
}

// String returns the excerpt as valid UTF-8 without line breaks at its end.
func (e *excerpt) String() string {
	return strings.ToValidUTF8(strings.TrimSpace(string(e.text)), "?")
}

// explain makes the error of a git command out of what git said, or of err if it said nothing.
func (e *excerpt) explain(ctx context.Context, command string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("git %s: stopped: %w", command, ctx.Err())
	}
	if said := strings.TrimPrefix(e.String(), "fatal: "); said != "" {
		return fmt.Errorf("git %s: %s (%w)", command, said, err)
	}
	return fmt.Errorf("git %s: %w", command, err)
}
