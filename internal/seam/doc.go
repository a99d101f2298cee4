// Package seam lets packages of this module do with a store what its users have no use for: open it in a directory of the
// file seam that is not on a disk, as the simulated disks of batpaktest and directories in memory are, and measure
// a step of an append alone.
//
// It knows the functions for that, which package engine sets when it is loaded, since a caller may not reach into that
// package.
//
// It never knows what a store is.
package seam
