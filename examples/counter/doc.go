// Counter shows a state that is folded from events, kept, and kept current at the cost of what is new.
//
//	go run ./examples/counter [--dir DIR]
//
// It knows a projection, which counts visits by page, and shows each way to an answer once, with the number of events that were
// folded for it:
//
//   - cold: all events of the site are folded
//   - kept: asked again, nothing is read
//   - delta: after a few visits more, those are folded, beside any number of events of other sites
//   - a restart with states in files: only what was stored since is folded
//   - a damaged file of a state: discarded, and the answer is the same
//   - a changed version of the fold: it begins anew, and the state of the other version stays
//   - every site in one pass, and watching one
//
// Every claim that it prints is checked. The store is kept in DIR, which must not have one yet, or in a temporary directory that is
// removed. The exit code is 0 if all is as claimed, 1 if something is not, 2 if the program could not do its work.
//
// It never knows how long anything takes: batpak-bench has a row for that.
package main
