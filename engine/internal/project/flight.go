// This file holds flights: who folds what, so that many who ask for the same state at the same time have it folded once.
//
// States of a flight: flying, while its leader folds -> landed, when done is closed. What it found is written before that.

package project

import (
	"context"
	"errors"

	"github.com/batpak/batpak/cache"
)

// flight is one fold under way.
type flight struct {
	done  chan struct{}
	entry cache.Entry // Value nil: it failed, or what it made can't be kept
	err   error
}

// together folds, or waits for who does.
func (s *States) together(ctx context.Context, t *tiers, q *Question, best cache.Entry) (cache.Entry, error) {
	now := moment{s.now(), s.Visible()}
	for {
		f, lead := s.board(&q.Key)
		if lead {
			return s.lead(ctx, t, q, f, best)
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			return cache.Entry{}, ctx.Err()
		case <-s.Closed:
			return cache.Entry{}, s.Ended()
		}
		if q.owns(&f.entry) && f.entry.Sequence > best.Sequence {
			best = f.entry
		}
		if best.Value != nil && best.Sequence >= now.visible {
			return best, nil
		}
		// The same events would fail again.
		if failure, ok := errors.AsType[*Failure](f.err); ok && failure.Sequence != 0 && failure.Sequence <= now.visible {
			return cache.Entry{}, f.err
		}
	}
}

// board returns the flight of a key, and whether the caller is to lead it.
func (s *States) board(key *cache.Key) (f *flight, lead bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f = s.folding[*key]; f != nil {
		return f, false
	}
	if s.folding == nil {
		s.folding = make(map[cache.Key]*flight)
	}
	f = &flight{done: make(chan struct{})}
	s.folding[*key] = f
	return f, true
}

// lead folds for all who wait. They go on without it if the fold panics or ends the goroutine.
func (s *States) lead(ctx context.Context, t *tiers, q *Question, f *flight, best cache.Entry) (cache.Entry, error) {
	defer func() {
		s.mu.Lock()
		delete(s.folding, q.Key)
		s.landed.Add(1)
		s.mu.Unlock()
		close(f.done)
	}()
	if s.landed.Load() != q.landed { // it may have been folded since it was looked for
		if newer, ok := t.get(&q.Key); ok && q.owns(&newer) && newer.Sequence > best.Sequence {
			best = newer
		}
	}
	f.entry, f.err = s.fold(ctx, t, q, best, moment{s.now(), s.Visible()})
	return f.entry, f.err
}
