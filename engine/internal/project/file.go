// This file holds states in files. A state's bytes begin with the ids of two events: of the one at the sequence up to which it goes,
// which may be of any region, and of the newest one in it. Should another event have one of these sequences now, as after an older copy
// of some files was put in their place, it is not believed.

package project

import (
	"fmt"

	"github.com/batpak/batpak/cache"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/hooks"
)

// file has a state written to its file if it is new there, or if enough events came since.
func (s *States) file(t *tiers, q *Question, h *held, e *cache.Entry) {
	if t.files == nil || !q.InFiles || e.Last == 0 || h.filed && h.files < s.FileEvents {
		return
	}
	state := cache.FileState{Sequence: s.Kept(e.Sequence), Last: e.Last}
	head, err := s.head(&state)
	if err != nil {
		return // a later opening could not compare it
	}
	encoded, err := q.Folder.Encode(head[:], h.kept)
	if err != nil {
		s.Logger.Warn("a state can't be kept in a file", "projection", q.Key.Projection, "error", err)
		return
	}
	state.Encoded = encoded
	t.files.Put(&q.Key, state)
	h.filed, h.files = true, 0
}

// fromFile returns what the file of a question's key has, and keeps it in memory; its Value is nil where there is nothing.
func (s *States) fromFile(t *tiers, q *Question) cache.Entry {
	state, ok := t.files.Get(&q.Key)
	if !ok {
		return cache.Entry{}
	}
	kept, bytes, err := s.believe(q, &state)
	if err != nil {
		t.files.Discard(&q.Key, err.Error())
		return cache.Entry{}
	}
	h := &held{of: q.Of, kept: kept, filed: true}
	e := cache.Entry{Sequence: state.Sequence, Last: state.Last, AsOf: never, Value: h, Bytes: bytes + heldBytes}
	t.put(&q.Key, e)
	return e
}

// head is what a state's bytes begin with: the id of the event at its Sequence, and of that at Last.
type head [2 * len(event.ID{})]byte

// head returns the one that the store gives a state. The error says which event it can't name.
func (s *States) head(state *cache.FileState) (h head, err error) {
	var upTo, last event.ID
	if upTo, err = s.Identify(state.Sequence); err != nil {
		return h, fmt.Errorf("the event up to which it goes: %w", err)
	}
	if last, err = s.Identify(state.Last); err != nil {
		return h, fmt.Errorf("the newest event in it: %w", err)
	}
	copy(h[copy(h[:], upTo[:]):], last[:])
	return h, nil
}

// believe returns what a file's state is, or why it is not one of this store's. Unlike a cursor's position it is derived: where an event can't
// be compared, since its bytes are damaged, nothing is lost by folding anew.
func (s *States) believe(q *Question, state *cache.FileState) (kept any, bytes int64, err error) {
	var claimed head
	if len(state.Encoded) < len(claimed) {
		return nil, 0, fmt.Errorf("%d bytes", len(state.Encoded))
	}
	encoded := state.Encoded[copy(claimed[:], state.Encoded):]
	if hooks.Enabled && hooks.Planted(hooks.ForeignStateBelieved) {
		return q.Folder.Decode(encoded)
	}
	switch own, err := s.head(state); {
	case err != nil:
		return nil, 0, err
	case own != claimed:
		return nil, 0, fmt.Errorf("of the events at %d and %d one is another", state.Sequence, state.Last)
	}
	return q.Folder.Decode(encoded)
}
