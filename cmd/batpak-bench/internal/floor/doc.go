// Package floor measures what this machine needs for the work that no store can avoid, done without one: clock
// reads, copies into prepared mapped memory, checksums, hashes, and the write and sync of a few bytes.
//
// It knows files prepared as segments are, and the pieces of an append. It never knows the engine: a floor has no
// locks, no index and no background.
package floor
