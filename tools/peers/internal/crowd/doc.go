// Package crowd lets many callers append at once for a while and counts.
//
// It knows goroutines and clocks. It never knows what an append does.
package crowd
