// Package figure holds measured results: one figure beside its reference, the rounds behind both, whether it meets its
// target and how sure that is.
//
// It knows values, references, ratios, targets, intervals and how all of it is written as JSON and read again. It never knows how
// a value was measured, and whether a missed target denies anything.
package figure
