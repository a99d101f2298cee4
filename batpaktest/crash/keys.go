// This file holds the units with keys of a life, which anybody may append again.

package crash

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
)

// keyring is the units with keys that somebody tried to append.
type keyring struct {
	mu    sync.Mutex
	units []*keyed
}

// keyed is a unit with keys, and what was told of it.
type keyed struct {
	unit    *unit
	entries []entry // nil: nothing was told
	stored  bool    // somebody was told that it was stored, and was no duplicate
}

// add adds a unit.
func (k *keyring) add(u *unit, entries []entry) *keyed {
	k.mu.Lock()
	defer k.mu.Unlock()
	added := &keyed{unit: u, entries: entries, stored: entries != nil}
	k.units = append(k.units, added)
	return added
}

// again returns a unit to append again, nil if there is none. It may be that somebody is appending it just now.
func (k *keyring) again(r *rand.Rand) *keyed {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := len(k.units)
	if n == 0 {
		return nil
	}
	if r.IntN(2) == 0 { // a new one
		return k.units[n-1-r.IntN(min(n, 3))]
	}
	return k.units[r.IntN(n)]
}

// known reports whether somebody was told that the unit is stored.
func (k *keyring) known(u *keyed) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return u.entries != nil
}

// taken returns a key of a unit that is stored.
func (k *keyring) taken(r *rand.Rand) (keyName, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.units) == 0 {
		return keyName{}, false
	}
	u := k.units[r.IntN(len(k.units))]
	if u.entries == nil {
		return keyName{}, false
	}
	names := u.unit.names()
	return names[r.IntN(len(names))], true
}

// settle takes what somebody was told of a unit. The result says which promise that breaks; empty: none.
func (k *keyring) settle(u *keyed, entries []entry, duplicate bool) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case u.entries != nil && !slices.Equal(u.entries, entries):
		return fmt.Sprintf("a unit with a key was stored at sequence %d; appended again, it is at %d", u.entries[0].Sequence, entries[0].Sequence)
	case !duplicate && u.stored:
		return fmt.Sprintf("a unit with a key was stored at sequence %d, and again", entries[0].Sequence)
	}
	u.entries, u.stored = entries, u.stored || !duplicate
	return ""
}
