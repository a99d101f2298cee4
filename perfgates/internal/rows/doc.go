// Package rows holds the benchmark rows: each measures the engine beside its reference in interleaved rounds of one run.
//
// It knows the engine's public door and the floors. It never knows how results are printed or which rows a user chose.
package rows
