// Command peers runs other people's stores beside the engine: rounds of durable appends by many
// callers, on command. It is a module of its own, so that what the peers need is not needed
// by the engine, and it knows nothing of the engine's module. `batpak-bench run` builds it and interleaves its
// rounds with its own; alone it is of little use.
//
//	peers NAME     badger, bbolt, pebble, raft-wal or tidwall-wal
//
// It reads commands from standard input, one JSON object a line, and answers each with one line:
//
//	{"do":"open","directory":"DIR","payload_bytes":256}   {"peer":"pebble v2.1.7: ..."}
//	{"do":"run","callers":64,"nanoseconds":100000000}      {"appends":N,"nanoseconds":T,"p50":A,"p99":B}
//	{"do":"settle"}                                        {}
//	{"do":"close"}                                         {}
//
// open makes a new store in DIR, which must be empty or missing. run lets so many callers
// append values of payload_bytes random bytes, each waiting until its own is durable before its
// next one, for so long; the answer counts the appends until the last caller's is durable. The percentiles
// are one caller's latencies in nanoseconds. settle returns when nothing is left to do in the background, or
// after ten seconds. A command that fails is answered with {"error":"..."} and may be followed by others.
//
// Exit codes: 0 at the end of input, 1 when an answer can't be given, 2 for a wrong command line. An open
// store is closed at the end of input.
//
// The command knows the line protocol. It never knows what a peer does, or what it is compared with.
package main
