// Package merge keeps runs few: in the background it merges the lists of hashes of sealed segments into runs, and
// runs into larger ones, by powers of two.
//
// It knows which run files are in the directory, which of them can be believed, which are to be merged next, and when a
// file that was replaced can go. It never knows what is looked for in a run, or what the format of a file is; that is told by
// package index. Nothing that it does is needed for an answer to be right: what no run covers is asked segment by
// segment.
package merge
