//go:build race

// How long the large history is where the race detector makes everything many times slower.

package main

const largeHistory = 4_000
