// Doctor looks at a machine before a store is put there: what would break the engine, what would slow it down or make its promises
// worth less, and what to do about it.
//
// Usage:
//
//	go run ./tools/doctor [--dir DIR] [--json]
//
// DIR, the working directory if it is not given, is where the store is to be; a directory is made in it and removed again. It takes a few
// seconds, most of which measure what a sync costs. Each finding is ok, warn (it works, at a price), bad (a store would not work)
// or unknown (this system does not tell). The exit code is 0 without a bad finding, 1 with one, 2 when it could not look. `go run` itself
// turns every failure into 1.
//
// It knows what the engine asks of a system: a descriptor and a mapping for each segment, files that can be reserved and
// mapped, syncs that reach the disk, a clock that is quickly read. And it knows where Linux tells of such things.
//
// It never knows how the engine does its work, and it changes nothing outside of its own directory.
package main
