// What tests need of the inside: opening a store in a directory of the file seam, and
// holding what a writer holds.

package engine

import (
	"reflect"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
)

// OpenDir is Open for a directory that is open already, and that it closes.
func OpenDir(dir vfs.Dir, options Options) (*Store, error) { return openIn(dir, options) }

// HoldLocks takes every mutex of the store's parts, the commit section before all, and
// returns what gives them back and how many there are. Nobody can append, sync, seal,
// or change a list of segments, parts or runs meanwhile.
func HoldLocks(s *Store) (release func(), held int) {
	locks := mutexesOf(reflect.ValueOf(s).Elem(), 2)
	for !tryAll(locks) {
		runtime.Gosched() // somebody holds one and may wait for another
	}
	return func() {
		for _, lock := range locks {
			lock.Unlock()
		}
	}, len(locks)
}

// module is the prefix of the packages whose structs are looked into where they are fields.
const module = "github.com/batpak/batpak/"

// tryAll takes all of the locks or none.
func tryAll(locks []*sync.Mutex) bool {
	for i, lock := range locks {
		if !lock.TryLock() {
			for _, taken := range locks[:i] {
				taken.Unlock()
			}
			return false
		}
	}
	return true
}

// mutexesOf returns the mutexes of a struct and of those that its fields point to, so
// many steps far. It follows only pointers that never change once the store is open.
func mutexesOf(v reflect.Value, steps int) []*sync.Mutex {
	var found []*sync.Mutex
	for i := range v.NumField() {
		f := v.Field(i)
		switch {
		case f.Type() == reflect.TypeFor[sync.Mutex]():
			found = append(found, reflect.NewAt(f.Type(), f.Addr().UnsafePointer()).Interface().(*sync.Mutex))
		case f.Kind() == reflect.Pointer && f.Type().Elem().Kind() == reflect.Struct && steps > 1 && !f.IsNil():
			found = append(found, mutexesOf(f.Elem(), steps-1)...)
		case f.Kind() == reflect.Struct && strings.HasPrefix(f.Type().PkgPath(), module):
			found = append(found, mutexesOf(f, steps)...)
		}
	}
	return found
}

// WaitForMerges returns when the runs over what was sealed so far are merged.
func WaitForMerges(s *Store) { s.merger.Wait() }

// BackoffAfter is how long a reactor waits after a failed attempt, from 1, if its policy has both limits.
func BackoffAfter(p ErrorPolicy, attempt int) time.Duration { return p.after(attempt) }

// ReactionKey is the key of a reactor's reactions to an event.
func ReactionKey(r *Reactor, id event.ID) string { return r.prefix + id.String() }

// HoldsFrames reports whether a subscription, which no call is under way of, may hold frames that it read.
func HoldsFrames(u *Subscription) bool { return u.over == nil && u.reader.Reading() }
