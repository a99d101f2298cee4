// This file holds the history: commits as git log tells them, parents before children.

package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"os/exec"
	"strconv"
	"strings"
)

// objectID is the hash that git calls a commit by. It holds no pointers, so that large maps of them
// cost the garbage collector nothing.
type objectID struct {
	bytes [32]byte
	size  uint8 // 20 for SHA-1, 32 for SHA-256
}

// parseObjectID reads 40 or 64 hex digits.
func parseObjectID(digits string) (objectID, error) {
	var id objectID
	if len(digits) != 40 && len(digits) != 64 {
		return id, fmt.Errorf("an object's hash has %d characters, want 40 or 64", len(digits))
	}
	n, err := hex.Decode(id.bytes[:], []byte(digits))
	if err != nil {
		return objectID{}, fmt.Errorf("an object's hash is not hex digits: %w", err)
	}
	id.size = uint8(n)
	return id, nil
}

func parseObjectIDs(digits []string) ([]objectID, error) {
	ids := make([]objectID, 0, len(digits))
	for _, d := range digits {
		id, err := parseObjectID(d)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// String returns the hex digits.
func (id objectID) String() string { return hex.EncodeToString(id.bytes[:id.size]) }

// commit is one commit as git tells it. The texts are bytes of any kind but NUL.
type commit struct {
	hash       objectID
	parents    []objectID
	authorTime int64 // seconds since the Unix epoch, 0 where the commit has no readable time
	email      string
	subject    string
}

// The fields that git log prints for each commit, each ended by a NUL. No field can hold one: git
// keeps commits as strings that a NUL ends.
const (
	fieldHash = iota
	fieldParents
	fieldAuthorTime
	fieldEmail
	fieldSubject
	fieldsPerCommit

	logFormat = "--format=%H%x00%P%x00%at%x00%ae%x00%s"
)

// history yields all commits that a ref reaches, parents before children.
func (r repository) history(ctx context.Context) iter.Seq2[commit, error] {
	return func(yield func(commit, error) bool) {
		fields := r.stream(ctx, 0, "log", "--all", "--topo-order", "--reverse", "-z", logFormat,
			"--encoding=UTF-8", "--no-show-signature", "--no-mailmap", "--no-decorate", "--no-notes",
			"--no-color", "--no-patch", "--")
		var c commit
		next, count := fieldHash, 0
		for field, err := range fields {
			if err != nil {
				yield(commit{}, err)
				return
			}
			if err := c.set(next, string(field)); err != nil {
				yield(commit{}, fmt.Errorf("git log, commit %d: %w", count+1, err))
				return
			}
			if next++; next < fieldsPerCommit {
				continue
			}
			if !yield(c, nil) {
				return
			}
			c, next = commit{}, fieldHash
			count++
		}
		if next != fieldHash {
			yield(commit{}, fmt.Errorf("git log, commit %d: %d of %d fields: %w",
				count+1, next, fieldsPerCommit, io.ErrUnexpectedEOF))
		}
	}
}

// set reads one field of git log.
func (c *commit) set(field int, text string) (err error) {
	switch field {
	case fieldHash:
		c.hash, err = parseObjectID(text)
	case fieldParents:
		c.parents, err = parseObjectIDs(strings.Fields(text))
	case fieldAuthorTime:
		// Commits exist whose author line is broken; git prints nothing for their time.
		c.authorTime, err = strconv.ParseInt(text, 10, 64)
		if err != nil {
			c.authorTime, err = 0, nil
		}
	case fieldEmail:
		c.email = text
	case fieldSubject:
		c.subject = text
	}
	return err
}

// head returns the commit that HEAD names; false where it names none, as in a repository without commits.
func (r repository) head(ctx context.Context) (objectID, bool, error) {
	answer, err := r.ask(ctx, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 && ctx.Err() == nil {
		return objectID{}, false, nil // what --verify says of a name that stands for nothing
	}
	if err != nil {
		return objectID{}, false, err
	}
	id, err := parseObjectID(answer)
	return id, err == nil, err
}

// firstParents returns a commit and those that its first parents lead to, at most so many in all.
func (r repository) firstParents(ctx context.Context, from objectID, most int) ([]objectID, error) {
	answer, err := r.ask(ctx, "rev-list", "--first-parent", "--max-count="+strconv.Itoa(most), from.String(), "--")
	if err != nil {
		return nil, err
	}
	return parseObjectIDs(strings.Fields(answer))
}

// lineage yields the hash of every commit that a ref reaches with those of its parents, in no
// particular order.
func (r repository) lineage(ctx context.Context) iter.Seq2[[]objectID, error] {
	return func(yield func([]objectID, error) bool) {
		for line, err := range r.stream(ctx, '\n', "rev-list", "--all", "--parents", "--") {
			var ids []objectID
			if err == nil {
				ids, err = parseObjectIDs(strings.Fields(string(line)))
			}
			if err == nil && len(ids) == 0 {
				err = errors.New("git rev-list printed an empty line")
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(ids, nil) {
				return
			}
		}
	}
}
