// This file holds how one commit becomes one event: coordinate, kind and payload.

package main

import (
	"fmt"

	"github.com/batpak/batpak/event"
)

const (
	authorPrefix     = "author:"
	repositoryPrefix = "repo:"

	// maxText limits the subject and the e-mail address in a payload, in bytes. Git has no limit.
	maxText = 1 << 20
)

// record is the payload of an event. The texts are escaped, and shortened beyond maxText.
type record struct {
	Hash       string   `json:"hash"`
	Subject    string   `json:"subject"`
	AuthorTime int64    `json:"author_time"` // seconds since the Unix epoch, 0 where git has none
	Parents    []string `json:"parents"`
	Email      string   `json:"email,omitempty"` // only where the entity's name had to be shortened
}

// The kinds of a commit with at most one parent and of one with several.
func kindCommit() event.Kind { return event.MustKind(0xE, 1) }
func kindMerge() event.Kind  { return event.MustKind(0xE, 2) }

// kindOf returns the kind of a commit with that many parents.
func kindOf(parents int) event.Kind {
	if parents > 1 {
		return kindMerge()
	}
	return kindCommit()
}

// scopeOf returns the scope of a repository's events.
func scopeOf(name string) string {
	fitted, _ := fit(name, event.MaxName-len(repositoryPrefix))
	return repositoryPrefix + fitted
}

// describe returns where a commit's event belongs and what it holds.
func describe(c commit, scope string) (event.Coordinate, record, error) {
	author, shortened := fit(c.email, event.MaxName-len(authorPrefix))
	at, err := event.At(authorPrefix+author, scope)
	if err != nil {
		return event.Coordinate{}, record{}, fmt.Errorf("commit %s: %w", c.hash, err)
	}
	content := record{Hash: c.hash.String(), AuthorTime: c.authorTime, Parents: make([]string, 0, len(c.parents))}
	content.Subject, _ = fit(c.subject, maxText)
	for _, parent := range c.parents {
		content.Parents = append(content.Parents, parent.String())
	}
	if shortened {
		content.Email, _ = fit(c.email, maxText)
	}
	return at, content, nil
}
