// Package peer runs other people's stores, each in a process of its own, so that their rounds can alternate with the engine's.
//
// It knows where the program that does it is built from, and its line protocol. It never knows what a peer does or how
// results are compared.
package peer
