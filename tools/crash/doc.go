// Command crash runs the crash simulator of batpaktest/crash and exits with 1 if a store broke a promise.
//
// It knows how long to look and how to print what was found, and replays findings that were saved.
//
// It never knows what a store promises: that is the simulator's.
package main
