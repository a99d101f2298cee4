// Package stats condenses measurements: medians of rounds and latency percentiles.
//
// It knows samples and HDR histograms. It never knows what was measured.
package stats
