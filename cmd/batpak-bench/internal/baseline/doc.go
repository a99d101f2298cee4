// Package baseline keeps saved measurements, one file each, and compares later ones with them.
//
// A file is written beside its place, synced and renamed, so that it is there in whole or not at all, and the one before it stays
// until then.
//
// It knows what stands in such a file, where two differ in what they were taken of, and when a difference between two is more than noise: by
// the statistics of golang.org/x/perf. It never knows how anything was measured.
package baseline
