// Package cache will hold the projection cache: states in memory, with an
// optional second tier in files.
//
// It is empty so far: there are no projections yet.
//
// It will know a state's full key, the version of the fold that made it, its
// cost in bytes and the bookmark it stands for.
//
// It will never know how a state is computed, and it is never truth: any entry
// may be dropped or come late, and none is served that is ahead of the log.
package cache
