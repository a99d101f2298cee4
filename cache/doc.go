// Package cache keeps states that were folded from events: in memory ([Memory]), and in files that outlive the process ([Files]).
//
// It knows a state's full key, its cost in bytes, and the sequence up to which the events of its region are in it. It
// is never truth: any entry may be dropped or come late, a newer one is never replaced by an older one, and one that
// can't be believed is as if it were not there. Nothing that fails here fails its caller: it is counted, and logged.
//
// It never knows how a state is computed, or which events there are.
package cache
