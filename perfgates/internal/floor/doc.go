// Package floor measures what this machine needs for the work that no store can avoid, done without one: clock
// reads, copies into prepared mapped memory, checksums, hashes, the write and sync of a few bytes, and waiting for a
// sync that others share.
//
// It knows files prepared as segments are, and the pieces of an append. It never knows the engine: a floor has no
// index and no background, and only the barrier, which is about waiting, has a lock.
package floor
