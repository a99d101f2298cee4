// Package baseline keeps saved measurements, one file each, to compare later ones with.
//
// It knows what stands in such a file and when two can be compared. It never knows how anything was measured.
package baseline
