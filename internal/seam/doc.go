// Package seam lets packages of this module open a store in a directory of the file seam that is not on a disk: the
// simulated disks of batpaktest, and directories in memory.
//
// It knows one function, which package engine sets when it is loaded, since a caller may not reach into that package and
// its users have no use for such a directory.
//
// It never knows what a store is.
package seam
