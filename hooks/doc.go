// Package hooks will hold fault injection: the named points of the engine at
// which a test can make a step fail, wait or crash.
//
// It is empty so far: no point is declared.
//
// It will know the points, the injectors (the n-th time, a probability, a
// filter) and the build tag dangerous_test_hooks, without which the points
// compile to nothing.
//
// It will never know what the code around a point does, and it will never be
// part of a build that does not ask for it by that tag.
package hooks
