// Command soak keeps a store busy with everything that appends and follows, for as long as it is told, and exits with 1 if what comes
// out is not exactly what went in.
//
// Writers append single events, batches with keys and under conditions, to small segments that are rotated, sealed and merged all
// the time; fast and slow subscriptions, named cursors, two reactors in a chain, projections and watchers follow them; and every
// few seconds the store is closed, at rest or under full load, and opened again.
//
// It knows the exact outcome, since it keeps what every writer was told, in an amount of memory that does not grow with the time: how many
// events each entity has, and a digest over them in their order. Every cursor has acknowledged each event once; every
// subscription was delivered, or told that it missed, each event of its region; every order has one reply and one completion; every
// projection and watcher agrees with the writers; the hash chain holds; no goroutine is left over, and the heap is what it
// was.
//
// Usage:
//
//	go run ./tools/soak --duration 1m [--seed N] [--policy mixed] [--dir DIR]
//
// It never knows how the engine does any of this: it uses the public door only.
package main
