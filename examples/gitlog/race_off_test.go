//go:build !race

// How long the large history is.

package main

const largeHistory = 20_000
