// This file holds findings: what is told of them, and how they are saved and replayed.

package crash

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/simdisk"
)

// Finding is a broken promise. That a life or a trial does not end is one too.
type Finding struct {
	Description string
	Seed        uint64
	Chain       uint64 // number of the store, from 1
	Life        uint32 // its opening, from 1
	File        string // where it is saved, for [Replay]; empty: nowhere
	Stacks      string // file with the stacks of all goroutines, of what does not end; empty: there is none
	Unsaved     error  // why it could not be saved

	trial   *trial           // nil: it was seen while the store was alive
	journal *simdisk.Journal // nil: the life did not end
	before  *view
}

// String returns the finding as lines of text, the last one without a newline.
func (f *Finding) String() string {
	text := fmt.Sprintf("FOUND: %s\nseed %d, store %d, life %d", f.Description, f.Seed, f.Chain, f.Life)
	switch t := f.trial; {
	case f.journal == nil: // the life did not end
	case t == nil:
		text += ", seen while the store was alive; the journal holds what was written until then"
	default:
		text += fmt.Sprintf(", moment %d of %d\n", t.Moment, len(f.journal.Ops())) + t.String()
	}
	if f.Stacks != "" {
		text += "\nstacks of all goroutines in " + f.Stacks
	}
	switch {
	case f.Unsaved != nil:
		text += "\nnot saved: " + f.Unsaved.Error()
	case f.File != "":
		text += "\nsaved as " + f.File
	}
	return text
}

// String describes the trial, line by line.
func (t *trial) String() string {
	text := "1. " + t.First.String()
	for i := range t.Steps {
		s := &t.Steps[i]
		text += fmt.Sprintf("\n%d. opened with %s, ", i+2, policies[s.Opening.Policy])
		if s.After >= 0 {
			text += fmt.Sprintf("killed after %d changes, ", s.After)
		}
		text += fmt.Sprintf("%d appends", s.Appends)
		text += "; then " + s.Cut.String()
	}
	if t.Rot != nil {
		text += fmt.Sprintf("\n%d. %s", len(t.Steps)+2, t.Rot.Kind)
	}
	text += fmt.Sprintf("\nlast: opened with %s", policies[t.Last.Policy])
	if t.Anew {
		text += ", rebuilding"
	}
	return text
}

// saved is a finding in a file.
type saved struct {
	Format      int
	Description string
	Seed, Chain uint64
	Life        uint32
	Trial       *trial
	Before      savedView
	Journal     []byte
}

const savedFormat = 3

// savedView is a view without what led to it.
type savedView struct {
	Blank, Closed bool
	Base          []entry
	First         uint64
	Live          []entry // Sequence 0: nobody knows
	At            []int
	Top, Durable  uint64
	Asked         []*unit
	Heads         []event.TreeHead
	Stood         []standing
}

func (v *view) saved() savedView {
	s := savedView{Blank: v.blank, Closed: v.closed, Base: v.base, First: v.first, Top: v.top, Durable: v.durable}
	s.Asked, s.Heads = v.units(), v.heads()
	for i := range names {
		s.Stood = append(s.Stood, v.standing(i))
	}
	for i := range v.live {
		s.Live, s.At = append(s.Live, v.live[i].entry), append(s.At, v.live[i].at)
	}
	return s
}

func (s *savedView) view() *view {
	r := &record{blank: s.Blank, base: s.Base, first: s.First, closedAt: never, stood: s.Stood}
	for i := range s.Live {
		r.live = append(r.live, listed{entry: s.Live[i], at: s.At[i]})
	}
	for _, u := range s.Asked {
		r.asked = append(r.asked, asking{unit: u})
	}
	for _, head := range s.Heads {
		r.told = append(r.told, heading{head: head})
	}
	return &view{record: r, at: never - 1, top: s.Top, durable: s.Durable, closed: s.Closed}
}

// name returns the name of its file, without what says which of its files.
func (f *Finding) name() string { return fmt.Sprintf("finding-%d-%d-%d", f.Seed, f.Chain, f.Life) }

// save writes the finding into a directory and returns the path of the file.
func (f *Finding) save(dir string) (string, error) {
	var journal, all bytes.Buffer
	if err := f.journal.Encode(&journal); err != nil {
		return "", err
	}
	err := gob.NewEncoder(&all).Encode(&saved{
		Format: savedFormat, Description: f.Description, Seed: f.Seed, Chain: f.Chain, Life: f.Life,
		Trial: f.trial, Before: f.before.saved(), Journal: journal.Bytes(),
	})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, f.name()+".crash")
	return path, os.WriteFile(path, all.Bytes(), 0o600)
}

// replays is how often a finding is tried: what background goroutines do differs.
const replays = 20

// ErrNotAgain says that a finding's promise was kept when it was replayed.
var ErrNotAgain = errors.New("crash: replayed, and every promise was kept")

// Replay tries a saved finding again and returns it, with [ErrNotAgain] if it did not happen again. Of what was seen
// while a store was alive only the description comes back. A trial that takes more than 60 s happened again as one that
// does not end. Other errors are those of reading the file.
func Replay(path string) (*Finding, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var s saved
	if err := gob.NewDecoder(bytes.NewReader(content)).Decode(&s); err != nil {
		return nil, fmt.Errorf("%s is no finding: %w", path, err)
	}
	if s.Format != savedFormat {
		return nil, fmt.Errorf("%s has format %d, known is %d", path, s.Format, savedFormat)
	}
	journal, err := simdisk.DecodeJournal(bytes.NewReader(s.Journal))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	f := &Finding{
		Description: s.Description, Seed: s.Seed, Chain: s.Chain, Life: s.Life, File: path,
		trial: s.Trial, journal: journal, before: s.Before.view(),
	}
	r, broken := recordOf(journal, f.before)
	switch {
	case s.Trial == nil && broken == "":
		return f, ErrNotAgain
	case s.Trial == nil:
		f.Description = broken
		return f, nil
	case s.Trial.Moment > len(journal.Ops()):
		return nil, fmt.Errorf("%s: moment %d of %d", path, s.Trial.Moment, len(journal.Ops()))
	}
	scene := sceneOf(journal, r)
	for range replays {
		if err := scene.again(s.Trial, defaultPatience); err != nil {
			f.Description = err.Error()
			return f, nil
		}
	}
	return f, ErrNotAgain
}
